//! One message, as policy sees it.

use crate::ServiceId;
use nullius_model::{DeviceName, SmolStr, VerbClass};

/// A protocol's verb and its class, as `wire` tells them in a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verb {
    /// What it does.
    pub class: VerbClass,
    /// The protocol's own word, or `connect` for a service whose messages nobody reads.
    pub name: &'static str,
    /// Its name as an action in policy; another than `name` where one word of the protocol falls in two classes.
    pub action: &'static str,
}

/// Who wants to do what to which service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub subject: DeviceName,
    /// What is asked.
    pub object: ServiceId,
    /// The protocol's verb; `connect` for a service whose messages nobody reads.
    pub verb: SmolStr,
    /// Its class.
    pub class: VerbClass,
    /// What the message says; nothing counts as a message that says nothing.
    pub message: Option<MessageFields>,
}

/// What a message says. A field that the protocol has not, or the message not, is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFields {
    /// Modbus: unit identifier.
    pub unit: Option<u32>,
    /// Modbus: first item, as transmitted (from 0).
    pub address: Option<u32>,
    /// Modbus: how many items.
    pub quantity: Option<u32>,
    /// Modbus: smallest value written.
    pub value_min: Option<i64>,
    /// Modbus: largest value written.
    pub value_max: Option<i64>,
    /// MQTT: topic name or filter.
    pub topic: Option<SmolStr>,
    /// MQTT: quality of service, 0 to 2.
    pub qos: Option<u8>,
    /// MQTT: the broker keeps it.
    pub retain: Option<bool>,
    /// CoAP, HTTP: path without the query.
    pub path: Option<SmolStr>,
    /// MQTT, CoAP, HTTP: bytes of payload.
    pub size: Option<u64>,
}
