//! Encryption of what must not be read from the disk, the server or a backup.
//!
//! Envelope: values are sealed under data keys, data keys are wrapped by a key-encryption key ([`Kek`]) that is never in
//! the store. Whoever has the database alone has nothing; changing the key-encryption key touches the data keys only.
//!
//! INVARIANT: no key and nothing that was unsealed is printed or written anywhere outside this module and its callers'
//! own hands ([`Secret`]).

pub(crate) mod cipher;
mod file;
mod kek;
#[cfg(feature = "pkcs11")]
mod module;
mod passphrase;
#[cfg(feature = "pkcs11")]
mod pkcs11;
pub(crate) mod ring;
mod rotation;
mod secret;
pub mod under_passphrase;
mod wrapper;

pub(crate) use kek::Descriptor;
pub use kek::Kek;
#[cfg(feature = "pkcs11")]
pub use module::Module;
pub(crate) use passphrase::Stretch;
pub(crate) use ring::Ring;
pub use secret::Secret;
pub(crate) use wrapper::Wrapper;

#[cfg(test)]
mod canary;
#[cfg(test)]
mod tests;
