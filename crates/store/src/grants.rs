//! Access for a while: who asked for it, who agreed, when it began and ended, and what was done with it.
//!
//! The table is called `lease`, because `grant` is a word of SQL's.

use crate::{Row, StoreError, Tx, Value};

/// A grant as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// A ULID; gateways know it by the same.
    pub id: String,
    /// `pending`, `active`, `ended`, `refused`, `expired`.
    pub state: String,
    /// Counts its changes.
    pub version: u64,
    /// Who may.
    pub subject: String,
    /// What: `plc1/modbus`.
    pub object: String,
    /// JSON: classes of verbs; every one where none is given.
    pub verbs: String,
    /// For how long.
    pub seconds: u64,
    /// Why.
    pub reason: String,
    /// Under which work order.
    pub work_order: Option<String>,
    /// The grant it prolongs.
    pub extends: Option<String>,
    /// Who asked.
    pub asked_by: String,
    /// When, in seconds since 1970.
    pub asked: u64,
    /// The proposal others had to agree to.
    pub proposal: Option<String>,
    /// JSON: who agreed.
    pub approvers: String,
    /// When it began, in seconds since 1970.
    pub made: Option<u64>,
    /// When it was ended before its time.
    pub ended: Option<u64>,
    /// Why it was ended, or refused.
    pub end_reason: Option<String>,
    /// JSON: what was done with it, by gateway.
    pub receipt: Option<String>,
}

const COLUMNS: &str = "id, state, version, subject, object, verbs, seconds, reason, work_order, extends, asked_by, \
                       asked, proposal, approvers, made, ended, end_reason, receipt";

/// A new grant.
///
/// # Errors
/// [`StoreError::Duplicate`] where one of the id is there.
pub fn insert(tx: &mut Tx<'_>, site: &str, grant: &Grant) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO lease (site, {COLUMNS}) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
    );
    let values: Vec<Value> =
        [site.into(), grant.id.as_str().into()].into_iter().chain(columns(grant)).collect();
    tx.execute(&sql, &values).map(drop)
}

/// Writes a grant that is still at version `seen`; `false` where it is not, and nothing changed.
///
/// # Errors
/// What the store fails with.
pub fn update(tx: &mut Tx<'_>, site: &str, grant: &Grant, seen: u64) -> Result<bool, StoreError> {
    let values: Vec<Value> = [site.into(), grant.id.as_str().into()]
        .into_iter()
        .chain(columns(grant))
        .chain([seen.into()])
        .collect();
    let touched = tx.execute(
        "UPDATE lease SET state = $3, version = $4, subject = $5, object = $6, verbs = $7, seconds = $8, \
         reason = $9, work_order = $10, extends = $11, asked_by = $12, asked = $13, proposal = $14, \
         approvers = $15, made = $16, ended = $17, end_reason = $18, receipt = $19 \
         WHERE site = $1 AND id = $2 AND version = $20",
        &values,
    )?;
    Ok(touched == 1)
}

/// The grant of this id.
///
/// # Errors
/// What the store fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, id: &str) -> Result<Option<Grant>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM lease WHERE site = $1 AND id = $2");
    tx.one(&sql, &[site.into(), id.into()])?.map(|row| grant(&row)).transpose()
}

/// At most `limit` grants older than `before` (all where it is empty), the newest first; those in `state` where one is
/// given.
///
/// # Errors
/// What the store fails with.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    state: Option<&str>,
    before: &str,
    limit: usize,
) -> Result<Vec<Grant>, StoreError> {
    let mut values = vec![Value::from(site), before.into(), u64::try_from(limit).unwrap_or(u64::MAX).into()];
    values.extend(state.map(Value::from));
    let of_state = if state.is_some() { " AND state = $4" } else { "" };
    let older = if before.is_empty() { "id > $2" } else { "id < $2" };
    let sql = format!(
        "SELECT {COLUMNS} FROM lease WHERE site = $1 AND {older}{of_state} ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, &values)?.iter().map(grant).collect()
}

/// The grants of late that began for a subject and an object, the oldest first; at most `limit`.
///
/// # Errors
/// What the store fails with.
pub fn of_pair(
    tx: &mut Tx<'_>,
    site: &str,
    (subject, object): (&str, &str),
    limit: usize,
) -> Result<Vec<Grant>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM lease WHERE site = $1 AND subject = $2 AND object = $3 AND made IS NOT NULL \
         ORDER BY id DESC LIMIT $4"
    );
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let rows = tx.query(&sql, &[site.into(), subject.into(), object.into(), limit.into()])?;
    rows.iter().rev().map(grant).collect()
}

/// All but site and id, in the order of [`COLUMNS`].
fn columns(grant: &Grant) -> Vec<Value> {
    vec![
        grant.state.as_str().into(),
        grant.version.into(),
        grant.subject.as_str().into(),
        grant.object.as_str().into(),
        grant.verbs.as_str().into(),
        grant.seconds.into(),
        grant.reason.as_str().into(),
        grant.work_order.clone().into(),
        grant.extends.clone().into(),
        grant.asked_by.as_str().into(),
        grant.asked.into(),
        grant.proposal.clone().into(),
        grant.approvers.as_str().into(),
        grant.made.into(),
        grant.ended.into(),
        grant.end_reason.clone().into(),
        grant.receipt.clone().into(),
    ]
}

fn grant(row: &Row) -> Result<Grant, StoreError> {
    let when = |column| Ok::<_, StoreError>(row.maybe_int(column)?.and_then(|at| u64::try_from(at).ok()));
    Ok(Grant {
        id: row.text(0)?,
        state: row.text(1)?,
        version: row.count(2)?,
        subject: row.text(3)?,
        object: row.text(4)?,
        verbs: row.text(5)?,
        seconds: row.count(6)?,
        reason: row.text(7)?,
        work_order: row.maybe_text(8)?,
        extends: row.maybe_text(9)?,
        asked_by: row.text(10)?,
        asked: row.count(11)?,
        proposal: row.maybe_text(12)?,
        approvers: row.text(13)?,
        made: when(14)?,
        ended: when(15)?,
        end_reason: row.maybe_text(16)?,
        receipt: row.maybe_text(17)?,
    })
}
