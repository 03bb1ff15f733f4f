//! Certificates that our authorities issued: which there are, until when, and which of them are good no more.
//!
//! A row lives as long as its certificate may still be shown to somebody. What a device's credential is beyond its
//! certificate is none of this.

use crate::{Row, StoreError, Tx};

/// How long a row outlives its certificate, in seconds: a list of revoked ones that covers its end is made first
/// (RFC 5280 §3.3), and a gateway that is late renews with it.
pub const KEPT_AFTER: u64 = 32 * 86_400;

/// Most certificates that one question answers, so that nobody's list takes all memory.
const MOST: u32 = 100_000;

/// Whom a certificate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A controller.
    Controller,
    /// A gateway.
    Gateway,
    /// A device.
    Device,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The authority that signed it.
    pub issuer: String,
    /// As it stands in it: a positive number, big-endian.
    pub serial: Vec<u8>,
    /// SHA-256 of all of it (DER): where an authority's key was stolen, this tells ours from the thief's.
    pub hash: Vec<u8>,
    /// Whom it names.
    pub holder: Holder,
    /// The holder's site; empty for a controller.
    pub site: String,
    /// The holder's name.
    pub name: String,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// Its last second, since 1970.
    pub expires: u64,
}

/// A certificate that is good no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Which.
    pub serial: Vec<u8>,
    /// Since when, in seconds since 1970.
    pub at: u64,
    /// CRLReason (RFC 5280 §5.3.1).
    pub reason: u64,
}

const COLUMNS: &str = "issuer, serial, kind, site, name, made, expires, hash";

/// Keeps a new certificate.
///
/// # Errors
/// [`StoreError::Duplicate`] for a serial that the authority gave before.
pub fn add(tx: &mut Tx<'_>, certificate: &Certificate) -> Result<(), StoreError> {
    let sql = "INSERT INTO certificate (issuer, serial, kind, site, name, made, expires, hash, reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)";
    let values = [
        certificate.issuer.as_str().into(),
        certificate.serial.as_slice().into(),
        certificate.holder.name().into(),
        certificate.site.as_str().into(),
        certificate.name.as_str().into(),
        certificate.made.into(),
        certificate.expires.into(),
        certificate.hash.as_slice().into(),
    ];
    tx.execute(sql, &values).map(drop)
}

/// A certificate is good no more; whether it was until now.
///
/// # Errors
/// What the database fails with.
pub fn revoke(tx: &mut Tx<'_>, serial: &[u8], at: u64, reason: u64) -> Result<bool, StoreError> {
    let outdate =
        "UPDATE authority SET crl_next = 0 WHERE id IN (SELECT issuer FROM certificate WHERE serial = $1)";
    tx.execute(outdate, &[serial.into()])?;
    let sql = "UPDATE certificate SET revoked = $2, reason = $3 WHERE serial = $1 AND revoked IS NULL";
    tx.execute(sql, &[serial.into(), at.into(), reason.into()]).map(|count| count > 0)
}

/// Every certificate of a holder is good no more; how many were until now.
///
/// # Errors
/// What the database fails with.
pub fn revoke_all_of(
    tx: &mut Tx<'_>,
    holder: Holder,
    (site, name): (&str, &str),
    at: u64,
    reason: u64,
) -> Result<u64, StoreError> {
    let whose = [holder.name().into(), site.into(), name.into()];
    let outdate = "UPDATE authority SET crl_next = 0 WHERE id IN \
                   (SELECT issuer FROM certificate WHERE kind = $1 AND site = $2 AND name = $3)";
    tx.execute(outdate, &whose)?;
    let sql = "UPDATE certificate SET revoked = $4, reason = $5 \
               WHERE kind = $1 AND site = $2 AND name = $3 AND revoked IS NULL";
    let [kind, site, name] = whose;
    tx.execute(sql, &[kind, site, name, at.into(), reason.into()])
}

/// How a certificate stands: nothing where the authority issued none of this serial, or it is long over.
///
/// # Errors
/// What the database fails with.
pub fn standing(tx: &mut Tx<'_>, issuer: &str, serial: &[u8]) -> Result<Option<Option<Revoked>>, StoreError> {
    let sql = "SELECT serial, revoked, reason FROM certificate WHERE issuer = $1 AND serial = $2";
    tx.one(sql, &[issuer.into(), serial.into()])?.map(|row| revocation(&row)).transpose()
}

/// Whether this very certificate is one that was written down and not revoked, by its hash.
///
/// # Errors
/// What the database fails with.
pub fn is_known(tx: &mut Tx<'_>, hash: &[u8]) -> Result<bool, StoreError> {
    let sql = "SELECT made FROM certificate WHERE hash = $1 AND revoked IS NULL";
    tx.one(sql, &[hash.into()]).map(|row| row.is_some())
}

/// What an authority signed and is good no more.
///
/// # Errors
/// What the database fails with.
pub fn revoked_by(tx: &mut Tx<'_>, issuer: &str) -> Result<Vec<Revoked>, StoreError> {
    let sql = "SELECT serial, revoked, reason FROM certificate WHERE issuer = $1 AND revoked IS NOT NULL \
               ORDER BY revoked, serial";
    let rows = tx.query(sql, &[issuer.into()])?;
    rows.iter().filter_map(|row| revocation(row).transpose()).collect()
}

/// The newest good certificate of every holder, at `now`, that which ends first being first.
///
/// # Errors
/// What the database fails with.
pub fn in_force(tx: &mut Tx<'_>, now: u64) -> Result<Vec<Certificate>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate c WHERE revoked IS NULL AND expires > $1 AND NOT EXISTS \
         (SELECT 1 FROM certificate n WHERE n.kind = c.kind AND n.site = c.site AND n.name = c.name \
         AND n.revoked IS NULL AND (n.made > c.made OR (n.made = c.made AND n.serial > c.serial))) \
         ORDER BY expires, kind, site, name LIMIT {MOST}"
    );
    tx.query(&sql, &[now.into()])?.iter().map(read).collect()
}

/// What an authority signed, has not ended at `since`, and was not revoked; that which ends first being first.
///
/// # Errors
/// What the database fails with.
pub fn under(tx: &mut Tx<'_>, issuer: &str, since: u64) -> Result<Vec<Certificate>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate WHERE issuer = $1 AND revoked IS NULL AND expires > $2 \
         ORDER BY expires, kind, site, name LIMIT {MOST}"
    );
    tx.query(&sql, &[issuer.into(), since.into()])?.iter().map(read).collect()
}

/// Forgets what has been over for [`KEPT_AFTER`]; how many.
///
/// # Errors
/// What the database fails with.
pub fn forget_ended(tx: &mut Tx<'_>, now: u64) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM certificate WHERE expires < $1", &[now.saturating_sub(KEPT_AFTER).into()])
}

impl Holder {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Gateway => "gateway",
            Self::Device => "device",
        }
    }
}

fn revocation(row: &Row) -> Result<Option<Revoked>, StoreError> {
    let Some(at) = row.maybe_int(1)? else { return Ok(None) };
    Ok(Some(Revoked { serial: row.bytes(0)?, at: u64::try_from(at).unwrap_or(0), reason: row.count(2)? }))
}

fn read(row: &Row) -> Result<Certificate, StoreError> {
    let holder = match row.text(2)?.as_str() {
        "controller" => Holder::Controller,
        "gateway" => Holder::Gateway,
        "device" => Holder::Device,
        _ => return Err(StoreError::Damaged("the holder of a certificate is none that we know".to_owned())),
    };
    Ok(Certificate {
        issuer: row.text(0)?,
        serial: row.bytes(1)?,
        holder,
        site: row.text(3)?,
        name: row.text(4)?,
        made: row.count(5)?,
        expires: row.count(6)?,
        hash: row.bytes(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorities::{self, Authority, Kind, Place, State};
    use crate::testing::both;

    fn issuer(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        authorities::add(
            tx,
            &Authority {
                id: "i".to_owned(),
                kind: Kind::Issuing,
                certificate: vec![1],
                public_key: vec![2],
                parent: "r".to_owned(),
                cross: None,
                place: Place::Sealed,
                state: State::Issuing,
                made: 1,
            },
        )
    }

    fn certificate(serial: u8, name: &str, made: u64, expires: u64) -> Certificate {
        Certificate {
            issuer: "i".to_owned(),
            serial: vec![serial],
            hash: vec![serial; 32],
            holder: Holder::Device,
            site: "lab".to_owned(),
            name: name.to_owned(),
            made,
            expires,
        }
    }

    #[test]
    fn the_newest_good_certificate_of_a_holder_is_in_force() {
        both(|scratch| {
            let (old, new, other) =
                (certificate(1, "a", 5, 90), certificate(2, "a", 6, 95), certificate(3, "b", 5, 80));
            let found = scratch.store.write(|tx| {
                issuer(tx)?;
                [&old, &new, &other].into_iter().try_for_each(|one| add(tx, one))?;
                let before = in_force(tx, 50)?;
                assert!(revoke(tx, &[2], 60, 1)? && !revoke(tx, &[2], 61, 1)?);
                assert_eq!(under(tx, "i", 85)?, std::slice::from_ref(&old));
                assert!(is_known(tx, &[1; 32])? && !is_known(tx, &[2; 32])? && !is_known(tx, &[9; 32])?);
                Ok::<_, StoreError>((before, in_force(tx, 70)?, in_force(tx, 85)?))
            });
            let (before, after, late) = found.unwrap();
            assert_eq!(before, [other.clone(), new]);
            assert_eq!(after, [other, old.clone()]);
            assert_eq!(late, [old]);
        });
    }

    #[test]
    fn what_was_revoked_is_listed_and_outdates_the_list() {
        both(|scratch| {
            let found = scratch.store.write(|tx| {
                issuer(tx)?;
                add(tx, &certificate(1, "a", 5, 90))?;
                add(tx, &certificate(2, "b", 5, 90))?;
                let list = authorities::Crl { number: 1, der: vec![1], next: 70 };
                authorities::put_crl(tx, "i", &list)?;
                assert_eq!(revoke_all_of(tx, Holder::Device, ("lab", "a"), 60, 4)?, 1);
                let next = authorities::crl(tx, "i")?.map(|list| list.next);
                let stands = [standing(tx, "i", &[1])?, standing(tx, "i", &[2])?, standing(tx, "i", &[3])?];
                Ok::<_, StoreError>((next, stands, revoked_by(tx, "i")?))
            });
            let revoked = Revoked { serial: vec![1], at: 60, reason: 4 };
            let (next, stands, list) = found.unwrap();
            assert_eq!(next, Some(0));
            assert_eq!(stands, [Some(Some(revoked.clone())), Some(None), None]);
            assert_eq!(list, [revoked]);
        });
    }

    #[test]
    fn a_serial_is_given_once_and_forgotten_long_after_its_end() {
        both(|scratch| {
            let add_one = |tx: &mut Tx<'_>| add(tx, &certificate(1, "a", 5, 90));
            scratch.store.write(|tx| issuer(tx).and_then(|()| add_one(tx))).unwrap();
            assert!(matches!(scratch.store.write(add_one), Err(StoreError::Duplicate)));
            let forget = |now| scratch.store.write(|tx| forget_ended(tx, now)).unwrap();
            assert_eq!((forget(90 + KEPT_AFTER), forget(91 + KEPT_AFTER)), (0, 1));
        });
    }
}
