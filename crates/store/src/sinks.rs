//! How far receivers of the log are: sinks that take its events, witnesses that take its checkpoints.
//!
//! A receiver is fed by one controller at a time: it holds the row for a while, and another takes over where it stops
//! saying so. The place of a receiver moves forward only, and only for who holds it. What is sent twice because two
//! controllers once disagreed is recognised by its id; what is not sent would be missing, so that is the side on which
//! this errs.

use crate::{Row, StoreError, Tx};

/// Longest error that is kept, in characters: a receiver chooses part of it.
pub const MAX_ERROR: usize = 300;

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Takes events; its place is the first leaf it has not taken.
    Sink,
    /// Takes checkpoints; its place is the size of the log it has seen.
    Witness,
}

/// How far a receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the configuration names it.
    pub name: String,
    /// The first leaf it has not taken, or the size of the log it has seen.
    pub next: u64,
    /// When it last took something, in milliseconds since 1970.
    pub taken_at: Option<u64>,
    /// Why it takes nothing at present.
    pub error: Option<String>,
    /// Since when it takes nothing, in milliseconds since 1970.
    pub since: Option<u64>,
}

/// Who feeds a receiver, and until when nobody else does. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which controller.
    pub holder: String,
    /// Now.
    pub now: u64,
    /// Until when.
    pub until: u64,
}

/// Takes a receiver over, from the first leaf where it is new. Nothing where another controller holds it.
///
/// # Errors
/// What the store says.
pub fn claim(tx: &mut Tx<'_>, kind: Kind, name: &str, hold: &Hold) -> Result<Option<Place>, StoreError> {
    let table = kind.table();
    let values = [name.into(), hold.holder.as_str().into(), hold.until.into(), hold.now.into()];
    tx.execute(
        &format!(
            "INSERT INTO {table} (name, next, holder, held_to) VALUES ($1, 0, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_to = excluded.held_to
             WHERE {table}.holder = excluded.holder OR {table}.held_to < $4"
        ),
        &values,
    )?;
    let held = format!("{} WHERE name = $1 AND holder = $2", select(kind));
    tx.one(&held, &[name.into(), hold.holder.as_str().into()])?.map(|row| place(&row)).transpose()
}

/// The receiver has taken everything before `next`. False where another controller holds it by now.
///
/// # Errors
/// What the store says.
pub fn advance(tx: &mut Tx<'_>, kind: Kind, name: &str, next: u64, hold: &Hold) -> Result<bool, StoreError> {
    let sql = format!(
        "UPDATE {} SET next = CASE WHEN next < $3 THEN $3 ELSE next END, taken_at = $4, error = NULL, since = NULL,
         held_to = $5 WHERE name = $1 AND holder = $2",
        kind.table()
    );
    let values = [name.into(), hold.holder.as_str().into(), next.into(), hold.now.into(), hold.until.into()];
    Ok(tx.execute(&sql, &values)? > 0)
}

/// The receiver takes nothing, and why.
///
/// # Errors
/// What the store says.
pub fn fail(tx: &mut Tx<'_>, kind: Kind, name: &str, why: &str, hold: &Hold) -> Result<(), StoreError> {
    let why: String = why.chars().take(MAX_ERROR).collect();
    let sql = format!(
        "UPDATE {} SET error = $3, since = COALESCE(since, $4), held_to = $5 WHERE name = $1 AND holder = $2",
        kind.table()
    );
    let values = [name.into(), hold.holder.as_str().into(), why.into(), hold.now.into(), hold.until.into()];
    tx.execute(&sql, &values).map(drop)
}

/// All receivers that were ever fed, by name.
///
/// # Errors
/// What the store says.
pub fn all(tx: &mut Tx<'_>, kind: Kind) -> Result<Vec<Place>, StoreError> {
    tx.query(&format!("{} ORDER BY name", select(kind)), &[])?.iter().map(place).collect()
}

impl Kind {
    const fn table(self) -> &'static str {
        match self {
            Self::Sink => "sinks",
            Self::Witness => "witnesses",
        }
    }
}

fn select(kind: Kind) -> String {
    format!("SELECT name, next, taken_at, error, since FROM {}", kind.table())
}

fn place(row: &Row) -> Result<Place, StoreError> {
    let time = |column| row.maybe_int(column).map(|time| time.and_then(|time| u64::try_from(time).ok()));
    Ok(Place {
        name: row.text(0)?,
        next: row.count(1)?,
        taken_at: time(2)?,
        error: row.maybe_text(3)?,
        since: time(4)?,
    })
}
