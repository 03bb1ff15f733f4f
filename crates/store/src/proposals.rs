//! What one person asked for and others must agree to, bound to the digest of what they are shown.
//!
//! INVARIANT: one person agrees to a proposal once.

use crate::{Row, StoreError, Tx, Value};

/// A proposal as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// A ULID.
    pub id: String,
    /// What kind of act.
    pub kind: String,
    /// On what: `device/plc1`.
    pub object: String,
    /// JSON: the act, as it will be carried out.
    pub payload: String,
    /// SHA-256 of the payload, in hexadecimal digits.
    pub digest: String,
    /// Who asked.
    pub asked_by: String,
    /// Ids of the people behind who asked: none of them may agree.
    pub people: Vec<String>,
    /// When, in seconds since 1970.
    pub asked: u64,
    /// When nobody may agree any more, in seconds since 1970.
    pub expires: u64,
    /// How many must agree.
    pub needed: u64,
    /// `open`, `done`, `refused`, `withdrawn`, `expired`.
    pub state: String,
    /// Counts its changes.
    pub version: u64,
    /// What came of it, in words.
    pub outcome: Option<String>,
}

/// Somebody agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Id of the person.
    pub person: String,
    /// What the log calls them.
    pub who: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

const COLUMNS: &str = "id, kind, object, payload, digest, asked_by, people, asked, expires, needed, state, version, \
                       outcome";

/// A new proposal.
///
/// # Errors
/// [`StoreError::Duplicate`] where one of the id is there.
pub fn insert(tx: &mut Tx<'_>, site: &str, proposal: &Proposal) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO proposal (site, {COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    tx.execute(
        &sql,
        &[
            site.into(),
            proposal.id.as_str().into(),
            proposal.kind.as_str().into(),
            proposal.object.as_str().into(),
            proposal.payload.as_str().into(),
            proposal.digest.as_str().into(),
            proposal.asked_by.as_str().into(),
            proposal.people.join(" ").into(),
            proposal.asked.into(),
            proposal.expires.into(),
            proposal.needed.into(),
            proposal.state.as_str().into(),
            proposal.version.into(),
            proposal.outcome.clone().into(),
        ],
    )
    .map(drop)
}

/// Moves an open proposal on; `false` where it is open no more.
///
/// # Errors
/// What the store fails with.
pub fn close(tx: &mut Tx<'_>, site: &str, id: &str, state: &str, outcome: &str) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE proposal SET state = $3, outcome = $4, version = version + 1 \
         WHERE site = $1 AND id = $2 AND state = 'open'",
        &[site.into(), id.into(), state.into(), outcome.into()],
    )?;
    Ok(touched == 1)
}

/// The proposal of this id.
///
/// # Errors
/// What the store fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, id: &str) -> Result<Option<Proposal>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM proposal WHERE site = $1 AND id = $2");
    tx.one(&sql, &[site.into(), id.into()])?.map(|row| proposal(&row)).transpose()
}

/// At most `limit` proposals older than `before` (all where it is empty), the newest first; those in `state` where one
/// is given.
///
/// # Errors
/// What the store fails with.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    state: Option<&str>,
    before: &str,
    limit: usize,
) -> Result<Vec<Proposal>, StoreError> {
    let mut values = vec![Value::from(site), before.into(), u64::try_from(limit).unwrap_or(u64::MAX).into()];
    values.extend(state.map(Value::from));
    let of_state = if state.is_some() { " AND state = $4" } else { "" };
    let older = if before.is_empty() { "id > $2" } else { "id < $2" };
    let sql = format!(
        "SELECT {COLUMNS} FROM proposal WHERE site = $1 AND {older}{of_state} ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, &values)?.iter().map(proposal).collect()
}

/// Open proposals of all sites that nobody may agree to any more at `now`: (site, proposal).
///
/// # Errors
/// What the store fails with.
pub fn overdue(tx: &mut Tx<'_>, now: u64, limit: usize) -> Result<Vec<(String, Proposal)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, site FROM proposal WHERE state = 'open' AND expires <= $1 LIMIT $2");
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let rows = tx.query(&sql, &[now.into(), limit.into()])?;
    rows.iter().map(|row| Ok((row.text(13)?, proposal(row)?))).collect()
}

/// Somebody agrees.
///
/// # Errors
/// [`StoreError::Duplicate`] where the same person did so before.
pub fn approve(tx: &mut Tx<'_>, site: &str, id: &str, approval: &Approval) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO approval (site, proposal, person, who, at) VALUES ($1, $2, $3, $4, $5)",
        &[
            site.into(),
            id.into(),
            approval.person.as_str().into(),
            approval.who.as_str().into(),
            approval.at.into(),
        ],
    )
    .map(drop)
}

/// Who agreed, the first first.
///
/// # Errors
/// What the store fails with.
pub fn approvals(tx: &mut Tx<'_>, site: &str, id: &str) -> Result<Vec<Approval>, StoreError> {
    let rows = tx.query(
        "SELECT person, who, at FROM approval WHERE site = $1 AND proposal = $2 ORDER BY at, person",
        &[site.into(), id.into()],
    )?;
    rows.iter()
        .map(|row| Ok(Approval { person: row.text(0)?, who: row.text(1)?, at: row.count(2)? }))
        .collect()
}

fn proposal(row: &Row) -> Result<Proposal, StoreError> {
    Ok(Proposal {
        id: row.text(0)?,
        kind: row.text(1)?,
        object: row.text(2)?,
        payload: row.text(3)?,
        digest: row.text(4)?,
        asked_by: row.text(5)?,
        people: row.text(6)?.split(' ').filter(|person| !person.is_empty()).map(str::to_owned).collect(),
        asked: row.count(7)?,
        expires: row.count(8)?,
        needed: row.count(9)?,
        state: row.text(10)?,
        version: row.count(11)?,
        outcome: row.maybe_text(12)?,
    })
}
