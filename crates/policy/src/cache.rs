//! Decisions kept, so that the second message of a kind costs a look-up.
//!
//! INVARIANT: an answer from the cache is the answer [`Policies::decide`] would give. What a message, the time or an age
//! can change is never kept, and everything kept is of the epoch it is asked in.

use crate::{Decision, Directory, Inputs, Moment, Permit, Policies, Request, ServiceId};
use nullius_model::{DeviceName, KeyedMap, Seed, SmolStr, VerbClass};
use std::sync::Arc;

/// Decisions kept. A device that invents requests must not fill memory: beyond this, all are forgotten.
pub const MAX_CACHED_DECISIONS: usize = 65_536;

type Key = (DeviceName, ServiceId, VerbClass, SmolStr);

/// Decisions of one epoch: as long as nothing they hang on has changed.
#[derive(Clone, Debug)]
pub struct DecisionCache {
    epoch: u64,
    decisions: KeyedMap<Key, Arc<Decision>>,
}

/// What a decision is made from, beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The policies.
    pub policies: &'a Policies,
    /// Who is on the site.
    pub directory: &'a Directory,
    /// What is known of the subject.
    pub inputs: &'a Inputs,
    /// What is true of the site.
    pub moment: &'a Moment,
    /// The grants in force.
    pub permits: &'a [Permit],
}

impl DecisionCache {
    /// Empty; the seed keeps devices from aiming at one bucket.
    pub fn new(seed: Seed) -> Self {
        Self { epoch: 0, decisions: seed.map() }
    }

    /// Judges one message. `epoch` must be another whenever policies, directory, grants, mode or the inputs of any
    /// subject have changed; time and the age of a posture may pass within one.
    pub fn decide(&mut self, epoch: u64, request: &Request, basis: Basis<'_>) -> Arc<Decision> {
        if self.epoch != epoch || self.decisions.len() >= MAX_CACHED_DECISIONS {
            self.decisions.clear();
            self.epoch = epoch;
        }
        let key = (request.subject.clone(), request.object.clone(), request.class, request.verb.clone());
        if let Some(known) = self.decisions.get(&key) {
            return Arc::clone(known);
        }
        let Basis { policies, directory, inputs, moment, permits } = basis;
        let decision = Arc::new(policies.decide(directory, request, inputs, moment, permits));
        if decision.unknown.is_none() && policies.is_lasting(directory, request) {
            self.decisions.insert(key, Arc::clone(&decision));
        }
        decision
    }
}
