//! Lists of revoked certificates (CRL, RFC 5280 §5), for third parties: made when they are asked for and out of date, and
//! in good time before the next one is promised.
//!
//! Nobody here waits for them: gateways are told by orders.

use super::{CaError, DAY, load};
use crate::App;
use crate::config::Config;
use nullius_identity::{Authority, Reason, Revoked, Validity};
use nullius_model::Timestamp;
use nullius_store::authorities::{self, Crl, Kind, Place, State};
use nullius_store::{Tx, certificates};
use std::time::Duration;
use tokio::time::sleep;

/// When the next list of an issuing authority is promised.
const NEXT: u64 = 2 * DAY;

/// How long before that it is made: a hardware module may be away for that long.
const EARLY: u64 = DAY;

/// When the next list of a root is promised; it takes the root's key.
const NEXT_OF_ROOT: u64 = 400 * DAY;

/// How often it is looked after them.
const LOOK: Duration = Duration::from_secs(600);

/// The list of an authority, where it has one.
///
/// # Errors
/// [`CaError`]; a list that cannot be made anew and still holds is given.
pub(crate) fn current(
    tx: &mut Tx<'_>,
    config: &Config,
    id: &str,
    at: Timestamp,
) -> Result<Option<Vec<u8>>, CaError> {
    let Some(row) = authorities::find(tx, id)? else { return Ok(None) };
    let kept = authorities::crl(tx, id)?;
    let now = at.as_secs();
    match kept {
        Some(kept) if row.kind == Kind::Root || kept.next > now.saturating_add(EARLY) => Ok(Some(kept.der)),
        kept if !signs(&row) => Ok(kept.map(|kept| kept.der)),
        kept => make(tx, config, &row, kept.map_or(1, |kept| kept.number.saturating_add(1)), at).map(Some),
    }
}

/// Whether the list of an authority is the one to give, without making another.
///
/// # Errors
/// What the store fails with.
pub(crate) fn kept(tx: &mut Tx<'_>, id: &str, at: Timestamp) -> Result<Option<Vec<u8>>, CaError> {
    let kept = authorities::crl(tx, id)?;
    Ok(kept.filter(|kept| kept.next > at.as_secs().saturating_add(EARLY)).map(|kept| kept.der))
}

/// Makes lists in good time, and forgets what ended long ago. Never returns.
pub(crate) async fn keep_fresh(app: App) {
    loop {
        let (config, at) = (app.config().clone(), app.now());
        let looked = app.write(move |tx| {
            certificates::forget_ended(tx, at.as_secs())?;
            let all = authorities::all(tx)?;
            all.iter()
                .filter(|row| row.kind == Kind::Issuing)
                .try_for_each(|row| current(tx, &config, &row.id, at).map(drop))
        });
        if let Err::<(), CaError>(error) = looked.await {
            tracing::error!(%error, "the lists of revoked certificates were not renewed");
        }
        sleep(LOOK).await;
    }
}

/// The list of a root whose key is at hand: the issuing authorities that nothing is believed of.
///
/// # Errors
/// [`CaError`].
pub(super) fn of_root(
    root: &Authority,
    number: u64,
    revoked: &[Revoked],
    at: Timestamp,
) -> Result<Crl, CaError> {
    let next = root.until().min(at.as_secs().saturating_add(NEXT_OF_ROOT));
    let der = root.crl(number, Validity { from: at.as_secs(), until: next }, revoked)?;
    Ok(Crl { number, der, next })
}

/// Whether its word is worth something, and it can give it.
fn signs(row: &authorities::Authority) -> bool {
    matches!(row.state, State::Issuing | State::Old) && row.place != Place::Away
}

fn make(
    tx: &mut Tx<'_>,
    config: &Config,
    row: &authorities::Authority,
    number: u64,
    at: Timestamp,
) -> Result<Vec<u8>, CaError> {
    let revoked: Vec<_> = certificates::revoked_by(tx, &row.id)?.into_iter().map(revoked).collect();
    let next = at.as_secs().saturating_add(NEXT);
    let validity = Validity { from: at.as_secs(), until: next };
    let der = load(tx, config, row)?.crl(number, validity, &revoked)?;
    authorities::put_crl(tx, &row.id, &Crl { number, der: der.clone(), next })?;
    Ok(der)
}

/// As it was written down.
pub(super) fn revoked(row: certificates::Revoked) -> Revoked {
    Revoked { serial: row.serial, at: row.at, reason: reason(row.reason) }
}

fn reason(code: u64) -> Reason {
    let all = [Reason::KeyCompromise, Reason::CaCompromise, Reason::Superseded, Reason::CessationOfOperation];
    all.into_iter().find(|reason| u64::from(reason.code()) == code).unwrap_or(Reason::Unspecified)
}
