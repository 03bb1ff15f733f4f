//! Discovery: stations as frames show them, and the devices behind them.
//!
//! A *station* is one hardware address with one network address. `stations` counts them and keeps their claims;
//! `resolve` says which of them are one device, which lie behind a router and which are the internet's; `attributes`
//! weighs claims against each other; `classify` says what kind of device it is, and why.

pub mod attributes;
pub mod classify;
mod ownership;
pub mod resolve;
mod rules;
pub mod stations;
pub mod vendor;
