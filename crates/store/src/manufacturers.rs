//! Who makes devices that come with a certificate of their own (IDevID, IEEE 802.1AR), and by which roots it is known.

use crate::{Row, StoreError, Tx};

/// Most manufacturers: each is tried when a stranger shows a certificate.
pub const MOST: u32 = 64;

/// A manufacturer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manufacturer {
    /// Its name, unique here.
    pub name: String,
    /// Its roots (PEM).
    pub anchors: String,
    /// Of the newest manifest; 0 where there is none yet.
    pub revision: u64,
    /// Who added it.
    pub added_by: String,
    /// When, in seconds since 1970.
    pub added: u64,
}

const COLUMNS: &str = "name, anchors, revision, added_by, added";

/// Adds a manufacturer, or gives one other roots; its revision stays.
///
/// # Errors
/// What the database fails with.
pub fn put(tx: &mut Tx<'_>, manufacturer: &Manufacturer) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO manufacturer ({COLUMNS}) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET \
         anchors = excluded.anchors, added_by = excluded.added_by, added = excluded.added"
    );
    let values = [
        manufacturer.name.as_str().into(),
        manufacturer.anchors.as_str().into(),
        manufacturer.revision.into(),
        manufacturer.added_by.as_str().into(),
        manufacturer.added.into(),
    ];
    tx.execute(&sql, &values).map(drop)
}

/// One of them.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Manufacturer>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM manufacturer WHERE name = $1");
    tx.one(&sql, &[name.into()])?.as_ref().map(read).transpose()
}

/// All of them, by name.
///
/// # Errors
/// What the database fails with.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Manufacturer>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM manufacturer ORDER BY name LIMIT {MOST}");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Manufacturer, StoreError> {
    Ok(Manufacturer {
        name: row.text(0)?,
        anchors: row.text(1)?,
        revision: row.count(2)?,
        added_by: row.text(3)?,
        added: row.count(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both;

    #[test]
    fn a_manufacturer_gets_other_roots_and_keeps_its_revision() {
        both(|scratch| {
            let acme = |anchors: &str, revision| Manufacturer {
                name: "acme".into(),
                anchors: anchors.into(),
                revision,
                added_by: "user:anna".into(),
                added: 10,
            };
            scratch.store.write(|tx| put(tx, &acme("old", 7))).unwrap();
            scratch.store.write(|tx| put(tx, &acme("new", 0))).unwrap();
            assert_eq!(scratch.store.read(all).unwrap(), [acme("new", 7)]);
            assert_eq!(scratch.store.read(|tx| find(tx, "other")).unwrap(), None);
        });
    }
}
