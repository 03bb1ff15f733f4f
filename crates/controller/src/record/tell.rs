//! What gateways are told, and what the log says of what was decided.

use super::Actor;
use crate::bundles;
use crate::http::Problem;
use nullius_audit::{Entry, Phase};
use nullius_model::Epoch;
use nullius_policy::Files;
use nullius_protocol::bundle::Body;
use nullius_protocol::order::Order;
use nullius_store::standing::{self, Standing};
use nullius_store::{Tx, audit};

/// Tells the gateways of a site, and remembers `value` as what is in force under the order's key.
pub(super) fn order(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    order: &Order,
    (value, reason): (&str, &str),
) -> Result<Epoch, Problem> {
    let key = order.key();
    let body = Body::Order { key: key.clone(), order: order.clone() };
    let epoch = bundles::issue(tx, site, body, &actor.who, reason, actor.now)?;
    let standing = Standing {
        key,
        value: value.to_owned(),
        version: 0,
        author: actor.who.clone(),
        made: actor.seconds(),
        reason: reason.to_owned(),
        epoch,
    };
    standing::put(tx, site, &standing)?;
    Ok(epoch)
}

/// Puts a policy in force.
pub(super) fn policy(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    files: Files,
    reason: &str,
) -> Result<Epoch, Problem> {
    Ok(bundles::issue(tx, site, Body::Policy(files), &actor.who, reason, actor.now)?)
}

/// A record of what was decided.
pub(crate) fn decided(site: &str, actor: &Actor, what: &str, object: &str) -> Entry {
    Entry::new(Phase::Decided, actor.now, actor.who.as_str(), what, object).site(site)
}

/// Writes a record; its number.
pub(crate) fn log(tx: &mut Tx<'_>, entry: &Entry) -> Result<u64, Problem> {
    Ok(audit::append(tx, entry)?)
}
