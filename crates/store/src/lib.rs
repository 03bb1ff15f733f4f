//! The controller's database: one file a noun, over SQLite or PostgreSQL.
//!
//! SQL is plain and in the subset that both understand; a noun is a module with its rows and the functions that read
//! and write them inside a transaction ([`Tx`]). Nothing here decides: who may change what is the controller's to say.
//!
//! INVARIANT: what [`Store::write`] returned `Ok` for is on the disk, all of it or none. What a row holds is data: a
//! damaged row is an error, never a panic.

mod backend;
mod error;
pub mod idempotency;
mod location;
mod migrations;
pub mod people;
mod row;
pub mod sessions;
pub mod tokens;
mod value;

pub use backend::{Store, Tx};
pub use error::StoreError;
pub use location::Location;
pub use row::Row;
pub use value::Value;
