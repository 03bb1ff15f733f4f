//! The controller's database: one file a noun, over SQLite or PostgreSQL.
//!
//! SQL is plain and in the subset that both understand; a noun is a module with its rows and the functions that read
//! and write them inside a transaction ([`Tx`]). Nothing here decides: who may change what is the controller's to say.
//!
//! INVARIANT: what [`Store::write`] returned `Ok` for is on the disk, all of it or none. What a row holds is data: a
//! damaged row is an error, never a panic. What was sealed ([`Tx::seal`]) is nowhere in the clear.

mod attempt;
pub mod attributes;
pub mod audit;
pub mod authorities;
mod backend;
pub mod backup;
pub mod bundles;
mod catalogue;
pub mod certificates;
pub mod credentials;
pub mod devices;
pub mod enrol_tokens;
mod error;
pub mod gateways;
pub mod grants;
pub mod idempotency;
pub mod join_tokens;
mod keys;
mod location;
pub mod manifests;
pub mod manufacturers;
mod mark;
pub mod meta;
mod migrations;
pub mod past;
pub mod people;
pub mod proposals;
pub mod readers;
pub mod revisions;
mod row;
pub mod secrets;
pub mod sessions;
pub mod sinks;
pub mod sites;
pub mod standing;
mod store;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod tokens;
mod tx;
mod unlock;
mod value;

pub use error::StoreError;
#[cfg(feature = "pkcs11")]
pub use keys::Module;
pub use keys::{Kek, Secret, under_passphrase};
pub use location::Location;
pub use row::Row;
pub use store::Store;
pub use tx::Tx;
pub use value::Value;
