//! The link from both ends: a controller with real listeners, and gateways that keep the contract or break it.

mod delivery;
mod gateway;
mod joining;
mod many;
mod misbehaviour;
mod plant;
mod relay;
mod spool;
mod standing;
mod two_controllers;

use plant::Hand;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::time::Duration;

/// The plant's time, as TLS of the gateways asks for it.
#[derive(Debug)]
struct Standing(Hand);

impl TimeProvider for Standing {
    fn current_time(&self) -> Option<UnixTime> {
        let now = crate::Clock::now(&self.0);
        Some(UnixTime::since_unix_epoch(Duration::from_nanos(now.as_nanos())))
    }
}
