//! Commands that work with a controller, over its API and nothing else.

mod client;
mod context;
pub(crate) mod login;
pub(crate) mod logout;
