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

/// The receiver is reached again.
///
/// # Errors
/// What the store says.
pub fn recover(tx: &mut Tx<'_>, kind: Kind, name: &str, hold: &Hold) -> Result<(), StoreError> {
    let table = kind.table();
    let sql = format!("UPDATE {table} SET error = NULL, since = NULL WHERE name = $1 AND holder = $2");
    tx.execute(&sql, &[name.into(), hold.holder.as_str().into()]).map(drop)
}

/// The receiver takes nothing, and why. True where that is news.
///
/// # Errors
/// What the store says.
pub fn fail(tx: &mut Tx<'_>, kind: Kind, name: &str, why: &str, hold: &Hold) -> Result<bool, StoreError> {
    let why: String = why.chars().take(MAX_ERROR).collect();
    let table = kind.table();
    let holder = hold.holder.as_str();
    let news = format!(
        "UPDATE {table} SET error = $3, since = $4, held_to = $5 WHERE name = $1 AND holder = $2 AND since IS NULL"
    );
    let values = [name.into(), holder.into(), why.into(), hold.now.into(), hold.until.into()];
    if tx.execute(&news, &values)? > 0 {
        return Ok(true);
    }
    let [name, holder, why, _, until] = values;
    let old = format!("UPDATE {table} SET error = $3, held_to = $4 WHERE name = $1 AND holder = $2");
    tx.execute(&old, &[name, holder, why, until]).map(|_| false)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both;

    fn hold(holder: &str, now: u64) -> Hold {
        Hold { holder: holder.to_owned(), now, until: now + 30 }
    }

    #[test]
    fn one_controller_feeds_a_receiver_until_it_says_so_no_more() {
        both(|scratch| {
            let store = &scratch.store;
            let next = |holder: &str, now| {
                let claimed = store.write(|tx| claim(tx, Kind::Sink, "siem", &hold(holder, now)));
                claimed.map_err(|error: StoreError| error.to_string()).unwrap().map(|place| place.next)
            };
            let advance = |holder: &str, to, now| -> bool {
                store.write(|tx| advance(tx, Kind::Sink, "siem", to, &hold(holder, now))).unwrap()
            };
            assert_eq!(next("a", 100), Some(0));
            assert_eq!(next("b", 110), None);
            assert!(advance("a", 7, 120));
            assert!(!advance("b", 9, 121));
            assert_eq!(next("b", 150), None);
            assert_eq!(next("b", 151), Some(7));
            assert!(!advance("a", 8, 152), "who came back late moves nothing");
            assert!(advance("b", 5, 153));
            assert_eq!(next("b", 154), Some(7), "a place moves forward only");
        });
    }

    #[test]
    fn what_is_wrong_is_kept_since_when_it_is_wrong() {
        both(|scratch| {
            let store = &scratch.store;
            let place = |now, work: &dyn Fn(&mut Tx<'_>, &Hold) -> Result<(), StoreError>| {
                let hold = hold("a", now);
                store.write(|tx| work(tx, &hold)).unwrap();
                store.read(|tx| all(tx, Kind::Witness)).unwrap().remove(0)
            };
            let _ = place(1, &|tx, hold| claim(tx, Kind::Witness, "w", hold).map(drop));
            let _ = place(2, &|tx, hold| fail(tx, Kind::Witness, "w", "away", hold).map(drop));
            let failed =
                place(3, &|tx, hold| fail(tx, Kind::Witness, "w", &"x".repeat(1000), hold).map(drop));
            assert_eq!((failed.since, failed.error.unwrap().len()), (Some(2), MAX_ERROR));
            let well = place(4, &|tx, hold| recover(tx, Kind::Witness, "w", hold));
            assert_eq!((well.since, well.error, well.taken_at), (None, None, None));
            let taken = place(5, &|tx, hold| advance(tx, Kind::Witness, "w", 3, hold).map(drop));
            assert_eq!((taken.next, taken.taken_at), (3, Some(5)));
        });
    }
}
