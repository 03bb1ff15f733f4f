//! Who may sign in: accounts, and what belongs to them.

pub mod ceremonies;
pub mod codes;
pub mod passkeys;
pub mod roles;

use crate::{Row, StoreError, Tx, Value};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Never given to anybody else.
    pub id: String,
    /// Unique.
    pub name: String,
    /// Counts changes that others see.
    pub version: u64,
    /// May sign in.
    pub active: bool,
    /// `issuer subject` of whoever signs in with a provider.
    pub subject: Option<String>,
    /// argon2id, as a PHC string.
    pub password: Option<String>,
    /// The secret of the second factor, sealed.
    pub totp: Option<Vec<u8>>,
    /// The last step of the second factor that was used.
    pub totp_step: u64,
    /// Failed attempts in a row.
    pub failures: u64,
    /// Seconds since 1970.
    pub locked_until: u64,
    /// Seconds since 1970.
    pub made: u64,
    /// Last sign-in, seconds since 1970.
    pub seen: Option<u64>,
}

const COLUMNS: &str =
    "id, name, version, active, subject, password, totp, totp_step, failures, locked_until, made, seen";

/// Adds an account.
///
/// # Errors
/// [`StoreError::Duplicate`] where the name is taken.
pub fn insert(tx: &mut Tx<'_>, person: &Person) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO person ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    tx.execute(&sql, &values(person))?;
    Ok(())
}

/// Writes all of an account.
pub fn update(tx: &mut Tx<'_>, person: &Person) -> Result<(), StoreError> {
    let sql = "UPDATE person SET name = $2, version = $3, active = $4, subject = $5, password = $6, totp = $7, \
               totp_step = $8, failures = $9, locked_until = $10, made = $11, seen = $12 WHERE id = $1";
    tx.execute(sql, &values(person))?;
    Ok(())
}

/// The account of that id.
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<Person>, StoreError> {
    by(tx, "id", id)
}

/// The account of that name.
pub fn by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Person>, StoreError> {
    by(tx, "name", name)
}

/// The account of that provider's subject.
pub fn by_subject(tx: &mut Tx<'_>, subject: &str) -> Result<Option<Person>, StoreError> {
    by(tx, "subject", subject)
}

/// Up to `limit` accounts in the order of their names, after a name, with a text in it.
pub fn page(tx: &mut Tx<'_>, after: &str, search: &str, limit: usize) -> Result<Vec<Person>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM person WHERE name > $1 AND name LIKE $2 ESCAPE '\\' ORDER BY name LIMIT $3"
    );
    let values = [after.into(), containing(search).into(), (limit as u64).into()];
    tx.query(&sql, &values)?.iter().map(person).collect()
}

/// There is no account at all.
pub fn none(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.one("SELECT id FROM person LIMIT 1", &[])?.is_none())
}

/// A pattern for LIKE that finds the text itself.
pub(crate) fn containing(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn by(tx: &mut Tx<'_>, column: &str, value: &str) -> Result<Option<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE {column} = $1");
    tx.one(&sql, &[value.into()])?.as_ref().map(person).transpose()
}

fn values(person: &Person) -> [Value; 12] {
    [
        person.id.as_str().into(),
        person.name.as_str().into(),
        person.version.into(),
        person.active.into(),
        person.subject.as_deref().into(),
        person.password.as_deref().into(),
        person.totp.as_deref().into(),
        person.totp_step.into(),
        person.failures.into(),
        person.locked_until.into(),
        person.made.into(),
        person.seen.into(),
    ]
}

fn person(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.text(0)?,
        name: row.text(1)?,
        version: row.count(2)?,
        active: row.bool(3)?,
        subject: row.maybe_text(4)?,
        password: row.maybe_text(5)?,
        totp: row.maybe_bytes(6)?,
        totp_step: row.count(7)?,
        failures: row.count(8)?,
        locked_until: row.count(9)?,
        made: row.count(10)?,
        seen: row.maybe_int(11)?.and_then(|seen| u64::try_from(seen).ok()),
    })
}
