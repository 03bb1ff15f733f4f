//! The schema, step by step, forward only.
//!
//! Steps are numbered from 1 and never change once released. `{BYTES}` stands for what each database calls bytes. All
//! steps that are missing happen in one transaction: an upgrade that fails leaves what was there.

use crate::attempt::{finish, retried};
use crate::backend::{Backend, Mode, Session};
use crate::keys::Ring;
use crate::{StoreError, Tx};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One step.
pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) sql: &'static str,
}

/// All of them, in order.
#[rustfmt::skip]
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: include_str!("migrations/0001_core.sql") },
    Migration { number: 2, sql: include_str!("migrations/0002_audit.sql") },
    Migration { number: 3, sql: include_str!("migrations/0003_link.sql") },
    Migration { number: 4, sql: include_str!("migrations/0004_people.sql") },
    Migration { number: 5, sql: include_str!("migrations/0005_nouns.sql") },
    Migration { number: 6, sql: include_str!("migrations/0006_out.sql") },
    Migration { number: 7, sql: include_str!("migrations/0007_pki.sql") },
    Migration { number: 8, sql: include_str!("migrations/0008_credentials.sql") },
];

/// The last step we know.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |last| last.number)
}

/// Does the steps that a store lacks.
pub(crate) fn migrate(backend: &Backend, steps: &[Migration]) -> Result<(), StoreError> {
    let steps: Vec<_> = steps.iter().collect();
    let attempt = |session: &mut dyn Session| {
        session.begin(Mode::Migrate)?;
        finish(session, Arc::new(Ring::empty()), &mut |tx: &mut Tx<'_>| climb(tx, &steps))
    };
    retried(backend, Mode::Migrate, attempt).map(|_| ())
}

/// The steps of these that are missing.
pub(crate) fn climb(tx: &mut Tx<'_>, steps: &[&Migration]) -> Result<(), StoreError> {
    tx.script("CREATE TABLE IF NOT EXISTS schema (number BIGINT PRIMARY KEY)")?;
    let rows = tx.query("SELECT number FROM schema", &[])?;
    let done = rows.iter().map(|row| row.int(0)).collect::<Result<BTreeSet<_>, _>>()?;
    let (found, known) = (done.last().copied().unwrap_or(0), steps.last().map_or(0, |last| last.number));
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for step in steps.iter().filter(|step| !done.contains(&step.number)) {
        tx.script(step.sql)?;
        tx.execute("INSERT INTO schema (number) VALUES ($1)", &[step.number.into()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
