//! One site made real: event loop, capture, enforcement, last-known-good policy, local API.

pub mod config;
mod fault;
mod ports;
mod store;
