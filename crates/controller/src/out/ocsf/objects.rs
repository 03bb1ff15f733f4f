//! The framework's objects, as far as we fill them. Fields stand in its order and under its names.
//!
//! INVARIANT: what the framework requires of an object is not optional here.

use serde::Serialize;

/// A text that may be missing.
pub(super) type Maybe<'a> = Option<&'a str>;

#[derive(Debug, Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) version: &'static str,
    pub(super) product: Product,
    pub(super) profiles: &'static [&'static str],
    pub(super) uid: String,
    pub(super) sequence: u64,
    pub(super) event_code: &'a str,
    pub(super) log_name: &'static str,
    /// Whose statement it is.
    pub(super) log_provider: &'a str,
    pub(super) original_time: &'a str,
    /// When it came into the log, milliseconds since 1970.
    pub(super) logged_time: i64,
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant_uid: Maybe<'a>,
    /// The decision that this is the outcome of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation_uid: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) vendor_name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Observable<'a> {
    pub(super) name: &'static str,
    pub(super) type_id: u8,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) value: &'a str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Actor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_name: Maybe<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_uid: Maybe<'a>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct User<'a> {
    pub(super) name: &'a str,
    pub(super) type_id: u8,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingInfo<'a> {
    pub(super) uid: String,
    pub(super) title: &'a str,
    pub(super) desc: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Resource<'a> {
    pub(super) name: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Device<'a> {
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) type_id: u8,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Endpoint<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip: Maybe<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mac: Maybe<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interface_name: Maybe<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct ConnectionInfo<'a> {
    pub(super) direction_id: u8,
    pub(super) direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protocol_name: Maybe<'a>,
}

/// What we know of a value that the event names.
#[derive(Debug, Serialize)]
pub(super) struct Enrichment<'a> {
    /// The attribute that has the value.
    pub(super) name: &'static str,
    pub(super) value: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) provider: &'static str,
    pub(super) data: AssuranceData<'a>,
}

/// How sure a gateway was of somebody.
#[derive(Debug, Serialize)]
pub(super) struct AssuranceData<'a> {
    /// `IA0` to `IA6`.
    pub(super) level: &'a str,
    /// What that rests on.
    pub(super) by: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Compliance<'a> {
    pub(super) control: &'static str,
    pub(super) standards: [&'static str; 1],
    pub(super) status_id: u8,
    pub(super) status: &'static str,
    pub(super) desc: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct ManagedEntity<'a> {
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) type_id: u8,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Api<'a> {
    pub(super) operation: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Service {
    pub(super) name: &'static str,
}
