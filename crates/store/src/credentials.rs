//! Every certificate a device ever got, and how far its enrolment is.
//!
//! INVARIANT: a credential that was revoked stays revoked: no statement here gives it another status.

use crate::{Row, StoreError, Tx, Value};

/// How a credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The device's newest.
    Current,
    /// A newer one took its place.
    Superseded,
    /// Somebody took it away, for good.
    Revoked,
    /// It is under suspicion: somebody else may have its key.
    Frozen,
}

impl Status {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Current, Self::Superseded, Self::Revoked, Self::Frozen];

    /// Lower-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
            Self::Frozen => "frozen",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.iter().copied().find(|status| status.name() == word);
        found.ok_or_else(|| StoreError::Damaged("a credential whose status is none".to_owned()))
    }
}

/// A certificate of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// As it stands in the certificate.
    pub serial: Vec<u8>,
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// SHA-256 of its public key (SPKI, DER).
    pub key: Vec<u8>,
    /// SHA-256 of the certificate it was signed with.
    pub issuer: Vec<u8>,
    /// `software` or `hardware`.
    pub protection: String,
    /// `token`, `idevid`, `renewal` or `recovery`.
    pub means: String,
    /// Counts the certificates of the device, from 1.
    pub generation: u64,
    /// Its first second, since 1970.
    pub begins: u64,
    /// Its last second, since 1970.
    pub ends: u64,
    /// How it stands.
    pub status: Status,
    /// Since when, in seconds since 1970.
    pub changed: u64,
    /// Why.
    pub reason: String,
    /// The certificate (DER).
    pub certificate: Vec<u8>,
}

/// How far the enrolment of a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolment {
    /// Of its last certificate; 0 where it never had one.
    pub generation: u64,
    /// Recoveries since it last renewed in good time.
    pub recoveries: u64,
    /// Recoveries that a person allowed beyond the usual number.
    pub allowed: u64,
    /// Why it gets nothing until a person says so.
    pub frozen: Option<String>,
}

const COLUMNS: &str = "serial, site, device, key, issuer, protection, means, generation, begins, ends, status, \
                       changed, reason, certificate";

/// Keeps a new credential; those of the device that were current are superseded.
///
/// # Errors
/// [`StoreError::Duplicate`] where the serial was given before.
pub fn add(tx: &mut Tx<'_>, new: &Credential) -> Result<(), StoreError> {
    let sql = "UPDATE credential SET status = 'superseded', changed = $3, reason = 'a newer one took its place' \
               WHERE site = $1 AND device = $2 AND status = 'current'";
    tx.execute(sql, &[new.site.as_str().into(), new.device.as_str().into(), new.changed.into()])?;
    let sql = format!(
        "INSERT INTO credential ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    tx.execute(&sql, &columns(new)).map(drop)
}

/// The credential of a serial.
///
/// # Errors
/// What the database fails with.
pub fn find(tx: &mut Tx<'_>, serial: &[u8]) -> Result<Option<Credential>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM credential WHERE serial = $1");
    tx.one(&sql, &[serial.into()])?.as_ref().map(read).transpose()
}

/// Those of a device, the newest first, at most `limit`.
///
/// # Errors
/// What the database fails with.
pub fn of_device(
    tx: &mut Tx<'_>,
    site: &str,
    device: &str,
    limit: u32,
) -> Result<Vec<Credential>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credential WHERE site = $1 AND device = $2 ORDER BY generation DESC LIMIT $3"
    );
    rows(tx, &sql, &[site.into(), device.into(), limit.into()])
}

/// The device's credential of that generation.
///
/// # Errors
/// What the database fails with.
pub fn of_generation(
    tx: &mut Tx<'_>,
    site: &str,
    device: &str,
    generation: u64,
) -> Result<Option<Credential>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM credential WHERE site = $1 AND device = $2 AND generation = $3");
    Ok(rows(tx, &sql, &[site.into(), device.into(), generation.into()])?.pop())
}

/// Everybody who ever had a certificate for a key.
///
/// # Errors
/// What the database fails with.
pub fn of_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Vec<Credential>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM credential WHERE key = $1 ORDER BY generation DESC");
    rows(tx, &sql, &[key.into()])
}

/// Revokes a credential; whether it was not before.
///
/// # Errors
/// What the database fails with.
pub fn revoke(tx: &mut Tx<'_>, serial: &[u8], reason: &str, now: u64) -> Result<bool, StoreError> {
    let sql = "UPDATE credential SET status = 'revoked', changed = $2, reason = $3 \
               WHERE serial = $1 AND status <> 'revoked'";
    tx.execute(sql, &[serial.into(), now.into(), reason.into()]).map(|count| count > 0)
}

/// Revokes all credentials that a device ever had: none of their keys is taken again. What was not revoked before, and
/// has not run out.
///
/// # Errors
/// What the database fails with.
pub fn revoke_all(
    tx: &mut Tx<'_>,
    (site, device): (&str, &str),
    reason: &str,
    now: u64,
) -> Result<Vec<Credential>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credential WHERE site = $1 AND device = $2 AND status <> 'revoked' \
         AND ends >= $3 ORDER BY generation"
    );
    let live = rows(tx, &sql, &[site.into(), device.into(), now.into()])?;
    let sql = "UPDATE credential SET status = 'revoked', changed = $3, reason = $4 \
               WHERE site = $1 AND device = $2 AND status <> 'revoked'";
    tx.execute(sql, &[site.into(), device.into(), now.into(), reason.into()])?;
    Ok(live)
}

/// How far the enrolment of a device is.
///
/// # Errors
/// What the database fails with.
pub fn enrolment(tx: &mut Tx<'_>, site: &str, device: &str) -> Result<Enrolment, StoreError> {
    let sql = "SELECT generation, recoveries, allowed, frozen FROM enrolment WHERE site = $1 AND device = $2";
    let Some(row) = tx.one(sql, &[site.into(), device.into()])? else { return Ok(Enrolment::default()) };
    Ok(Enrolment {
        generation: row.count(0)?,
        recoveries: row.count(1)?,
        allowed: row.count(2)?,
        frozen: row.maybe_text(3)?,
    })
}

/// Keeps how far it is.
///
/// # Errors
/// What the database fails with.
pub fn put_enrolment(
    tx: &mut Tx<'_>,
    (site, device): (&str, &str),
    enrolment: &Enrolment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO enrolment (site, device, generation, recoveries, allowed, frozen) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site, device) DO UPDATE SET \
               generation = excluded.generation, recoveries = excluded.recoveries, allowed = excluded.allowed, \
               frozen = excluded.frozen";
    let values = [
        site.into(),
        device.into(),
        enrolment.generation.into(),
        enrolment.recoveries.into(),
        enrolment.allowed.into(),
        enrolment.frozen.clone().into(),
    ];
    tx.execute(sql, &values).map(drop)
}

/// Freezes a device's current credentials, or lets them go again; `false` where nothing changed.
///
/// # Errors
/// What the database fails with.
pub fn freeze(
    tx: &mut Tx<'_>,
    (site, device): (&str, &str),
    why: Option<&str>,
    now: u64,
) -> Result<bool, StoreError> {
    let mut enrolment = enrolment(tx, site, device)?;
    if enrolment.frozen.is_some() == why.is_some() {
        return Ok(false);
    }
    enrolment.frozen = why.map(str::to_owned);
    put_enrolment(tx, (site, device), &enrolment)?;
    let (from, to) = if why.is_some() { ("current", "frozen") } else { ("frozen", "current") };
    let sql = "UPDATE credential SET status = $3, changed = $5, reason = $6 \
               WHERE site = $1 AND device = $2 AND status = $4";
    let reason = why.unwrap_or("a person let it go");
    let values = [site.into(), device.into(), to.into(), from.into(), now.into(), reason.into()];
    tx.execute(sql, &values)?;
    Ok(true)
}

fn rows(tx: &mut Tx<'_>, sql: &str, values: &[Value]) -> Result<Vec<Credential>, StoreError> {
    tx.query(sql, values)?.iter().map(read).collect()
}

/// In the order of [`COLUMNS`].
fn columns(credential: &Credential) -> Vec<Value> {
    vec![
        credential.serial.as_slice().into(),
        credential.site.as_str().into(),
        credential.device.as_str().into(),
        credential.key.as_slice().into(),
        credential.issuer.as_slice().into(),
        credential.protection.as_str().into(),
        credential.means.as_str().into(),
        credential.generation.into(),
        credential.begins.into(),
        credential.ends.into(),
        credential.status.name().into(),
        credential.changed.into(),
        credential.reason.as_str().into(),
        credential.certificate.as_slice().into(),
    ]
}

fn read(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        serial: row.bytes(0)?,
        site: row.text(1)?,
        device: row.text(2)?,
        key: row.bytes(3)?,
        issuer: row.bytes(4)?,
        protection: row.text(5)?,
        means: row.text(6)?,
        generation: row.count(7)?,
        begins: row.count(8)?,
        ends: row.count(9)?,
        status: Status::parse(&row.text(10)?)?,
        changed: row.count(11)?,
        reason: row.text(12)?,
        certificate: row.bytes(13)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both;

    const CAM: (&str, &str) = ("lab", "cam1");

    fn credential(generation: u64) -> Credential {
        let number = u8::try_from(generation).unwrap_or_default();
        Credential {
            serial: vec![number; 16],
            site: "lab".into(),
            device: "cam1".into(),
            key: vec![number; 32],
            issuer: vec![9; 32],
            protection: "software".into(),
            means: "token".into(),
            generation,
            begins: generation * 10,
            ends: generation * 10 + 100,
            status: Status::Current,
            changed: generation * 10,
            reason: String::new(),
            certificate: vec![0x30, number],
        }
    }

    fn statuses(tx: &mut Tx<'_>) -> Result<Vec<Status>, StoreError> {
        Ok(of_device(tx, "lab", "cam1", 10)?.into_iter().map(|credential| credential.status).collect())
    }

    #[test]
    fn the_newest_credential_of_a_device_is_its_current_one() {
        both(|scratch| {
            scratch.store.write(|tx| (1..=3).try_for_each(|number| add(tx, &credential(number)))).unwrap();
            let read = scratch.store.read(statuses).unwrap();
            assert_eq!(read, [Status::Current, Status::Superseded, Status::Superseded]);
            let again = scratch.store.write(|tx| add(tx, &credential(3)));
            assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
            scratch
                .store
                .read(|tx| {
                    assert_eq!(find(tx, &[3; 16])?, Some(credential(3)));
                    assert_eq!(of_generation(tx, "lab", "cam1", 3)?, Some(credential(3)));
                    assert_eq!(of_key(tx, &[3; 32])?, [credential(3)]);
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        });
    }

    #[test]
    fn what_was_revoked_stays_revoked_and_keeps_its_reason() {
        both(|scratch| {
            let store = &scratch.store;
            store.write(|tx| (1..=3).try_for_each(|number| add(tx, &credential(number)))).unwrap();
            assert!(store.write(|tx| revoke(tx, &[2; 16], "stolen", 50)).unwrap());
            assert!(!store.write(|tx| revoke(tx, &[2; 16], "again", 51)).unwrap());
            let all = store.write(|tx| revoke_all(tx, CAM, "retired", 115)).unwrap();
            let generations: Vec<u64> = all.iter().map(|credential| credential.generation).collect();
            assert_eq!(generations, [3], "the first ran out, the second was revoked before");
            store.write(|tx| freeze(tx, CAM, Some("clone"), 116)).unwrap();
            store.write(|tx| freeze(tx, CAM, None, 117)).unwrap();
            assert_eq!(store.read(statuses).unwrap(), [Status::Revoked; 3]);
            let kept = store.read(|tx| of_device(tx, "lab", "cam1", 10)).unwrap();
            let kept: Vec<_> = kept.iter().map(|row| (row.generation, row.reason.as_str())).collect();
            assert_eq!(kept, [(3, "retired"), (2, "stolen"), (1, "retired")]);
        });
    }

    #[test]
    fn a_device_is_frozen_and_let_go_once_each() {
        both(|scratch| {
            let store = &scratch.store;
            store.write(|tx| add(tx, &credential(1))).unwrap();
            assert!(store.write(|tx| freeze(tx, CAM, Some("two places"), 20)).unwrap());
            assert!(!store.write(|tx| freeze(tx, CAM, Some("again"), 21)).unwrap());
            assert_eq!(store.read(statuses).unwrap(), [Status::Frozen]);
            let frozen = store.read(|tx| enrolment(tx, "lab", "cam1")).unwrap();
            assert_eq!(frozen.frozen.as_deref(), Some("two places"));
            assert!(store.write(|tx| freeze(tx, CAM, None, 22)).unwrap());
            assert_eq!(store.read(statuses).unwrap(), [Status::Current]);
            let kept = Enrolment { generation: 4, recoveries: 1, allowed: 1, frozen: None };
            store.write(|tx| put_enrolment(tx, CAM, &kept)).unwrap();
            assert_eq!(store.read(|tx| enrolment(tx, "lab", "cam1")).unwrap(), kept);
        });
    }
}
