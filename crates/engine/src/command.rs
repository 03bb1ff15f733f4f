//! What people tell a gateway to do, and what it answers.

use crate::{ConduitName, GrantId};
use nullius_model::{DeviceName, Mac, Mode, PortName, SmolStr, Stage, Timestamp, Uptime};
use nullius_policy::{PolicyId, ServiceId, Verbs};
use std::collections::BTreeSet;
use std::time::Duration;
use thiserror::Error;

/// Who gave a command, as the program's socket or bundle proves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Actor(pub SmolStr);

/// One act of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Takes away all access of and to a device, and every grant that names it. Nothing that happens later gives it
    /// back but [`Command::Restore`].
    Revoke {
        /// Which.
        device: DeviceName,
        /// Why.
        reason: SmolStr,
    },
    /// Ends a revocation.
    Restore {
        /// Which.
        device: DeviceName,
        /// Why.
        reason: SmolStr,
    },
    /// Says that a station is a device of the inventory, and binds it to a port. Moves a device that was bound before.
    Approve {
        /// Which; the inventory must name it.
        device: DeviceName,
        /// Where it is; the one port it is seen on where none is given.
        port: Option<PortName>,
        /// Its hardware address; the declared one where none is given.
        mac: Option<Mac>,
    },
    /// Forgets where a device without a declared port is, so that it is bound anew.
    Forget {
        /// Which.
        device: DeviceName,
    },
    /// Vouches for what is plugged in where a device is. Ends with its time, with the link of the port, and with a double.
    Vouch {
        /// Which.
        device: DeviceName,
        /// For how long, from now.
        duration: Duration,
        /// Why.
        reason: SmolStr,
    },
    /// Ends a conflict: a person found the double.
    Settle {
        /// The device whose double it was.
        device: DeviceName,
        /// What was found.
        reason: SmolStr,
    },
    /// Sets how far roll-out has come.
    Stage {
        /// For whom.
        scope: StageScope,
        /// How far.
        stage: Stage,
        /// Why it is enforced although denials were counted meanwhile.
        despite: Option<SmolStr>,
    },
    /// Gives access for a while.
    Grant(GrantRequest),
    /// Ends a grant before its time.
    EndGrant {
        /// Which.
        grant: GrantId,
        /// Why.
        reason: SmolStr,
    },
    /// Says what the plant is doing, or one zone of it. [`Mode::Emergency`] is not said but set off.
    Mode {
        /// What.
        mode: Mode,
        /// Where; everywhere that nothing else is said of, where none is given.
        zone: Option<SmolStr>,
        /// Why.
        reason: SmolStr,
    },
    /// Takes back what was said of a zone: it does what the calendar and the site say again.
    ClearMode {
        /// Which.
        zone: SmolStr,
        /// Why.
        reason: SmolStr,
    },
    /// Sets an emergency profile off. Where it takes two people, the first asks and a second, another one, confirms by
    /// the same command within [`Limits::confirm_within`](crate::Limits::confirm_within).
    Emergency {
        /// Which.
        profile: SmolStr,
        /// When it was asked for, of an order that travelled: it ends as if it had been set off then.
        made: Option<Timestamp>,
        /// Who approved it beside the one who asks, of an order whose signer proves it.
        approvers: BTreeSet<SmolStr>,
        /// Why.
        reason: SmolStr,
    },
    /// Makes a profile that was set off ready again.
    ArmEmergency {
        /// Which.
        profile: SmolStr,
        /// Why.
        reason: SmolStr,
    },
    /// Ends emergencies before their time.
    EndEmergency {
        /// Which.
        scope: EmergencyScope,
        /// Why.
        reason: SmolStr,
    },
    /// Holds back whatever a controller tells that could let pass what does not pass now, until it is released.
    Hold {
        /// Why.
        reason: SmolStr,
    },
    /// Lets what was held back have its way.
    Release {
        /// Why.
        reason: SmolStr,
    },
    /// Says what is known of a device beside who it is. What is absent is unknown from now on.
    Assess {
        /// Which.
        device: DeviceName,
        /// Its software and settings are as they should be.
        posture: Option<bool>,
        /// Risk band, 0 (none) to 4.
        risk: Option<u8>,
        /// It behaves as its baseline says.
        conforms: Option<bool>,
    },
}

/// For whom a stage holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageScope {
    /// All that have none of their own.
    Default,
    /// One device.
    Device(DeviceName),
    /// All between two zones.
    Conduit(ConduitName),
}

/// Which emergencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmergencyScope {
    /// The one of this profile.
    Profile(SmolStr),
    /// All that this zone is part of.
    Zone(SmolStr),
}

/// Access that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRequest {
    /// Who gets it.
    pub subject: DeviceName,
    /// For what.
    pub object: ServiceId,
    /// To do what.
    pub verbs: Verbs,
    /// For how long, from now.
    pub duration: Duration,
    /// Why.
    pub reason: SmolStr,
    /// Under which work order.
    pub work_order: Option<SmolStr>,
    /// Who approved it, beside the one who asks.
    pub approvers: BTreeSet<SmolStr>,
}

/// A command was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The grant that was made, and its end.
    pub granted: Option<(GrantId, Uptime)>,
    /// An emergency waits for another person, until then.
    pub awaits: Option<Uptime>,
    /// Accesses that were judged anew.
    pub judged: usize,
    /// The enforcement to wait for, where rules change.
    pub generation: Option<u64>,
}

/// A command was not carried out, and nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no policy yet, so nobody is known.
    #[error("no policy is in force")]
    NoPolicy,
    /// No such device.
    #[error("the inventory names no device `{0}`")]
    UnknownDevice(DeviceName),
    /// No such service.
    #[error("the inventory names no service `{0}`")]
    UnknownService(ServiceId),
    /// No such conduit.
    #[error("the inventory declares no conduit `{0}`")]
    UnknownConduit(ConduitName),
    /// No such zone.
    #[error("the inventory declares no zone `{}`", .0.escape_debug())]
    UnknownZone(SmolStr),
    /// Nobody said anything of the zone.
    #[error("nobody set a mode for zone `{0}` alone")]
    NoMode(SmolStr),
    /// A mode was set a moment ago: whoever flips it back and forth makes no plant, and hides in the noise.
    #[error("the mode was set a moment ago: wait {} s", .0.as_secs().max(1))]
    ModeJustSet(Duration),
    /// It is set off by its profile, which says where, for how long and by how many.
    #[error("an emergency is not a mode to set: set off one of the profiles of the inventory")]
    EmergencyIsSetOff,
    /// No such profile.
    #[error("the inventory declares no emergency `{}`", .0.escape_debug())]
    UnknownEmergency(SmolStr),
    /// It is in force already.
    #[error("emergency `{0}` is in force already")]
    EmergencyOn(SmolStr),
    /// None is in force.
    #[error("no such emergency is in force")]
    NoEmergency,
    /// It was set off, and nobody made it ready since.
    #[error("emergency `{0}` was set off already and is not armed again")]
    NotArmed(SmolStr),
    /// It is ready.
    #[error("emergency `{0}` is armed")]
    Armed(SmolStr),
    /// It ended a moment ago.
    #[error("emergency `{profile}` can be armed again in {} s", left.as_secs().max(1))]
    Resting {
        /// Which.
        profile: SmolStr,
        /// How long it rests yet.
        left: Duration,
    },
    /// The same person does not count twice.
    #[error("emergency `{0}` takes two people: another one has to confirm it")]
    TakesAnother(SmolStr),
    /// The order travelled longer than the emergency would have lasted.
    #[error("the order is older than emergency `{0}` would have lasted")]
    EmergencyTooOld(SmolStr),
    /// No such grant.
    #[error("no grant `{0}` is in force")]
    UnknownGrant(GrantId),
    /// No such port.
    #[error("this gateway has no port `{0}`")]
    UnknownPort(PortName),
    /// A revocation beats everything but its end.
    #[error("`{0}` is revoked: restore it first")]
    Revoked(DeviceName),
    /// It is not revoked.
    #[error("`{0}` is not revoked")]
    NotRevoked(DeviceName),
    /// It has no place, or a double of it was seen: nobody can say what is plugged in.
    #[error("`{0}` is not bound, or a double of it was seen: there is nothing to vouch for")]
    NothingToVouchFor(DeviceName),
    /// Longer than a shift.
    #[error("one vouches for at most {} s", .0.as_secs())]
    VouchTooLong(Duration),
    /// It would end at once.
    #[error("one vouches for at least a second")]
    VouchTooShort,
    /// More than are remembered.
    #[error("{0} revoked keys are remembered already, and no more: revoke the device instead")]
    TooManyKeys(usize),
    /// No double of it was seen.
    #[error("no double of `{0}` was seen")]
    NoConflict(DeviceName),
    /// The inventory says where it is, so a command cannot.
    #[error("the inventory ties `{device}` to port `{port}`: change the inventory")]
    Declared {
        /// The device.
        device: DeviceName,
        /// Its port.
        port: PortName,
    },
    /// Nothing says which station is meant.
    #[error("`{0}` is seen on no port, or on several: name the port and the hardware address")]
    Unseen(DeviceName),
    /// The hardware address belongs to another device.
    #[error("{mac} belongs to `{owner}`")]
    Taken {
        /// The hardware address.
        mac: Mac,
        /// Whose it is.
        owner: DeviceName,
    },
    /// Longer than allowed.
    #[error("a grant lasts at most {} s", .0.as_secs())]
    TooLong(Duration),
    /// Overlapping grants last longer than allowed.
    #[error("grants that overlap last at most {} s together", .0.as_secs())]
    ChainTooLong(Duration),
    /// It would end at once.
    #[error("a grant lasts at least a second")]
    TooShort,
    /// More than there may be.
    #[error("there are {0} grants already")]
    TooManyGrants(usize),
    /// A forbid wins over every grant; the policies that had a say.
    #[error("a forbid wins over every grant: {}", list(.0))]
    Forbidden(Vec<PolicyId>),
    /// What would be denied still happens.
    #[error(
        "{count} packets would have been denied lately, for example {example}: say why it is enforced all the same"
    )]
    WouldDeny {
        /// Packets.
        count: u64,
        /// One of them.
        example: String,
    },
    /// A text is longer than allowed.
    #[error("a text has at most {0} bytes")]
    TextTooLong(usize),
    /// Nobody holds changes back.
    #[error("nothing is held")]
    NotHeld,
    /// A grant is opened once.
    #[error("grant `{}` was opened, or ended, before", .0.escape_debug())]
    OpenedBefore(SmolStr),
    /// Its time was over before it came.
    #[error("its time was over before it came")]
    TooLate,
    /// More names that no policy knows than are remembered.
    #[error("something is kept for {0} names that no policy knows, and more are not remembered")]
    TooManyUnknown(usize),
    /// Risk bands end at 4.
    #[error("a risk band is 0 to 4")]
    NoSuchRisk,
}

fn list(policies: &[PolicyId]) -> String {
    let names: Vec<String> = policies.iter().map(|policy| format!("`{policy}`")).collect();
    names.join(", ")
}
