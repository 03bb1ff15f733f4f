//! Receipts: what is heard under a grant is written down, and given when the grant is over.

use super::Gateway;
use super::perimeters::Work;
use crate::{Act, DenialKind, Grant, GrantEnd, GrantId, Heard, Now, Output, Transcript};
use nullius_model::{Channel, PortName, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// How long after the end of a grant its receipt is given: what was said before is on its way from the ring for a while.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// How long before that nobody listens any more, so that what a connection carried is told in time.
const LISTEN_NO_MORE: Duration = Duration::from_secs(3);

/// Kinds of message that a record shows; the rest is in the receipt.
const SHOWN: usize = 16;

/// Who talks to whom, on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conversation {
    /// The holder of a grant.
    pub client: IpAddr,
    /// Who offers the service.
    pub server: IpAddr,
    /// Where.
    pub channel: Channel,
}

impl Gateway {
    /// What is to be listened to, and at which port: that of the service, where only what passed is seen.
    pub fn conversations(&self) -> BTreeMap<PortName, BTreeSet<Conversation>> {
        let mut found = BTreeMap::<PortName, BTreeSet<Conversation>>::new();
        let now = self.now.uptime;
        let is_over = |id| self.closing.get(id).is_some_and(|at| at.since(now) <= LISTEN_NO_MORE);
        for (_, transcript) in self.standing.transcripts.iter().filter(|(id, _)| !is_over(*id)) {
            let Some((port, conversations)) = self.conversations_of(transcript) else { continue };
            found.entry(port).or_default().extend(conversations);
        }
        found
    }

    /// A message of a conversation was seen at the port of its service.
    pub fn handle_heard(&mut self, conversation: Conversation, heard: Heard, now: Now) {
        self.enter(now);
        for id in self.transcripts_of(conversation) {
            if let Some(transcript) = self.standing.transcripts.get_mut(&id) {
                transcript.hear(heard.clone());
                self.transcribed(id);
            }
        }
    }

    /// Frames of some port were lost before anybody read them.
    pub fn handle_lost(&mut self, port: &PortName, frames: u64, now: Now) {
        self.enter(now);
        let here =
            |transcript: &Transcript| self.conversations_of(transcript).is_some_and(|(at, _)| at == *port);
        let open = self.standing.transcripts.iter().filter(|(_, transcript)| here(transcript));
        let concerned: Vec<GrantId> = open.map(|(id, _)| *id).collect();
        for id in concerned {
            if let Some(transcript) = self.standing.transcripts.get_mut(&id) {
                transcript.lost = transcript.lost.saturating_add(frames);
                self.transcribed(id);
            }
        }
    }

    pub(super) fn open_transcript(&mut self, id: GrantId, grant: &Grant) {
        if self.standing.transcripts.len() >= self.settings.limits.transcripts {
            return;
        }
        let transcript = Transcript::new(grant.subject.clone(), grant.object.clone(), grant.made);
        self.standing.transcripts.insert(id, transcript);
        self.transcribed(id);
    }

    pub(super) fn close_transcript(&mut self, id: GrantId, why: &GrantEnd) {
        let at = self.now.wall;
        let Some(transcript) = self.standing.transcripts.get_mut(&id) else { return };
        transcript.ended.get_or_insert_with(|| (at, SmolStr::new(why.to_string())));
        self.closing.insert(id, self.now.uptime.after(LAST_WORDS));
        self.transcribed(id);
    }

    /// After a start: what went on meanwhile was not seen. What belongs to no grant any more is given out.
    pub(super) fn resume_transcripts(&mut self) {
        let ids: Vec<GrantId> = self.standing.transcripts.keys().copied().collect();
        for id in ids {
            let is_live = self.standing.grants.contains_key(&id);
            let Some(transcript) = self.standing.transcripts.get_mut(&id) else { continue };
            if is_live {
                transcript.interrupted = transcript.interrupted.saturating_add(1);
                self.transcribed(id);
            } else {
                self.close_transcript(id, &GrantEnd::Expired);
            }
        }
    }

    pub(super) fn note_denied(&mut self, kind: &DenialKind, packets: u64) {
        let (Some(subject), Some(object)) = (kind.subject.device(), kind.object.device()) else { return };
        let at = self.now.wall;
        let open = self.standing.transcripts.iter_mut().filter(|(_, transcript)| {
            transcript.subject == *subject
                && transcript.object.device == *object
                && transcript.ended.is_none()
        });
        let carrier = kind.carrier.to_string();
        let concerned: Vec<GrantId> = open
            .map(|(id, transcript)| {
                transcript.deny(&carrier, packets, at);
                *id
            })
            .collect();
        concerned.into_iter().for_each(|id| self.transcribed(id));
    }

    /// Gives the receipts whose last words were heard.
    pub(super) fn give_receipts(&mut self) {
        let now = self.now.uptime;
        let due: Vec<GrantId> = self.closing.extract_if(.., |_, at| *at <= now).map(|(id, _)| id).collect();
        for id in due {
            let Some(transcript) = self.standing.transcripts.remove(&id) else { continue };
            let mut lines = transcript.lines(self.settings.values_in_records);
            let more = lines.len().saturating_sub(SHOWN);
            lines.truncate(SHOWN);
            let act = Act::Receipt {
                grant: id,
                subject: transcript.subject.clone(),
                object: transcript.object.clone(),
                lines,
                more,
                unseen: transcript.unseen(),
                digest: transcript.digest(),
            };
            self.outputs.push_back(Output::Receipt(id, Box::new(transcript)));
            self.audit(None, act, Work::default());
        }
    }

    fn transcribed(&mut self, id: GrantId) {
        if !self.outputs.contains(&Output::Transcribed(id)) {
            self.outputs.push_back(Output::Transcribed(id));
        }
    }

    fn transcripts_of(&self, conversation: Conversation) -> Vec<GrantId> {
        let is_meant = |transcript: &Transcript| {
            let theirs = self.conversations_of(transcript);
            theirs.is_some_and(|(_, theirs)| theirs.contains(&conversation))
        };
        let found = self.standing.transcripts.iter().filter(|(_, transcript)| is_meant(transcript));
        found.map(|(id, _)| *id).collect()
    }

    /// Where a transcript's conversations pass the port of the service. A device that is away has none.
    fn conversations_of(&self, transcript: &Transcript) -> Option<(PortName, BTreeSet<Conversation>)> {
        let site = self.site.as_ref()?;
        let channel = site.inventory().service(&transcript.object)?.channel;
        let place = |name| site.node(site.id(name)?)?.place.as_ref();
        let (client, server) = (place(&transcript.subject)?, place(&transcript.object.device)?);
        let pairs = crate::perimeter::meetings(client, server);
        let conversations = pairs.map(|(client, server)| Conversation { client, server, channel }).collect();
        Some((server.port.clone(), conversations))
    }
}
