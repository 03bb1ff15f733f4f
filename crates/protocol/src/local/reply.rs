//! What a client gets back.

mod dynamic;
mod link;
mod trust;

pub use dynamic::{Change, Effect, Emergency, Modes, Receipt, Window, ZoneMode};
pub use link::{Delivered, Delivery, LinkState, RevokedDevice, SpoolRecord};
pub use trust::{Evidence, Trust};

use crate::text;
use nullius_model::Epoch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One line to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// As the request has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What came of it.
    pub answer: Answer,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Answer {
    /// Done. What is answered so is durable and in the kernel.
    Ok(Box<Body>),
    /// Not done; nothing has changed.
    Error(Failure),
}

/// Why something was not done, and what would help.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What is wrong.
    pub error: String,
    /// What to do about it; may be empty.
    #[serde(default)]
    pub help: String,
    /// Problems of a policy that was refused, one an entry: `file:line:column: error: …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "an answer boxes it as a whole")]
pub enum Body {
    /// Of a command that has nothing to say beside that it is done.
    Done,
    /// Of `status`.
    Status(Status),
    /// Of `devices`.
    Devices {
        /// Those of the inventory.
        devices: Vec<Device>,
        /// Those that are none of them.
        stations: Vec<Station>,
    },
    /// Of `device`.
    Device(Device),
    /// Of `policy_status`, `policy_apply` and `handover`.
    Policy(Policy),
    /// Of `policy_fetch`.
    Bundle {
        /// The bundle's bytes, as hexadecimal digits.
        #[serde(with = "text::hex")]
        bundle: Vec<u8>,
    },
    /// Of `stages`.
    Stages(Stages),
    /// Of `grants`.
    Grants(Vec<Grant>),
    /// Of `grant_create`.
    Grant(Grant),
    /// Of `modes`.
    Modes(Modes),
    /// Of `emergencies`.
    Emergencies(Vec<Emergency>),
    /// Of `emergency_trigger`: it waits for a second person.
    Awaits {
        /// For so many seconds.
        seconds: u64,
    },
    /// Of `receipt`.
    Receipt(Receipt),
    /// Of `why`.
    Why(Why),
    /// Of `denials`.
    Denials(Vec<Denial>),
    /// Of `alarms`.
    Alarms(Vec<Alarm>),
    /// Of `policy_files`.
    Files(BTreeMap<String, String>),
    /// Of `tail`, one after another.
    Event(Event),
    /// Of `link_state`.
    Link(LinkState),
    /// Of `deliver`.
    Delivered(Delivered),
    /// Of `spool_read`.
    Records(Vec<SpoolRecord>),
    /// Of `proven`: what was proved holds so long.
    Leased {
        /// In seconds.
        seconds: u32,
    },
    /// Of `proven`: the link came after that was asked for, so it is to be proved anew.
    Anew,
    /// Of `trust`, and of `watch_trust` again with every change.
    Trust(Trust),
}

/// One screen of how things are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// The site's name; empty before the first policy.
    pub site: String,
    /// Seconds since the machine started.
    pub uptime: u64,
    /// What the plant is doing.
    pub mode: String,
    /// The stage of whatever has none of its own.
    pub stage: String,
    /// The policy in force; none before the first.
    pub policy: Option<Policy>,
    /// What the gateway's own process has left: capabilities, files, system calls.
    #[serde(default)]
    pub confined: String,
    /// What the kernel has.
    pub kernel: Kernel,
    /// The gateway's ports.
    pub ports: Vec<Port>,
    /// How many devices are in which state, in the order of the states.
    pub devices: Vec<(DeviceState, u64)>,
    /// How many devices have which assurance (`IA2`), the lowest first.
    #[serde(default)]
    pub assurance: Vec<(String, u64)>,
    /// Stations that are no device of the inventory.
    pub strangers: u64,
    /// Grants in force.
    pub grants: u64,
    /// What the kernel dropped and passed, by reason.
    pub counters: Vec<Counter>,
    /// Since when, by whom and why changes of the controller are held back; empty where they are not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held: String,
    /// What is not as it should be, in words, the worst first. Empty is good.
    pub troubles: Vec<String>,
    /// The last few alarms, the newest first.
    pub alarms: Vec<Alarm>,
}

/// What the kernel has, against what it should have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// The epoch that the installed rules were made from.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// How many rules are installed.
    pub rules: u64,
    /// Nothing is missing, nothing is there that should not be.
    pub in_step: bool,
    /// How long the last change took to reach the kernel, in microseconds.
    pub last_change: u64,
    /// How often the rules had been changed by somebody else and were repaired.
    pub repairs: u64,
}

/// A port of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The interface.
    pub name: String,
    /// A cable is in it and the other end is alive.
    pub up: bool,
    /// `bridged` or `routed`.
    pub path: String,
    /// What becomes of strangers: `hold`, `onboard` or `watch`.
    pub strangers: String,
}

/// Where a device stands with this gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Never seen.
    #[default]
    Unknown,
    /// Seen, not yet who it says it is.
    Onboarding,
    /// Bound, and used as policy allows.
    Active,
    /// The link of its port is down.
    Absent,
    /// Seen in two places at once.
    Conflict,
    /// Tightened by ourselves.
    Contained,
    /// Cut off by a person.
    Revoked,
}

/// A device of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// Where it stands.
    pub state: DeviceState,
    /// Why it stands there, in words.
    pub reason: String,
    /// How sure we are that it is itself: `IA0` … `IA6`.
    pub assurance: String,
    /// The stage that holds for it.
    pub stage: String,
    /// Where it is plugged in, if that is known.
    pub port: Option<String>,
    /// Its hardware address.
    pub mac: Option<String>,
    /// Its network addresses.
    pub addresses: Vec<IpAddr>,
    /// What it offers: `modbus tcp/502`.
    pub services: Vec<String>,
    /// What is known of its posture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posture: Option<Posture>,
    /// Its risk band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<u8>,
    /// Whether its behaviour lies inside its baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conforms: Option<bool>,
    /// What its assurance rests on, and what lowers it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// What was found of a device's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posture {
    /// It is as it should be.
    pub good: bool,
    /// How long ago that was found, in seconds.
    pub age: u64,
}

/// A station that is no device of the inventory, or claims to be one that is bound elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Where it is plugged in.
    pub port: String,
    /// Its hardware address.
    pub mac: String,
    /// Network addresses it used.
    pub addresses: Vec<IpAddr>,
    /// The device whose addresses it uses, if any.
    pub claims: Option<String>,
}

/// The policy in force and the bundles that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its version; the next one must be higher.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// The first half of the bundle's SHA-256, as hexadecimal digits.
    pub digest: String,
    /// When it was made (RFC 3339).
    pub made: String,
    /// Who made it.
    pub by: String,
    /// The public key whose signature is taken, as hexadecimal digits.
    pub trusted: String,
    /// Where the key lies that the gateway made at its first start.
    #[serde(default)]
    pub key: String,
    /// What is kept on disk, the oldest first.
    pub stored: Vec<StoredBundle>,
}

/// A bundle on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredBundle {
    /// Its version.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// When it was made (RFC 3339).
    pub made: String,
    /// Who made it.
    pub by: String,
}

/// How far roll-out has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// Of whatever has none of its own.
    pub default: String,
    /// Of devices that have one of their own.
    pub devices: Vec<(String, String)>,
    /// Of pairs of zones that have one of their own.
    pub conduits: Vec<ZonePairStage>,
}

/// The stage of what passes between two zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZonePairStage {
    /// One zone.
    pub from: String,
    /// The other.
    pub to: String,
    /// The stage.
    pub stage: String,
}

/// A grant in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its number.
    pub grant: u64,
    /// Who may.
    pub subject: String,
    /// What: `plc1/modbus`.
    pub object: String,
    /// Verb classes; none means every one.
    pub verbs: Vec<String>,
    /// Seconds until it ends.
    pub left: u64,
    /// The work order it belongs to.
    pub work_order: Option<String>,
    /// Who gave it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Why a conversation is allowed, or is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// It is allowed.
    pub allowed: bool,
    /// The policy in force at that time.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// The whole answer in lines of text, the verdict first, how to request access last.
    pub lines: Vec<String>,
    /// The policies that decided.
    pub policies: Vec<String>,
    /// Inputs that a policy asked for and that nobody has stated.
    pub missing: Vec<String>,
}

/// Denied packets of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// When the last one came (RFC 3339).
    pub last: String,
    /// Why they were denied.
    pub reason: String,
    /// They passed: the stage is shadow.
    pub only_counted: bool,
    /// Where they came in.
    pub port: Option<String>,
    /// Who sent them: a device's name, or an address.
    pub subject: String,
    /// How sure the gateway was of who that is when it decided: `IA0` to `IA6`. Empty where an older gateway says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub assurance: String,
    /// What that rests on: `certificate, software key`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known_by: String,
    /// Whom they were for: a service, a device's name, or an address and port.
    pub object: String,
    /// What they wanted, as far as the packet path can tell.
    pub verb: String,
    /// How many.
    pub packets: u64,
    /// The policies that decided, or what is missing.
    pub because: Vec<String>,
}

/// Something a person should know now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// When (RFC 3339).
    pub at: String,
    /// One word for the kind: `spoof`, `drift`, `policy-refused`, …
    pub kind: String,
    /// What happened, in words.
    pub text: String,
}

/// What the kernel counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// `denied-policy`, `denied-spoof`, …; `would-deny-policy`, … and `allowed` for what passed.
    pub name: String,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One line of the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditLine {
    /// When (RFC 3339).
    pub at: String,
    /// Milliseconds since the machine started: order that no clock can change.
    pub uptime: u64,
    /// The policy in force.
    #[serde(with = "text::epoch")]
    pub epoch: Epoch,
    /// Who: `root (uid 0)`, or `gateway` where nobody asked.
    pub who: String,
    /// One word for the kind of act.
    pub what: String,
    /// Upon what, and how.
    pub text: String,
    /// Why, as the person put it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The device that it is about, where a controller has to act on it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
}

/// What `tail` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Event {
    /// Packets were denied.
    Denied(Denial),
    /// Something a person should know now.
    Alarm(Alarm),
    /// Something was done.
    Audit(AuditLine),
    /// So many events went by unseen: the client was too slow.
    Missed(u64),
}
