//! The devices of a site: what is declared of them, and where they are in their lives (domain §3.2, R-19).
//!
//! INVARIANT: a state that takes access away is in the same transaction an order to the gateways; one that gives access
//! withdraws the order, and nothing else does.

use super::act::Done;
use super::changes::Changes;
use super::life::Life;
use super::{Actor, Declaration, check, credentials, declared, policy, shards, site, tell};
use crate::http::{Fault, Problem};
use axum::http::StatusCode;
use nullius_model::lifecycle::{Author, Credential, Event, Lifecycle, Refusal, State};
use nullius_model::{DeviceName, Epoch, SmolStr};
use nullius_protocol::order::Order;
use nullius_store::devices::{self as rows, Device};
use nullius_store::{Tx, standing};
use sha2::{Digest as _, Sha256};

/// Owner of a device for whose zone nobody answers.
const NOBODY: &str = "site";

/// The highest risk band.
const MAX_RISK: u8 = 4;

/// What came of an event.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    /// As it is now.
    pub(crate) device: Device,
    /// Where gateways were told.
    pub(crate) epoch: Option<Epoch>,
}

/// How a device that is declared anew gets to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// With a policy, which others approved where that is needed.
    Reviewed,
    /// By one person's word: where that is not enough, somebody else activates it.
    OnesWord,
    /// It is claimed, and has to prove by itself that it is what its maker says.
    Awaited,
}

/// The device of this name.
///
/// # Errors
/// 404.
pub(crate) fn find(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<Device, Problem> {
    named(name)?;
    rows::find(tx, site, name)?.ok_or_else(|| Problem::no_such("device"))
}

/// Something happens to a device. `seen` is the version it was decided on.
///
/// # Errors
/// 404; 412 where it changed meanwhile; 409 where it cannot happen from here.
pub(crate) fn transition(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (name, seen): (&str, u64),
    (event, reason): (Event, &str),
) -> Result<Moved, Problem> {
    let mut device = find(tx, site, name)?;
    let before = device.life.clone();
    happen(&mut device, actor, seen, event.clone(), reason)?;
    save(tx, site, &mut device, &before, actor)?;
    tell::log(
        tx,
        &tell::decided(site, actor, &format!("life.{}", event.name()), &format!("device/{name}"))
            .why(reason)
            .detail("from", before.state().name())
            .detail("to", device.life.state().name())
            .detail("version", device.life.version()),
    )?;
    let mut changes = Changes::default();
    let (stood, stands) = (shards::stands(before.state()), shards::stands(device.life.state()));
    if stood != stands {
        changes.touch(name);
    }
    if stood && !stands {
        changes.narrow();
    }
    credentials::follow(tx, site, actor, (name, &event), reason)?;
    let policy = changes.finish(tx, site, actor, reason)?;
    let order = keep_out(tx, site, actor, &device, reason)?;
    Ok(Moved { device, epoch: order.or(policy) })
}

/// Declares a device, or declares it anew. What changed is in `changes`. `false` where nothing did.
pub(super) fn declare(
    tx: &mut Tx<'_>,
    (site, actor): (&str, &Actor),
    (name, declaration): (&str, &Declaration),
    arrival: Arrival,
    changes: &mut Changes,
) -> Result<bool, Problem> {
    let (mut device, old) = match rows::find(tx, site, name)? {
        Some(device) => {
            let old = declared(&device)?;
            (device, Some(old))
        }
        None => (unknown(name), None),
    };
    let before = device.life.clone();
    let arrives = matches!(before.state(), State::Manufactured | State::Discovered);
    if old.as_ref() == Some(declaration) && !arrives {
        return Ok(false);
    }
    device.declaration = declaration.json();
    device.zone.clone_from(&declaration.zone);
    device.search = declaration.search(name);
    free(tx, site, name, declaration)?;
    if arrives {
        arrive(tx, site, actor, &mut device, arrival)?;
    } else {
        device.life = renewed(&device.life)?;
    }
    if old.is_some() {
        save(tx, site, &mut device, &before, actor)?;
    } else {
        device.changed = actor.seconds();
        rows::insert(tx, site, &device)?;
    }
    rows::mark(tx, site, name, &declaration.marks())?;
    if shards::stands(before.state()) || shards::stands(device.life.state()) {
        changes.touch(name);
    }
    if old.is_some_and(|old| drops(&old, declaration)) {
        changes.narrow();
    }
    Ok(true)
}

/// One device by itself: checked, declared, logged, and told.
///
/// # Errors
/// 422 for a declaration that no inventory could hold; 409 where another device has its address; 412 where it changed
/// meanwhile, or is there already and `seen` is none.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    (name, declaration): (&str, Declaration),
    seen: Option<u64>,
) -> Result<(Device, Option<Epoch>), Problem> {
    let declaration = declaration.canonical();
    let zones = site::zones(tx, site)?;
    let wrong = check::check(&[(name, &declaration)], zones.as_ref());
    if !wrong.is_empty() {
        let faults =
            wrong.into_iter().map(|wrong| Fault { at: nullius_model::inert(name), detail: wrong.what });
        return Err(
            Problem::wrong("no-device", "no inventory holds such a device").with_errors(faults.collect())
        );
    }
    let there = rows::find(tx, site, name)?;
    if there.as_ref().map(|device| device.life.version()) != seen {
        return Err(stale());
    }
    let mut changes = Changes::default();
    declare(tx, (site, actor), (name, &declaration), Arrival::OnesWord, &mut changes)?;
    let what = if there.is_some() { "device.change" } else { "device.declare" };
    let device = find(tx, site, name)?;
    let entry = tell::decided(site, actor, what, &format!("device/{name}"))
        .detail("state", device.life.state().name())
        .detail("version", device.life.version())
        .detail("declaration", super::digest(device.declaration.as_bytes()));
    tell::log(tx, &entry)?;
    let epoch = changes.finish(tx, site, actor, what)?;
    Ok((device, epoch))
}

/// A person vouches that a station at this port, with this hardware address, is the device.
///
/// # Errors
/// 404; 422 for what is no port or no address.
pub(crate) fn bind(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    name: &str,
    (port, mac): (Option<&str>, Option<&str>),
    reason: &str,
) -> Result<Done, Problem> {
    let reason = super::line("reason", reason)?;
    find(tx, site, name)?;
    let probe = Declaration {
        zone: "zone".to_owned(),
        port: port.map(str::to_owned),
        mac: mac.map(str::to_owned),
        ..Declaration::default()
    };
    let probe = probe.canonical();
    check_all(std::iter::once((name, &probe)))?;
    let order = Order::Approve { device: name.to_owned(), port: probe.port.clone(), mac: probe.mac.clone() };
    let at = [probe.port.as_deref(), probe.mac.as_deref()].map(|part| part.unwrap_or("-")).join(" ");
    let epoch = tell::order(tx, site, actor, &order, (&at, &reason))?;
    Ok(Done { epoch: Some(epoch), outcome: format!("{name} is bound") })
}

/// States what is known of a device: posture, risk, and whether it behaves as its baseline says.
///
/// # Errors
/// 404; 422 for a risk that is none.
pub(crate) fn assess(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    name: &str,
    (posture, risk, conforms): (Option<bool>, Option<u8>, Option<bool>),
    reason: &str,
) -> Result<Done, Problem> {
    let reason = super::line("reason", reason)?;
    find(tx, site, name)?;
    if risk.is_some_and(|risk| risk > MAX_RISK) {
        return Err(Problem::wrong("no-risk", format!("`risk` is 0 to {MAX_RISK}")));
    }
    let order = Order::Assess { device: name.to_owned(), posture, risk, conforms };
    let words = [
        posture.map(|good| format!("posture {}", if good { "good" } else { "bad" })),
        risk.map(|risk| format!("risk {risk}")),
        conforms.map(|yes| (if yes { "conforms" } else { "deviates" }).to_owned()),
    ];
    let value = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let epoch = tell::order(tx, site, actor, &order, (&value, &reason))?;
    Ok(Done { epoch: Some(epoch), outcome: format!("{name}: {value}") })
}

/// A device as another controller had it; gateways are told by [`keep_out_named`].
pub(super) fn restore(
    tx: &mut Tx<'_>,
    (site, actor): (&str, &Actor),
    name: &str,
    life: &Life,
    declaration: Option<Declaration>,
) -> Result<(), Problem> {
    DeviceName::new(name).map_err(|why| Problem::wrong("no-device", why.to_string()))?;
    let declaration = declaration.map(Declaration::canonical);
    let mut device = Device { life: life.life()?, changed: actor.seconds(), ..unknown(name) };
    if let Some(declaration) = &declaration {
        device.declaration = declaration.json();
        device.zone.clone_from(&declaration.zone);
        device.search = declaration.search(name);
        free(tx, site, name, declaration)?;
        rows::mark(tx, site, name, &declaration.marks())?;
    }
    if rows::find(tx, site, name)?.is_some() {
        return Err(Problem::wrong("no-device", format!("two devices are called `{name}`")));
    }
    Ok(rows::insert(tx, site, &device)?)
}

/// Whether these could stand in an inventory, in whatever zones.
pub(super) fn check_all<'a>(
    declared: impl Iterator<Item = (&'a str, &'a Declaration)>,
) -> Result<(), Problem> {
    let declared: Vec<(&str, &Declaration)> = declared.collect();
    let wrong = check::check(&declared, None);
    let at =
        |index: usize| declared.get(index).map_or_else(String::new, |(name, _)| nullius_model::inert(name));
    let faults = wrong.into_iter().take(policy::MAX_TOLD);
    let faults: Vec<Fault> = faults.map(|wrong| Fault { at: at(wrong.index), detail: wrong.what }).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem::wrong("no-device", "no inventory holds such devices").with_errors(faults))
}

/// Tells gateways where a device's state keeps it out.
pub(super) fn keep_out_named(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    name: &str,
    reason: &str,
) -> Result<(), Problem> {
    let device = find(tx, site, name)?;
    keep_out(tx, site, actor, &device, reason).map(drop)
}

/// What of what was declared is no more, and may be named by a policy.
fn drops(old: &Declaration, new: &Declaration) -> bool {
    old.services.iter().any(|service| !new.services.contains(service))
}

fn unknown(name: &str) -> Device {
    Device {
        name: name.to_owned(),
        life: Lifecycle::new(),
        declaration: String::new(),
        zone: String::new(),
        shard: shards::shard_of(name),
        vouched: Vec::new(),
        ia: 0,
        gateway: None,
        seen: None,
        search: String::new(),
        changed: 0,
    }
}

/// Somebody claims it, vouches for it, and puts it to work where one person may.
fn arrive(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    device: &mut Device,
    arrival: Arrival,
) -> Result<(), Problem> {
    let reason = "it was declared";
    let owner = SmolStr::new(NOBODY);
    happen(device, actor, device.life.version(), Event::Claim { owner }, reason)?;
    if arrival == Arrival::Awaited {
        return Ok(());
    }
    let credential = vouched(site, device);
    happen(device, actor, device.life.version(), Event::Enrol { credential }, reason)?;
    let zones = site::zones(tx, site)?.unwrap_or_default();
    if arrival == Arrival::Reviewed || !zones.is_essential(&device.zone) || !site::takes_two(tx, site)? {
        happen(device, actor, device.life.version(), Event::Activate, reason)?;
    }
    Ok(())
}

fn happen(device: &mut Device, actor: &Actor, seen: u64, event: Event, reason: &str) -> Result<(), Problem> {
    if matches!(event, Event::Claim { .. }) {
        device.vouched.clone_from(&actor.people);
    }
    if matches!(event, Event::Enrol { .. }) {
        let new = actor.people.iter().filter(|person| !device.vouched.contains(person)).cloned();
        device.vouched.extend(new.collect::<Vec<_>>());
    }
    let by = if actor.people.is_empty() { Author::Automatic } else { Author::Person };
    let moved = device.life.handle(event, seen, by(SmolStr::new(&actor.who)), SmolStr::new(reason));
    moved.map(drop).map_err(refused)
}

/// What proves a device without a key: that these people vouched for this name and these addresses this time.
pub(crate) fn vouched(site: &str, device: &Device) -> Credential {
    let mut hash = Sha256::new();
    let version = device.life.version().to_string();
    for part in [site, &device.name, &device.declaration, &version, &device.vouched.join(" ")] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The declaration changed: what was decided on the old one is void.
fn renewed(life: &Lifecycle) -> Result<Lifecycle, Problem> {
    let mut parts = life.parts().clone();
    parts.version = parts.version.saturating_add(1);
    Lifecycle::from_parts(parts).map_err(|why| Problem::conflict("damaged", why.to_string()))
}

fn save(
    tx: &mut Tx<'_>,
    site: &str,
    device: &mut Device,
    before: &Lifecycle,
    actor: &Actor,
) -> Result<(), Problem> {
    device.changed = actor.seconds();
    if rows::update(tx, site, device, before.version())? { Ok(()) } else { Err(stale()) }
}

fn free(tx: &mut Tx<'_>, site: &str, name: &str, declaration: &Declaration) -> Result<(), Problem> {
    for mark in declaration.marks() {
        if let Some(other) = rows::marked(tx, site, &mark)?.filter(|other| other != name) {
            let detail = format!("`{}` is already that of `{other}`", mark.escape_debug());
            return Err(Problem::conflict("address-taken", detail).with_help("correct one of the two"));
        }
    }
    Ok(())
}

/// Revokes at the gateways what this state keeps out, and takes that back where it lets in.
fn keep_out(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    device: &Device,
    reason: &str,
) -> Result<Option<Epoch>, Problem> {
    let state = device.life.state();
    let (name, because) = (device.name.clone(), reason.to_owned());
    let told = standing::find(tx, site, &format!("revocation/{name}"))?;
    let out = told.is_some_and(|told| told.value == "revoked");
    if state.is_revoked() && !out {
        let order = Order::Revoke { device: name, reason: because };
        return tell::order(tx, site, actor, &order, ("revoked", reason)).map(Some);
    }
    if state.admits_leases() && out {
        let order = Order::Restore { device: name, reason: because };
        return tell::order(tx, site, actor, &order, ("restored", reason)).map(Some);
    }
    Ok(None)
}

fn stale() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile", "it was changed meanwhile")
        .with_help("read it again and decide again")
}

fn refused(refusal: Refusal) -> Problem {
    let told = refusal.to_string();
    match refusal {
        Refusal::Stale { .. } => stale(),
        Refusal::Illegal { .. } => Problem::conflict("not-from-here", told),
        Refusal::SpentCredential | Refusal::NotTheHeir(_) | Refusal::TooManyLives(_) => {
            Problem::conflict("not-this-one", told)
        }
        Refusal::NeedsPerson(_) => Problem::new(StatusCode::FORBIDDEN, "not-a-person", told),
        Refusal::NoReason | Refusal::BadText(_) => Problem::wrong("bad-text", told),
    }
}

/// What could be a device's name.
///
/// # Errors
/// 404: no device is called anything else.
pub(crate) fn named(name: &str) -> Result<(), Problem> {
    DeviceName::new(name).map(drop).map_err(|_| Problem::no_such("device"))
}
