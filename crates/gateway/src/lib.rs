//! One site made real.

pub mod confine;
