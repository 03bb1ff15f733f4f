//! What the controller sends, by way of the link: verified here, whatever the link is.
//!
//! A bundle is durable and in the kernel before it is told to be applied. What cannot be made so is answered with an error
//! and comes again: it was applied already then, and is only written down.

use super::Core;
use super::policy::{Candidate, failure};
use crate::convert;
use crate::store::{StoreError, Verified};
use aws_lc_rs::digest::{Context, SHA256};
use nullius_engine::{Actor, Hold, Now, Ordered};
use nullius_model::{Epoch, Uptime};
use nullius_protocol::bundle::{Body, Bundle};
use nullius_protocol::local::{
    Body as Reply, Delivered, Delivery, Failure, LinkState, RevokedDevice, SpoolRecord,
};
use nullius_protocol::to_hex;
use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Outcomes of bundles that were held back, kept for the link; more than may be held at once.
const MAX_OUTCOMES: usize = 512;

/// Longest word of the link about what is wrong, in characters.
const MAX_TROUBLE: usize = 256;

/// How long the link may be silent until it counts as dead: it asks every second, and pauses a minute at most.
const LINK_SILENT: Duration = Duration::from_secs(100);

/// What the controller was not told yet.
#[derive(Debug, Default)]
pub(crate) struct Delivering {
    /// Applied, and not durable or not in the kernel yet.
    unfinished: Option<Delivered>,
    /// Of bundles that were held back.
    outcomes: VecDeque<Delivered>,
    /// The digest of the rules, and after how many changes of the kernel that was.
    digest: Option<(u64, String)>,
    /// When the link was last heard, and what it said is wrong.
    heard: Option<(Uptime, String)>,
}

/// What comes next for a bundle that was sent.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing.
    Done(Delivered),
    /// It is a policy, to be prepared in a thread and adopted.
    Prepare(Box<Verified>),
}

impl Core {
    /// Takes a bundle.
    ///
    /// # Errors
    /// A [`Failure`] where it cannot be made durable, or the kernel does not take it: it is to come again.
    pub(crate) fn deliver(&mut self, bytes: Vec<u8>, who: &str) -> Result<Step, Failure> {
        if let Some(unfinished) = self.finish(&bytes)? {
            return Ok(Step::Done(unfinished));
        }
        let epoch = nullius_protocol::bundle::decode_unverified(&bytes).map(|bundle| bundle.epoch);
        let verified = match self.verify(bytes, who) {
            Ok(verified) => verified,
            Err(failure) => return Ok(Step::Done(refused(epoch.unwrap_or_default(), failure.error))),
        };
        match self.held_back(&verified) {
            Some(hold) => self.put_aside(&verified, hold).map(Step::Done),
            None => self.carry_out(verified, who),
        }
    }

    /// Puts a policy in force that was prepared, or says why it was not.
    ///
    /// # Errors
    /// As [`Core::deliver`].
    pub(crate) fn adopt_delivered(
        &mut self,
        epoch: Epoch,
        prepared: Result<Candidate, Failure>,
    ) -> Result<Delivered, Failure> {
        let candidate = match prepared {
            Ok(candidate) => candidate,
            Err(failure) => {
                self.note_refusal(&failure, "the controller");
                let first =
                    failure.problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
                return Ok(refused(epoch, format!("{}{first}", failure.error)));
            }
        };
        let by = maker(candidate.bundle());
        match self.adopt_stored(candidate, &by) {
            Ok(_) => {
                self.delivered.unfinished = Some(applied(epoch));
                self.conclude_unfinished()
            }
            Err(error @ StoreError::File(_)) => Err(failure(&crate::chain(&error))),
            Err(error) => {
                self.note_refusal(&failure(&crate::chain(&error)), &by);
                Ok(refused(epoch, crate::chain(&error)))
            }
        }
    }

    /// What is held back and may have its way now, the oldest first.
    pub(crate) fn next_held(&mut self) -> Option<Verified> {
        if self.engine.standing().orders.hold.is_some() {
            return None;
        }
        for epoch in self.store.held().ok()? {
            match self.store.load_held(epoch) {
                Ok(verified) => return Some(verified),
                Err(error) => {
                    let error = crate::chain(&error);
                    self.note_refusal(&failure(&error), "the state directory");
                    self.conclude(refused(epoch, error));
                }
            }
        }
        None
    }

    /// Carries out what was held back, but for policies, which take longer.
    ///
    /// # Errors
    /// As [`Core::deliver`]; it stays where it is.
    pub(crate) fn carry_out(&mut self, verified: Verified, who: &str) -> Result<Step, Failure> {
        let epoch = verified.bundle.epoch;
        match verified.bundle.body {
            Body::Policy(_) | Body::PolicyDelta(_) => Ok(Step::Prepare(Box::new(verified))),
            Body::Handover(_) => Ok(Step::Done(match self.take_handover(&verified, who) {
                Ok(()) => Delivered { epoch, outcome: self.applied() },
                Err(failure) => refused(epoch, failure.error),
            })),
            Body::Order { .. } => self.order(verified.bundle).map(Step::Done),
        }
    }

    /// A bundle that was held back has had its way, or never will: the controller is told when the link asks.
    pub(crate) fn conclude(&mut self, delivered: Delivered) {
        self.store.let_go(delivered.epoch);
        if self.delivered.outcomes.len() >= MAX_OUTCOMES {
            self.delivered.outcomes.pop_front();
        }
        self.delivered.outcomes.push_back(delivered);
    }

    /// Where the gateway stands towards its controller.
    pub(crate) fn link_state(&mut self, trouble: &str) -> LinkState {
        let shown = trouble.chars().take(MAX_TROUBLE).collect();
        self.delivered.heard = Some((self.now().uptime, shown));
        // a link that reaches nobody has nobody to tell
        let outcomes =
            if trouble.is_empty() { std::mem::take(&mut self.delivered.outcomes) } else { VecDeque::new() };
        let kernel_digest = self.kernel_digest();
        let standing = self.engine.standing();
        let revoked = standing.revoked.iter().map(|(device, revocation)| RevokedDevice {
            device: device.to_string(),
            at: revocation.at.as_secs(),
            by: revocation.by.to_string(),
            reason: revocation.reason.to_string(),
        });
        LinkState {
            boot: standing.boot.0.to_string(),
            taken: self.store.floor(),
            policy: self.epoch(),
            kernel_digest,
            spool: self.keeping.audit.id().to_owned(),
            first: self.keeping.audit.first(),
            next: self.keeping.audit.next(),
            revoked: revoked.collect(),
            outcomes: outcomes.into(),
        }
    }

    /// Records of the audit, for the controller.
    pub(crate) fn spool_read(&mut self, after: u64, max: u64) -> Result<Reply, Failure> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let read = self.keeping.audit.read(after, max).map_err(|error| failure(&crate::chain(&error)))?;
        let record = |record: nullius_protocol::link::Record| SpoolRecord {
            seq: record.seq,
            line: record.line,
            chain: record.chain.to_string(),
        };
        Ok(Reply::Records(read.into_iter().map(record).collect()))
    }

    /// The controller has them.
    pub(crate) fn spool_acked(&mut self, through: u64) -> Result<Reply, Failure> {
        let acked = self.keeping.audit.acknowledge(through);
        acked.map(|()| Reply::Done).map_err(|error| failure(&crate::chain(&error)))
    }

    /// What is wrong with the link, where one is wanted.
    pub(super) fn link_trouble(&self) -> Option<String> {
        let now = self.now().uptime;
        match &self.delivered.heard {
            _ if !self.is_linked => None,
            Some((at, trouble)) if now.since(*at) < LINK_SILENT => {
                (!trouble.is_empty()).then(|| format!("no controller: {}", trouble.escape_debug()))
            }
            Some(_) | None => Some("no controller: the link does not run (nullius-link.service)".to_owned()),
        }
    }

    /// Who holds changes back, and why, in words; empty where nobody does.
    pub(super) fn held(&self) -> String {
        let hold = self.engine.standing().orders.hold.as_ref();
        hold.map(|Hold { at, by, reason }| format!("by {by} since {at}: {reason}")).unwrap_or_default()
    }

    fn held_back(&self, verified: &Verified) -> Option<String> {
        let hold = self.engine.standing().orders.hold.as_ref()?;
        let may_widen = match &verified.bundle.body {
            Body::Order { order, .. } => {
                let trust = &self.engine.standing().trust;
                convert::order(order.clone()).is_ok_and(|order| order.may_widen(trust))
            }
            Body::Policy(_) | Body::PolicyDelta(_) | Body::Handover(_) => true,
        };
        may_widen.then(|| hold.reason.to_string())
    }

    fn put_aside(&mut self, verified: &Verified, reason: String) -> Result<Delivered, Failure> {
        let epoch = verified.bundle.epoch;
        self.store.put_aside(verified).map_err(|error| failure(&crate::chain(&error)))?;
        let now = self.now();
        self.distrust_at_once(verified, now);
        self.engine.take(epoch, now);
        self.note_act("held", format!("bundle {epoch} waits"), &maker(&verified.bundle));
        self.conclude_taken(Delivered { epoch, outcome: Delivery::Held { reason } })
    }

    /// Whoever holds changes back holds back who else is believed, and not who is believed no more.
    fn distrust_at_once(&mut self, verified: &Verified, now: Now) {
        let Body::Order { order, .. } = &verified.bundle.body else { return };
        if let Ok(Ordered::Trust(trust)) = convert::order(order.clone()) {
            let by = Actor(maker(&verified.bundle).into());
            self.engine.distrust(&trust.distrusted, &by, now);
        }
    }

    fn order(&mut self, bundle: Bundle) -> Result<Delivered, Failure> {
        let (epoch, by) = (bundle.epoch, Actor(maker(&bundle).into()));
        let Body::Order { key, order } = bundle.body else {
            return Ok(refused(epoch, "this is no order".to_owned()));
        };
        let now = self.now();
        let done = match convert::order(order) {
            Ok(ordered) => {
                self.forget_superseded(&key, epoch, &ordered);
                let done = self.engine.handle_order(ordered, epoch, &by, now);
                done.map(drop).map_err(|refusal| refusal.to_string())
            }
            Err(error) => {
                self.engine.take(epoch, now);
                Err(error)
            }
        };
        if let Err(error) = &done {
            self.note_act("order-refused", format!("order {epoch} of {key}: {error}"), &by.0);
        }
        let delivered = match done {
            Ok(()) => applied(epoch),
            Err(error) => refused(epoch, error),
        };
        self.conclude_taken(delivered)
    }

    /// An order that is carried out while others are held back takes the place of those of its key.
    fn forget_superseded(&mut self, key: &str, epoch: Epoch, ordered: &Ordered) {
        if ordered.may_widen(&self.engine.standing().trust) {
            return;
        }
        for held in self.store.held().unwrap_or_default() {
            let same = self.store.load_held(held).is_ok_and(
                |held| matches!(&held.bundle.body, Body::Order { key: other, .. } if other == key),
            );
            if same && held < epoch {
                self.conclude(refused(held, format!("order {epoch} took its place while it was held back")));
            }
        }
    }

    /// The standing knows the epoch; the outcome counts once it is on the disk and the kernel has what follows.
    fn conclude_taken(&mut self, delivered: Delivered) -> Result<Delivered, Failure> {
        let _ = self.settle();
        self.delivered.unfinished = Some(delivered);
        self.conclude_unfinished()
    }

    fn conclude_unfinished(&mut self) -> Result<Delivered, Failure> {
        let Some(delivered) = self.delivered.unfinished.clone() else { return Err(failure("nothing waits")) };
        let settled = self.settle_durably();
        if let Some(error) = settled.not_saved {
            return Err(failure(&format!("it is in force, but cannot be written down: {error}")));
        }
        if !self.enforcement.in_step {
            return Err(failure("the kernel does not take it yet"));
        }
        self.store.raise_floor(delivered.epoch);
        self.delivered.unfinished = None;
        let outcome = match delivered.outcome {
            Delivery::Applied { .. } => self.applied(),
            outcome @ (Delivery::Held { .. } | Delivery::Refused { .. }) => outcome,
        };
        Ok(Delivered { outcome, ..delivered })
    }

    /// The bundle was carried out already, and comes again because it could not be concluded.
    fn finish(&mut self, bytes: &[u8]) -> Result<Option<Delivered>, Failure> {
        let Some(unfinished) = &self.delivered.unfinished else { return Ok(None) };
        let epoch = unfinished.epoch;
        let same = Bundle::open(bytes, &self.store.trusted()).is_ok_and(|bundle| bundle.epoch == epoch);
        if same { self.conclude_unfinished().map(Some) } else { Ok(None) }
    }

    fn applied(&mut self) -> Delivery {
        Delivery::Applied { kernel_digest: self.kernel_digest() }
    }

    /// SHA-256 over the rules that the kernel acknowledged; it is read back all the time, and what differs is told.
    fn kernel_digest(&mut self) -> String {
        let changes = self.enforcement.changes.load(Ordering::Acquire);
        match &self.delivered.digest {
            Some((known, digest)) if *known == changes && self.enforcement.in_step => digest.clone(),
            _ => {
                let digest = self.digest_of_rules();
                self.delivered.digest = Some((changes, digest.clone()));
                digest
            }
        }
    }

    fn digest_of_rules(&self) -> String {
        let mut digest = Digest(Context::new(&SHA256));
        if self.enforcement.in_step {
            for (rule, terms) in self.engine.rules() {
                // writing to a digest does not fail
                let _ = writeln!(digest, "{rule:?} {terms:?}");
            }
        }
        to_hex(digest.0.finish().as_ref())
    }
}

/// Whoever made a bundle, as the audit names them: the controller vouches for the name.
fn maker(bundle: &Bundle) -> String {
    format!("{} (controller)", bundle.by)
}

/// What the kernel has is told when it is concluded.
const fn applied(epoch: Epoch) -> Delivered {
    Delivered { epoch, outcome: Delivery::Applied { kernel_digest: String::new() } }
}

const fn refused(epoch: Epoch, reason: String) -> Delivered {
    Delivered { epoch, outcome: Delivery::Refused { reason } }
}

struct Digest(Context);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
