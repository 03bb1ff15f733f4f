//! The schema, step by step, forward only.
//!
//! Steps are numbered from 1 without gaps and never change once released. `{BYTES}` stands for what each database calls
//! bytes.

/// One step.
pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) sql: &'static str,
}

/// All of them, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, sql: include_str!("migrations/0001_core.sql") },
    Migration { number: 4, sql: include_str!("migrations/0004_people.sql") },
];
