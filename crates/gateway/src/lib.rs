//! One site made real: event loop, capture, enforcement, last-known-good policy, local API (design §3, §4, §6).
//!
//! [`load`] puts the last known good policy into the kernel and returns: before the network is up, no port needs to
//! exist. [`run()`] does the same first and then attends to the site until it is told to end. The rules outlive both.
//!
//! The crate reads the clocks ([`Clock`]), the disk and the sockets; what is allowed is decided in `engine`, and what
//! the kernel is told in `enforce`.
//!
//! INVARIANTS: what was acknowledged is on the disk and in the kernel; nothing on the disk is believed before it is
//! verified; where nothing can be believed the kernel keeps what it had, or denies.

mod agents;
mod api;
mod clock;
pub mod config;
pub mod confine;
mod convert;
mod core;
mod drift;
mod fault;
pub mod link;
mod ports;
mod run;
mod store;

pub use agents::DoorError;
pub use api::SocketError;
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError};
pub use core::StartError;
pub use fault::Fault;
pub use store::{FileError, KeyError, StoreError};

use confine::Confinement;
use nullius_model::Seed;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// Why a gateway ends without being told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] core::StartError),
    /// The local API has no socket.
    #[error(transparent)]
    Socket(#[from] api::SocketError),
    /// The configuration names a group that the system does not know.
    #[error("there is no group `{}`", .0.escape_debug())]
    NoSuchGroup(String),
    /// It cannot give up what it does not need.
    #[error("the gateway cannot be confined")]
    Confine(#[from] confine::Error),
    /// The system gives no thread or socket.
    #[error("the system refuses a thread or a socket")]
    System(#[source] std::io::Error),
}

/// Puts the last known good policy into the kernel.
///
/// # Errors
/// [`Error`] where nothing could be loaded; the kernel then keeps what it had, or denies.
pub fn load(config: &Config, clock: Arc<dyn Clock>) -> Result<(), Error> {
    core::Core::start(config, clock)?;
    Ok(())
}

/// Denies everything: for a boot whose configuration cannot be read, and where nothing is known of the ports.
///
/// # Errors
/// [`Error`] where the kernel refuses.
pub fn deny_all(clock: &dyn Clock) -> Result<(), Error> {
    Ok(core::deny_all(clock)?)
}

/// Runs the gateway until SIGTERM or SIGINT.
///
/// # Errors
/// [`Error`] where it does not start.
pub fn run(config: &Config, clock: Arc<dyn Clock>, confinement: Confinement) -> Result<(), Error> {
    // 64 bits from the operating system: the standard library keys its hash tables with them
    let secret = RandomState::new().hash_one(0_u8);
    run::run(config, clock, Seed::new(secret), confinement)
}

/// An error with all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
