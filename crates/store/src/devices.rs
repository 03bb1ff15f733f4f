//! The one device record: a row for each device, and the marks that only one device of a site can have.
//!
//! INVARIANT: a row changes only where its version is the one that was read ([`update`]), so that of two who decide at
//! once one decides anew.

use crate::{Row, StoreError, Tx, Value};
use nullius_model::SmolStr;
use nullius_model::lifecycle::{Credential, Lifecycle, Parts};

/// A device as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Unique on the site.
    pub name: String,
    /// Where it is in its life, and its version.
    pub life: Lifecycle,
    /// What the inventory says of it, as canonical JSON.
    pub declaration: String,
    /// Where it stands.
    pub zone: String,
    /// The part of the rendered inventory it stands in, 0 to 255.
    pub shard: u8,
    /// Ids of the people who vouched for it in this life.
    pub vouched: Vec<String>,
    /// Identity assurance, 0 to 6, as a gateway last reported it.
    pub ia: u8,
    /// The gateway that saw it last.
    pub gateway: Option<String>,
    /// When that was, in seconds since 1970.
    pub seen: Option<u64>,
    /// Lower case: what it is found by.
    pub search: String,
    /// When the row last changed, in seconds since 1970.
    pub changed: u64,
}

/// Which devices of a site; empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this zone.
    pub zone: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// With this identity assurance.
    pub ia: Option<u8>,
    /// Whose name, addresses, vendor, … contain this, in lower case.
    pub text: Option<String>,
}

const COLUMNS: &str = "name, state, version, owner, heir, credential, spent, declaration, zone, shard, vouched, ia, \
                       gateway, seen, search, changed";

/// The device of this name.
///
/// # Errors
/// What the store fails with.
pub fn find(tx: &mut Tx<'_>, site: &str, name: &str) -> Result<Option<Device>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device WHERE site = $1 AND name = $2");
    tx.one(&sql, &[site.into(), name.into()])?.map(|row| device(&row)).transpose()
}

/// A new device.
///
/// # Errors
/// [`StoreError::Duplicate`] where one of the name is there.
pub fn insert(tx: &mut Tx<'_>, site: &str, device: &Device) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO device (site, {COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    let mut values = vec![Value::from(site), device.name.as_str().into()];
    values.extend(columns(device));
    tx.execute(&sql, &values).map(drop)
}

/// Writes a device whose row is still at version `seen`; `false` where it is not, and nothing changed.
///
/// # Errors
/// What the store fails with.
pub fn update(tx: &mut Tx<'_>, site: &str, device: &Device, seen: u64) -> Result<bool, StoreError> {
    let mut values = vec![Value::from(site), device.name.as_str().into()];
    values.extend(columns(device));
    values.push(seen.into());
    let touched = tx.execute(
        "UPDATE device SET state = $3, version = $4, owner = $5, heir = $6, credential = $7, spent = $8, \
         declaration = $9, zone = $10, shard = $11, vouched = $12, ia = $13, gateway = $14, seen = $15, \
         search = $16, changed = $17 WHERE site = $1 AND name = $2 AND version = $18",
        &values,
    )?;
    Ok(touched == 1)
}

/// What a gateway reported of a device; no decision, so that the version stays.
///
/// # Errors
/// What the store fails with.
pub fn sighted(
    tx: &mut Tx<'_>,
    (site, name): (&str, &str),
    ia: u8,
    gateway: &str,
    seen: u64,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE device SET ia = $3, gateway = $4, seen = $5 WHERE site = $1 AND name = $2",
        &[site.into(), name.into(), u32::from(ia).into(), gateway.into(), seen.into()],
    )
    .map(drop)
}

/// At most `limit` devices whose names follow `after`, in the order of the names.
///
/// # Errors
/// What the store fails with.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    filter: &Filter,
    after: &str,
    limit: usize,
) -> Result<Vec<Device>, StoreError> {
    let mut sql = format!("SELECT {COLUMNS} FROM device WHERE site = $1 AND name > $2");
    let mut values = vec![Value::from(site), after.into()];
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {condition}").replace('?', &format!("${}", values.len())));
    };
    if let Some(zone) = &filter.zone {
        and("zone = ?", zone.as_str().into());
    }
    if let Some(state) = &filter.state {
        and("state = ?", state.as_str().into());
    }
    if let Some(ia) = filter.ia {
        and("ia = ?", u32::from(ia).into());
    }
    if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
        and("search LIKE ? ESCAPE '!'", format!("%{}%", literal(text)).into());
    }
    values.push(u64::try_from(limit).unwrap_or(u64::MAX).into());
    sql.push_str(&format!(" ORDER BY name LIMIT ${}", values.len()));
    tx.query(&sql, &values)?.iter().map(device).collect()
}

/// The devices of one part of the rendered inventory, in no order.
///
/// # Errors
/// What the store fails with.
pub fn of_shard(tx: &mut Tx<'_>, site: &str, shard: u8) -> Result<Vec<Device>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device WHERE site = $1 AND shard = $2");
    tx.query(&sql, &[site.into(), u32::from(shard).into()])?.iter().map(device).collect()
}

/// How many devices are in which state.
///
/// # Errors
/// What the store fails with.
pub fn counts(tx: &mut Tx<'_>, site: &str) -> Result<Vec<(String, u64)>, StoreError> {
    let rows =
        tx.query("SELECT state, COUNT(*) FROM device WHERE site = $1 GROUP BY state", &[site.into()])?;
    let mut counts =
        rows.iter().map(|row| Ok((row.text(0)?, row.count(1)?))).collect::<Result<Vec<_>, StoreError>>()?;
    counts.sort();
    Ok(counts)
}

/// The marks of a device from now on: `mac:…`, `ip:…`, `serial:…`.
///
/// # Errors
/// [`StoreError::Duplicate`] where another device of the site has one of them.
pub fn mark(tx: &mut Tx<'_>, site: &str, name: &str, marks: &[String]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM device_mark WHERE site = $1 AND device = $2", &[site.into(), name.into()])?;
    for mark in marks {
        tx.execute(
            "INSERT INTO device_mark (site, mark, device) VALUES ($1, $2, $3)",
            &[site.into(), mark.as_str().into(), name.into()],
        )?;
    }
    Ok(())
}

/// The device that has a mark.
///
/// # Errors
/// What the store fails with.
pub fn marked(tx: &mut Tx<'_>, site: &str, mark: &str) -> Result<Option<String>, StoreError> {
    let row =
        tx.one("SELECT device FROM device_mark WHERE site = $1 AND mark = $2", &[site.into(), mark.into()])?;
    row.map(|row| row.text(0)).transpose()
}

/// A part of the rendered inventory; an empty text takes it out.
///
/// # Errors
/// What the store fails with.
pub fn put_shard(tx: &mut Tx<'_>, site: &str, number: u8, text: &str) -> Result<(), StoreError> {
    let key = [Value::from(site), u32::from(number).into()];
    tx.execute("DELETE FROM device_shard WHERE site = $1 AND number = $2", &key)?;
    if text.is_empty() {
        return Ok(());
    }
    let [site, number] = key;
    tx.execute(
        "INSERT INTO device_shard (site, number, text) VALUES ($1, $2, $3)",
        &[site, number, text.into()],
    )
    .map(drop)
}

/// Every part of the rendered inventory that holds something.
///
/// # Errors
/// What the store fails with.
pub fn shards(tx: &mut Tx<'_>, site: &str) -> Result<Vec<(u8, String)>, StoreError> {
    let rows =
        tx.query("SELECT number, text FROM device_shard WHERE site = $1 ORDER BY number", &[site.into()])?;
    rows.iter().map(|row| Ok((small(row, 0)?, row.text(1)?))).collect()
}

/// All but site and name, in the order of [`COLUMNS`].
fn columns(device: &Device) -> Vec<Value> {
    let parts = device.life.parts();
    let text = |text: &Option<SmolStr>| text.as_deref().map(str::to_owned).into();
    vec![
        parts.state.name().into(),
        parts.version.into(),
        text(&parts.owner),
        text(&parts.heir),
        parts.credential.map(|credential| credential.to_vec()).into(),
        parts.spent.iter().flatten().copied().collect::<Vec<u8>>().into(),
        device.declaration.as_str().into(),
        device.zone.as_str().into(),
        u32::from(device.shard).into(),
        device.vouched.join(" ").into(),
        u32::from(device.ia).into(),
        device.gateway.clone().into(),
        device.seen.into(),
        device.search.as_str().into(),
        device.changed.into(),
    ]
}

fn device(row: &Row) -> Result<Device, StoreError> {
    Ok(Device {
        name: row.text(0)?,
        life: life(row)?,
        declaration: row.text(7)?,
        zone: row.text(8)?,
        shard: small(row, 9)?,
        vouched: row.text(10)?.split(' ').filter(|person| !person.is_empty()).map(str::to_owned).collect(),
        ia: small(row, 11)?,
        gateway: row.maybe_text(12)?,
        seen: row.maybe_int(13)?.map(|seen| u64::try_from(seen).unwrap_or(0)),
        search: row.text(14)?,
        changed: row.count(15)?,
    })
}

fn life(row: &Row) -> Result<Lifecycle, StoreError> {
    let name = |column| Ok::<_, StoreError>(row.maybe_text(column)?.map(SmolStr::from));
    let now = row.maybe_bytes(5)?.map(|bytes| credential(&bytes)).transpose()?;
    let spent = row.bytes(6)?;
    let parts = Parts {
        state: row.text(1)?.parse().map_err(|_| damaged("a state that is none"))?,
        version: row.count(2)?,
        owner: name(3)?,
        heir: name(4)?,
        credential: now,
        spent: spent.chunks(size_of::<Credential>()).map(credential).collect::<Result<_, _>>()?,
    };
    Lifecycle::from_parts(parts).map_err(|why| damaged(why.0))
}

fn credential(bytes: &[u8]) -> Result<Credential, StoreError> {
    bytes.try_into().map_err(|_| damaged("a credential of another length"))
}

fn small(row: &Row, column: usize) -> Result<u8, StoreError> {
    u8::try_from(row.int(column)?).map_err(|_| damaged("a number that is too large"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("a device: {what}"))
}

/// What `LIKE` takes for a sign of its own is taken literally.
fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
