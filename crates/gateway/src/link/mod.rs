//! The link to the controller: a program of its own between the gateway's socket and the network (docs/gateway-link.md).
//!
//! It carries bundles in and records out, and understands neither: what a bundle does is for the gateway to say, which
//! verifies it again. So whoever takes the link over can be silent, and nothing worse. It has no capability, its own user,
//! and of files its own key.
//!
//! INVARIANTS: the packet path waits for nothing that happens here; what the other side may make it hold is bounded; it
//! comes back by itself, however it was let go.

mod dial;
mod ending;
mod frames;
pub(crate) mod identity;
mod join;
pub(crate) mod local;
mod renewal;
mod report;
mod session;
pub(crate) mod tls;

pub use identity::IdentityError;
pub use join::{JoinError, Joined, join};

use crate::agents::{Door, DoorError};
use crate::clock::Clock;
use crate::config::{Config, Controller};
use crate::confine::{self, Confinement};
use identity::Identity;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The configuration names no controller.
    #[error("gateway.toml has no section [controller]")]
    NoController,
    /// It has not joined, or its files are damaged.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// An address that is none.
    #[error("`{}` is no address of a controller", .0.escape_debug())]
    Address(String),
    /// It cannot give up what it does not need.
    #[error("the link cannot be confined")]
    Confine(#[from] confine::Error),
    /// Agents cannot be let in.
    #[error("the door for agents")]
    Door(#[from] DoorError),
    /// The system gives no thread or signal.
    #[error("the system refuses a thread or a signal")]
    System(#[source] std::io::Error),
}

/// Whether a gateway has joined a controller: its identity lies in `identity`.
pub fn has_joined(identity: &Path) -> bool {
    identity::path(identity).exists()
}

/// Keeps the link until SIGTERM or SIGINT.
///
/// # Errors
/// [`LinkError`] where it cannot begin; afterwards it tries until it is ended.
pub fn run(config: &Config, clock: Arc<dyn Clock>, confinement: Confinement) -> Result<(), LinkError> {
    let Some(controller) = &config.controller else { return Err(LinkError::NoController) };
    let identity = Identity::read(&controller.identity)?;
    let urls = urls(controller, &identity)?;
    let door = Door::open(config, controller, complain)?;
    match confinement {
        Confinement::Gateway => {
            let ports = urls.iter().filter_map(reqwest::Url::port_or_known_default).collect();
            confine::enter_link(&confine::LinkPaths { identity: controller.identity.clone(), ports })?;
        }
        Confinement::Caller => {}
    }
    let ties = door.map(|door| door.begin(&identity, Arc::clone(&clock))).transpose()?.unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(LinkError::System)?.block_on(dial::run(controller, clock, urls, ties))
}

/// A port that is left out, for the journal.
fn complain(error: &DoorError) {
    // nobody is left to tell where even this fails
    let _ = writeln!(std::io::stderr(), "nullius: no agents: {}", nullius_model::inert(&crate::chain(error)));
}

/// Those of the configuration, or else those that the controller named.
fn urls(controller: &Controller, identity: &Identity) -> Result<Vec<reqwest::Url>, LinkError> {
    let urls = if controller.urls.is_empty() { &identity.links } else { &controller.urls };
    if urls.is_empty() {
        return Err(LinkError::Address(String::new()));
    }
    urls.iter().map(|url| url.parse().map_err(|_| LinkError::Address(url.clone()))).collect()
}
