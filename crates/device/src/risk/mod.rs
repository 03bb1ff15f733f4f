//! A first view of risk: what was seen that should worry somebody, each with its frame.
//!
//! `evidence` collects while frames come; `findings` adds, once devices are resolved, what only the whole shows.
//! There is no score here: likelihood, uncertainty and the two consequences follow with the engine (dynamics §5.1).

pub mod evidence;
pub mod findings;
