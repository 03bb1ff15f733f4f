//! The controller: one record, one API, one log.
//!
//! It holds what people decided, signs what gateways are told, and keeps a log that a third party checks. No packet ever
//! waits for it.

mod access;
mod api;
mod app;
mod bundles;
mod ca;
mod clock;
mod config;
mod http;
mod join;
mod link;
mod out;
mod people;
mod record;
mod secret;
mod settings;
mod tls;

pub use app::App;
pub use clock::{Clock, SystemClock};
pub use config::{Config, Sessions};
pub use http::{Limits, Rate, Rates, router, serve};
pub use link::{LinkSettings, serve as serve_link};
pub use settings::{Settings, SettingsError};
pub use tls::{Tls, TlsError};
