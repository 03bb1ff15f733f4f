//! Access for a while: asked for, agreed to, begun, ended.
//!
//! When a grant ends is the gateway's to say, by a clock of its own; what stands here is what it was told.

use super::act::{Act, Asked, Done};
use super::{Actor, devices, line, tell};
use crate::http::Problem;
use crate::secret::ulid;
use nullius_model::{SmolStr, VerbClass};
use nullius_policy::ServiceId;
use nullius_protocol::order::Order;
use nullius_store::Tx;
use nullius_store::grants::{self as rows, Grant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest grant, in seconds: a shift. More is a policy.
const MAX_SECONDS: u64 = 12 * 3_600;

/// Grants of one subject and object among which a receipt is placed.
const LATE: usize = 64;

/// Most classes of verbs; there are fewer.
const MAX_VERBS: usize = 16;

/// What is asked for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// The device that shall have access.
    #[schema(max_length = 63)]
    pub(crate) subject: String,
    /// To which service: `plc1/modbus`.
    #[schema(max_length = 127)]
    pub(crate) object: String,
    /// Classes of verbs: `read`, `write`, …; every one where none is given.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub(crate) verbs: Vec<String>,
    /// For how long: at most twelve hours.
    #[schema(minimum = 1, maximum = 43200)]
    pub(crate) seconds: u64,
    /// Why.
    #[schema(min_length = 1, max_length = 512)]
    pub(crate) reason: String,
    /// The work order it belongs to.
    #[serde(default)]
    pub(crate) work_order: Option<String>,
}

/// The grant of this id.
///
/// # Errors
/// 404.
pub(crate) fn find(tx: &mut Tx<'_>, site: &str, id: &str) -> Result<Grant, Problem> {
    rows::find(tx, site, id)?.ok_or_else(|| Problem::no_such("grant"))
}

/// Asks for access: it begins at once where nobody must agree. `extends` names the grant it prolongs.
///
/// # Errors
/// 422 for what no policy could grant.
pub(crate) fn ask(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    wish: Wish,
    extends: Option<String>,
) -> Result<(Grant, Asked), Problem> {
    let wish = plain(tx, site, wish)?;
    let id = ulid(actor.now)?;
    let grant = Grant {
        id: id.clone(),
        state: "pending".to_owned(),
        version: 1,
        subject: wish.subject,
        object: wish.object,
        verbs: serde_json::to_string(&wish.verbs).unwrap_or_default(),
        seconds: wish.seconds,
        reason: wish.reason,
        work_order: wish.work_order,
        extends,
        asked_by: actor.who.clone(),
        asked: actor.seconds(),
        approvers: "[]".to_owned(),
        ..Grant::default()
    };
    rows::insert(tx, site, &grant)?;
    let entry =
        tell::decided(site, actor, "grant.request", &format!("grant/{id}")).why(grant.reason.as_str());
    let entry = entry.detail("subject", grant.subject.as_str()).detail("object", grant.object.as_str());
    tell::log(tx, &entry.detail("verbs", grant.verbs.as_str()).detail("seconds", grant.seconds))?;
    let asked = Act::Grant { grant: id.clone() }.ask(tx, site, actor)?;
    if let Asked::Proposed(proposal) = &asked {
        change(tx, site, &id, |grant| grant.proposal = Some(proposal.id.clone()))?;
    }
    Ok((find(tx, site, &id)?, asked))
}

/// It begins: gateways are told.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    id: &str,
    approvers: &[String],
) -> Result<Done, Problem> {
    let grant = find(tx, site, id)?;
    if grant.state != "pending" {
        return Err(Problem::conflict("not-pending", "the grant is not waiting for anything"));
    }
    let order = Order::Grant {
        id: id.to_owned(),
        subject: grant.subject,
        object: grant.object,
        verbs: verbs(&grant.verbs),
        made: actor.seconds(),
        seconds: grant.seconds,
        reason: grant.reason.clone(),
        work_order: grant.work_order,
        approvers: approvers.to_vec(),
    };
    let epoch = tell::order(tx, site, actor, &order, ("active", &grant.reason))?;
    change(tx, site, id, |grant| {
        grant.state = "active".to_owned();
        grant.made = Some(actor.seconds());
        grant.approvers = serde_json::to_string(approvers).unwrap_or_default();
    })?;
    Ok(Done { epoch: Some(epoch), outcome: format!("grant {id} begins") })
}

/// It ends before its time.
///
/// # Errors
/// 404; 409 where it is not in force.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (id, reason): (&str, &str),
) -> Result<(Grant, Done), Problem> {
    let reason = line("reason", reason)?;
    if state(&find(tx, site, id)?, actor.seconds()) != "active" {
        return Err(Problem::conflict("not-active", "the grant is not in force"));
    }
    let order = Order::EndGrant { id: id.to_owned(), reason: reason.clone() };
    let epoch = tell::order(tx, site, actor, &order, ("ended", &reason))?;
    change(tx, site, id, |grant| {
        grant.state = "ended".to_owned();
        grant.ended = Some(actor.seconds());
        grant.end_reason = Some(reason.clone());
    })?;
    Ok((find(tx, site, id)?, Done { epoch: Some(epoch), outcome: format!("grant {id} ends") }))
}

/// Nobody agreed to it.
pub(super) fn refuse(
    tx: &mut Tx<'_>,
    site: &str,
    id: &str,
    state: &str,
    reason: &str,
) -> Result<(), Problem> {
    change(tx, site, id, |grant| {
        grant.state = state.to_owned();
        grant.end_reason = Some(reason.to_owned());
    })
}

/// What a gateway says was done with a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Receipt {
    /// Which gateway.
    pub(crate) gateway: String,
    /// The number of its record in the log.
    pub(crate) record: u64,
    /// What it says: kinds of message, how often, what was not seen, and the digest of it all.
    pub(crate) text: String,
}

/// Keeps a receipt with the grant it is of. A gateway has numbers of its own for grants: it is the oldest of this
/// subject and object of which it has not told yet.
///
/// # Errors
/// What the store fails with.
pub(crate) fn keep_receipt(
    tx: &mut Tx<'_>,
    site: &str,
    pair: (&str, &str),
    receipt: Receipt,
) -> Result<(), Problem> {
    for grant in rows::of_pair(tx, site, pair, LATE)? {
        let mut told = receipts(&grant);
        if told.iter().all(|told| told.gateway != receipt.gateway) {
            told.push(receipt);
            let text = serde_json::to_string(&told).unwrap_or_default();
            return change(tx, site, &grant.id, |grant| grant.receipt = Some(text));
        }
    }
    Ok(())
}

/// What gateways say was done with a grant.
pub(crate) fn receipts(grant: &Grant) -> Vec<Receipt> {
    grant.receipt.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Where it stands at `now`: one that nobody ended has ended by itself.
pub(crate) fn state(grant: &Grant, now: u64) -> &str {
    let ends = grant.made.map(|made| made.saturating_add(grant.seconds));
    if grant.state == "active" && ends.is_some_and(|ends| ends <= now) { "ended" } else { &grant.state }
}

/// The classes of verbs of a row.
pub(crate) fn verbs(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

fn change(tx: &mut Tx<'_>, site: &str, id: &str, how: impl FnOnce(&mut Grant)) -> Result<(), Problem> {
    let mut grant = find(tx, site, id)?;
    let seen = grant.version;
    how(&mut grant);
    grant.version = seen.saturating_add(1);
    let written = rows::update(tx, site, &grant, seen)?;
    if written { Ok(()) } else { Err(Problem::conflict("changed-meanwhile", "it was changed meanwhile")) }
}

fn plain(tx: &mut Tx<'_>, site: &str, mut wish: Wish) -> Result<Wish, Problem> {
    if !(1..=MAX_SECONDS).contains(&wish.seconds) {
        return Err(Problem::wrong("too-long", format!("a grant lasts 1 to {MAX_SECONDS} seconds")));
    }
    wish.reason = line("reason", &wish.reason)?;
    wish.work_order = wish.work_order.map(|order| line("work_order", &order)).transpose()?;
    let known = |verb: &String| CLASSES.iter().any(|class| class.name() == verb);
    if wish.verbs.len() > MAX_VERBS || !wish.verbs.iter().all(known) {
        let names: Vec<&str> = CLASSES.iter().map(|class| class.name()).collect();
        return Err(Problem::wrong("no-verb", format!("the classes of verbs are: {}", names.join(", "))));
    }
    let absent = |what: &str| Problem::wrong("not-there", format!("the record has no such {what}"));
    devices::find(tx, site, &wish.subject).map_err(|_| absent("subject"))?;
    let object = service(&wish.object).ok_or_else(|| absent("object"))?;
    let device = devices::find(tx, site, object.device.as_str()).map_err(|_| absent("object"))?;
    let declared = super::declared(&device)?;
    let offers = declared.services.iter().any(|service| service.name == object.service.as_str());
    if offers { Ok(wish) } else { Err(absent("object")) }
}

fn service(text: &str) -> Option<ServiceId> {
    let (device, service) = text.split_once('/')?;
    Some(ServiceId { device: nullius_model::DeviceName::new(device).ok()?, service: SmolStr::new(service) })
}

/// What a grant may be for.
const CLASSES: &[VerbClass] = &[
    VerbClass::Discover,
    VerbClass::Connect,
    VerbClass::Read,
    VerbClass::Subscribe,
    VerbClass::Publish,
    VerbClass::Write,
    VerbClass::Command,
    VerbClass::Diagnose,
    VerbClass::Configure,
    VerbClass::Program,
    VerbClass::Firmware,
    VerbClass::Admin,
];
