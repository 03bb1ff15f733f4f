//! Orders: what a controller tells its gateways beside the policy, one act each (design §9).
//!
//! An order travels in a signed bundle under a key, such as `revocation/cam1`. A later order of the same key takes the
//! place of an earlier one, so that who was away is told how things stand and not all that happened meanwhile.
//!
//! As bytes an order is deterministically encoded CBOR (RFC 8949 §4.2.1): `{"revoke": {"device": …, "reason": …}}`.
//! Times are seconds since 1970.
//!
//! INVARIANT: what [`Order::decode`] takes is, to the last byte, what [`Order::encode`] gives; every text and list in it
//! is bounded.

use crate::link::{Blob, Hash};
use crate::local::StageTarget;
use ciborium::Value;
use serde::{Deserialize, Serialize};

/// Longest text in an order, in bytes: a reason ends up in records and alarms.
pub const MAX_TEXT: usize = 1024;

/// Most entries of a list in an order: classes of verbs, approvers.
pub const MAX_LIST: usize = 32;

/// Longest byte string in an order: a certificate.
pub const MAX_BYTES: usize = 4096;

/// Most CA certificates of a kind in an order: a rollover has four in force, with the old and the new of two tiers.
pub const MAX_ANCHORS: usize = 8;

/// Deepest nesting; an order needs four.
const MAX_DEPTH: usize = 6;

/// One act. Names are those of the policy's inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Order {
    /// Cuts a device off, at once and until it is restored.
    Revoke {
        /// The device.
        device: String,
        /// Why, for the records.
        reason: String,
    },
    /// Takes a revocation back.
    Restore {
        /// The device.
        device: String,
        /// Why, for the records.
        reason: String,
    },
    /// Moves roll-out of a device, a conduit or everything.
    Stage {
        /// Of what.
        target: StageTarget,
        /// `observe`, `shadow` or `enforce`.
        stage: String,
        /// Why it is enforced although denials were counted meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        despite: Option<String>,
    },
    /// Allows for a while what policy does not. It lasts `seconds`, or until `made + seconds` by the gateway's wall
    /// clock where that is sooner; one whose end has passed is never opened, and an `id` that was seen is not opened
    /// again.
    Grant {
        /// Names it for ever (ULID).
        id: String,
        /// Who may.
        subject: String,
        /// What: `plc1/modbus`.
        object: String,
        /// Classes of verbs; none means every one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verbs: Vec<String>,
        /// When it was approved, in seconds since 1970.
        made: u64,
        /// For how long, in seconds.
        seconds: u64,
        /// Why, for the records.
        reason: String,
        /// The work order it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        work_order: Option<String>,
        /// Who approved it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
    },
    /// Ends a grant before its time.
    EndGrant {
        /// The grant's `id`.
        id: String,
        /// Why, for the records.
        reason: String,
    },
    /// Says what the plant, or one zone of it, is doing.
    Mode {
        /// `normal`, `maintenance`, …
        mode: String,
        /// The zone; the whole site where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// Why, for the records.
        reason: String,
    },
    /// A person vouches that a station is this device, and binds it to its port.
    Approve {
        /// The device.
        device: String,
        /// Where it is; the one port it is seen on where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<String>,
        /// Its hardware address; the declared one where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mac: Option<String>,
    },
    /// States what is known of a device; what is absent is unknown, never good.
    Assess {
        /// The device.
        device: String,
        /// Its software and settings are as they should be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posture: Option<bool>,
        /// Risk band, 0 (none) to 4.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        risk: Option<u8>,
        /// Its behaviour lies inside its baseline.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conforms: Option<bool>,
    },
    /// Puts an emergency profile in force. One that comes later than the profile lasts is never opened.
    Emergency {
        /// The profile.
        profile: String,
        /// When it was asked for, in seconds since 1970.
        made: u64,
        /// Why, for the records.
        reason: String,
    },
    /// Ends an emergency in a zone before its time.
    EndEmergency {
        /// The zone.
        zone: String,
        /// Why, for the records.
        reason: String,
    },
    /// Whom to believe when a device proves who it is; takes the place of all that was said of it before.
    Trust {
        /// CA certificates (DER) that chains may end in, at most [`MAX_ANCHORS`] of at most [`MAX_BYTES`].
        anchors: Vec<Blob>,
        /// Certificates (DER) by which an older anchor vouches for a newer one; as many.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cross: Vec<Blob>,
        /// SHA-256 of keys of CAs (SPKI, DER) that nothing is believed of any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        distrusted: Vec<Hash>,
    },
    /// A device's key proves nothing any more, and what it proved holds no longer.
    RevokeKey {
        /// The device.
        device: String,
        /// SHA-256 of the public key (SPKI, DER).
        key: Hash,
        /// Why, for the records.
        reason: String,
    },
}

/// Bytes that are no order, or not the only ones that say it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    /// Not the CBOR of an order this program knows.
    #[error("this is no order that this program knows: {}", .0.escape_debug())]
    Form(String),
    /// The same order could have been written in another way.
    #[error("the order is not deterministically encoded")]
    NotDeterministic,
    /// A text or a list in it is too long.
    #[error(
        "a text of an order has at most {MAX_TEXT} bytes and no control characters, a list {MAX_LIST} entries, a byte \
         string {MAX_BYTES} bytes, and there are at most {MAX_ANCHORS} certificates of a kind"
    )]
    TooLong,
}

impl Order {
    /// The key under which it travels where its sender names no other.
    pub fn key(&self) -> String {
        match self {
            Self::Revoke { device, .. } | Self::Restore { device, .. } => format!("revocation/{device}"),
            Self::Stage { target, .. } => match target {
                StageTarget::Default => "stage/default".to_owned(),
                StageTarget::Device(device) => format!("stage/device/{device}"),
                StageTarget::Conduit { from, to } => {
                    // a conduit has no direction: both spellings are one key
                    let (first, second) = if from <= to { (from, to) } else { (to, from) };
                    format!("stage/conduit/{first}/{second}")
                }
            },
            Self::Grant { id, .. } | Self::EndGrant { id, .. } => format!("grant/{id}"),
            Self::Mode { zone: Some(zone), .. } => format!("mode/zone/{zone}"),
            Self::Mode { zone: None, .. } => "mode/site".to_owned(),
            Self::Approve { device, .. } => format!("binding/{device}"),
            Self::Assess { device, .. } => format!("assessment/{device}"),
            Self::Emergency { profile, .. } => format!("emergency/{profile}"),
            Self::EndEmergency { zone, .. } => format!("emergency/{zone}"),
            Self::Trust { .. } => "trust".to_owned(),
            Self::RevokeKey { key, .. } => format!("key/{key}"),
        }
    }

    /// Deterministic CBOR.
    ///
    /// # Errors
    /// [`BadOrder::TooLong`]; nothing that cannot be read is written.
    pub fn encode(&self) -> Result<Vec<u8>, BadOrder> {
        let mut bytes = Vec::new();
        ciborium::into_writer(&self.value()?, &mut bytes)
            .map_err(|error| BadOrder::Form(error.to_string()))?;
        Ok(bytes)
    }

    /// From what [`Order::encode`] gave.
    ///
    /// # Errors
    /// [`BadOrder`] says what is wrong; nothing of it may be used then.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadOrder> {
        let read = ciborium::de::from_reader_with_recursion_limit::<Self, _>(bytes, MAX_DEPTH);
        let order = read.map_err(|error| BadOrder::Form(error.to_string()))?;
        if order.encode()? == bytes { Ok(order) } else { Err(BadOrder::NotDeterministic) }
    }

    pub(crate) fn value(&self) -> Result<Value, BadOrder> {
        if let Self::Trust { anchors, cross, .. } = self
            && anchors.len().max(cross.len()) > MAX_ANCHORS
        {
            return Err(BadOrder::TooLong);
        }
        let value = Value::serialized(self).map_err(|error| BadOrder::Form(error.to_string()))?;
        ordered(value)
    }
}

/// Keys in the order of their encoded form, and nothing too long: texts of maps and lists down to the leaves.
fn ordered(value: Value) -> Result<Value, BadOrder> {
    if let Value::Map(entries) = value {
        let sorted = entries.into_iter().map(|(key, value)| Ok((key, ordered(value)?)));
        let mut sorted = sorted.collect::<Result<Vec<_>, _>>()?;
        sorted.sort_by_key(|(key, _)| key.as_text().map(|key| (key.len(), key.to_owned())));
        return Ok(Value::Map(sorted));
    }
    if let Value::Array(items) = value {
        let items = items.into_iter().map(ordered).collect::<Result<Vec<_>, _>>()?;
        return if items.len() <= MAX_LIST { Ok(Value::Array(items)) } else { Err(BadOrder::TooLong) };
    }
    let fits = |text: &str| text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    let short = value.as_bytes().is_none_or(|bytes| bytes.len() <= MAX_BYTES);
    if short && value.as_text().is_none_or(fits) { Ok(value) } else { Err(BadOrder::TooLong) }
}

#[cfg(test)]
mod tests;
