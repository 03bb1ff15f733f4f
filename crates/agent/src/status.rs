//! How the agent is, for a person: what is kept, and what the running agent says of its connection.
//!
//! The agent listens nowhere: it writes a file that goes with a restart of the machine.

use crate::agent::AgentError;
use crate::config::Config;
use crate::continuity::News;
use crate::credential;
use crate::file;
use crate::state::Store;
use crate::time::{Clock, Time};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Where it lies in the runtime directory.
const FILE: &str = "status.json";

/// Bytes of the file at most.
const MAX_FILE: usize = 16 << 10;

/// What the running agent says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The gateway that it is connected to.
    pub gateway: Option<String>,
    /// By which interface.
    pub interface: Option<String>,
    /// Until when the last proof counts, in seconds since 1970.
    pub leased_until: Option<u64>,
    /// Why there is no gateway.
    pub lost: Option<String>,
    /// Why there is no proof, or no new certificate.
    pub problem: Option<String>,
}

impl Seen {
    pub(crate) fn hear(&mut self, news: &News, now: u64) {
        match news {
            News::Met { gateway, place, .. } => {
                (self.gateway, self.interface) = (Some(gateway.clone()), Some(place.clone()));
                self.lost = None;
            }
            News::Leased { seconds } => {
                self.leased_until = Some(now.saturating_add((*seconds).into()));
                self.problem = None;
            }
            News::Lost { reason } => {
                (self.gateway, self.interface) = (None, None);
                self.lost = Some(reason.clone());
            }
            News::Unsigned { reason } => self.problem = Some(reason.clone()),
            News::Anchors { .. } | News::RenewNow { .. } => {}
        }
    }

    /// Where it cannot be written nobody reads it: the agent goes on.
    pub(crate) fn write(&self, runtime: &Path) {
        let written = serde_json::to_vec(self).ok().map(|bytes| file::replace(&runtime.join(FILE), &bytes));
        if let Some(Err(error)) = written {
            tracing::debug!(%error, "the status cannot be written");
        }
    }

    fn read(runtime: &Path) -> Option<Self> {
        serde_json::from_slice(&file::read(&runtime.join(FILE), MAX_FILE).ok()?).ok()
    }
}

/// How the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub device: String,
    /// The trust domain.
    pub domain: String,
    /// Which certificate this is.
    pub generation: u64,
    /// Its first second, since 1970.
    pub from: u64,
    /// Its last.
    pub until: u64,
    /// What time it is, as far as this device knows.
    pub now: u64,
    /// Tries to renew that failed in a row.
    pub failures: u32,
    /// Whether a request is on its way.
    pub asking: bool,
    /// How many roots are trusted.
    pub anchors: usize,
    /// What the running agent says; nothing where none runs.
    pub seen: Option<Seen>,
}

/// How the agent is.
///
/// # Errors
/// [`AgentError`], where it is not enrolled.
pub fn status(config: &Config, clock: Arc<dyn Clock>) -> Result<Status, AgentError> {
    let store = Store::new(&config.state);
    let state = store.read()?;
    let runs = matches!(store.lock(), Err(crate::state::StateError::Locked(_)));
    let (from, until) = credential::life(&state.chain);
    let now = Time::new(clock, state.floor).now();
    Ok(Status {
        site: state.site,
        device: state.device,
        domain: state.domain,
        generation: state.generation,
        from,
        until,
        now,
        failures: state.failures,
        asking: state.wanted.is_some(),
        anchors: state.anchors.len(),
        seen: if runs { Seen::read(&config.runtime) } else { None },
    })
}
