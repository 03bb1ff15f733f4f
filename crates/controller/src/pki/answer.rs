//! Answers to whoever asks whether a certificate is revoked (OCSP, RFC 6960).

use super::{CaError, lists, load};
use crate::config::Config;
use nullius_identity::Validity;
use nullius_identity::ocsp::{OcspRequest, Status};
use nullius_model::Timestamp;
use nullius_store::authorities::{self, Authority, Kind};
use nullius_store::{StoreError, Tx, certificates};

/// How long an answer is good for, in seconds.
const GOOD_FOR: u64 = 3_600;

/// The answer (DER), signed by the authority that the request names; by the one that signs now where it names none of
/// ours.
///
/// # Errors
/// [`CaError`].
pub(crate) fn answer(
    tx: &mut Tx<'_>,
    config: &Config,
    request: &OcspRequest,
    at: Timestamp,
) -> Result<Vec<u8>, CaError> {
    let all = authorities::all(tx)?;
    let mut last = None;
    for row in all.iter().filter(|row| row.kind == Kind::Issuing && lists::signs(row)) {
        let (answer, is_its) = of_one(tx, config, row, request, at)?;
        if is_its {
            return Ok(answer);
        }
        last = Some(answer);
    }
    last.ok_or(CaError::None)
}

/// What one authority says, and whether it was asked about a certificate of its own.
fn of_one(
    tx: &mut Tx<'_>,
    config: &Config,
    row: &Authority,
    request: &OcspRequest,
    at: Timestamp,
) -> Result<(Vec<u8>, bool), CaError> {
    let authority = load(tx, config, row)?;
    let validity = Validity { from: at.as_secs(), until: at.as_secs().saturating_add(GOOD_FOR) };
    let (mut is_its, mut failed) = (false, None);
    let status = |serial: &[u8]| {
        is_its = true;
        status(tx, &row.id, serial).unwrap_or_else(|error| {
            failed = Some(error);
            Status::Unknown
        })
    };
    let answer = authority.ocsp(request, status, validity, None)?;
    failed.map_or(Ok((answer, is_its)), |error| Err(error.into()))
}

fn status(tx: &mut Tx<'_>, issuer: &str, serial: &[u8]) -> Result<Status, StoreError> {
    Ok(match certificates::standing(tx, issuer, serial)? {
        None => Status::Unknown,
        Some(None) => Status::Good,
        Some(Some(row)) => {
            let revoked = lists::revoked(row);
            Status::Revoked { at: revoked.at, reason: revoked.reason }
        }
    })
}
