//! What the log says of people: every sign-in and failure, every role, account and token.

use crate::access::Caller;
use nullius_audit::{Entry, Phase};
use nullius_model::Timestamp;
use nullius_store::{StoreError, Tx, audit};

/// A caller decided something.
pub(crate) fn decided(caller: &Caller, now: Timestamp, what: &str, object: impl Into<String>) -> Entry {
    Entry::new(Phase::Decided, now, caller.who(), what, object)
}

/// Something happened at the door.
pub(crate) fn observed(
    who: impl Into<String>,
    now: Timestamp,
    what: &str,
    object: impl Into<String>,
) -> Entry {
    Entry::new(Phase::Observed, now, who, what, object)
}

/// Appends to the log, in the transaction of the act: what cannot be recorded is not done.
///
/// # Errors
/// What the store fails with.
pub(crate) fn record(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    audit::append(tx, entry).map(drop)
}
