//! Bringing what gateways have up to date after devices changed: once for however many.

use super::{Actor, policy, shards, tell};
use crate::http::{Fault, Problem};
use nullius_model::Epoch;
use nullius_policy::Repository;
use nullius_store::Tx;
use std::collections::BTreeSet;

/// What changed in the device record since gateways were told.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    shards: BTreeSet<u8>,
    narrowed: bool,
}

impl Changes {
    /// What gateways know of this device changed.
    pub(super) fn touch(&mut self, name: &str) {
        self.shards.insert(shards::shard_of(name));
    }

    /// Something went that a policy or a test may name.
    pub(super) const fn narrow(&mut self) {
        self.narrowed = true;
    }

    /// Renders what changed.
    pub(super) fn render(&self, tx: &mut Tx<'_>, site: &str) -> Result<(), Problem> {
        Ok(shards::refresh(tx, site, &self.shards)?)
    }

    /// Renders what changed, and tells gateways where a policy is in force.
    ///
    /// # Errors
    /// 409 where the policy in force names what went.
    pub(super) fn finish(
        self,
        tx: &mut Tx<'_>,
        site: &str,
        actor: &Actor,
        reason: &str,
    ) -> Result<Option<Epoch>, Problem> {
        self.render(tx, site)?;
        if self.shards.is_empty() {
            return Ok(None);
        }
        let Some(authored) = policy::in_force(tx, site)? else { return Ok(None) };
        let files = policy::render(tx, site, &authored)?;
        if self.narrowed {
            let accepted = Repository::parse(&files).and_then(|repository| repository.accept().map(drop));
            accepted.map_err(|problems| still_named(&problems))?;
        }
        tell::policy(tx, site, actor, files, reason).map(Some)
    }
}

fn still_named(problems: &[nullius_policy::Problem]) -> Problem {
    let faults: Vec<Fault> = problems.iter().take(policy::MAX_TOLD).map(policy::fault).collect();
    Problem::conflict("policy-names-it", "the policy in force would be none without it")
        .with_errors(faults)
        .with_help("apply a policy that does without it first")
}
