//! The record of a site: its devices, its policy, what is in force beside it, and what people agreed to.
//!
//! Everything here works inside one transaction and knows no HTTP beyond [`Problem`]: a caller's permission was checked
//! before, and what is decided here is written, logged and told to gateways together or not at all.
//!
//! INVARIANT: whatever changes what gateways enforce goes through [`tell`].

pub(crate) mod act;
pub(crate) mod actor;
pub(crate) mod attributes;
mod changes;
mod check;
pub(crate) mod credentials;
mod declaration;
pub(crate) mod devices;
pub(crate) mod emergencies;
pub(crate) mod enrolment;
pub(crate) mod gateways;
pub(crate) mod grants;
pub(crate) mod import;
mod life;
pub(crate) mod manifests;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod proposals;
mod shards;
pub(crate) mod site;
mod split;
pub(crate) mod stages;
pub(crate) mod tell;
pub(crate) mod whole;
pub(crate) mod why;
pub(crate) mod zones;

pub(crate) use actor::Actor;
pub(crate) use declaration::Declaration;

use crate::http::Problem;
use nullius_model::inert;
use nullius_store::{StoreError, devices::Device};
use sha2::{Digest as _, Sha256};

/// Longest text that a person gives with an act, in bytes.
const MAX_TEXT: usize = 512;

/// A reason, a message: one line that does nothing to whoever reads it.
///
/// # Errors
/// 422 where it is empty or too long.
pub(crate) fn line(what: &str, text: &str) -> Result<String, Problem> {
    let text = inert(text.trim());
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(Problem::wrong("bad-text", format!("`{what}` is a line of 1 to {MAX_TEXT} bytes")));
    }
    Ok(text)
}

/// Text of a stranger: one inert line that fills no log.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 128;
    let text = inert(text);
    text.get(..text.floor_char_boundary(MOST)).unwrap_or_default().to_owned()
}

/// What a row declares.
pub(crate) fn declared(device: &Device) -> Result<Declaration, StoreError> {
    serde_json::from_str(&device.declaration)
        .map_err(|error| StoreError::Damaged(format!("the declaration of a device: {error}")))
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
