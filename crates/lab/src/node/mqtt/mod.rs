//! MQTT 3.1.1: a broker, and a client that publishes or listens (OASIS MQTT 3.1.1).
//!
//! The broker delivers at most once, whatever was asked for, and says so when it grants a subscription (3.9.3). It
//! keeps retained messages, and neither wills nor sessions: what is asked for beyond that, it does without.

mod broker;
mod client;
mod codec;
mod hub;
mod topic;

pub(super) use broker::run as run_broker;
pub(super) use client::{listen, publish};

/// The port of MQTT.
const PORT: u16 = 1883;
