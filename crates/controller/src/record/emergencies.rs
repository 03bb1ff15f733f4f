//! Emergencies that people at the controller declare. A gateway needs nobody here for one of its own.

use super::act::Done;
use super::{Actor, line, site, tell};
use crate::http::Problem;
use nullius_model::DeviceName;
use nullius_protocol::order::Order;
use nullius_store::Tx;

/// Puts a profile in force.
///
/// # Errors
/// 422 for what is no name of a profile.
pub(crate) fn declare(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (profile, reason): (&str, &str),
) -> Result<Done, Problem> {
    let reason = line("reason", reason)?;
    DeviceName::new(profile).map_err(|why| Problem::wrong("no-profile", why.to_string()))?;
    let order =
        Order::Emergency { profile: profile.to_owned(), made: actor.seconds(), reason: reason.clone() };
    let epoch = tell::order(tx, site, actor, &order, ("declared", &reason))?;
    Ok(Done {
        epoch: Some(epoch),
        outcome: format!("gateways put `{profile}` in force, and end it by themselves"),
    })
}

/// Ends what is in force in a zone.
///
/// # Errors
/// 404 for a zone that the policy in force has not.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (zone, reason): (&str, &str),
) -> Result<Done, Problem> {
    let reason = line("reason", reason)?;
    let known = site::zones(tx, site)?.is_some_and(|zones| zones.classes().contains_key(zone));
    if !known {
        return Err(Problem::no_such("zone"));
    }
    let order = Order::EndEmergency { zone: zone.to_owned(), reason: reason.clone() };
    let epoch = tell::order(tx, site, actor, &order, ("ended", &reason))?;
    Ok(Done { epoch: Some(epoch), outcome: format!("the emergency in `{zone}` ends") })
}
