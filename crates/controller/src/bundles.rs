//! What gateways are told: given an epoch, signed, kept, and recorded, in one transaction.
//!
//! INVARIANT: no bundle is signed that is not in the log as decided, and no epoch twice.

use crate::http::Problem;
use crate::secret::random;
use axum::http::StatusCode;
use nullius_audit::{Entry, Hash, Phase};
use nullius_model::{Epoch, Timestamp};
use nullius_protocol::bundle::{BadKey, Body, Bundle, BundleError, SigningKey, decode_unverified};
use nullius_protocol::order::Order;
use nullius_protocol::to_hex;
use nullius_store::bundles::{self, POLICY};
use nullius_store::past::{self, Gap};
use nullius_store::{StoreError, Tx, audit, sites};

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    /// No such site.
    #[error("there is no such site")]
    NoSite,
    /// What cannot be in a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The site's key is gone, or none could be made.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The site's name cannot be one.
    #[error(transparent)]
    Name(#[from] nullius_identity::BadName),
    /// There are no more terms.
    #[error("a gateway names a term that is too far ahead to be true")]
    Term,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Furthest that a term may jump: a gateway that says it has seen a later one does not use the number line up.
const MAX_JUMP: u64 = 64;

/// Tells the gateways of a site. The next epoch is taken, the bundle signed with the site's key and kept in the place of
/// what has its key, and the decision recorded.
///
/// # Errors
/// [`IssueError`]; nothing may be committed then.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    site: &str,
    body: Body,
    by: &str,
    why: &str,
    at: Timestamp,
) -> Result<Epoch, IssueError> {
    put(tx, site, body, &Decision { who: by, by, why, at, made: at.as_secs() })
}

/// The key with which a site's bundles are signed.
///
/// # Errors
/// [`IssueError::NoSite`] where there is no such site.
pub(crate) fn signer(tx: &mut Tx<'_>, site: &str) -> Result<SigningKey, IssueError> {
    let seed = sites::seed(tx, site)?.ok_or(IssueError::NoSite)?;
    let digits = str::from_utf8(seed.expose()).map_err(|_| BadKey::Form)?;
    Ok(SigningKey::from_seed(digits)?)
}

/// Makes a site, with a number line and a signing key of its own.
///
/// # Errors
/// [`IssueError`], among them [`StoreError::Duplicate`].
pub(crate) fn add_site(tx: &mut Tx<'_>, site: &str, by: &str, at: Timestamp) -> Result<(), IssueError> {
    nullius_identity::site_name(site)?;
    let seed = random::<32>().map_err(|_| BadKey::Random)?;
    let digits = to_hex(&seed);
    let signer = SigningKey::from_seed(&digits)?.public().to_string();
    sites::add(tx, site, &signer, digits.as_bytes())?;
    let entry = Entry::new(Phase::Decided, at, by, "site.add", format!("site/{site}")).site(site);
    audit::append(tx, &entry.detail("signer", signer))?;
    Ok(())
}

/// Opens a term above one that a gateway has seen, and says in it again what holds. So do a restored controller's words
/// count again. What ended by itself meanwhile is not said again, nor is that a device may come back: if the
/// gateways know of a later revocation, they are right.
///
/// # Errors
/// [`IssueError::Term`] for a term out of reach.
pub(crate) fn open_term(
    tx: &mut Tx<'_>,
    site: &str,
    seen: u64,
    by: &str,
    at: Timestamp,
) -> Result<(), IssueError> {
    let last = sites::find(tx, site)?.ok_or(IssueError::NoSite)?.last;
    let term = seen.max(last.term).saturating_add(1);
    if term > last.term.saturating_add(MAX_JUMP) {
        return Err(IssueError::Term);
    }
    let in_force = bundles::in_force(tx, site)?;
    sites::open_term(tx, site, term)?;
    let entry = Entry::new(Phase::Decided, at, by, "site.term", format!("site/{site}")).site(site);
    let why = format!("term {term}: gateways have seen what this controller has forgotten");
    audit::append(tx, &entry.why(&why).detail("term", term).detail("before", last.to_string()))?;
    for kept in in_force {
        let Ok(bundle) = decode_unverified(&kept.bytes) else { continue };
        if holds_on(&bundle.body) {
            put(
                tx,
                site,
                bundle.body,
                &Decision { who: by, by: &bundle.by, why: &why, at, made: kept.made },
            )?;
        }
    }
    Ok(())
}

/// After a restoration every site goes on in a later term. Which one is drawn: two restorations of one backup must not
/// count along the same line, or a gateway that followed the first would miss what the second says.
///
/// # Errors
/// [`IssueError`].
pub(crate) fn settle_past(tx: &mut Tx<'_>, at: Timestamp) -> Result<(), IssueError> {
    let Some(gap) = past::gap(tx)? else { return Ok(()) };
    let [drawn] = random::<1>().map_err(|_| BadKey::Random)?;
    for site in sites::all(tx)? {
        let seen = site.last.term.saturating_add(u64::from(drawn) % (MAX_JUMP / 2));
        open_term(tx, &site.name, seen, "system", at)?;
    }
    let entry = Entry::new(Phase::Observed, at, "system", "store.gap", "store");
    audit::append(
        tx,
        &entry.why(match gap {
            Gap::Restored => "restored from a backup",
            Gap::RolledBack => "an older copy of the store was put in its place",
        }),
    )?;
    Ok(past::settle(tx)?)
}

fn holds_on(body: &Body) -> bool {
    match body {
        Body::Policy(_) => true,
        Body::PolicyDelta(_) | Body::Handover(_) => false,
        Body::Order { order, .. } => match order {
            Order::Revoke { .. }
            | Order::Stage { .. }
            | Order::Mode { .. }
            | Order::Approve { .. }
            | Order::Assess { .. }
            | Order::Trust { .. }
            | Order::RevokeKey { .. } => true,
            Order::Restore { .. }
            | Order::Grant { .. }
            | Order::EndGrant { .. }
            | Order::Emergency { .. }
            | Order::EndEmergency { .. } => false,
        },
    }
}

struct Decision<'a> {
    /// Whose doing this is, for the log.
    who: &'a str,
    /// Whose word it is, for whoever reads the bundle.
    by: &'a str,
    why: &'a str,
    at: Timestamp,
    made: u64,
}

fn put(tx: &mut Tx<'_>, site: &str, body: Body, decision: &Decision<'_>) -> Result<Epoch, IssueError> {
    let signer = signer(tx, site)?;
    let epoch = sites::next_epoch(tx, site)?.ok_or(IssueError::NoSite)?;
    let key = key(&body);
    let (what, object) = act(&body);
    let bundle = Bundle { epoch, made: decision.made, by: decision.by.to_owned(), body };
    let bytes = bundle.sign(&signer)?;
    let entry = Entry::new(Phase::Decided, decision.at, decision.who, what, object)
        .site(site)
        .why(decision.why)
        .epoch(epoch)
        .inputs(Hash::of(&bytes))
        .detail("key", key.as_str());
    let leaf = audit::append(tx, &entry)?;
    let kept = bundles::Bundle { epoch, key, made: decision.made, superseded: false, leaf, bytes };
    bundles::put(tx, site, &kept)?;
    Ok(epoch)
}

fn key(body: &Body) -> String {
    match body {
        Body::Policy(_) | Body::PolicyDelta(_) => POLICY.to_owned(),
        Body::Order { key, .. } => key.clone(),
        Body::Handover(_) => "handover".to_owned(),
    }
}

/// What the log calls it, and upon what.
fn act(body: &Body) -> (&'static str, String) {
    let order = match body {
        Body::Policy(_) | Body::PolicyDelta(_) => return ("policy.apply", POLICY.to_owned()),
        Body::Handover(_) => return ("site.handover", "signer".to_owned()),
        Body::Order { order, .. } => order,
    };
    match order {
        Order::Revoke { device, .. } => ("device.revoke", format!("device/{device}")),
        Order::Restore { device, .. } => ("device.restore", format!("device/{device}")),
        Order::Approve { device, .. } => ("device.approve", format!("device/{device}")),
        Order::Assess { device, .. } => ("device.assess", format!("device/{device}")),
        Order::Stage { .. } => ("stage.set", order.key()),
        Order::Mode { .. } => ("mode.set", order.key()),
        Order::Grant { .. } => ("grant.open", order.key()),
        Order::EndGrant { .. } => ("grant.end", order.key()),
        Order::Emergency { .. } => ("emergency.declare", order.key()),
        Order::EndEmergency { .. } => ("emergency.end", order.key()),
        Order::Trust { .. } => ("ca.trust", order.key()),
        Order::RevokeKey { device, .. } => ("device.revoke-key", format!("device/{device}")),
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::NoSite => Self::no_such("site"),
            IssueError::Store(StoreError::Duplicate) => Self::conflict("exists", "it exists already"),
            IssueError::Store(error) => Self::from(error),
            IssueError::Bundle(error) => Self::wrong("bundle", error.to_string()),
            IssueError::Name(error) => Self::wrong("name", error.to_string()),
            IssueError::Key(_) | IssueError::Term => {
                tracing::error!(%error, "nothing was signed");
                let detail = "it was not done: the site's key cannot be used";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "signer", detail)
            }
        }
    }
}

#[cfg(test)]
mod tests;
