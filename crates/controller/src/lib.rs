//! The controller: one record, one API, one log.
//!
//! It holds what people decided, signs what gateways are told, and keeps a log that a third party checks. No packet ever
//! waits for it.

mod app;
mod clock;
mod http;
mod out;

pub use app::App;
pub use clock::{Clock, SystemClock};
