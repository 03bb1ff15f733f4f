//! One site made real.
