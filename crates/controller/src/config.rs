//! What a controller is told at its start.

use crate::est::EstSettings;
use crate::http::{Limits, Rates};
use crate::link::LinkSettings;
use crate::people::oidc::Provider;
use crate::pki::PkiSettings;
use std::time::Duration;

/// What a controller is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where browsers find it: `https://` and what stands before the first `/` of the address, as a browser writes it.
    pub origin: String,
    /// How many connections there are at once.
    pub limits: Limits,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How long people stay signed in.
    pub sessions: Sessions,
    /// Certificates, and the link to the gateways.
    pub link: LinkSettings,
    /// How devices get certificates.
    pub est: EstSettings,
    /// The certificate authorities.
    pub pki: PkiSettings,
    /// Who else signs people in.
    pub provider: Option<Provider>,
}

/// How long people stay signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// Without doing anything.
    pub idle: Duration,
    /// In all.
    pub most: Duration,
    /// Two people together, in an emergency.
    pub break_glass: Duration,
}

impl Default for Sessions {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self { idle: minutes(30), most: minutes(12 * 60), break_glass: minutes(60) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            origin: "https://localhost:8443".to_owned(),
            limits: Limits::default(),
            rates: Rates::default(),
            sessions: Sessions::default(),
            link: LinkSettings::default(),
            est: EstSettings::default(),
            pki: PkiSettings::default(),
            provider: None,
        }
    }
}
