//! A new authority takes the place of an old one: every gateway is told of it, and says so, before it signs.
//!
//! The steps and what each waits for are `nullius_identity::rollover`'s; here is how it stands, and what a step does.

use super::anchors;
use crate::bundles;
use crate::http::{Fault, Problem};
use crate::record::Actor;
use nullius_audit::{Entry, Phase};
use nullius_identity::rollover::{Remaining, Rollover, State as Step, Wait};
use nullius_model::Timestamp;
use nullius_protocol::bundle::Body;
use nullius_store::authorities::{self, Authority, Kind, State};
use nullius_store::{StoreError, Tx, audit, bundles as kept, certificates, gateways, sites};
use std::collections::BTreeSet;

/// The key of the order that says whom to believe.
const TRUST: &str = "trust";

/// A rollover that is under way.
#[derive(Clone, Debug)]
pub(crate) struct UnderWay {
    /// How far it is.
    pub(crate) step: Step,
    /// The authority that comes, or goes.
    pub(crate) authority: String,
    /// What the next step waits for.
    pub(crate) waits: Option<Wait>,
}

/// Tells the gateways of all sites whom to believe now.
///
/// # Errors
/// What keeps a bundle from being signed.
pub(crate) fn tell(tx: &mut Tx<'_>, by: &str, why: &str, at: Timestamp) -> Result<(), Problem> {
    let order = anchors(tx)?.order();
    for site in sites::all(tx)? {
        let body = Body::Order { key: order.key(), order: order.clone() };
        bundles::issue(tx, &site.name, body, by, why, at)?;
    }
    Ok(())
}

/// How it stands; nothing where one authority signs and no other is on its way.
///
/// # Errors
/// What the store fails with.
pub(crate) fn under_way(tx: &mut Tx<'_>, now: u64) -> Result<Option<UnderWay>, StoreError> {
    let Some((step, row)) = moving(tx)? else { return Ok(None) };
    let (rollover, gateways) = told(tx, step, &[])?;
    let waits = rollover.may_advance(gateways.iter().map(String::as_str), remaining(tx, &row, now)?).err();
    Ok(Some(UnderWay { step, authority: row.id, waits }))
}

/// Takes the next step, without waiting for the gateways named (`site/gateway`): they must join again. In words, what was
/// done.
///
/// # Errors
/// 409 says whom or what it waits for.
pub(crate) fn advance(tx: &mut Tx<'_>, actor: &Actor, without: &[String]) -> Result<String, Problem> {
    let Some((step, row)) = moving(tx)? else {
        return Err(Problem::conflict(
            "no-rollover",
            "no authority is on its way: `nullius pki rollover start`",
        ));
    };
    let (rollover, gateways) = told(tx, step, without)?;
    let remaining = remaining(tx, &row, actor.seconds())?;
    let next = rollover.may_advance(gateways.iter().map(String::as_str), remaining).map_err(waits)?;
    let done = match next {
        Step::Announced | Step::Trusted => {
            set(tx, &row, State::Trusted)?;
            "every gateway trusts the new authority; the next step makes it sign"
        }
        Step::Issuing => {
            take_over(tx, &row)?;
            "the new authority signs; the old one is trusted until nothing hangs on it"
        }
        Step::Retired => {
            retire(tx, &row)?;
            tell(tx, &actor.who, "an old authority retires", actor.now)?;
            "the old authority is trusted no longer"
        }
    };
    let entry =
        Entry::new(Phase::Decided, actor.now, actor.who.as_str(), "ca.rollover", format!("ca/{}", row.id));
    audit::append(tx, &entry.why(done).detail("without", without.join(" ")))?;
    Ok(done.to_owned())
}

/// This authority signs from now on; the one that did is old.
///
/// # Errors
/// What the store fails with.
pub(super) fn take_over(tx: &mut Tx<'_>, row: &Authority) -> Result<(), StoreError> {
    for before in authorities::all(tx)?.iter().filter(|before| before.state == State::Issuing) {
        if before.id != row.parent {
            authorities::set_state(tx, &before.id, State::Old)?;
        }
    }
    authorities::set_state(tx, &row.parent, State::Issuing)?;
    authorities::set_state(tx, &row.id, State::Issuing)
}

/// The newest that comes, or else the oldest that goes.
fn moving(tx: &mut Tx<'_>) -> Result<Option<(Step, Authority)>, StoreError> {
    let all: Vec<_> = authorities::all(tx)?.into_iter().filter(|row| row.kind == Kind::Issuing).collect();
    let comes = all.iter().rev().find_map(|row| match row.state {
        State::Announced => Some((Step::Announced, row.clone())),
        State::Trusted => Some((Step::Trusted, row.clone())),
        State::Issuing | State::Old | State::Distrusted => None,
    });
    let goes = || all.iter().find(|row| row.state == State::Old).map(|row| (Step::Issuing, row.clone()));
    Ok(comes.or_else(goes))
}

/// Who has said that they believe what they were told last, and all gateways in force, as `site/gateway`.
fn told(tx: &mut Tx<'_>, step: Step, without: &[String]) -> Result<(Rollover, Vec<String>), StoreError> {
    let (mut acked, mut all) = (BTreeSet::new(), Vec::new());
    for site in sites::all(tx)? {
        let name = |gateway: &str| format!("{}/{gateway}", site.name);
        if let Some(bundle) = kept::of_key(tx, &site.name, TRUST)? {
            let outcomes = kept::outcomes(tx, &site.name, bundle.epoch)?;
            let applied = outcomes.iter().filter(|outcome| outcome.state == "applied");
            acked.extend(applied.map(|outcome| name(&outcome.gateway)));
        }
        let there = gateways::of_site(tx, &site.name)?;
        all.extend(there.iter().filter(|gateway| !gateway.revoked).map(|gateway| name(&gateway.name)));
    }
    Ok((Rollover::resumed(step, acked, without.iter().cloned().collect()), all))
}

fn remaining(tx: &mut Tx<'_>, row: &Authority, now: u64) -> Result<Remaining, StoreError> {
    let under = certificates::under(tx, &row.id, now)?;
    let until = under.last().map_or(0, |last| last.expires);
    Ok(Remaining { count: u64::try_from(under.len()).unwrap_or(u64::MAX), until })
}

/// An authority, and its root where that has done nothing yet.
fn set(tx: &mut Tx<'_>, row: &Authority, state: State) -> Result<(), StoreError> {
    authorities::set_state(tx, &row.id, state)?;
    match authorities::find(tx, &row.parent)? {
        Some(root) if root.state == State::Announced => authorities::set_state(tx, &root.id, state),
        Some(_) | None => Ok(()),
    }
}

/// An authority, and its root where nothing else is under it.
fn retire(tx: &mut Tx<'_>, row: &Authority) -> Result<(), StoreError> {
    authorities::set_state(tx, &row.id, State::Distrusted)?;
    let all = authorities::all(tx)?;
    let alive = |other: &Authority| other.parent == row.parent && other.state != State::Distrusted;
    if all.iter().filter(|other| other.kind == Kind::Issuing).any(alive) {
        return Ok(());
    }
    authorities::set_state(tx, &row.parent, State::Distrusted)
}

fn waits(wait: Wait) -> Problem {
    let problem = Problem::conflict("waits", wait.to_string());
    match wait {
        Wait::Gateways(names) => {
            let fault = |at: String| Fault { at, detail: "has not said that it trusts it".to_owned() };
            problem
                .with_errors(names.into_iter().map(fault).collect())
                .with_help("wait until they have been here, or go on without them: they must join again then")
        }
        Wait::Credentials { .. } => problem.with_help("they are renewed under the new one by themselves"),
        Wait::Done => problem,
    }
}
