//! The commands that speak the API; no logic of their own.

pub mod times;
