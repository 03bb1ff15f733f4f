//! What the link is told at its start.

use nullius_protocol::link::{PING_SECONDS, SILENCE_SECONDS};
use std::time::Duration;

/// What the link is told at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// Whose certificates these are: stands in the name of every gateway. It does not change in an installation's life.
    pub trust_domain: String,
    /// Names and addresses by which this controller is reached: what its certificate says.
    pub hosts: Vec<String>,
    /// Where gateways dial, in turn: `https://host:port`.
    pub urls: Vec<String>,
    /// How long a gateway's certificate lives, in hours.
    pub certificate_hours: u64,
    /// How long a gateway may be late with renewing, in days.
    pub late_days: u64,
    /// How long a gateway may be silent.
    pub silence: Duration,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            trust_domain: "nullius".to_owned(),
            hosts: vec!["localhost".to_owned()],
            urls: vec!["https://localhost:8444".to_owned()],
            certificate_hours: 24,
            late_days: 30,
            silence: Duration::from_secs(SILENCE_SECONDS),
        }
    }
}

const _: () = assert!(PING_SECONDS * 2 < SILENCE_SECONDS, "a ping may be lost once");
