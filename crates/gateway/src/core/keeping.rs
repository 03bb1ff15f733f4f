//! What is written down: the standing, its history, the audit.
//!
//! A change that the wire caused may wait [`LINGER`] for the next one, so that a thousand devices that come up together
//! are not a thousand writes; what a person did is on the disk before the person is told.

use super::Core;
use crate::convert;
use crate::store::{Journal, LeaseLog, Missing, Spool, Store, StoreError};
use nullius_engine::{Act, IdentityAct, Record};
use nullius_model::Uptime;
use nullius_protocol::local::{AuditLine, Event};
use nullius_protocol::state::Moment;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a change of the standing may wait for the next.
const LINGER: Duration = Duration::from_millis(500);

/// How long until a disk that took nothing is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Where things are written down, and what was not.
#[derive(Debug)]
pub(super) struct Keeping {
    pub(super) history: Journal,
    pub(super) audit: Spool,
    pub(super) leases: LeaseLog,
    due: Option<Uptime>,
    /// What the disk did not take, by kind; gone once it does.
    troubles: BTreeMap<Kind, String>,
}

/// What is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Standing,
    Audit,
    Receipts,
    Leases,
}

impl Keeping {
    /// `limit` is how many bytes of the audit may wait for a controller, where one takes them.
    pub(super) fn open(store: &Store, limit: Option<u64>, leases: LeaseLog) -> Result<Self, StoreError> {
        Ok(Self {
            history: store.history()?,
            audit: store.audit(limit)?,
            leases,
            due: None,
            troubles: BTreeMap::new(),
        })
    }

    fn add(&mut self, line: &AuditLine, durable: bool) -> Result<(), String> {
        let json = serde_json::to_string(line).map_err(|error| error.to_string())?;
        self.audit.add(&json, durable).map_err(|error| crate::chain(&error))
    }

    /// Something changed that is not on the disk yet.
    pub(super) fn note_change(&mut self, at: Uptime) {
        self.due.get_or_insert(at.after(LINGER));
    }

    /// What the disk does not take at present.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &String> {
        self.troubles.values()
    }

    /// When the disk should know.
    pub(super) const fn due(&self) -> Option<Uptime> {
        self.due
    }
}

impl Core {
    /// Puts the standing on the disk if it changed.
    ///
    /// # Errors
    /// What the disk says. Nothing else stops for it (attack 14); it is tried again.
    pub(super) fn flush(&mut self) -> Result<(), String> {
        if self.keeping.due.is_none() {
            return Ok(());
        }
        let kept = self.keep_standing();
        let now = self.now().uptime;
        self.keeping.due = kept.is_err().then(|| now.after(RETRY));
        self.note_disk(Kind::Standing, kept.clone().err());
        kept
    }

    /// How things stand from here on, for the history and the next start.
    pub(super) fn note_moment(&mut self) {
        let at = self.now().uptime;
        self.keeping.note_change(at);
        let _ = self.flush();
    }

    pub(super) fn record(&mut self, record: &Record) {
        if let Act::Denied(summary) = &record.act {
            self.tell(Event::Denied(convert::denial(summary, self.now())));
        }
        let by_a_person = record.by.is_some();
        self.write_down(audit_line(record), by_a_person);
    }

    pub(super) fn write_down(&mut self, line: AuditLine, durable: bool) {
        let told = self.write_down_missing();
        let written = told.and_then(|()| self.keeping.add(&line, durable));
        self.note_disk(Kind::Audit, written.err());
        self.tell(Event::Audit(line));
    }

    /// What is missing is itself a record, before the next.
    fn write_down_missing(&mut self) -> Result<(), String> {
        let Some(Missing { lines, denials }) = self.keeping.audit.missing() else { return Ok(()) };
        let text = format!("{lines} records found no room, {denials} summaries of denials were let go");
        let line = self.own_line("lost", text);
        self.keeping.add(&line, false)?;
        self.keeping.audit.told();
        Ok(())
    }

    /// A line of the program's own.
    pub(super) fn own_line(&self, what: &str, text: String) -> AuditLine {
        let now = self.now();
        AuditLine {
            at: now.wall.to_string(),
            uptime: u64::try_from(now.uptime.since_boot().as_millis()).unwrap_or(u64::MAX),
            epoch: self.epoch(),
            who: "gateway".to_owned(),
            what: what.to_owned(),
            text,
            why: String::new(),
            device: String::new(),
        }
    }

    fn keep_standing(&mut self) -> Result<(), String> {
        let standing = convert::from_standing(self.engine.standing());
        let json = serde_json::to_vec(&standing).map_err(|error| error.to_string())?;
        self.store.save_standing(&json).map_err(|error| crate::chain(&error))?;
        let now = self.now();
        let uptime = u64::try_from(now.uptime.since_boot().as_nanos()).unwrap_or(u64::MAX);
        let epoch = self.epoch();
        let moment = Moment { at: now.wall.as_nanos(), uptime, epoch, standing };
        let line = serde_json::to_string(&moment).map_err(|error| error.to_string())?;
        self.keeping.history.add(&line, false).map_err(|error| crate::chain(&error))
    }

    /// What became of writing leases.
    pub(super) fn note_leases(&mut self, trouble: Option<String>) {
        self.note_disk(Kind::Leases, trouble);
    }

    /// What became of writing receipts.
    pub(super) fn note_receipts(&mut self, trouble: Option<String>) {
        self.note_disk(Kind::Receipts, trouble);
    }

    /// A disk that is full is told once, and again when it has been well in between.
    fn note_disk(&mut self, kind: Kind, trouble: Option<String>) {
        let Some(trouble) = trouble else {
            self.keeping.troubles.remove(&kind);
            return;
        };
        let was_well = self.keeping.troubles.is_empty();
        self.keeping.troubles.insert(kind, trouble.clone());
        if was_well {
            self.alarm("disk", format!("what happens is enforced, but cannot be written down: {trouble}"));
        }
    }
}

fn audit_line(record: &Record) -> AuditLine {
    AuditLine {
        at: record.at.to_string(),
        uptime: u64::try_from(record.uptime.since_boot().as_millis()).unwrap_or(u64::MAX),
        epoch: record.epoch,
        who: record.by.as_ref().map_or_else(|| "gateway".to_owned(), |actor| actor.0.to_string()),
        what: word(&record.act).to_owned(),
        text: record.to_string(),
        why: String::new(),
        device: acted_on(&record.act),
    }
}

/// The device of a record that a controller acts on by itself.
fn acted_on(act: &Act) -> String {
    let Act::Identity { device, act: IdentityAct::Cloned { .. } } = act else { return String::new() };
    device.to_string()
}

const fn word(act: &Act) -> &'static str {
    match act {
        Act::Policy { .. } => "policy",
        Act::Revoked { .. } => "revoked",
        Act::Restored { .. } => "restored",
        Act::Bound { .. } => "bound",
        Act::Forgotten { .. } => "forgotten",
        Act::Conflict { .. } => "conflict",
        Act::Identity { act, .. } => match act {
            IdentityAct::Proven { .. } => "proven",
            IdentityAct::Lapsed(_) => "lapsed",
            IdentityAct::Vouched { .. } => "vouched",
            IdentityAct::VouchEnded(_) => "vouch-ended",
            IdentityAct::Cloned { .. } => "clone",
            IdentityAct::KeyRevoked { .. } => "key-revoked",
        },
        Act::Trusts { .. } => "trust",
        Act::Settled { .. } => "settled",
        Act::Link { .. } => "link",
        Act::Staged { .. } => "stage",
        Act::Granted { .. } => "granted",
        Act::GrantEnded { .. } => "grant-ended",
        Act::Receipt { .. } => "receipt",
        Act::Mode { .. } | Act::ModeCleared { .. } => "mode",
        Act::Window { .. } => "window",
        Act::Emergency { .. } => "emergency",
        Act::Held { .. } => "hold",
        Act::Released { .. } => "release",
        Act::Assessed { .. } => "assessed",
        Act::Elapsed => "elapsed",
        Act::Denied(_) => "denied",
        Act::Applied => "applied",
        Act::NotApplied { .. } => "not-applied",
        Act::Repaired(_) => "repaired",
        Act::ClockStepped { .. } => "clock",
        Act::Alarmed(_) => "alarm",
    }
}
