//! Receipts of grants: heard at the ports, kept on the disk, shown to people.
//!
//! What is being written down goes to the disk within [`LINGER`], so a kill loses a second of it and no more.

use super::Core;
use super::policy::failure;
use crate::convert;
use crate::ports::Tapped;
use crate::store::Store;
use nullius_engine::{Conversation, GrantId, Standing, Transcript};
use nullius_model::{PortName, Uptime};
use nullius_protocol::local::{Body, Failure};
use nullius_protocol::state;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long what was heard may wait for more.
const LINGER: Duration = Duration::from_secs(1);

/// What is not on the disk yet.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    dirty: BTreeSet<GrantId>,
    due: Option<Uptime>,
}

impl Receipts {
    pub(super) const fn due(&self) -> Option<Uptime> {
        self.due
    }
}

impl Core {
    /// What is to be listened to, and where.
    pub(crate) fn conversations(&self) -> BTreeMap<PortName, BTreeSet<Conversation>> {
        self.engine.conversations()
    }

    /// Something was heard of a grant.
    pub(crate) fn handle_tapped(&mut self, tapped: Tapped) {
        let now = self.now();
        match tapped {
            Tapped::Heard(conversation, heard) => self.engine.handle_heard(conversation, heard, now),
            Tapped::Lost(port, frames) => self.engine.handle_lost(&port, frames, now),
        }
        let _ = self.settle();
    }

    pub(super) fn note_transcribed(&mut self, id: GrantId) {
        let at = self.now().uptime;
        self.receipts.dirty.insert(id);
        self.receipts.due.get_or_insert(at.after(LINGER));
    }

    /// A grant is over: its transcript changes no more.
    pub(super) fn keep_receipt(&mut self, id: GrantId, transcript: &Transcript) {
        self.receipts.dirty.remove(&id);
        self.save_transcript(id, transcript, true);
    }

    pub(super) fn flush_receipts_when_due(&mut self, now: Uptime) {
        if self.receipts.due.is_none_or(|due| due > now) {
            return;
        }
        self.receipts.due = None;
        for id in std::mem::take(&mut self.receipts.dirty) {
            if let Some(transcript) = self.engine.standing().transcripts.get(&id).cloned() {
                self.save_transcript(id, &transcript, false);
            }
        }
    }

    fn save_transcript(&mut self, id: GrantId, transcript: &Transcript, given: bool) {
        let written = convert::from_transcript(id, transcript, given);
        let json = serde_json::to_vec(&written).map_err(|error| error.to_string());
        let saved =
            json.and_then(|json| self.store.save_receipt(id.0, &json).map_err(|error| crate::chain(&error)));
        self.note_receipts(saved.err());
    }

    /// What was done under a grant, now or once it is over.
    pub(super) fn receipt(&self, grant: u64) -> Result<Body, Failure> {
        let id = GrantId(grant);
        let live = self.engine.standing().transcripts.get(&id).cloned();
        let kept = live.or_else(|| load(&self.store, grant).map(|(transcript, _)| transcript));
        let transcript = kept.ok_or_else(|| Failure {
            help: "receipts are kept of the last few hundred grants".to_owned(),
            ..failure(&format!("there is no receipt of grant {grant}"))
        })?;
        Ok(Body::Receipt(convert::receipt(id, &transcript)))
    }
}

/// Takes up what was being written down when the program ended. What is damaged is left where it is: it gives nothing.
pub(super) fn resume(store: &Store, standing: &mut Standing) {
    for grant in store.receipts() {
        if let Some((transcript, false)) = load(store, grant) {
            standing.transcripts.insert(GrantId(grant), transcript);
        }
    }
}

fn load(store: &Store, grant: u64) -> Option<(Transcript, bool)> {
    let written: state::Transcript = serde_json::from_slice(&store.load_receipt(grant).ok()?).ok()?;
    let given = written.given;
    Some((convert::to_transcript(written).ok()?, given))
}
