//! All conversations a compiled policy gives anybody, asked of the evaluator pair by pair.
//!
//! INVARIANT: what is not in the answer is denied by the packet path.

use crate::{Connection, Directory, Inputs, Moment, Policies, Repository, ServiceId};
use nullius_model::{DeviceName, Verdict};
use std::collections::BTreeMap;

/// A repository with what it compiles to.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// What people wrote.
    pub repository: &'a Repository,
    /// What decides.
    pub policies: &'a Policies,
    /// Whom it decides about.
    pub directory: &'a Directory,
}

/// Who asks, and what is asked.
pub type Pair = (DeviceName, ServiceId);

impl World<'_> {
    /// Every conversation that is not denied as a whole, under inputs that `inputs` gives for each subject.
    pub fn conversations(
        &self,
        inputs: impl Fn(&DeviceName) -> Inputs,
        moment: &Moment,
    ) -> BTreeMap<Pair, Connection> {
        let mut found = BTreeMap::new();
        for subject in self.directory.devices() {
            let inputs = inputs(subject);
            for object in self.policies.services_of(self.directory, subject) {
                let connection =
                    self.policies.connection(self.directory, subject, &object, &inputs, moment, &[]);
                if connection.verdict != Verdict::Deny {
                    found.insert((subject.clone(), object), connection);
                }
            }
        }
        found
    }
}
