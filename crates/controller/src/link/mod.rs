//! The gateway link, as the controller serves it (`docs/gateway-link.md`).
//!
//! A gateway dials and proves its key; from then on it is told, in order, what is in force above what it has taken, and
//! what it wrote down comes into the log. A session ends when the gateway is silent, does not read, says what cannot be
//! understood, comes a second time, or is turned away. No packet waits for any of this.
//!
//! INVARIANT: who a gateway is comes from [`nullius_identity::Verified`] and from no frame; `recorded` is said after the
//! records are on the disk.

mod arrival;
mod delivery;
mod hub;
mod listener;
mod records;
mod relay;
mod session;
mod settings;
mod wire;

#[cfg(test)]
use hub::AskError;
pub(crate) use hub::{Hub, ask};
pub use listener::serve;
pub use settings::LinkSettings;

#[cfg(test)]
mod tests;
