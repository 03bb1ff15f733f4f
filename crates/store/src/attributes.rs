//! What was observed of devices: for each attribute, what each origin last said of it. Who is right is not said here.

use crate::{Row, StoreError, Tx};

/// Most observations of one device: a source that invents attributes must not fill the store.
pub const MAX_OBSERVATIONS: u64 = 256;

/// One origin's word on one attribute of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What of it: `firmware`, `serial`.
    pub attribute: String,
    /// Who says so: a file, a gateway, a person. Says one thing at a time.
    pub origin: String,
    /// How it is known: `cryptographic`, `import`, `active`, `passive`, `guessed`.
    pub source: String,
    /// What is said.
    pub value: String,
    /// When it was observed, in seconds since 1970.
    pub at: u64,
    /// How sure the origin was then, 0 to 100.
    pub confidence: u8,
}

/// Puts an origin's word in the place of its last one. `false` where the device has too many already.
///
/// # Errors
/// What the store fails with.
pub fn put(tx: &mut Tx<'_>, site: &str, device: &str, said: &Observation) -> Result<bool, StoreError> {
    let row = tx.one(
        "SELECT COUNT(*) FROM observation WHERE site = $1 AND device = $2 AND NOT (attribute = $3 AND origin = $4)",
        &[site.into(), device.into(), said.attribute.as_str().into(), said.origin.as_str().into()],
    )?;
    if row.map_or(Ok(0), |row| row.count(0))? >= MAX_OBSERVATIONS {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO observation (site, device, attribute, origin, source, value, at, confidence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (site, device, attribute, origin) DO UPDATE SET source = excluded.source, \
         value = excluded.value, at = excluded.at, confidence = excluded.confidence",
        &[
            site.into(),
            device.into(),
            said.attribute.as_str().into(),
            said.origin.as_str().into(),
            said.source.as_str().into(),
            said.value.as_str().into(),
            said.at.into(),
            u32::from(said.confidence).into(),
        ],
    )?;
    Ok(true)
}

/// All that is said of a device, by attribute and origin.
///
/// # Errors
/// What the store fails with.
pub fn of_device(tx: &mut Tx<'_>, site: &str, device: &str) -> Result<Vec<Observation>, StoreError> {
    let rows = tx.query(
        "SELECT attribute, origin, source, value, at, confidence FROM observation \
         WHERE site = $1 AND device = $2 ORDER BY attribute, origin",
        &[site.into(), device.into()],
    )?;
    rows.iter().map(observation).collect()
}

fn observation(row: &Row) -> Result<Observation, StoreError> {
    Ok(Observation {
        attribute: row.text(0)?,
        origin: row.text(1)?,
        source: row.text(2)?,
        value: row.text(3)?,
        at: row.count(4)?,
        confidence: u8::try_from(row.int(5)?).unwrap_or(0),
    })
}
