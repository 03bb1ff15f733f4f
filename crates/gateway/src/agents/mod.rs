//! The door: where agents of devices prove their keys, on ports of a gateway that has no address (docs/agent-link.md).
//!
//! It lives in the link's process, in a thread of its own: whoever takes it over by a hostile datagram finds no
//! capability, the link's few files, and a core that takes no more from here than proofs. Its packet sockets are open
//! before the process is confined, and cannot be opened again.
//!
//! INVARIANTS: a datagram is believed to come from the port whose socket heard it, and from no other; what one port sends
//! costs no other port its turn, its connections or its handshakes; without the core nobody is let in.

mod core;
mod endpoint;
mod filter;
mod frame;
mod gate;
mod known;
mod listener;
mod proof;
mod relay;
mod session;
mod socket;
mod state;
mod station;
mod talk;
mod tickets;
mod trust;

pub(crate) use relay::Hub;

use self::core::Core;
use crate::clock::Clock;
use crate::config::{Agents, Config, Controller};
use crate::link::identity::Identity;
use gate::Limits;
use nullius_capture::{PortSocket, RingError};
use nullius_model::PortName;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use socket::PortUdp;
use state::{Certificate, Shown, State};
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use trust::Place;

/// Bytes of frames that may wait at a port: some hundred datagrams.
const BUFFER: usize = 512 << 10;

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// A port.
    #[error("port `{0}`")]
    Port(PortName, #[source] RingError),
    /// The listener for devices without an agent.
    #[error("`{0}` cannot be listened on")]
    Listen(std::net::SocketAddr, #[source] io::Error),
    /// The gateway's certificate or key.
    #[error("the gateway's certificate is of no use as a server's")]
    Certificate,
    /// The system gives no thread.
    #[error("the system refuses a thread")]
    System(#[source] io::Error),
}

/// A door whose sockets are open.
#[derive(Debug)]
pub(crate) struct Door {
    ports: Vec<(PortName, PortSocket)>,
    est: Option<TcpListener>,
    agents: Agents,
    socket: PathBuf,
}

/// What the link and the door share.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    pub(crate) hub: Arc<Hub>,
    certificate: Option<Arc<Certificate>>,
}

impl Door {
    /// Opens the sockets: while the process may still do so. A port that is not there is told and left out.
    pub(crate) fn open(
        config: &Config,
        controller: &Controller,
        complain: impl Fn(&DoorError),
    ) -> Result<Option<Self>, DoorError> {
        let Some(agents) = config.agents.clone() else { return Ok(None) };
        let named: Vec<_> = if agents.ports.is_empty() {
            config.port.keys().cloned().collect()
        } else {
            agents.ports.clone()
        };
        let program = filter::program();
        let mut ports = Vec::new();
        for port in named.into_iter().map(|interface| interface.0) {
            match PortSocket::open(port.as_str(), &program, BUFFER) {
                Ok(socket) => ports.push((port, socket)),
                Err(error) => complain(&DoorError::Port(port, error)),
            }
        }
        let listen = |address| TcpListener::bind(address).map_err(|error| DoorError::Listen(address, error));
        let est = agents.est.map(listen).transpose()?;
        Ok(Some(Self { ports, est, agents, socket: controller.socket.clone() }))
    }

    /// Serves in a thread of its own, from here on.
    pub(crate) fn begin(self, identity: &Identity, clock: Arc<dyn Clock>) -> Result<Ties, DoorError> {
        let domain = identity.domain().ok_or(DoorError::Certificate)?;
        let place = Place { domain, site: identity.site.clone(), root: identity.root.clone() };
        let certificate = Arc::new(Certificate::new(shown(identity).ok_or(DoorError::Certificate)?));
        let core = Core::new(self.socket.clone());
        let state = State::new(core, Arc::clone(&certificate), place, self.agents.lease, clock);
        let ties = Ties { hub: Arc::default(), certificate: Some(certificate) };
        let hub = Arc::clone(&ties.hub);
        let thread = thread::Builder::new().name("agents".to_owned());
        thread.spawn(move || self.serve(Arc::new(state), &hub)).map_err(DoorError::System)?;
        Ok(ties)
    }

    fn serve(self, state: Arc<State>, hub: &Arc<Hub>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let limits = Limits::of(self.ports.len());
            let tls = endpoint::tls(&state).map_err(io::Error::other)?;
            for (port, socket) in self.ports {
                let endpoint = endpoint::endpoint(Arc::new(PortUdp::new(socket)?), Arc::clone(&tls))?;
                let relay = self.agents.relay.then(|| Arc::clone(hub));
                tokio::spawn(endpoint::serve(port, endpoint, limits, Arc::clone(&state), relay));
            }
            if let Some(est) = self.est {
                tokio::spawn(listener::serve(est, Arc::clone(hub)));
            }
            state.core.follow(&state).await;
            Ok(())
        })
    }
}

impl Ties {
    /// The gateway has another certificate.
    pub(crate) fn renewed(&self, identity: &Identity) {
        if let (Some(certificate), Some(shown)) = (&self.certificate, shown(identity)) {
            certificate.replace(shown);
        }
    }
}

fn shown(identity: &Identity) -> Option<Shown> {
    let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).ok()?;
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).ok()?;
    let key = Arc::new(CertifiedKey::new(chain, key));
    Some(Shown { key, from: identity.from, until: identity.until })
}
