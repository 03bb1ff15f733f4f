//! The agent of a device: a key that stays with it, a certificate for that key, and the proof of both to the gateway
//! (design §7, R-16 to R-19, `docs/agent.md`).
//!
//! [`enrol()`] gets the first certificate for a token. [`run`] keeps one connection to whatever gateway the device is
//! plugged into, proves the key whenever it is asked, and renews the certificate in time, or finds its way back where
//! it is too late. It knows no policy: what a proof is good for, the gateway decides.
//!
//! INVARIANT: nothing here listens. A private key leaves neither the keyring nor the machine, and nobody's word is taken
//! but that of who shows a certificate under a root that a person, or a root before it, vouched for.

mod agent;
mod config;
mod continuity;
mod credential;
mod enrol;
mod est;
mod file;
mod key;
mod plant;
mod renewing;
mod state;
mod status;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod tls;
mod trust;

pub use agent::{AgentError, run};
pub use config::{Config, ConfigError, KeyConfig};
pub use credential::BadCredential;
pub use enrol::{Enrolling, enrol};
pub use est::{EstError, HttpError, ReachError, Refusal};
pub use file::FileError;
pub use key::{DeviceKey, KeyError, Keyring, Point};
pub use plant::PlantError;
pub use state::StateError;
pub use status::{Seen, Status, status};
pub use time::{Clock, SystemClock};
