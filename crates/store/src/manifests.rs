//! What manufacturers vouch for: manifests that were imported, and whose each device of them is here.
//!
//! Whether a manifest is its maker's is verified before; here it is only kept.

use crate::{Row, StoreError, Tx};

/// A manifest that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Whose.
    pub manufacturer: String,
    /// Its revision: each is newer than the one before.
    pub revision: u64,
    /// SHA-256 of what was signed.
    pub digest: Vec<u8>,
    /// The site its devices are of.
    pub site: String,
    /// How many there are.
    pub devices: u64,
    /// Who imported it.
    pub imported_by: String,
    /// When, in seconds since 1970.
    pub imported: u64,
}

/// A device that its maker vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub manufacturer: String,
    /// The serial number in its IDevID.
    pub serial: String,
    /// SHA-256 of the public key (SPKI, DER) of its IDevID.
    pub key: Vec<u8>,
    /// `software` or `hardware`.
    pub protection: String,
    /// What kind of device.
    pub class: Option<String>,
    /// Where its manufacturer's usage description is (RFC 8520).
    pub mud_url: Option<String>,
    /// What it measures when it is well, as JSON.
    pub reference_values: String,
    /// The site it is of.
    pub site: String,
    /// Its name there.
    pub device: String,
    /// The revision that said so last.
    pub revision: u64,
}

const COLUMNS: &str = "manufacturer, revision, digest, site, devices, imported_by, imported";

const ENTRY: &str =
    "manufacturer, serial, key, protection, class, mud_url, reference_values, site, device, revision";

/// Keeps a manifest as the newest of its maker; `false`, and nothing changed, where one as new is there already.
///
/// # Errors
/// What the database fails with.
pub fn add(tx: &mut Tx<'_>, manifest: &Manifest) -> Result<bool, StoreError> {
    let sql = "UPDATE manufacturer SET revision = $2 WHERE name = $1 AND revision < $2";
    if tx.execute(sql, &[manifest.manufacturer.as_str().into(), manifest.revision.into()])? == 0 {
        return Ok(false);
    }
    let sql = format!("INSERT INTO manifest ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values = [
        manifest.manufacturer.as_str().into(),
        manifest.revision.into(),
        manifest.digest.as_slice().into(),
        manifest.site.as_str().into(),
        manifest.devices.into(),
        manifest.imported_by.as_str().into(),
        manifest.imported.into(),
    ];
    tx.execute(&sql, &values)?;
    Ok(true)
}

/// Keeps what a manifest says of a device, in the place of what an older one said.
///
/// # Errors
/// What the database fails with.
pub fn put_entry(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO manifest_entry ({ENTRY}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (manufacturer, serial) DO UPDATE SET key = excluded.key, protection = excluded.protection, \
         class = excluded.class, mud_url = excluded.mud_url, reference_values = excluded.reference_values, \
         site = excluded.site, device = excluded.device, revision = excluded.revision"
    );
    let values = [
        entry.manufacturer.as_str().into(),
        entry.serial.as_str().into(),
        entry.key.as_slice().into(),
        entry.protection.as_str().into(),
        entry.class.clone().into(),
        entry.mud_url.clone().into(),
        entry.reference_values.as_str().into(),
        entry.site.as_str().into(),
        entry.device.as_str().into(),
        entry.revision.into(),
    ];
    tx.execute(&sql, &values).map(drop)
}

/// What a maker says of a serial number.
///
/// # Errors
/// What the database fails with.
pub fn entry(tx: &mut Tx<'_>, manufacturer: &str, serial: &str) -> Result<Option<Entry>, StoreError> {
    let sql = format!("SELECT {ENTRY} FROM manifest_entry WHERE manufacturer = $1 AND serial = $2");
    tx.one(&sql, &[manufacturer.into(), serial.into()])?.as_ref().map(read_entry).transpose()
}

/// What a maker says of a device.
///
/// # Errors
/// What the database fails with.
pub fn of_device(tx: &mut Tx<'_>, site: &str, device: &str) -> Result<Option<Entry>, StoreError> {
    let sql = format!("SELECT {ENTRY} FROM manifest_entry WHERE site = $1 AND device = $2");
    tx.one(&sql, &[site.into(), device.into()])?.as_ref().map(read_entry).transpose()
}

/// The manifests of a maker, the newest first, at most `limit`.
///
/// # Errors
/// What the database fails with.
pub fn of_manufacturer(tx: &mut Tx<'_>, manufacturer: &str, limit: u32) -> Result<Vec<Manifest>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM manifest WHERE manufacturer = $1 ORDER BY revision DESC LIMIT $2");
    tx.query(&sql, &[manufacturer.into(), limit.into()])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Manifest, StoreError> {
    Ok(Manifest {
        manufacturer: row.text(0)?,
        revision: row.count(1)?,
        digest: row.bytes(2)?,
        site: row.text(3)?,
        devices: row.count(4)?,
        imported_by: row.text(5)?,
        imported: row.count(6)?,
    })
}

fn read_entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        manufacturer: row.text(0)?,
        serial: row.text(1)?,
        key: row.bytes(2)?,
        protection: row.text(3)?,
        class: row.maybe_text(4)?,
        mud_url: row.maybe_text(5)?,
        reference_values: row.text(6)?,
        site: row.text(7)?,
        device: row.text(8)?,
        revision: row.count(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manufacturers::{self, Manufacturer};
    use crate::testing::both;

    fn manifest(revision: u64) -> Manifest {
        Manifest {
            manufacturer: "acme".into(),
            revision,
            digest: vec![1; 32],
            site: "lab".into(),
            devices: 1,
            imported_by: "user:anna".into(),
            imported: 10,
        }
    }

    fn said(device: &str, revision: u64) -> Entry {
        Entry {
            manufacturer: "acme".into(),
            serial: "SN-1".into(),
            key: vec![2; 32],
            protection: "hardware".into(),
            class: Some("sensor".into()),
            mud_url: None,
            reference_values: "{}".into(),
            site: "lab".into(),
            device: device.into(),
            revision,
        }
    }

    #[test]
    fn a_manifest_that_is_no_newer_than_the_last_changes_nothing() {
        both(|scratch| {
            let acme = Manufacturer {
                name: "acme".into(),
                anchors: "PEM".into(),
                revision: 0,
                added_by: "user:anna".into(),
                added: 1,
            };
            scratch.store.write(|tx| manufacturers::put(tx, &acme)).unwrap();
            for (revision, taken) in [(2, true), (2, false), (1, false), (3, true)] {
                assert_eq!(
                    scratch.store.write(|tx| add(tx, &manifest(revision))).unwrap(),
                    taken,
                    "{revision}"
                );
            }
            let kept = scratch.store.read(|tx| of_manufacturer(tx, "acme", 10)).unwrap();
            assert_eq!(kept, [manifest(3), manifest(2)]);
        });
    }

    #[test]
    fn the_newest_word_on_a_serial_number_is_kept() {
        both(|scratch| {
            let acme = Manufacturer {
                name: "acme".into(),
                anchors: "PEM".into(),
                revision: 0,
                added_by: "user:anna".into(),
                added: 1,
            };
            scratch.store.write(|tx| manufacturers::put(tx, &acme)).unwrap();
            scratch.store.write(|tx| put_entry(tx, &said("old", 1))).unwrap();
            scratch.store.write(|tx| put_entry(tx, &said("new", 2))).unwrap();
            assert_eq!(scratch.store.read(|tx| entry(tx, "acme", "SN-1")).unwrap(), Some(said("new", 2)));
            assert_eq!(scratch.store.read(|tx| of_device(tx, "lab", "new")).unwrap(), Some(said("new", 2)));
            assert_eq!(scratch.store.read(|tx| of_device(tx, "lab", "old")).unwrap(), None);
            assert_eq!(scratch.store.read(|tx| entry(tx, "acme", "SN-2")).unwrap(), None);
        });
    }
}
