//! Certificate authorities: their certificates, where their keys are, and how far each is in its life.
//!
//! A key itself is no column: one that the store keeps is a secret (`secrets`), one in a module has a label, one that was
//! taken away is nowhere here.

use crate::{Row, StoreError, Tx};

/// What an authority signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Issuing authorities.
    Root,
    /// Everything else.
    Issuing,
}

/// Where an authority's key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among the secrets.
    Sealed,
    /// In a hardware module, under this label.
    Module(String),
    /// Not here: a root's is only brought when it signs.
    Away,
}

/// How far an authority is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Gateways are being told of it.
    Announced,
    /// All of them know it; it signs nothing yet.
    Trusted,
    /// It signs.
    Issuing,
    /// Another signs; what it signed is good until it ends.
    Old,
    /// Nothing it signed is good.
    Distrusted,
}

/// An authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// SHA-256 of its certificate, hexadecimal.
    pub id: String,
    /// What it signs.
    pub kind: Kind,
    /// DER.
    pub certificate: Vec<u8>,
    /// The public half of its key (`SubjectPublicKeyInfo`, DER).
    pub public_key: Vec<u8>,
    /// Who signed it; a root names itself.
    pub parent: String,
    /// A root again, as the root before it signed it (DER).
    pub cross: Option<Vec<u8>>,
    /// Where its key is.
    pub place: Place,
    /// How far it is.
    pub state: State,
    /// When it came here, in seconds since 1970.
    pub made: u64,
}

/// The last list of revoked certificates of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    /// Its number.
    pub number: u64,
    /// DER.
    pub der: Vec<u8>,
    /// When the next one is promised, in seconds since 1970.
    pub next: u64,
}

const COLUMNS: &str = "id, kind, certificate, parent, cross_signed, place, label, state, made, public_key";

/// Keeps a new authority.
///
/// # Errors
/// [`StoreError::Duplicate`] where it is known already.
pub fn add(tx: &mut Tx<'_>, authority: &Authority) -> Result<(), StoreError> {
    let sql = "INSERT INTO authority (id, kind, certificate, parent, cross_signed, place, label, state, made, \
               public_key, crl_number, crl_next) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0)";
    let (place, label) = authority.place.columns();
    let values = [
        authority.id.as_str().into(),
        authority.kind.name().into(),
        authority.certificate.as_slice().into(),
        authority.parent.as_str().into(),
        authority.cross.clone().into(),
        place.into(),
        label.into(),
        authority.state.name().into(),
        authority.made.into(),
        authority.public_key.as_slice().into(),
    ];
    tx.execute(sql, &values).map(drop)
}

/// All of them, the oldest first, a root before what it signed.
///
/// # Errors
/// What the database fails with, or a row that was changed.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Authority>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM authority ORDER BY made, kind DESC, id");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// As [`all`].
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Authority>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM authority WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// The one that signs certificates now.
///
/// # Errors
/// As [`all`].
pub fn issuing(tx: &mut Tx<'_>) -> Result<Option<Authority>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM authority WHERE kind = 'issuing' AND state = 'issuing'");
    tx.one(&sql, &[])?.map(|row| read(&row)).transpose()
}

/// Moves an authority on.
///
/// # Errors
/// What the database fails with.
pub fn set_state(tx: &mut Tx<'_>, id: &str, state: State) -> Result<(), StoreError> {
    tx.execute("UPDATE authority SET state = $2 WHERE id = $1", &[id.into(), state.name().into()]).map(drop)
}

/// Takes back an authority that signed nothing.
///
/// # Errors
/// What the database fails with.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM authority WHERE id = $1", &[id.into()]).map(drop)
}

/// The last list of revoked certificates, where there is one.
///
/// # Errors
/// What the database fails with.
pub fn crl(tx: &mut Tx<'_>, id: &str) -> Result<Option<Crl>, StoreError> {
    let sql = "SELECT crl_number, crl, crl_next FROM authority WHERE id = $1 AND crl IS NOT NULL";
    let row = tx.one(sql, &[id.into()])?;
    row.map(|row| Ok(Crl { number: row.count(0)?, der: row.bytes(1)?, next: row.count(2)? })).transpose()
}

/// Keeps a list, in the place of the one before.
///
/// # Errors
/// What the database fails with.
pub fn put_crl(tx: &mut Tx<'_>, id: &str, crl: &Crl) -> Result<(), StoreError> {
    let sql = "UPDATE authority SET crl_number = $2, crl = $3, crl_next = $4 WHERE id = $1";
    tx.execute(sql, &[id.into(), crl.number.into(), crl.der.as_slice().into(), crl.next.into()]).map(drop)
}

/// The list is out of date: the next one to look makes another.
///
/// # Errors
/// What the database fails with.
pub fn outdate_crl(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE authority SET crl_next = 0 WHERE id = $1", &[id.into()]).map(drop)
}

impl Kind {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
        }
    }
}

impl State {
    const ALL: [Self; 5] = [Self::Announced, Self::Trusted, Self::Issuing, Self::Old, Self::Distrusted];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Trusted => "trusted",
            Self::Issuing => "issuing",
            Self::Old => "old",
            Self::Distrusted => "distrusted",
        }
    }
}

impl Place {
    /// As it is written: kind and label.
    #[must_use]
    pub fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Sealed => ("sealed", ""),
            Self::Module(label) => ("module", label),
            Self::Away => ("away", ""),
        }
    }
}

fn read(row: &Row) -> Result<Authority, StoreError> {
    let state = row.text(7)?;
    let place = match row.text(5)?.as_str() {
        "sealed" => Place::Sealed,
        "module" => Place::Module(row.text(6)?),
        "away" => Place::Away,
        _ => return Err(changed("the place of a key")),
    };
    let kind = match row.text(1)?.as_str() {
        "root" => Kind::Root,
        "issuing" => Kind::Issuing,
        _ => return Err(changed("the kind of an authority")),
    };
    Ok(Authority {
        id: row.text(0)?,
        kind,
        certificate: row.bytes(2)?,
        parent: row.text(3)?,
        cross: row.maybe_bytes(4)?,
        place,
        state: State::ALL
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| changed("the state of an authority"))?,
        made: row.count(8)?,
        public_key: row.bytes(9)?,
    })
}

fn changed(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} is none that we know"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both;

    fn authority(id: &str, kind: Kind, state: State) -> Authority {
        let place = if kind == Kind::Root { Place::Away } else { Place::Module("key".to_owned()) };
        Authority {
            id: id.to_owned(),
            kind,
            certificate: vec![0x30],
            public_key: vec![0x32],
            parent: "r".to_owned(),
            cross: (kind == Kind::Root).then(|| vec![0x31]),
            place,
            state,
            made: 7,
        }
    }

    #[test]
    fn an_authority_is_read_as_it_was_kept() {
        both(|scratch| {
            let (root, signs) =
                (authority("r", Kind::Root, State::Trusted), authority("i", Kind::Issuing, State::Issuing));
            let sealed =
                Authority { place: Place::Sealed, id: "s".to_owned(), state: State::Old, ..signs.clone() };
            let found = scratch.store.write(|tx| {
                [&root, &signs, &sealed].into_iter().try_for_each(|authority| add(tx, authority))?;
                Ok::<_, StoreError>((all(tx)?, issuing(tx)?, find(tx, "s")?, find(tx, "x")?))
            });
            let (all, issuing, s, x) = found.unwrap();
            assert_eq!(all, [root.clone(), signs.clone(), sealed.clone()]);
            assert_eq!((issuing, s, x), (Some(signs), Some(sealed), None));
            assert!(matches!(scratch.store.write(|tx| add(tx, &root)), Err(StoreError::Duplicate)));
        });
    }

    #[test]
    fn an_authority_moves_on_and_keeps_its_last_list() {
        both(|scratch| {
            let list = Crl { number: 3, der: vec![1, 2], next: 99 };
            let found = scratch.store.write(|tx| {
                add(tx, &authority("i", Kind::Issuing, State::Announced))?;
                let before = crl(tx, "i")?;
                set_state(tx, "i", State::Distrusted)?;
                put_crl(tx, "i", &list)?;
                let kept = crl(tx, "i")?;
                outdate_crl(tx, "i")?;
                Ok::<_, StoreError>((before, kept, crl(tx, "i")?, find(tx, "i")?))
            });
            let (before, kept, outdated, found) = found.unwrap();
            assert_eq!((before, kept), (None, Some(list.clone())));
            assert_eq!(outdated, Some(Crl { next: 0, ..list }));
            assert_eq!(found.unwrap().state, State::Distrusted);
        });
    }
}
