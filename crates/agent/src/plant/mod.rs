//! The plant: interfaces behind which there may be a gateway, and connections to it (`docs/agent-link.md`).
//!
//! A transparent gateway has no address. What is sent to a group of the link arrives at the gateway's port and is not
//! passed on; answers come from an address that nobody has. A neighbour who answers instead is found out by its
//! certificate: here nothing is believed, in the sessions everything is asked for.

mod dial;
mod interfaces;
mod socket;

pub(crate) use dial::{Door, Relayed};
pub(crate) use interfaces::Place;

use quinn::{ConnectError, ConnectionError, WriteError};
use std::io;

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// Nothing is up.
    #[error("no interface is up that has an IPv6 address of its link")]
    Nowhere,
    /// A socket.
    #[error("no socket on {place}: {source}")]
    Socket {
        /// Which interface.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// Cannot be dialled.
    #[error("the gateway cannot be dialled")]
    Dial(#[from] ConnectError),
    /// Nobody answers, or somebody who is not believed.
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    /// It was closed while being written to.
    #[error("{0}")]
    Write(#[from] WriteError),
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl From<rustls::Error> for PlantError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error.to_string())
    }
}

/// Where gateways may be.
#[derive(Clone, Debug)]
pub(crate) struct Plant {
    named: Vec<String>,
    /// In the place of interfaces.
    #[cfg(test)]
    pub(crate) here: Option<Place>,
}

impl Plant {
    /// Behind these interfaces, or all that are up where there is none among them.
    pub(crate) fn new(named: &[String]) -> Self {
        Self {
            named: named.to_vec(),
            #[cfg(test)]
            here: None,
        }
    }

    /// At one place that is no interface.
    #[cfg(test)]
    pub(crate) fn at(place: Option<&Place>) -> Self {
        Self { named: vec!["nowhere0".to_owned()], here: place.cloned() }
    }

    /// The places to look at now, in order: interfaces come and go.
    pub(crate) fn places(&self) -> Result<Vec<Place>, PlantError> {
        #[cfg(test)]
        if let Some(here) = &self.here {
            return Ok(vec![here.clone()]);
        }
        let places = interfaces::places(&self.named);
        if places.is_empty() { Err(PlantError::Nowhere) } else { Ok(places) }
    }
}
