//! Between what is serialised and what is decided with: one direction each, every word checked.

mod standing;

pub(crate) use standing::{from_standing, to_standing};
