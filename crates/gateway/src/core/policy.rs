//! Policies: from signed bytes to what is in force.
//!
//! Checked twice over: by whoever made the bundle, and here, where it counts. What does not parse, does not compile,
//! or fails one of its own tests never reaches the store.

use super::{Core, Settled, start};
use crate::fault::Fault;
use crate::store::{MAX_DELTAS, StoreError, Verified};
use nullius_engine::PolicyVersion;
use nullius_model::{Epoch, Timestamp};
use nullius_policy::{Files, Policies, Problem, Repository, Severity};
use nullius_protocol::bundle::{Body, Bundle};
use nullius_protocol::local::{Answer, AuditLine, Body as Reply, Failure, Policy, StoredBundle};
use nullius_protocol::to_hex;
use std::sync::Arc;

/// Problems of a refused policy that are told; a person fixes the first few and tries again.
const MAX_PROBLEMS: usize = 50;

/// The policy in force.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) version: PolicyVersion,
    /// What people wrote: what the next change is put to.
    files: Arc<Files>,
    /// Changes that the files were made of since the last whole policy.
    deltas: usize,
    made: u64,
    by: String,
}

impl InForce {
    /// What people call the site.
    pub(super) fn site(&self) -> String {
        self.version.repository.inventory().site.name.to_string()
    }
}

/// A bundle whose signature and epoch are right, and what it may be put to.
#[derive(Debug)]
pub(crate) struct Draft {
    verified: Verified,
    base: Option<(Epoch, Arc<Files>, usize)>,
}

impl Draft {
    /// The files that come of it, and of how many changes.
    fn files(&self) -> Result<(Arc<Files>, usize), StoreError> {
        match &self.verified.bundle.body {
            Body::Policy(files) => Ok((Arc::new(files.clone()), 0)),
            Body::PolicyDelta(delta) => {
                let (in_force, files, deltas) = self.base.clone().unwrap_or_default();
                match () {
                    () if delta.base != in_force => Err(StoreError::OtherBase { base: delta.base, in_force }),
                    () if deltas >= MAX_DELTAS => Err(StoreError::TooManyDeltas),
                    () => Ok((Arc::new(delta.apply(&files)?), deltas + 1)),
                }
            }
            Body::Handover(_) => Err(StoreError::OtherBody("handover")),
            Body::Order { .. } => Err(StoreError::OtherBody("order")),
        }
    }
}

/// A bundle that passed every check and waits to be adopted.
#[derive(Debug)]
pub(crate) struct Candidate {
    verified: Verified,
    files: Arc<Files>,
    deltas: usize,
    version: PolicyVersion,
}

/// Parses, compiles, lints and tests what a bundle holds. Takes its time: for a thread of its own.
///
/// # Errors
/// A [`Failure`] with the problems and their lines.
pub(crate) fn prepare(draft: Draft) -> Result<Candidate, Failure> {
    let (files, deltas) = draft.files().map_err(|error| failure(&crate::chain(&error)))?;
    let candidate = Candidate::compile(draft.verified, files, deltas)?;
    let PolicyVersion { repository, policies, .. } = &candidate.version;
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let errors: Vec<Problem> = repository.lint().into_iter().filter(is_error).collect();
    if !errors.is_empty() {
        return Err(refused("the policy is not acceptable", &errors));
    }
    let results = repository.run_tests(policies).into_iter();
    let failed: Vec<Problem> = results.filter_map(|result| result.failure).collect();
    if failed.is_empty() { Ok(candidate) } else { Err(refused("the policy fails its own tests", &failed)) }
}

impl Candidate {
    /// Parses and compiles, and runs neither lint nor tests: they passed when the bundle was taken.
    pub(super) fn compile(verified: Verified, files: Arc<Files>, deltas: usize) -> Result<Self, Failure> {
        let (repository, policies) = compile(&files)?;
        let version = PolicyVersion {
            marker: verified.marker,
            repository: Arc::new(repository),
            policies: Arc::new(policies),
        };
        Ok(Self { verified, files, deltas, version })
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.verified.bundle.epoch
    }

    pub(super) const fn bundle(&self) -> &Bundle {
        &self.verified.bundle
    }
}

/// Parses and compiles what a bundle holds.
pub(super) fn compile(files: &Files) -> Result<(Repository, Policies), Failure> {
    let unusable = |problems: Vec<Problem>| refused("the policy is not valid", &problems);
    let repository = Repository::parse(files).map_err(unusable)?;
    let policies = Policies::compile(&repository).map_err(unusable)?;
    Ok((repository, policies))
}

pub(super) fn failure(error: &str) -> Failure {
    Failure { error: error.to_owned(), ..Failure::default() }
}

fn refused(error: &str, problems: &[Problem]) -> Failure {
    Failure {
        error: error.to_owned(),
        help: "`nullius policy check` shows the same without a gateway".to_owned(),
        problems: problems.iter().take(MAX_PROBLEMS).map(ToString::to_string).collect(),
    }
}

impl Core {
    /// The policy in force; `0.0` before the first.
    pub(crate) fn epoch(&self) -> Epoch {
        self.policy.as_ref().map(|policy| policy.version.marker.epoch).unwrap_or_default()
    }

    /// Checks what somebody sent, as far as that is quick: size, signature, epoch.
    ///
    /// # Errors
    /// A [`Failure`]; the policy in force stays, and an alarm says why.
    pub(crate) fn verify(&mut self, bytes: Vec<u8>, who: &str) -> Result<Verified, Failure> {
        let checked = self.store.verify(bytes).map_err(|error| failure(&crate::chain(&error)));
        checked.inspect_err(|failure| self.note_refusal(failure, who))
    }

    /// A verified bundle with what it may be put to, for [`prepare`].
    pub(crate) fn draft(&self, verified: Verified) -> Draft {
        let base = self.policy.as_ref();
        let base = base.map(|base| (base.version.marker.epoch, Arc::clone(&base.files), base.deltas));
        Draft { verified, base }
    }

    /// Says for everybody that a bundle was refused.
    pub(crate) fn note_refusal(&mut self, failure: &Failure, who: &str) {
        let first = failure.problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
        self.alarm("bundle-refused", format!("a bundle from {who} was refused: {}{first}", failure.error));
    }

    /// Puts a candidate in force: disk, pointer, kernel, and only then the answer.
    pub(crate) fn adopt(&mut self, candidate: Candidate, who: &str) -> Answer {
        let epoch = candidate.epoch();
        let settled = match self.adopt_stored(candidate, who) {
            Ok(settled) => settled,
            Err(error) => {
                let failure = failure(&crate::chain(&error));
                self.note_refusal(&failure, who);
                return Answer::Error(failure);
            }
        };
        match settled.not_applied {
            None => Answer::Ok(Box::new(Reply::Policy(self.policy_view()))),
            Some(error) => Answer::Error(Failure {
                error: format!("{epoch} is stored, but the kernel does not take it: {error}"),
                help: "it is tried again until it does; `nullius status` shows when".to_owned(),
                problems: Vec::new(),
            }),
        }
    }

    /// Disk, pointer, kernel.
    pub(super) fn adopt_stored(&mut self, candidate: Candidate, who: &str) -> Result<Settled, StoreError> {
        self.store.adopt(&candidate.verified)?;
        let epoch = candidate.epoch();
        self.put_in_force(candidate);
        self.note_act("applied", format!("bundle {epoch} put in force"), who);
        let settled = self.settle();
        self.note_moment();
        Fault::BeforeAck.reached();
        Ok(settled)
    }

    /// From here on another key signs.
    pub(crate) fn hand_over(&mut self, bytes: Vec<u8>, who: &str) -> Answer {
        let verified = self.verify(bytes, who);
        match verified.and_then(|verified| self.take_handover(&verified, who)) {
            Ok(()) => Answer::Ok(Box::new(Reply::Policy(self.policy_view()))),
            Err(failure) => Answer::Error(failure),
        }
    }

    pub(super) fn take_handover(&mut self, verified: &Verified, who: &str) -> Result<(), Failure> {
        if let Err(error) = self.store.hand_over(verified) {
            let failure = failure(&crate::chain(&error));
            self.note_refusal(&failure, who);
            return Err(failure);
        }
        let key = self.store.trusted();
        self.note_act("handover", format!("bundles are signed by {key} from here on"), who);
        Ok(())
    }

    /// Puts an earlier policy in force that is still kept. Which epochs were taken does not change.
    pub(super) fn roll_back(
        &mut self,
        wanted: Option<Epoch>,
        reason: &str,
        who: &str,
    ) -> Result<Reply, Failure> {
        let in_force = self.epoch();
        let epochs = self.store.epochs().map_err(|error| failure(&crate::chain(&error)))?;
        let before = || epochs.into_iter().rev().find(|epoch| *epoch < in_force);
        let epoch = wanted.or_else(before).ok_or_else(|| failure("no earlier policy is kept"))?;
        let verified = self.store.load(epoch).map_err(|error| failure(&crate::chain(&error)))?;
        let candidate = start::usable(&self.store, verified).map_err(|error| failure(&error))?;
        // what was taken stays taken, though the pointer will not say so any more
        let (floor, now) = (self.store.floor(), self.now());
        self.engine.take(floor, now);
        if let Some(error) = self.settle_durably().not_saved {
            return Err(failure(&format!("this cannot be written down: {error}")));
        }
        self.store.go_back(&candidate.verified).map_err(|error| failure(&crate::chain(&error)))?;
        self.put_in_force(candidate);
        self.note_act(
            "rolled-back",
            format!("back from bundle {in_force} to {epoch}: {}", reason.escape_debug()),
            who,
        );
        let settled = self.settle();
        self.note_moment();
        match settled.not_applied {
            None => Ok(Reply::Policy(self.policy_view())),
            Some(error) => Err(failure(&format!("the kernel does not take it yet: {error}"))),
        }
    }

    pub(super) fn files(&self, epoch: Option<Epoch>) -> Result<Reply, Failure> {
        let read = self.store.load(epoch.unwrap_or_else(|| self.epoch()));
        let files = read.and_then(|verified| self.store.files(&verified));
        files.map(|(files, _)| Reply::Files(files)).map_err(|error| failure(&crate::chain(&error)))
    }

    pub(super) fn put_in_force(&mut self, candidate: Candidate) {
        let Candidate { verified, files, deltas, version } = candidate;
        let Bundle { made, by, .. } = verified.bundle;
        let now = self.now();
        self.engine.handle_policy(version.clone(), now);
        self.policy = Some(InForce { version, files, deltas, made, by });
    }

    pub(crate) fn policy_view(&self) -> Policy {
        let trusted = self.store.trusted().to_string();
        let stored = self.store.epochs().unwrap_or_default().into_iter().map(|epoch| self.stored(epoch));
        let stored = stored.collect();
        let key = self.store.local_key().display().to_string();
        match &self.policy {
            None => Policy { trusted, key, stored, epoch: self.store.floor(), ..Policy::default() },
            Some(InForce { version, made, by, .. }) => Policy {
                epoch: version.marker.epoch,
                digest: to_hex(&version.marker.digest),
                made: Timestamp::from_secs(*made).to_string(),
                by: by.clone(),
                trusted,
                key,
                stored,
            },
        }
    }

    fn stored(&self, epoch: Epoch) -> StoredBundle {
        match self.store.load(epoch) {
            Ok(verified) => StoredBundle {
                epoch,
                made: Timestamp::from_secs(verified.bundle.made).to_string(),
                by: verified.bundle.by,
            },
            Err(error) => StoredBundle { epoch, made: String::new(), by: crate::chain(&error) },
        }
    }

    pub(super) fn note_act(&mut self, what: &str, text: String, who: &str) {
        let line = AuditLine { who: who.to_owned(), ..self.own_line(what, text) };
        self.write_down(line, true);
    }
}
