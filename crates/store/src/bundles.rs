//! What gateways are told, by epoch, and what became of it at each.
//!
//! Bundles of one key take one another's place. A row remains for the records that refer to it; the bytes of an order
//! that was superseded go at once, those of a policy when [`KEPT_POLICIES`] have come after it.

use crate::{Row, StoreError, Tx, Value};
use nullius_model::Epoch;

/// Superseded policies whose bytes are kept, so that a gateway which has one is sent a change and not the whole.
pub const KEPT_POLICIES: u64 = 32;

/// Most bundles that one question for what is new answers.
const PAGE: u32 = 64;

/// The key of all policies.
pub const POLICY: &str = "policy";

/// A bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its version.
    pub epoch: Epoch,
    /// What it is about.
    pub key: String,
    /// When it was decided, in seconds since 1970.
    pub made: u64,
    /// Something took its place.
    pub superseded: bool,
    /// The record that decided it.
    pub leaf: u64,
    /// As it was signed; none where they are no longer kept.
    pub bytes: Vec<u8>,
}

/// What became of a bundle at a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which bundle.
    pub epoch: Epoch,
    /// At which gateway.
    pub gateway: String,
    /// `applied`, `held` or `refused`.
    pub state: String,
    /// Why, where there is a reason.
    pub reason: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

const COLUMNS: &str = "term, counter, key, made, superseded, leaf, bytes";

/// Keeps a bundle, in the place of what has its key.
///
/// # Errors
/// What the database fails with.
pub fn put(tx: &mut Tx<'_>, site: &str, bundle: &Bundle) -> Result<(), StoreError> {
    supersede(tx, site, &bundle.key)?;
    let sql = "INSERT INTO bundle (site, term, counter, key, policy, made, superseded, leaf, bytes) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        site.into(),
        bundle.epoch.term.into(),
        bundle.epoch.counter.into(),
        bundle.key.as_str().into(),
        (bundle.key == POLICY).into(),
        bundle.made.into(),
        bundle.superseded.into(),
        bundle.leaf.into(),
        bundle.bytes.as_slice().into(),
    ];
    tx.execute(sql, &values).map(|_| ())
}

fn supersede(tx: &mut Tx<'_>, site: &str, key: &str) -> Result<(), StoreError> {
    if key != POLICY {
        let sql =
            "UPDATE bundle SET superseded = 1, bytes = $3 WHERE site = $1 AND key = $2 AND superseded = 0";
        return tx.execute(sql, &[site.into(), key.into(), Vec::new().into()]).map(|_| ());
    }
    let sql = "UPDATE bundle SET superseded = 1 WHERE site = $1 AND key = $2 AND superseded = 0";
    tx.execute(sql, &[site.into(), key.into()])?;
    let old = "SELECT term, counter FROM bundle WHERE site = $1 AND policy = 1 \
               ORDER BY term DESC, counter DESC LIMIT 1 OFFSET $2";
    let Some(row) = tx.one(old, &[site.into(), KEPT_POLICIES.into()])? else { return Ok(()) };
    let forget = "UPDATE bundle SET bytes = $4 WHERE site = $1 AND policy = 1 \
                  AND (term < $2 OR (term = $2 AND counter <= $3))";
    tx.execute(forget, &[site.into(), row.int(0)?.into(), row.int(1)?.into(), Vec::new().into()]).map(|_| ())
}

/// Epoch and key of what is in force above an epoch, in order; some at a time.
///
/// # Errors
/// What the database fails with.
pub fn above(tx: &mut Tx<'_>, site: &str, epoch: Epoch) -> Result<Vec<(Epoch, String)>, StoreError> {
    let sql = format!(
        "SELECT term, counter, key FROM bundle WHERE site = $1 AND superseded = 0 \
         AND (term > $2 OR (term = $2 AND counter > $3)) ORDER BY term, counter LIMIT {PAGE}"
    );
    let rows = tx.query(&sql, &[site.into(), epoch.term.into(), epoch.counter.into()])?;
    let head = |row: &Row| Ok((Epoch { term: row.count(0)?, counter: row.count(1)? }, row.text(2)?));
    rows.iter().map(head).collect()
}

/// All that is in force, in order.
///
/// # Errors
/// What the database fails with.
pub fn in_force(tx: &mut Tx<'_>, site: &str) -> Result<Vec<Bundle>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM bundle WHERE site = $1 AND superseded = 0 ORDER BY term, counter");
    rows(tx, &sql, &[site.into()])
}

/// What is in force for a key.
///
/// # Errors
/// What the database fails with.
pub fn of_key(tx: &mut Tx<'_>, site: &str, key: &str) -> Result<Option<Bundle>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM bundle WHERE site = $1 AND superseded = 0 AND key = $2");
    Ok(rows(tx, &sql, &[site.into(), key.into()])?.pop())
}

/// The bundle of an epoch.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, epoch: Epoch) -> Result<Option<Bundle>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM bundle WHERE site = $1 AND term = $2 AND counter = $3");
    Ok(rows(tx, &sql, &[site.into(), epoch.term.into(), epoch.counter.into()])?.pop())
}

/// Keeps what became of a bundle at a gateway; whether that is news.
///
/// # Errors
/// What the database fails with.
pub fn put_outcome(tx: &mut Tx<'_>, site: &str, outcome: &Outcome) -> Result<bool, StoreError> {
    let sql = "INSERT INTO outcome (site, term, counter, gateway, state, reason, at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (site, term, counter, gateway) \
               DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at \
               WHERE outcome.state <> excluded.state OR outcome.reason <> excluded.reason";
    let values = [
        site.into(),
        outcome.epoch.term.into(),
        outcome.epoch.counter.into(),
        outcome.gateway.as_str().into(),
        outcome.state.as_str().into(),
        outcome.reason.as_str().into(),
        outcome.at.into(),
    ];
    tx.execute(sql, &values).map(|count| count > 0)
}

/// What became of a bundle, gateway by gateway.
///
/// # Errors
/// What the database fails with.
pub fn outcomes(tx: &mut Tx<'_>, site: &str, epoch: Epoch) -> Result<Vec<Outcome>, StoreError> {
    let sql = "SELECT term, counter, gateway, state, reason, at FROM outcome \
               WHERE site = $1 AND term = $2 AND counter = $3 ORDER BY gateway";
    let found = tx.query(sql, &[site.into(), epoch.term.into(), epoch.counter.into()])?;
    found.iter().map(read_outcome).collect()
}

fn rows(tx: &mut Tx<'_>, sql: &str, values: &[Value]) -> Result<Vec<Bundle>, StoreError> {
    tx.query(sql, values)?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Bundle, StoreError> {
    Ok(Bundle {
        epoch: Epoch { term: row.count(0)?, counter: row.count(1)? },
        key: row.text(2)?,
        made: row.count(3)?,
        superseded: row.bool(4)?,
        leaf: row.count(5)?,
        bytes: row.bytes(6)?,
    })
}

fn read_outcome(row: &Row) -> Result<Outcome, StoreError> {
    Ok(Outcome {
        epoch: Epoch { term: row.count(0)?, counter: row.count(1)? },
        gateway: row.text(2)?,
        state: row.text(3)?,
        reason: row.text(4)?,
        at: row.count(5)?,
    })
}
