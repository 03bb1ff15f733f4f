//! What every event has, whatever its class.

use super::details::Details;
use super::kinds::{self, Class, Kind, Severity};
use super::leaf::{Leaf, Phase};
use super::objects::{Actor, Maybe, Metadata, Observable, Product, User};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The framework's version that these events follow.
const VERSION: &str = "1.7.0";

/// Profiles that the events use: who did it to which device, and what a control did about it.
const PROFILES: &[&str] = &["host", "security_control"];

/// Bytes of the leaf's hash in the id: among leaves of one index there is nothing to guess.
const ID_BYTES: usize = 8;

/// One event.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    class_uid: u32,
    class_name: &'static str,
    category_uid: u32,
    category_name: &'static str,
    activity_id: u8,
    activity_name: &'static str,
    type_uid: u32,
    severity_id: u8,
    severity: &'static str,
    status_id: u8,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Maybe<'a>,
    /// Milliseconds since 1970.
    time: i64,
    message: String,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    observables: Vec<Observable<'a>>,
    #[serde(flatten)]
    details: Details<'a>,
    raw_data: String,
}

impl<'a> Event<'a> {
    pub(super) fn of(sequence: u64, bytes: &[u8], leaf: &'a Leaf) -> Self {
        let kind = kinds::of(&leaf.what);
        let failed = has_failed(leaf);
        let severity = match (failed, kind.severity) {
            (true, Severity::Informational | Severity::Low) => Severity::Medium,
            (true | false, severity) => severity,
        };
        let (status_id, status) = status(kind, failed);
        let uid = uid(sequence, bytes);
        Self {
            class_uid: kind.class.uid(),
            class_name: kind.class.name(),
            category_uid: kind.class.uid() / 1000,
            category_name: kind.class.category(),
            activity_id: kind.activity,
            activity_name: kind.caption,
            type_uid: kind.class.uid() * 100 + u32::from(kind.activity),
            severity_id: severity as u8,
            severity: severity.name(),
            status_id,
            status,
            status_detail: leaf.text("error").or_else(|| leaf.text("reason")),
            time: milliseconds(leaf.happened()),
            message: message(leaf),
            observables: observables(leaf),
            details: Details::of(kind, &uid, leaf),
            metadata: metadata(sequence, uid, leaf),
            raw_data: String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    pub(super) const fn severity(&self) -> u8 {
        self.severity_id
    }
}

/// Who did it. The framework wants a user or a program.
pub(super) fn actor(leaf: &Leaf) -> Actor<'_> {
    match leaf.actor() {
        ("user", name) => Actor { user: Some(user(name)), ..Actor::default() },
        ("token", name) => {
            let user = User { name, type_id: 4, kind: "Service" };
            Actor { user: Some(user), ..Actor::default() }
        }
        ("gateway", name) => {
            Actor { app_name: Some("nullius gateway"), app_uid: Some(name), ..Actor::default() }
        }
        _ => Actor { app_name: Some("nullius controller"), ..Actor::default() },
    }
}

/// A person of that name.
pub(super) const fn user(name: &str) -> User<'_> {
    User { name, type_id: 1, kind: "User" }
}

fn metadata(sequence: u64, uid: String, leaf: &Leaf) -> Metadata<'_> {
    Metadata {
        version: VERSION,
        product: Product { name: "Nullius", vendor_name: "Nullius", version: env!("CARGO_PKG_VERSION") },
        profiles: PROFILES,
        uid,
        sequence,
        event_code: &leaf.what,
        log_name: "audit",
        log_provider: &leaf.who,
        original_time: leaf.happened(),
        logged_time: milliseconds(&leaf.at),
        tenant_uid: leaf.site.as_deref(),
        correlation_uid: leaf.of.map(|index| index.to_string()),
    }
}

fn uid(sequence: u64, bytes: &[u8]) -> String {
    let mut uid = format!("{sequence}-");
    for byte in Sha256::digest(bytes).iter().take(ID_BYTES) {
        // writing to a String does not fail
        let _ = write!(uid, "{byte:02x}");
    }
    uid
}

fn has_failed(leaf: &Leaf) -> bool {
    let verb = leaf.what.rsplit('.').next().unwrap_or_default();
    leaf.phase == Phase::Failed || matches!(verb, "fail" | "failed" | "refuse" | "refused" | "not-applied")
}

const fn status(kind: Kind, failed: bool) -> (u8, &'static str) {
    match (kind.class.is_finding(), kind.class, kind.activity) {
        (true, Class::IncidentFinding, 3) => (5, "Closed"),
        (true, _, 3) => (4, "Resolved"),
        (true, ..) => (1, "New"),
        (false, ..) if failed => (2, "Failure"),
        (false, ..) => (1, "Success"),
    }
}

fn message(leaf: &Leaf) -> String {
    if let Some(text) = leaf.text("text") {
        return format!("{}: {text}", leaf.who);
    }
    let mut message = format!("{}: {}", leaf.who, leaf.what);
    for (before, text) in [(" ", leaf.object.as_str()), (": ", leaf.why.as_str())] {
        if !text.is_empty() {
            message.push_str(before);
            message.push_str(text);
        }
    }
    message
}

/// What a responder searches for, beside where it stands.
fn observables(leaf: &Leaf) -> Vec<Observable<'_>> {
    let (noun, name) = leaf.object();
    let of = |name, type_id, kind, value| Observable { name, type_id, kind, value };
    let mut observables = Vec::new();
    if let ("user" | "token", name) = leaf.actor() {
        observables.push(of("actor.user.name", 4, "User Name", name));
    }
    if noun == "device" {
        observables.push(of("device.name", 20, "Endpoint", name));
    }
    observables
}

/// Zero where the leaf's time is not understood: the framework wants a number, and `original_time` has the text.
fn milliseconds(at: &str) -> i64 {
    at.parse::<jiff::Timestamp>().map_or(0, |at| at.as_millisecond())
}
