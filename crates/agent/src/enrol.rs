//! The first certificate: a token that works once, and a controller that is known by the hash of its root.

use crate::agent::AgentError;
use crate::config::Config;
use crate::credential;
use crate::est::{Est, Reach, Server};
use crate::key::Keyring;
use crate::plant::Plant;
use crate::state::{State, StateError, Store};
use crate::time::{Clock, Time};
use crate::tls;
use crate::trust::{Said, Trust};
use nullius_identity::{Pinned, PinnedController};
use nullius_protocol::enrol::EnrolToken;
use std::sync::Arc;

/// What a person says with `nullius-agent enrol`.
#[derive(Clone, Debug)]
pub struct Enrolling {
    /// From the controller.
    pub token: EnrolToken,
    /// Where the controller is; without it, what the configuration says, and else the way through a gateway.
    pub server: Option<String>,
    /// Whether a device that is enrolled forgets that, once it has another certificate.
    pub again: bool,
}

/// Enrols this device, and says who it is.
///
/// # Errors
/// [`AgentError`]; then nothing has changed, but that the token may be used up.
pub async fn enrol(
    config: &Config,
    enrolling: &Enrolling,
    clock: Arc<dyn Clock>,
) -> Result<String, AgentError> {
    let plant = Plant::new(&config.interfaces);
    Enrolment { config, enrolling, time: Time::new(clock, 0), plant }.run().await
}

/// Everything an enrolment needs.
pub(crate) struct Enrolment<'c> {
    pub(crate) config: &'c Config,
    pub(crate) enrolling: &'c Enrolling,
    pub(crate) time: Arc<Time>,
    pub(crate) plant: Plant,
}

impl Enrolment<'_> {
    pub(crate) async fn run(self) -> Result<String, AgentError> {
        let store = Store::new(&self.config.state);
        let _lock = store.lock()?;
        let before = match store.read() {
            Ok(state) if !self.enrolling.again => return Err(AgentError::Enrolled(state.device)),
            Ok(state) => Some(state),
            Err(StateError::Absent) => None,
            Err(error) => return Err(error.into()),
        };
        let keyring = self.config.keyring()?;
        let (handle, _) = keyring.make()?;
        let state = match self.ask(&*keyring, &handle).await {
            Ok(state) => state,
            Err(error) => {
                let _ = keyring.forget(&handle);
                return Err(error);
            }
        };
        store.write(&state)?;
        if let Some(before) = before {
            // a handle of another kind of keyring stays where it is
            let _ = keyring.forget(&before.key);
        }
        Ok(format!("{} of site {}", state.device, state.site))
    }

    async fn ask(&self, keyring: &dyn Keyring, handle: &str) -> Result<State, AgentError> {
        let key = keyring.open(handle)?;
        let csr = credential::request(Arc::clone(&key))?;
        let contact = PinnedController::new(self.enrolling.token.root.0, tls::provider());
        let server = self.enrolling.server.as_ref().or(self.config.server.as_ref());
        let reach = match server {
            Some(server) => Reach::Direct(Server::parse(server)?),
            None => Reach::Gateway(self.plant.clone()),
        };
        let tls = tls::client(Arc::<PinnedController>::clone(&contact), &self.time, None)?;
        let est = Est { reach: &reach, tls };
        let issued = est.enrol(&self.enrolling.token, &csr).await?;
        let found = contact.found().ok_or(AgentError::NoRoot)?;
        let trust = trust(&est, found, self.time.now()).await;
        let accepted = credential::accept(issued.chain, &key, &trust, &found.domain, self.time.now())?;
        let identity = &accepted.identity;
        self.time.proved(identity.from);
        let names = (identity.site.clone(), identity.name.clone(), found.domain.as_str().to_owned());
        Ok(State {
            server: self.enrolling.server.clone(),
            generation: issued.generation.unwrap_or(1),
            chain: accepted.chain,
            anchors: trust.anchors,
            floor: self.time.floor(),
            ..State::new(names, handle.to_owned())
        })
    }
}

/// The root that a person vouched for, and those that it vouches for. Without an answer the first will do: the gateway
/// brings the others.
async fn trust(est: &Est<'_>, found: &Pinned, now: u64) -> Trust {
    let pinned = Trust { anchors: vec![found.root.clone()], distrusted: Vec::new() };
    let Ok(came) = est.anchors().await else { return pinned };
    let said = Said { anchors: came.clone(), cross: came, distrusted: Vec::new() };
    pinned.after(&said, now).unwrap_or(pinned)
}
