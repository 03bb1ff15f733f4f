//! Agreeing to what somebody else asked for.
//!
//! INVARIANT: nobody agrees to what they asked for, nobody agrees twice, and nobody agrees to anything but what they
//! were shown: an approval quotes its digest.

use super::act::{Act, Done};
use super::{Actor, grants, tell};
use crate::access::Caller;
use crate::http::Problem;
use crate::secret::ulid;
use axum::http::StatusCode;
use nullius_audit::{Entry, Phase};
use nullius_store::proposals::{self as rows, Approval, Proposal};
use nullius_store::{Tx, people};

/// Seconds after which nobody may agree any more: what was right a week ago is asked for again.
pub(crate) const LIFE: u64 = 7 * 86_400;

/// Most proposals closed at once for being overdue.
const A_SWEEP: usize = 100;

/// What came of somebody's word on a proposal.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// The proposal as it is now.
    pub(crate) proposal: Proposal,
    /// Of the act, where that was the last approval it took.
    pub(crate) done: Option<Done>,
}

/// The proposal of this id.
///
/// # Errors
/// 404.
pub(crate) fn find(tx: &mut Tx<'_>, site: &str, id: &str) -> Result<Proposal, Problem> {
    rows::find(tx, site, id)?.ok_or_else(|| Problem::no_such("proposal"))
}

pub(super) fn open(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    act: &Act,
    needed: u64,
) -> Result<Proposal, Problem> {
    let proposal = Proposal {
        id: ulid(actor.now)?,
        kind: act.kind().to_owned(),
        object: act.object(),
        payload: act.text(),
        digest: act.digest(),
        asked_by: actor.who.clone(),
        people: actor.people.clone(),
        asked: actor.seconds(),
        expires: actor.seconds().saturating_add(LIFE),
        needed,
        state: "open".to_owned(),
        version: 1,
        outcome: None,
    };
    rows::insert(tx, site, &proposal)?;
    let entry = tell::decided(site, actor, "proposal.open", &format!("proposal/{}", proposal.id));
    let entry = entry.detail("kind", act.kind()).detail("about", act.object());
    tell::log(tx, &entry.detail("digest", proposal.digest.as_str()).detail("needed", needed))?;
    Ok(proposal)
}

/// Somebody agrees. With the last approval it takes, the act is carried out.
///
/// # Errors
/// 403 for who asked; 409 where it is open no more, where the same person agreed before, or where `digest` is of
/// something else. Attempts are logged by [`attempt`].
pub(crate) fn approve(
    tx: &mut Tx<'_>,
    site: &str,
    (caller, actor): (&Caller, &Actor),
    (id, digest): (&str, &str),
) -> Result<Word, Problem> {
    let proposal = find(tx, site, id)?;
    let act = Act::parse(&proposal.payload)
        .filter(|act| act.digest() == proposal.digest)
        .ok_or_else(|| Problem::conflict("damaged", "the proposal is not what it was"))?;
    caller.may(act.permission(), site)?;
    still_open(&proposal, actor.seconds())?;
    if proposal.digest != digest {
        return Err(Problem::conflict("other-digest", "the digest is not of this proposal")
            .with_help("read the proposal again, and quote the digest it has"));
    }
    if actor.people.iter().any(|person| proposal.people.contains(person)) {
        return Err(own());
    }
    let before = rows::approvals(tx, site, id)?;
    if before.iter().any(|approval| actor.people.contains(&approval.person)) {
        return Err(Problem::conflict("agreed-before", "you agreed before: somebody else must"));
    }
    for person in &actor.people {
        let approval = Approval { person: person.clone(), who: actor.who.clone(), at: actor.seconds() };
        rows::approve(tx, site, id, &approval)?;
    }
    let entry = tell::decided(site, actor, "proposal.approve", &format!("proposal/{id}"));
    tell::log(tx, &entry.detail("digest", digest))?;
    let approvals = rows::approvals(tx, site, id)?;
    let done = (approvals.len() as u64 >= proposal.needed)
        .then(|| carry_out(tx, site, &proposal, &act, (&approvals, actor)))
        .transpose()?;
    Ok(Word { proposal: find(tx, site, id)?, done })
}

/// Somebody says no; who asked takes it back so.
///
/// # Errors
/// 409 where it is open no more.
pub(crate) fn refuse(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (id, reason): (&str, &str),
) -> Result<Proposal, Problem> {
    let proposal = find(tx, site, id)?;
    still_open(&proposal, actor.seconds())?;
    let own = actor.people.iter().any(|person| proposal.people.contains(person));
    let state = if own { "withdrawn" } else { "refused" };
    close(tx, site, actor, &proposal, (state, reason))?;
    find(tx, site, id)
}

/// Closes what nobody agreed to in time; how many.
///
/// # Errors
/// What the store fails with.
pub(crate) fn expire(tx: &mut Tx<'_>, actor: &Actor) -> Result<usize, Problem> {
    let overdue = rows::overdue(tx, actor.seconds(), A_SWEEP)?;
    for (site, proposal) in &overdue {
        close(tx, site, actor, proposal, ("expired", "nobody agreed in time"))?;
    }
    Ok(overdue.len())
}

/// An attempt that was turned away, for the log: who tries to agree to their own is worth knowing.
pub(crate) fn attempt(site: &str, actor: &Actor, id: &str, problem: &Problem) -> Entry {
    let what = "proposal.approve";
    Entry::new(Phase::Observed, actor.now, actor.who.as_str(), what, format!("proposal/{id}"))
        .site(site)
        .detail("refused", problem.code())
}

fn carry_out(
    tx: &mut Tx<'_>,
    site: &str,
    proposal: &Proposal,
    act: &Act,
    (approvals, last): (&[Approval], &Actor),
) -> Result<Done, Problem> {
    for person in &proposal.people {
        // accounts are put out of use and never removed
        if people::by_id(tx, person)?.is_some_and(|person| !person.active) {
            return Err(Problem::conflict(
                "asker-is-gone",
                "the account of whoever asked for it is out of use",
            )
            .with_help("refuse it, and ask for it anew where it is still wanted"));
        }
    }
    let asker = Actor { who: proposal.asked_by.clone(), people: proposal.people.clone(), now: last.now };
    let approvers: Vec<String> = approvals.iter().map(|approval| approval.who.clone()).collect();
    let done = act.carry_out(tx, site, &asker, &approvers)?;
    if !rows::close(tx, site, &proposal.id, "done", &done.outcome)? {
        return Err(closed());
    }
    Ok(done)
}

fn close(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    proposal: &Proposal,
    (state, reason): (&str, &str),
) -> Result<(), Problem> {
    if !rows::close(tx, site, &proposal.id, state, reason)? {
        return Err(closed());
    }
    if let Some(Act::Grant { grant }) = Act::parse(&proposal.payload) {
        grants::refuse(tx, site, &grant, state, reason)?;
    }
    let what = format!("proposal.{state}");
    let entry = tell::decided(site, actor, &what, &format!("proposal/{}", proposal.id)).why(reason);
    tell::log(tx, &entry).map(drop)
}

fn still_open(proposal: &Proposal, now: u64) -> Result<(), Problem> {
    if proposal.state == "open" && now < proposal.expires { Ok(()) } else { Err(closed()) }
}

fn closed() -> Problem {
    Problem::conflict("closed", "the proposal is open no more")
}

fn own() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "own-proposal", "nobody agrees to what they asked for")
        .with_help("somebody else with the permission must agree")
}
