//! What was begun and waits for its second half: a challenge, a second factor, the way back from a provider.
//!
//! INVARIANT: a second half is taken once. What waits is sealed, and found by the digest of a secret that only who began
//! it holds.

use crate::http::Problem;
use crate::secret;
use axum::http::StatusCode;
use nullius_model::Timestamp;
use nullius_store::Tx;
use nullius_store::people::ceremonies;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seconds to finish: time to find the telephone.
pub(crate) const PATIENCE: u64 = 600;

/// Keeps a first half; the secret that takes it.
///
/// # Errors
/// 503 where too many wait.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    kind: &str,
    data: &impl Serialize,
    now: Timestamp,
) -> Result<String, Problem> {
    let secret = secret::token("")?;
    let plain = serde_json::to_vec(data).map_err(|error| Problem::not_understood(error.to_string()))?;
    let sealed = tx.seal(&purpose(kind), &plain)?;
    let seconds = now.as_secs();
    if !ceremonies::begin(tx, kind, &secret::digest(&secret), &sealed, seconds + PATIENCE, seconds)? {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many begin at once: try again later",
        ));
    }
    Ok(secret)
}

/// Takes a first half.
///
/// # Errors
/// 401 where there is none, because it is over or was taken before.
pub(crate) fn take<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    kind: &str,
    secret: &str,
    now: Timestamp,
) -> Result<T, Problem> {
    let sealed = ceremonies::take(tx, kind, &secret::digest(secret), now.as_secs())?.ok_or_else(over)?;
    let plain = tx.unseal(&purpose(kind), &sealed)?;
    serde_json::from_slice(plain.expose()).map_err(|_| over())
}

fn purpose(kind: &str) -> String {
    format!("ceremony/{kind}")
}

fn over() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "begin-again", "what was begun is over: begin again")
}
