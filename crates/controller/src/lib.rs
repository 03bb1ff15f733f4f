//! The controller: one record, one API, one log.
//!
//! It holds what people decided, signs what gateways are told, and keeps a log that a third party checks. No packet ever
//! waits for it.

mod access;
mod api;
mod app;
mod background;
mod bundles;
mod clock;
mod config;
mod est;
mod http;
mod join;
mod link;
mod maintenance;
mod out;
mod people;
mod pki;
mod record;
mod run;
mod secret;
mod settings;
#[cfg(test)]
mod testing;
mod tls;

pub use access::Role;
pub use app::App;
pub use clock::{Clock, SystemClock};
pub use config::{Config, Sessions};
pub use est::{ClassProfile, EstSettings};
pub use http::{Limits, Rate, Rates, router, serve};
pub use link::{LinkSettings, serve as serve_link};
pub use maintenance::{back_up, change_kek, change_keys, restore, root};
/// What must not be shown.
pub use nullius_store::Secret;
pub use out::{Destination, Exporter, Receiver, Spans, Telemetry, telemetry};
pub use people::oidc::{GroupRole, Provider};
pub use pki::begin::Recovery;
pub use pki::{Hsm, PkiSettings};
pub use run::{Ready, RunError, first_policy, invite, open, run};
pub use settings::{Settings, SettingsError, passphrase};
pub use tls::{Tls, TlsError};
