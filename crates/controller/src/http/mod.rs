//! HTTP around the handlers: how errors look, and what a caller may cost.

mod problem;

pub(crate) use problem::Problem;
