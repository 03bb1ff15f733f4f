//! What was given to devices to prove themselves with, and is taken back.
//!
//! INVARIANT: a credential that is revoked is revoked for third parties (revocation lists) and for gateways (an order) in
//! the same transaction; a device whose access is taken away has none that is good.

use super::{Actor, devices, line, tell};
use crate::http::Problem;
use nullius_audit::{Entry, Phase};
use nullius_identity::Reason;
use nullius_model::lifecycle::{Event, Released};
use nullius_model::{Epoch, Timestamp, inert};
use nullius_protocol::link::Hash;
use nullius_protocol::order::Order;
use nullius_protocol::to_hex;
use nullius_store::certificates::{self, Holder};
use nullius_store::credentials::{self as rows, Credential, Enrolment, Status};
use nullius_store::{StoreError, Tx, audit, enrol_tokens};

/// Revokes one credential.
///
/// # Errors
/// 404; 409 where it was revoked before.
pub(crate) fn revoke(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (name, serial): (&str, &[u8]),
    reason: &str,
) -> Result<(Credential, Epoch), Problem> {
    let reason = line("reason", reason)?;
    let found = rows::find(tx, serial)?;
    let found = found.filter(|row| (row.site.as_str(), row.device.as_str()) == (site, name));
    let row = found.ok_or_else(|| Problem::no_such("credential"))?;
    if !rows::revoke(tx, serial, &reason, actor.seconds())? {
        return Err(Problem::conflict("revoked", "it was revoked before"));
    }
    certificates::revoke(tx, serial, actor.seconds(), u64::from(Reason::Unspecified.code()))?;
    let epoch = tell_of(tx, site, actor, &row, &reason)?;
    let entry =
        tell::decided(site, actor, "credential.revoke", &format!("device/{name}")).why(reason.as_str());
    tell::log(tx, &entry.detail("serial", to_hex(serial)).detail("generation", row.generation))?;
    let row = Credential { status: Status::Revoked, changed: actor.seconds(), reason, ..row };
    Ok((row, epoch))
}

/// What ends a device's life, or sets it aside by a person's word, ends what it was given too.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (name, event): (&str, &Event),
    reason: &str,
) -> Result<(), Problem> {
    let Some(listed) = ends(event) else { return Ok(()) };
    enrol_tokens::withdraw_all(tx, site, name)?;
    let revoked = rows::revoke_all(tx, (site, name), reason, actor.seconds())?;
    let code = u64::from(listed.code());
    certificates::revoke_all_of(tx, Holder::Device, (site, name), actor.seconds(), code)?;
    for row in &revoked {
        tell_of(tx, site, actor, row, reason)?;
    }
    if !revoked.is_empty() {
        let entry = tell::decided(site, actor, "credential.revoke", &format!("device/{name}")).why(reason);
        tell::log(tx, &entry.detail("count", revoked.len()))?;
    }
    Ok(())
}

/// Whether an event ends what a device was given, and how a revocation list says why.
fn ends(event: &Event) -> Option<Reason> {
    match event {
        Event::Revoke => Some(Reason::Unspecified),
        Event::Lose => Some(Reason::KeyCompromise),
        Event::Retire
        | Event::Destroy
        | Event::Transfer { .. }
        | Event::Claim { .. }
        | Event::Release { to: Released::ToRetired, .. } => Some(Reason::CessationOfOperation),
        Event::Discover
        | Event::Enrol { .. }
        | Event::Activate
        | Event::StartMaintenance
        | Event::EndMaintenance
        | Event::Resume
        | Event::Contain { .. }
        | Event::Ease { .. }
        | Event::Release { to: Released::ToActive, .. } => None,
    }
}

/// Nothing more is given to a device, and what it has is under suspicion, until a person has looked at it. Somebody else
/// may have its key: this is an alarm, in the name of who found out. `false` where it was frozen before.
///
/// # Errors
/// What the store fails with.
pub(crate) fn freeze(
    tx: &mut Tx<'_>,
    (site, name): (&str, &str),
    (who, why): (&str, &str),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let why = inert(why);
    if !rows::freeze(tx, (site, name), Some(&why), at.as_secs())? {
        return Ok(false);
    }
    let entry = Entry::new(Phase::Observed, at, who, "alarm.clone", format!("device/{name}"));
    audit::append(tx, &entry.site(site).why(why))?;
    Ok(true)
}

/// A person has looked at a device: it may enrol again, and recover once more than usual.
///
/// # Errors
/// 404; 422 for no reason.
pub(crate) fn allow(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    name: &str,
    reason: &str,
) -> Result<Enrolment, Problem> {
    let reason = line("reason", reason)?;
    devices::find(tx, site, name)?;
    rows::freeze(tx, (site, name), None, actor.seconds())?;
    let mut enrolment = rows::enrolment(tx, site, name)?;
    enrolment.allowed = enrolment.allowed.saturating_add(1);
    rows::put_enrolment(tx, (site, name), &enrolment)?;
    let entry = tell::decided(site, actor, "credential.allow", &format!("device/{name}")).why(reason);
    tell::log(tx, &entry.detail("allowed", enrolment.allowed))?;
    Ok(enrolment)
}

/// Gateways take nothing by this key any more.
fn tell_of(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    row: &Credential,
    reason: &str,
) -> Result<Epoch, Problem> {
    let key = Hash(row.key.as_slice().try_into().unwrap_or_default());
    let order = Order::RevokeKey { device: row.device.clone(), key, reason: reason.to_owned() };
    tell::order(tx, site, actor, &order, ("revoked", reason))
}
