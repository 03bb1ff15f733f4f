//! The controller: one record, one API, one log.
//!
//! It holds what people decided, signs what gateways are told, and keeps a log that a third party checks. No packet ever
//! waits for it.

mod access;
mod api;
mod app;
mod clock;
mod config;
mod http;
mod out;
mod people;
mod secret;
mod settings;

pub use app::App;
pub use clock::{Clock, SystemClock};
pub use config::{Config, Sessions};
pub use http::{Limits, Rate, Rates, router, serve};
pub use settings::{Settings, SettingsError};
