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
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

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
    changes: &Changes,
    sent: Epoch,
    under_way: usize,
    in_full: bool,
) -> Result<Vec<Ready>, End> {
    let gateway = admitted(tx, peer)?;
    let mut ready = Vec::new();
    for (epoch, key) in kept::above(tx, &peer.site, sent)? {
        let busy = under_way + ready.len();
        if key == POLICY {
            if busy == 0 {
                ready.extend(policy(tx, &gateway, changes, epoch, in_full)?);
            }
            break;
        }
        if busy >= WINDOW {
            break;
        }
        let bundle = kept::find(tx, &peer.site, epoch)?;
        ready.extend(bundle.map(|bundle| Ready { epoch, form: Form::Order, bytes: bundle.bytes }));
    }
    Ok(ready)
}

fn policy(
    tx: &mut Tx<'_>,
    gateway: &Gateway,
    changes: &Changes,
    epoch: Epoch,
    in_full: bool,
) -> Result<Option<Ready>, IssueError> {
    if !in_full && gateway.deltas < MAX_DELTAS {
        let name = (gateway.site.clone(), gateway.policy, epoch);
        let delta = match changes.find(&name) {
            Some(known) => known,
            None => changes.keep(name, delta(tx, gateway, epoch)?),
        };
        if let Some(bytes) = delta {
            return Ok(Some(Ready { epoch, form: Form::Delta, bytes: bytes.to_vec() }));
        }
    }
    let bundle = kept::find(tx, &gateway.site, epoch)?;
    Ok(bundle.map(|bundle| Ready { epoch, form: Form::Full, bytes: bundle.bytes }))
}

/// The same policy as what changes in the one that the gateway enforces, where we still have that and it is smaller.
fn delta(tx: &mut Tx<'_>, gateway: &Gateway, epoch: Epoch) -> Result<Option<Vec<u8>>, IssueError> {
    let Some(base) = kept::find(tx, &gateway.site, gateway.policy)? else { return Ok(None) };
    let Some(whole) = kept::find(tx, &gateway.site, epoch)? else { return Ok(None) };
    let (Some((from, _)), Some((to, bundle))) = (files(&base), files(&whole)) else { return Ok(None) };
    let body = Body::PolicyDelta(PolicyDelta::between(base.epoch, &from, &to)?);
    let bytes = Bundle { body, ..bundle }.sign(&bundles::signer(tx, &gateway.site)?)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() < whole.bytes.len()))
}

/// The files of a policy, and the bundle without them.
fn files(kept: &kept::Bundle) -> Option<(BTreeMap<String, String>, Bundle)> {
    let bundle = decode_unverified(&kept.bytes).ok()?;
    let (body, empty) = (bundle.body, Body::Policy(BTreeMap::new()));
    match body {
        Body::Policy(files) => Some((files, Bundle { body: empty, ..bundle })),
        Body::PolicyDelta(_) | Body::Order { .. } | Body::Handover(_) => None,
    }
}

/// Changes that were worked out of late: gateways of a site mostly have the same policy, and need the same one.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<VecDeque<(Change, Worth)>>);

/// Site, from which policy, to which.
type Change = (String, Epoch, Epoch);

/// A signed change; none where the whole is no larger.
type Worth = Option<Arc<[u8]>>;

/// Changes that are remembered: the last one of some sites, and of gateways that lag behind.
const REMEMBERED: usize = 8;

impl Changes {
    fn find(&self, name: &Change) -> Option<Worth> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| known == name).map(|(_, worth)| worth.clone())
    }

    fn keep(&self, name: Change, bytes: Option<Vec<u8>>) -> Worth {
        let worth: Worth = bytes.map(Arc::from);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(REMEMBERED - 1);
        known.push_front((name, worth.clone()));
        worth
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
