//! A gateway comes: what it has seen, what it knows that we do not, and what it has not told yet.

use super::wire::End;
use crate::bundles::{self, IssueError};
use crate::pki::CaError;
use nullius_audit::{Entry, Phase};
use nullius_identity::{GatewayIdentity, Verified};
use nullius_model::{DeviceName, Epoch, Timestamp};
use nullius_protocol::bundle::{Body, decode_unverified};
use nullius_protocol::link::{Hash, Hello, Report, Revoked};
use nullius_protocol::local::{Station, Status};
use nullius_protocol::order::Order;
use nullius_store::gateways::{self, Gateway, Spool};
use nullius_store::{StoreError, Tx, audit, bundles as kept, sites};
use serde::Serialize;

/// Revocations that are looked at in one transaction: a gateway that names many holds up nobody who writes.
pub(super) const ADOPT_AT_ONCE: usize = 256;

/// Longest text of a hello that is kept, in bytes.
const MAX_TEXT: usize = 128;

/// Whether the gateway may come; its row.
///
/// # Errors
/// [`End::TurnedAway`].
pub(super) fn admitted(tx: &mut Tx<'_>, peer: &Verified<GatewayIdentity>) -> Result<Gateway, End> {
    match gateways::find(tx, &peer.site, &peer.name)? {
        Some(gateway) if !gateway.revoked && peer.from >= gateway.since => Ok(gateway),
        Some(_) | None => Err(End::TurnedAway),
    }
}

/// Takes in what a gateway says when it comes; its row as it is then.
///
/// # Errors
/// [`End`]; nothing has changed then.
pub(super) fn welcome(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    hello: &Hello,
    at: Timestamp,
) -> Result<Gateway, End> {
    let mut gateway = admitted(tx, peer)?;
    let who = format!("gateway:{}", gateway.name);
    let last = sites::find(tx, &gateway.site)?.ok_or(End::TurnedAway)?.last;
    if hello.taken > last {
        bundles::open_term(tx, &gateway.site, hello.taken.term, &who, at)?;
    }
    gateway.taken = hello.taken;
    gateway.policy = hello.policy;
    gateway.kernel = Some(hello.kernel_digest.0.to_vec());
    gateway.software = cut(&hello.software);
    gateway.boot = cut(&hello.boot);
    gateway.seen = at.as_secs();
    gateways::came(tx, &gateway)?;
    begin_spool(tx, &mut gateway, hello, &who, at)?;
    Ok(gateway)
}

/// Whoever revoked at a gateway is believed, unless that was taken back later.
///
/// # Errors
/// [`End`]; nothing has changed then.
pub(super) fn adopt(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    revoked: &Revoked,
    taken: Epoch,
    at: Timestamp,
) -> Result<(), End> {
    let gateway = admitted(tx, peer)?;
    if DeviceName::new(&revoked.device).is_err() || is_known(tx, &gateway.site, taken, revoked)? {
        return Ok(());
    }
    let why = format!("revoked at the gateway by {}: {}", quiet(&revoked.by), quiet(&revoked.reason));
    let order = Order::Revoke { device: revoked.device.clone(), reason: why.clone() };
    let who = format!("gateway:{}", gateway.name);
    bundles::issue(tx, &gateway.site, Body::Order { key: order.key(), order }, &who, &why, at)?;
    Ok(())
}

fn is_known(tx: &mut Tx<'_>, site: &str, taken: Epoch, revoked: &Revoked) -> Result<bool, StoreError> {
    let key = Order::Revoke { device: revoked.device.clone(), reason: String::new() }.key();
    let Some(kept) = kept::of_key(tx, site, &key)? else { return Ok(false) };
    let restored = matches!(
        decode_unverified(&kept.bytes).map(|bundle| bundle.body),
        Ok(Body::Order { order: Order::Restore { .. }, .. })
    );
    // a restoration that is still on its way answers a revocation that is older than it
    Ok(!restored || (kept.epoch > taken && revoked.at <= kept.made))
}

/// Another spool begins at its own beginning; that is told, since the records of the one before may be lost.
fn begin_spool(
    tx: &mut Tx<'_>,
    gateway: &mut Gateway,
    hello: &Hello,
    who: &str,
    at: Timestamp,
) -> Result<(), End> {
    let id = cut(&hello.spool.id);
    if id == gateway.spool.id {
        return Ok(());
    }
    let entry = Entry::new(Phase::Observed, at, who, "gateway.spool", format!("gateway/{}", gateway.name))
        .site(gateway.site.as_str())
        .why("its records begin anew")
        .detail("before", gateway.spool.id.as_str())
        .detail("recorded", gateway.spool.recorded)
        .detail("now", id.as_str());
    audit::append(tx, &entry)?;
    gateway.spool = Spool { id, recorded: 0, chain: Hash::default().0.to_vec() };
    Ok(gateways::recorded(tx, gateway)?)
}

/// Keeps how things are at a gateway, as it says.
///
/// # Errors
/// [`End`]; nothing was written then.
pub(super) fn reported(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    report: &Report,
    at: Timestamp,
) -> Result<(), End> {
    let mut gateway = admitted(tx, peer)?;
    let whole = Kept { status: &report.status, stations: &report.stations };
    gateway.seen = at.as_secs();
    gateways::put_report(tx, &gateway, &json(&whole)?)?;
    for device in report.devices.iter().filter(|device| DeviceName::new(&device.name).is_ok()) {
        gateways::put_sighting(tx, &gateway, &device.name, &json(device)?)?;
    }
    Ok(())
}

/// What is kept of a report as one.
#[derive(Serialize)]
struct Kept<'a> {
    status: &'a Status,
    stations: &'a [Station],
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, End> {
    serde_json::to_vec(value).map_err(|error| End::Here(error.to_string()))
}

/// Text of a gateway that goes into an order: escaping makes it longer, and an order has room for so much.
fn quiet(text: &str) -> String {
    cut(&nullius_model::inert(&cut(text)))
}

/// Text of a gateway, as long as it needs to be.
pub(super) fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default().to_owned()
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Here(error.to_string())
    }
}

impl From<CaError> for End {
    fn from(error: CaError) -> Self {
        Self::Here(error.to_string())
    }
}

impl From<IssueError> for End {
    fn from(error: IssueError) -> Self {
        Self::Here(error.to_string())
    }
}
