//! The key of an authority was stolen: nothing is believed of it from now on, and who holds one of its certificates gets
//! another, what keeps people safe or runs the process first.

use super::rollover;
use crate::http::Problem;
use crate::record::zones::Zones;
use crate::record::{Actor, policy};
use nullius_audit::{Entry, Phase};
use nullius_store::authorities::{self, Authority, Kind, State};
use nullius_store::certificates::{self, Certificate, Holder};
use nullius_store::{Tx, audit, devices};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Somebody who needs another certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct Reissue {
    /// 1: a controller or a gateway, without whom nobody gets one. 2: a device of an essential zone. 3: everybody else.
    pub(crate) priority: u8,
    /// `controller`, `gateway` or `device`.
    pub(crate) holder: String,
    /// The site; empty for a controller.
    pub(crate) site: String,
    /// The name.
    pub(crate) name: String,
    /// When the certificate that is believed no more would have ended, in seconds since 1970.
    pub(crate) expires: u64,
}

/// Believes nothing of an authority any more; who needs another certificate. Another must be there to sign.
///
/// # Errors
/// 404; 409 where it is distrusted already, or nobody else could sign.
pub(crate) fn distrust(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &str,
    reason: &str,
) -> Result<Vec<Reissue>, Problem> {
    let stolen = authorities::find(tx, id)?.ok_or_else(|| Problem::no_such("authority"))?;
    if stolen.state == State::Distrusted {
        return Err(Problem::conflict("distrusted", "nothing is believed of it already"));
    }
    let fall = with_all_below(tx, &stolen)?;
    replace(tx, &fall)?;
    for row in &fall {
        authorities::set_state(tx, &row.id, State::Distrusted)?;
        let entry = Entry::new(
            Phase::Decided,
            actor.now,
            actor.who.as_str(),
            "ca.distrust",
            format!("ca/{}", row.id),
        );
        audit::append(tx, &entry.why(reason))?;
    }
    rollover::tell(tx, &actor.who, reason, actor.now)?;
    reissue(tx, actor.seconds())
}

/// Who holds a certificate of a distrusted authority and no newer one, the most pressing first.
///
/// # Errors
/// What the store fails with.
pub(crate) fn reissue(tx: &mut Tx<'_>, now: u64) -> Result<Vec<Reissue>, Problem> {
    let distrusted: Vec<_> =
        authorities::all(tx)?.into_iter().filter(|row| row.state == State::Distrusted).collect();
    let (mut zones, mut all) = (BTreeMap::new(), Vec::new());
    for held in certificates::in_force(tx, now)? {
        if distrusted.iter().any(|row| row.id == held.issuer) {
            all.push(needs(tx, &mut zones, held)?);
        }
    }
    all.sort();
    Ok(all)
}

/// Whether a device is in a zone where a mistake hurts people or stops the process; one nobody declared may be.
///
/// # Errors
/// What the store fails with.
pub(super) fn is_essential(
    tx: &mut Tx<'_>,
    zones: &mut BTreeMap<String, Zones>,
    (site, device): (&str, &str),
) -> Result<bool, Problem> {
    if !zones.contains_key(site) {
        let files = policy::in_force(tx, site)?.unwrap_or_default();
        zones.insert(site.to_owned(), Zones::of(&files));
    }
    let zone = devices::find(tx, site, device)?.map(|device| device.zone).unwrap_or_default();
    Ok(zones.get(site).is_none_or(|zones| zones.is_essential(&zone)))
}

fn needs(
    tx: &mut Tx<'_>,
    zones: &mut BTreeMap<String, Zones>,
    held: Certificate,
) -> Result<Reissue, Problem> {
    let priority = match held.holder {
        Holder::Controller | Holder::Gateway => 1,
        Holder::Device if is_essential(tx, zones, (&held.site, &held.name))? => 2,
        Holder::Device => 3,
    };
    let (holder, expires) = (held.holder.name().to_owned(), held.expires);
    Ok(Reissue { priority, holder, site: held.site, name: held.name, expires })
}

/// A root takes all issuing authorities under it along.
fn with_all_below(tx: &mut Tx<'_>, stolen: &Authority) -> Result<Vec<Authority>, Problem> {
    let all = authorities::all(tx)?;
    let below = |row: &Authority| row.kind == Kind::Issuing && row.parent == stolen.id && row.id != stolen.id;
    let below: Vec<_> = all.into_iter().filter(|row| below(row) && row.state != State::Distrusted).collect();
    Ok(std::iter::once(stolen.clone()).chain(below).collect())
}

/// Somebody else signs from now on, whether or not every gateway knows it yet.
fn replace(tx: &mut Tx<'_>, fall: &[Authority]) -> Result<(), Problem> {
    if !fall.iter().any(|row| row.kind == Kind::Issuing && row.state == State::Issuing) {
        return Ok(());
    }
    let all = authorities::all(tx)?;
    let falls = |id: &str| fall.iter().any(|row| row.id == id);
    let ready = |row: &&Authority| {
        let waits = matches!(row.state, State::Announced | State::Trusted);
        row.kind == Kind::Issuing && waits && !falls(&row.id) && !falls(&row.parent)
    };
    let next = all.iter().rev().find(ready).ok_or_else(|| {
        Problem::conflict("no-successor", "nobody else could sign")
            .with_help("make another with the root's key first: `nullius pki rollover start`")
    })?;
    Ok(rollover::take_over(tx, next)?)
}
