//! Gateways: who may come, and where each stands.

use crate::{Row, StoreError, Tx, Value};
use nullius_model::Epoch;

/// A gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub name: String,
    /// When it joined, in seconds since 1970: certificates made before are of no use.
    pub since: u64,
    /// It may not come.
    pub revoked: bool,
    /// The highest epoch it has taken.
    pub taken: Epoch,
    /// The epoch of the policy it enforces.
    pub policy: Epoch,
    /// Changes it has taken since its last policy in full.
    pub deltas: u64,
    /// Of the rules its kernel has.
    pub kernel: Option<Vec<u8>>,
    /// Which of its records the log has.
    pub spool: Spool,
    /// The program's version, as it says.
    pub software: String,
    /// Its boot, as it says.
    pub boot: String,
    /// When something was last heard of it, in seconds since 1970.
    pub seen: u64,
}

/// Which records of a gateway the log has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spool {
    /// The name of the spool they come from.
    pub id: String,
    /// The number of the last one.
    pub recorded: u64,
    /// What stands behind it; nothing before the first.
    pub chain: Vec<u8>,
}

const COLUMNS: &str = "site, name, since, revoked, taken_term, taken_counter, policy_term, policy_counter, deltas, \
                       kernel, spool, recorded, chain, software, boot, seen";

/// A gateway joined, for the first time or anew: it may come, with certificates that are made from now on.
///
/// # Errors
/// What the database fails with.
pub fn join(tx: &mut Tx<'_>, site: &str, name: &str, since: u64) -> Result<(), StoreError> {
    let sql = "INSERT INTO gateway (site, name, since, revoked, taken_term, taken_counter, policy_term, \
               policy_counter, deltas, spool, recorded, chain, software, boot, seen) \
               VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, '', 0, $4, '', '', 0) ON CONFLICT (site, name) \
               DO UPDATE SET since = excluded.since, revoked = 0, deltas = 0";
    tx.execute(sql, &[site.into(), name.into(), since.into(), Vec::new().into()]).map(|_| ())
}

/// A gateway.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<Option<Gateway>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM gateway WHERE site = $1 AND name = $2");
    tx.one(&sql, &[site.into(), name.into()])?.map(|row| read(&row)).transpose()
}

/// The gateways of a site, by name.
///
/// # Errors
/// What the database fails with.
pub fn of_site(tx: &mut Tx<'_>, site: &str) -> Result<Vec<Gateway>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM gateway WHERE site = $1 ORDER BY name");
    tx.query(&sql, &[site.into()])?.iter().map(read).collect()
}

/// Turns a gateway away, and takes back the tokens for it that nobody has used; whether there is one that could come until
/// now.
///
/// # Errors
/// What the database fails with.
pub fn revoke(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<bool, StoreError> {
    let names = [site.into(), name.into()];
    tx.execute("DELETE FROM join_token WHERE site = $1 AND gateway = $2 AND used = 0", &names)?;
    let sql = "UPDATE gateway SET revoked = 1 WHERE site = $1 AND name = $2 AND revoked = 0";
    tx.execute(sql, &names).map(|count| count > 0)
}

/// Where a gateway stands, as it says when it comes.
///
/// # Errors
/// What the database fails with.
pub fn came(tx: &mut Tx<'_>, gateway: &Gateway) -> Result<(), StoreError> {
    let sql = "UPDATE gateway SET taken_term = $3, taken_counter = $4, policy_term = $5, policy_counter = $6, \
               kernel = $7, software = $8, boot = $9, seen = $10 WHERE site = $1 AND name = $2";
    let values = [
        gateway.taken.term.into(),
        gateway.taken.counter.into(),
        gateway.policy.term.into(),
        gateway.policy.counter.into(),
        gateway.kernel.clone().into(),
        gateway.software.as_str().into(),
        gateway.boot.as_str().into(),
        gateway.seen.into(),
    ];
    change(tx, sql, gateway, values)
}

/// What it has taken and enforces since.
///
/// # Errors
/// What the database fails with.
pub fn acked(tx: &mut Tx<'_>, gateway: &Gateway) -> Result<(), StoreError> {
    let sql = "UPDATE gateway SET taken_term = $3, taken_counter = $4, policy_term = $5, policy_counter = $6, \
               deltas = $7, kernel = $8, seen = $9 WHERE site = $1 AND name = $2";
    let values = [
        gateway.taken.term.into(),
        gateway.taken.counter.into(),
        gateway.policy.term.into(),
        gateway.policy.counter.into(),
        gateway.deltas.into(),
        gateway.kernel.clone().into(),
        gateway.seen.into(),
    ];
    change(tx, sql, gateway, values)
}

/// Which of its records the log has now.
///
/// # Errors
/// What the database fails with.
pub fn recorded(tx: &mut Tx<'_>, gateway: &Gateway) -> Result<(), StoreError> {
    let sql =
        "UPDATE gateway SET spool = $3, recorded = $4, chain = $5, seen = $6 WHERE site = $1 AND name = $2";
    let Spool { id, recorded, chain } = &gateway.spool;
    let values = [id.as_str().into(), (*recorded).into(), chain.as_slice().into(), gateway.seen.into()];
    change(tx, sql, gateway, values)
}

/// How things are there, as it says (JSON), in the place of what it said before.
///
/// # Errors
/// What the database fails with.
pub fn put_report(tx: &mut Tx<'_>, gateway: &Gateway, report: &[u8]) -> Result<(), StoreError> {
    let sql = "UPDATE gateway SET report = $3, seen = $4 WHERE site = $1 AND name = $2";
    change(tx, sql, gateway, [report.into(), gateway.seen.into()])
}

/// What it last said.
///
/// # Errors
/// What the database fails with.
pub fn report(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT report FROM gateway WHERE site = $1 AND name = $2";
    let row = tx.one(sql, &[site.into(), name.into()])?;
    Ok(row.map(|row| row.maybe_bytes(0)).transpose()?.flatten())
}

/// How a device stands at a gateway, as that sees it (JSON), in the place of what it said before.
///
/// # Errors
/// What the database fails with.
pub fn put_sighting(tx: &mut Tx<'_>, gateway: &Gateway, device: &str, view: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO sighting (site, device, gateway, view, at) VALUES ($1, $3, $2, $4, $5) \
               ON CONFLICT (site, device, gateway) DO UPDATE SET view = excluded.view, at = excluded.at";
    change(tx, sql, gateway, [device.into(), view.into(), gateway.seen.into()])
}

/// How a device stands at each gateway that told of it: gateway, view (JSON), and when it was told, in seconds since 1970.
///
/// # Errors
/// What the database fails with.
pub fn sightings(
    tx: &mut Tx<'_>,
    site: &str,
    device: &str,
) -> Result<Vec<(String, Vec<u8>, u64)>, StoreError> {
    let sql = "SELECT gateway, view, at FROM sighting WHERE site = $1 AND device = $2 ORDER BY gateway";
    let rows = tx.query(sql, &[site.into(), device.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.bytes(1)?, row.count(2)?))).collect()
}

fn change(
    tx: &mut Tx<'_>,
    sql: &str,
    gateway: &Gateway,
    values: impl IntoIterator<Item = Value>,
) -> Result<(), StoreError> {
    let names = [gateway.site.as_str().into(), gateway.name.as_str().into()];
    let values: Vec<Value> = names.into_iter().chain(values).collect();
    tx.execute(sql, &values).map(|_| ())
}

fn read(row: &Row) -> Result<Gateway, StoreError> {
    Ok(Gateway {
        site: row.text(0)?,
        name: row.text(1)?,
        since: row.count(2)?,
        revoked: row.bool(3)?,
        taken: Epoch { term: row.count(4)?, counter: row.count(5)? },
        policy: Epoch { term: row.count(6)?, counter: row.count(7)? },
        deltas: row.count(8)?,
        kernel: row.maybe_bytes(9)?,
        spool: Spool { id: row.text(10)?, recorded: row.count(11)?, chain: row.bytes(12)? },
        software: row.text(13)?,
        boot: row.text(14)?,
        seen: row.count(15)?,
    })
}
