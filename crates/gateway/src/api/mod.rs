//! The local API: a Unix socket that the CLI speaks to (R-89: local control).
//!
//! Root and one group may connect, which both the file's mode and the kernel's word for the peer (`SO_PEERCRED`) say.
//! A connection is a task; it borrows the gateway for as long as a quick answer takes and never across a wait.
//!
//! INVARIANT: what clients can hold is bounded: so many connections, one short line each, one long line between them,
//! and a line that is not complete in time ends its connection (attack 11).

mod connection;
mod delivery;
mod line;
mod peer;
mod role;
mod socket;

pub(crate) use delivery::release;
pub(crate) use peer::Access;
pub(crate) use role::Role;
pub use socket::SocketError;
pub(crate) use socket::bind;

use crate::core::Core;
use connection::Shared;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_local;

/// Connections at once.
const MAX_CONNECTIONS: usize = 16;

/// How long until the socket is tried again where the process has no file descriptor left.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Serves clients until it is dropped; `role` says what they may ask. `changed` is notified whenever one of them changed something.
pub(crate) async fn serve(
    listener: UnixListener,
    core: Rc<RefCell<Core>>,
    access: Access,
    role: Role,
    changed: Rc<Notify>,
) {
    let places = std::sync::Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let shared = Shared { core, role, changed, turns: std::sync::Arc::new(Semaphore::new(1)) };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BACK_OFF).await;
            continue;
        };
        let Some(actor) = access.actor(&stream) else { continue };
        // a client that finds no place is hung up on, not queued
        let Ok(place) = std::sync::Arc::clone(&places).try_acquire_owned() else { continue };
        let shared = shared.clone();
        spawn_local(async move {
            connection::run(stream, actor, shared).await;
            drop(place);
        });
    }
}
