//! What a client asks for.

use crate::link::Hash;
use crate::text;
use nullius_model::Epoch;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One line from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Comes back in every reply to this request; the client's to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What to do.
    pub command: Command,
}

/// What to do. Names are those of devices, services (`plc1/modbus`), zones and ports in the policy's inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Command {
    /// One screen: policy, kernel, ports, devices, alarms.
    Status,
    /// Every device of the inventory, and every station that is none of them.
    Devices,
    /// One device with its bindings.
    Device {
        /// Its name.
        device: String,
    },
    /// A person vouches that a station is this device of the inventory, and binds it to its port.
    Approve {
        /// The device.
        device: String,
        /// Where it is; the one port it is seen on where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<String>,
        /// Its hardware address (`02:00:00:00:00:11`); the declared one where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mac: Option<String>,
    },
    /// Forgets where a device without a declared port is, so that it is bound anew.
    Forget {
        /// The device.
        device: String,
    },
    /// Ends a conflict: a person found the double.
    Settle {
        /// The device whose double it was.
        device: String,
        /// What was found, for the audit.
        reason: String,
    },
    /// Cuts a device off, at once and until it is restored.
    Revoke {
        /// The device.
        device: String,
        /// Why, for the audit.
        reason: String,
    },
    /// Takes a revocation back.
    Restore {
        /// The device.
        device: String,
        /// Why, for the audit.
        reason: String,
    },
    /// States what is known of a device; replaces what was stated before. What is absent is unknown, never good.
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
    /// A person who stands in front of a device vouches for what is plugged in there. Ends with its time, with the link of
    /// the port, and with a double.
    Vouch {
        /// The device.
        device: String,
        /// For how long, in seconds.
        seconds: u64,
        /// Why, for the audit.
        reason: String,
    },
    /// The policy in force, and which bundles are kept.
    PolicyStatus,
    /// Puts a signed policy bundle in force.
    PolicyApply {
        /// The bundle's bytes, as hexadecimal digits.
        #[serde(with = "text::hex")]
        bundle: Vec<u8>,
    },
    /// Hands out a stored bundle; the one in force where no epoch is given. A rollback fetches older content, signs it
    /// again under a new epoch, and applies that.
    PolicyFetch {
        /// Which one.
        #[serde(default, with = "text::optional_epoch", skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
    },
    /// Hands the gateway to another signer, by a bundle that the present one signed.
    Handover {
        /// The bundle's bytes, as hexadecimal digits.
        #[serde(with = "text::hex")]
        bundle: Vec<u8>,
    },
    /// The files of a stored policy, verified anew; those in force where no epoch is given.
    PolicyFiles {
        /// Which one.
        #[serde(default, with = "text::optional_epoch", skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
    },
    /// Puts an earlier policy in force that is still kept, whoever signs policies now. The next one that comes takes its
    /// place.
    PolicyRollback {
        /// Which one; the one before where none is given.
        #[serde(default, with = "text::optional_epoch", skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
        /// Why, for the audit.
        reason: String,
    },
    /// Holds back what a controller tells, as far as it could let pass what does not pass now; or lets it have its way.
    Hold {
        /// From here on, or no more.
        on: bool,
        /// Why, for the audit.
        reason: String,
    },
    /// How far roll-out has come.
    Stages,
    /// Moves roll-out of a device, a conduit or everything.
    StageSet {
        /// Of what.
        target: StageTarget,
        /// `observe`, `shadow` or `enforce`.
        stage: String,
        /// Why it is enforced although denials were counted meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        despite: Option<String>,
    },
    /// The grants in force.
    Grants,
    /// Allows for a while what policy does not.
    GrantCreate {
        /// Who may.
        subject: String,
        /// What: `plc1/modbus`.
        object: String,
        /// Verb classes (`read`, `write`); none means every one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verbs: Vec<String>,
        /// For how long, in seconds.
        seconds: u64,
        /// The work order it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        work_order: Option<String>,
        /// Who approved it, beside the one who asks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
        /// Why, for the audit.
        reason: String,
    },
    /// Ends a grant before its time.
    GrantEnd {
        /// Its number.
        grant: u64,
        /// Why, for the audit.
        reason: String,
    },
    /// Says what the plant, or one zone of it, is doing.
    ModeSet {
        /// `normal`, `maintenance`, …
        mode: String,
        /// The zone; the whole site where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// Why, for the audit.
        reason: String,
    },
    /// A zone does what the calendar and the site say again.
    ModeClear {
        /// The zone.
        zone: String,
        /// Why, for the audit.
        reason: String,
    },
    /// What every zone is doing, and what the windows will do next.
    Modes,
    /// The emergency profiles, and how they stand.
    Emergencies,
    /// Sets an emergency off, or confirms what another person asked for.
    EmergencyTrigger {
        /// Its profile.
        profile: String,
        /// Why, for the audit.
        reason: String,
    },
    /// Makes an emergency ready again.
    EmergencyArm {
        /// Its profile.
        profile: String,
        /// Why, for the audit.
        reason: String,
    },
    /// Ends an emergency before its time.
    EmergencyEnd {
        /// Its profile.
        profile: String,
        /// Why, for the audit.
        reason: String,
    },
    /// What was done under a grant that is in force or is over.
    Receipt {
        /// The grant's number.
        grant: u64,
    },
    /// Why a conversation is allowed, or is not.
    Why(Question),
    /// The denials of late, one line a conversation.
    Denials,
    /// The alarms of late.
    Alarms,
    /// Denials, alarms and audit records as they come, until the client hangs up.
    Tail,
    /// Where the gateway stands towards its controller. From here on: for the link alone, on a socket of its own.
    LinkState {
        /// Why the controller cannot be reached, for people; empty where it is.
        #[serde(default)]
        trouble: String,
    },
    /// What the controller sent: a signed bundle.
    Deliver {
        /// The bundle's bytes, as hexadecimal digits.
        #[serde(with = "text::hex")]
        bundle: Vec<u8>,
    },
    /// Records of the audit.
    SpoolRead {
        /// Behind this number.
        after: u64,
        /// So many at most.
        max: u64,
    },
    /// The controller has the records up to this one.
    SpoolAcked {
        /// Its number.
        through: u64,
    },
    /// A device proved its key at the gateway's door.
    Proven {
        /// The device, as its certificate names it.
        device: String,
        /// SHA-256 of its public key (SPKI, DER), as hexadecimal digits.
        #[serde(with = "text::hash")]
        key: Hash,
        /// The serial number of its certificate, as hexadecimal digits.
        serial: String,
        /// Where the key lies.
        protection: Protection,
        /// The port that the proof came in at.
        port: String,
        /// The hardware address it came from.
        mac: String,
        /// The network addresses it came from.
        addresses: Vec<IpAddr>,
        /// For how long it is to hold.
        seconds: u32,
        /// What was known of the port's link ([`Trust::plugged`](super::Trust::plugged)) when the proof was asked for; 0 where
        /// it was never lost. A proof that was asked for before the link came is answered by `anew`.
        #[serde(default)]
        plugged: u64,
    },
    /// A device gave a wrong proof of its key, or says goodbye: what it proved before holds no longer.
    Unproven {
        /// The device.
        device: String,
        /// SHA-256 of its public key, as hexadecimal digits.
        #[serde(with = "text::hash")]
        key: Hash,
        /// Why, for the audit.
        reason: String,
    },
    /// Whom the door lets in.
    Trust,
    /// The same, now and with every change, until the client hangs up.
    WatchTrust,
}

/// Where a device's private key lies, as the CA vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// In a file: whoever reads the file has it.
    Software,
    /// In hardware that does not give it away.
    Hardware,
}

/// What a stage is set for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum StageTarget {
    /// Whatever has no stage of its own.
    Default,
    /// All that one device sends and receives.
    Device(String),
    /// All that passes between two zones that the inventory joins by a conduit.
    Conduit {
        /// One zone.
        from: String,
        /// The other.
        to: String,
    },
}

/// May somebody do something, now or then?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Who: a device's name or a network address.
    pub subject: String,
    /// To whom: a device's name or a network address.
    pub object: String,
    /// On what: a service's name (`modbus`), `tcp/502`, `udp/5683`, `echo`, or a bare port number.
    pub service: String,
    /// To do what: a verb of the protocol or a class of verbs; the connection itself where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// What the verb is about: a register (`40010`, `40010=55`, `9`), a topic, a path. Means nothing without a verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operand: Option<String>,
    /// As it was then, in seconds since 1970; now where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}
