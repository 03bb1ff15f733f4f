//! What a gateway is told next, and what became of what it was told.

use super::arrival::admitted;
use super::wire::End;
use crate::bundles::{self, IssueError};
use nullius_audit::{Entry, Phase};
use nullius_identity::{GatewayIdentity, Verified};
use nullius_model::{Epoch, Timestamp};
use nullius_protocol::bundle::{Body, Bundle, PolicyDelta, decode_unverified};
use nullius_protocol::link::{Ack, Outcome};
use nullius_store::bundles::{self as kept, POLICY};
use nullius_store::gateways::{self, Gateway};
use nullius_store::{StoreError, Tx, audit};

/// Orders that are under way unacked at most.
pub(super) const WINDOW: usize = 32;

/// Changes after which a policy is sent in full: a gateway that starts puts all of them on top of one another.
const MAX_DELTAS: u64 = 16;

/// How a bundle is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Order,
    Full,
    Delta,
}

/// A bundle that is ready to be sent.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) epoch: Epoch,
    pub(super) form: Form,
    pub(super) bytes: Vec<u8>,
}

/// What is in force above `sent` and may go now, while `under_way` bundles are unacked. Orders go together, a policy alone.
///
/// # Errors
/// [`End::TurnedAway`] where the gateway may no longer come.
pub(super) fn next(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    sent: Epoch,
    under_way: usize,
    in_full: bool,
) -> Result<Vec<Ready>, End> {
    let gateway = admitted(tx, peer)?;
    let mut ready = Vec::new();
    for bundle in kept::above(tx, &peer.site, sent)? {
        let busy = under_way + ready.len();
        if bundle.key == POLICY {
            if busy == 0 {
                ready.push(policy(tx, &gateway, bundle, in_full)?);
            }
            break;
        }
        if busy >= WINDOW {
            break;
        }
        ready.push(Ready { epoch: bundle.epoch, form: Form::Order, bytes: bundle.bytes });
    }
    Ok(ready)
}

fn policy(
    tx: &mut Tx<'_>,
    gateway: &Gateway,
    bundle: kept::Bundle,
    in_full: bool,
) -> Result<Ready, IssueError> {
    let delta = if in_full || gateway.deltas >= MAX_DELTAS { None } else { delta(tx, gateway, &bundle)? };
    Ok(match delta {
        Some(bytes) if bytes.len() < bundle.bytes.len() => {
            Ready { epoch: bundle.epoch, form: Form::Delta, bytes }
        }
        Some(_) | None => Ready { epoch: bundle.epoch, form: Form::Full, bytes: bundle.bytes },
    })
}

/// The same policy as what changes in the one that the gateway enforces, where we still have that.
fn delta(tx: &mut Tx<'_>, gateway: &Gateway, bundle: &kept::Bundle) -> Result<Option<Vec<u8>>, IssueError> {
    let Some(base) = kept::find(tx, &gateway.site, gateway.policy)? else { return Ok(None) };
    let (Some(from), Some((to, whole))) =
        (files(&base), files(bundle).zip(decode_unverified(&bundle.bytes).ok()))
    else {
        return Ok(None);
    };
    let body = Body::PolicyDelta(PolicyDelta::between(base.epoch, &from, &to)?);
    Ok(Some(Bundle { body, ..whole }.sign(&bundles::signer(tx, &gateway.site)?)?))
}

fn files(bundle: &kept::Bundle) -> Option<std::collections::BTreeMap<String, String>> {
    match decode_unverified(&bundle.bytes).ok()?.body {
        Body::Policy(files) => Some(files),
        Body::PolicyDelta(_) | Body::Order { .. } | Body::Handover(_) => None,
    }
}

/// Takes in what became of a bundle. Of one that nobody knows any more nothing is kept.
///
/// # Errors
/// [`End`]; nothing was written then.
pub(super) fn acked(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    ack: &Ack,
    form: Option<Form>,
    at: Timestamp,
) -> Result<(), End> {
    let mut gateway = admitted(tx, peer)?;
    let Some(bundle) = kept::find(tx, &gateway.site, ack.epoch)? else { return Ok(()) };
    gateway.seen = at.as_secs();
    match &ack.result {
        Outcome::Applied { kernel_digest } => {
            gateway.taken = gateway.taken.max(ack.epoch);
            gateway.kernel = Some(kernel_digest.0.to_vec());
            if bundle.key == POLICY {
                gateway.policy = ack.epoch;
                gateway.deltas = if form == Some(Form::Full) { 0 } else { gateway.deltas.saturating_add(1) };
            }
        }
        Outcome::Held { .. } => gateway.taken = gateway.taken.max(ack.epoch),
        // what a gateway refuses it may yet be sent again
        Outcome::Refused { .. } => {}
    }
    gateways::acked(tx, &gateway)?;
    Ok(tell(tx, &gateway, &bundle, &ack.result, at)?)
}

/// Once for each thing that becomes of it.
fn tell(
    tx: &mut Tx<'_>,
    gateway: &Gateway,
    bundle: &kept::Bundle,
    result: &Outcome,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (state, phase, reason) = match result {
        Outcome::Applied { .. } => ("applied", Phase::Applied, ""),
        Outcome::Held { reason } => ("held", Phase::Observed, reason.as_str()),
        Outcome::Refused { reason } => ("refused", Phase::Failed, reason.as_str()),
    };
    let reason = super::arrival::cut(reason);
    let outcome = kept::Outcome {
        epoch: bundle.epoch,
        gateway: gateway.name.clone(),
        state: state.to_owned(),
        reason: nullius_model::inert(&reason),
        at: at.as_secs(),
    };
    if !kept::put_outcome(tx, &gateway.site, &outcome)? {
        return Ok(());
    }
    let who = format!("gateway:{}", gateway.name);
    let mut entry =
        Entry::new(phase, at, who, format!("bundle.{state}"), format!("gateway/{}", gateway.name))
            .site(gateway.site.as_str())
            .why(outcome.reason)
            .epoch(bundle.epoch)
            .of(bundle.leaf)
            .detail("key", bundle.key.as_str());
    if let Outcome::Applied { kernel_digest } = result {
        entry = entry.detail("kernel", kernel_digest.to_string());
    }
    audit::append(tx, &entry).map(|_| ())
}
