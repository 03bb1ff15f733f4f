//! Tokens with which devices enrol: hashed, for one device, good once and for a while.

use crate::{Row, StoreError, Tx};

/// A token, as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolToken {
    /// Names it.
    pub id: Vec<u8>,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    /// The site it is good for.
    pub site: String,
    /// The device it is good for.
    pub device: String,
    /// Who made it vouches that the device keeps its key in hardware.
    pub hardware: bool,
    /// Who made it.
    pub made_by: String,
    /// When, in seconds since 1970.
    pub made: u64,
    /// Its last second, since 1970.
    pub expires: u64,
    /// It was used.
    pub used: bool,
}

const COLUMNS: &str = "id, hash, site, device, hardware, made_by, made, expires, used";

/// Keeps a token, and forgets those of the same device that came before: the newest is the one that counts.
///
/// # Errors
/// What the database fails with.
pub fn add(tx: &mut Tx<'_>, token: &EnrolToken) -> Result<(), StoreError> {
    withdraw_all(tx, &token.site, &token.device)?;
    let sql = format!("INSERT INTO enrol_token ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values = [
        token.id.as_slice().into(),
        token.hash.as_slice().into(),
        token.site.as_str().into(),
        token.device.as_str().into(),
        token.hardware.into(),
        token.made_by.as_str().into(),
        token.made.into(),
        token.expires.into(),
        token.used.into(),
    ];
    tx.execute(&sql, &values).map(drop)
}

/// A token.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, id: &[u8]) -> Result<Option<EnrolToken>, StoreError> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM enrol_token WHERE id = $1"), &[id.into()])?;
    row.map(|row| read(&row)).transpose()
}

/// The tokens of a site that are neither used nor expired, by device.
///
/// # Errors
/// What the database fails with.
pub fn open_of_site(tx: &mut Tx<'_>, site: &str, now: u64) -> Result<Vec<EnrolToken>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM enrol_token WHERE site = $1 AND used = 0 AND expires >= $2 ORDER BY device"
    );
    tx.query(&sql, &[site.into(), now.into()])?.iter().map(read).collect()
}

/// Uses a token up; whether it was good for it until now.
///
/// # Errors
/// What the database fails with.
pub fn use_up(tx: &mut Tx<'_>, id: &[u8], now: u64) -> Result<bool, StoreError> {
    let sql = "UPDATE enrol_token SET used = 1 WHERE id = $1 AND used = 0 AND expires >= $2";
    tx.execute(sql, &[id.into(), now.into()]).map(|count| count > 0)
}

/// Takes a token of a site back; whether there was one that was not used.
///
/// # Errors
/// What the database fails with.
pub fn withdraw(tx: &mut Tx<'_>, site: &str, id: &[u8]) -> Result<bool, StoreError> {
    let sql = "DELETE FROM enrol_token WHERE id = $1 AND site = $2 AND used = 0";
    tx.execute(sql, &[id.into(), site.into()]).map(|count| count > 0)
}

/// Takes all tokens of a device back that were not used.
///
/// # Errors
/// What the database fails with.
pub fn withdraw_all(tx: &mut Tx<'_>, site: &str, device: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM enrol_token WHERE site = $1 AND device = $2 AND used = 0";
    tx.execute(sql, &[site.into(), device.into()]).map(drop)
}

fn read(row: &Row) -> Result<EnrolToken, StoreError> {
    Ok(EnrolToken {
        id: row.bytes(0)?,
        hash: row.bytes(1)?,
        site: row.text(2)?,
        device: row.text(3)?,
        hardware: row.bool(4)?,
        made_by: row.text(5)?,
        made: row.count(6)?,
        expires: row.count(7)?,
        used: row.bool(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both;

    fn token(id: u8, device: &str) -> EnrolToken {
        EnrolToken {
            id: vec![id; 8],
            hash: vec![id; 32],
            site: "lab".into(),
            device: device.into(),
            hardware: id == 2,
            made_by: "user:anna".into(),
            made: 10,
            expires: 100,
            used: false,
        }
    }

    #[test]
    fn a_token_is_good_once_and_until_its_last_second() {
        both(|scratch| {
            let write =
                |work: fn(&mut Tx<'_>) -> Result<bool, StoreError>| scratch.store.write(work).unwrap();
            write(|tx| add(tx, &token(1, "cam1")).map(|()| true));
            assert!(!write(|tx| use_up(tx, &[1; 8], 101)));
            assert!(write(|tx| use_up(tx, &[1; 8], 100)));
            assert!(!write(|tx| use_up(tx, &[1; 8], 100)));
            assert!(!write(|tx| withdraw(tx, "lab", &[1; 8])), "a used one stays for the record");
            assert!(scratch.store.read(|tx| find(tx, &[1; 8])).unwrap().unwrap().used);
        });
    }

    #[test]
    fn the_newest_token_of_a_device_is_the_one_that_counts() {
        both(|scratch| {
            let tokens = [token(1, "cam1"), token(2, "cam1"), token(3, "cam2")];
            scratch.store.write(|tx| tokens.iter().try_for_each(|token| add(tx, token))).unwrap();
            let open = scratch.store.read(|tx| open_of_site(tx, "lab", 50)).unwrap();
            assert_eq!(open, [tokens[1].clone(), tokens[2].clone()]);
            assert_eq!(scratch.store.read(|tx| open_of_site(tx, "lab", 101)).unwrap(), []);
            assert!(!scratch.store.write(|tx| withdraw(tx, "other", &[2; 8])).unwrap());
            assert!(scratch.store.write(|tx| withdraw(tx, "lab", &[2; 8])).unwrap());
            assert!(!scratch.store.write(|tx| use_up(tx, &[2; 8], 50)).unwrap());
        });
    }
}
