//! How devices come to prove themselves: tokens made for one of them, good once and for a while, and what a proven key is to
//! the device's life.

use super::{Actor, devices, site as sites_of, tell};
use crate::http::Problem;
use crate::pki;
use crate::secret::random;
use nullius_model::lifecycle::{Credential, Event, State};
use nullius_protocol::enrol::EnrolToken;
use nullius_protocol::link::Hash;
use nullius_protocol::{from_hex, to_hex};
use nullius_store::devices::Device;
use nullius_store::enrol_tokens as rows;
use nullius_store::{Tx, sites};
use sha2::{Digest as _, Sha256};

/// Longest life of a token, in seconds: as long as a device may be on its way to its place.
pub(crate) const MAX_LIFE: u64 = 14 * 86_400;

/// A token for one device. Earlier ones for it are of no use from here on. With `hardware` whoever makes it vouches that
/// the device keeps its key where nobody gets it.
///
/// # Errors
/// 404; 409 for a device that would get nothing; 422 for a life beyond [`MAX_LIFE`].
pub(crate) fn invite(
    tx: &mut Tx<'_>,
    (site, actor): (&str, &Actor),
    (name, hardware): (&str, bool),
    seconds: u64,
) -> Result<(EnrolToken, rows::EnrolToken), Problem> {
    if seconds == 0 || seconds > MAX_LIFE {
        return Err(Problem::wrong("too-long", format!("a token lives for 1 to {MAX_LIFE} seconds")));
    }
    sites::find(tx, site)?.ok_or_else(|| Problem::no_such("site"))?;
    let state = devices::find(tx, site, name)?.life.state();
    if !(state.admits_leases() || matches!(state, State::Claimed | State::Enrolled)) {
        return Err(Problem::conflict(
            "gets-nothing",
            format!("a device that is {state} gets no certificate"),
        ));
    }
    let root = Hash(pki::fingerprint(tx)?);
    let token = EnrolToken { id: random()?, secret: random()?, root };
    let row = rows::EnrolToken {
        id: token.id.to_vec(),
        hash: Sha256::digest(token.secret).to_vec(),
        site: site.to_owned(),
        device: name.to_owned(),
        hardware,
        made_by: actor.who.clone(),
        made: actor.seconds(),
        expires: actor.seconds().saturating_add(seconds),
        used: false,
    };
    rows::add(tx, &row)?;
    let entry = tell::decided(site, actor, "device.invite", &format!("device/{name}"));
    tell::log(
        tx,
        &entry.detail("token", to_hex(&row.id)).detail("hardware", hardware).detail("expires", row.expires),
    )?;
    Ok((token, row))
}

/// A device proved its key. One that was only claimed has now what proves it to be itself, and goes to work where that
/// takes no second person; to any other this is no event of its life.
///
/// # Errors
/// 409 where it had this key in a life that ended.
pub(crate) fn enrolled(
    tx: &mut Tx<'_>,
    site: &str,
    actor: &Actor,
    device: &Device,
    key: Credential,
) -> Result<(), Problem> {
    if device.life.state() != State::Claimed {
        return Ok(());
    }
    let (name, reason) = (device.name.as_str(), "it proved its key");
    let event = (Event::Enrol { credential: key }, reason);
    let moved = devices::transition(tx, site, actor, (name, device.life.version()), event)?;
    let zones = sites_of::zones(tx, site)?.unwrap_or_default();
    if !zones.is_essential(&device.zone) || !sites_of::takes_two(tx, site)? {
        devices::transition(tx, site, actor, (name, moved.device.life.version()), (Event::Activate, reason))?;
    }
    Ok(())
}

/// Takes a token back before it is used.
///
/// # Errors
/// 404.
pub(crate) fn withdraw(tx: &mut Tx<'_>, site: &str, actor: &Actor, id: &str) -> Result<(), Problem> {
    let absent = || Problem::no_such("token");
    let bytes = from_hex(id).ok_or_else(absent)?;
    let row = rows::find(tx, &bytes)?.filter(|row| row.site == site).ok_or_else(absent)?;
    if !rows::withdraw(tx, site, &bytes)? {
        return Err(absent());
    }
    let entry = tell::decided(site, actor, "device.uninvite", &format!("device/{}", row.device));
    tell::log(tx, &entry.detail("token", id)).map(drop)
}
