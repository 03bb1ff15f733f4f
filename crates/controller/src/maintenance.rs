//! What is done to a controller at its machine, beside its API: backups, restoring them, new keys.
//!
//! Every one of them is recorded in the log, by the account of the machine that did it.

use crate::run::RunError;
use crate::{App, Clock, Settings, bundles};
use nullius_audit::{Entry, Phase};
use nullius_model::Timestamp;
use nullius_store::backup::{self, Contents, Under};
use nullius_store::{Kek, Secret, Store, StoreError, audit};
use std::path::Path;
use std::sync::Arc;

/// Writes all of the store to a new file, sealed under `passphrase`, or under the store's own key. The controller may run
/// meanwhile.
///
/// # Errors
/// Where the store cannot be read, or the file not be written.
pub fn back_up(
    settings: &Settings,
    clock: &dyn Clock,
    to: &Path,
    passphrase: Option<Secret>,
    who: &str,
) -> Result<Contents, RunError> {
    let store = Store::open(&settings.location()?, settings.kek()?)?;
    let under = passphrase.map_or(Under::StoreKey, Under::Passphrase);
    let contents = backup::to_file(&store, &under, to)?;
    note(&store, clock.now(), who, "controller.backup", &to.display().to_string())?;
    Ok(contents)
}

/// Makes a store of a backup, where there is none. The next start opens a new term on every site and learns from the
/// gateways what was revoked since.
///
/// # Errors
/// Where there is a store already, or the backup is damaged: nothing is kept then.
pub fn restore(
    settings: &Settings,
    clock: &dyn Clock,
    from: &Path,
    passphrase: Option<Secret>,
    who: &str,
) -> Result<Contents, RunError> {
    std::fs::create_dir_all(&settings.state).map_err(RunError::System)?;
    let kek = settings.kek()?;
    let opens = passphrase.map_or_else(|| kek.clone(), Kek::passphrase);
    let (store, contents) = backup::from_file(&settings.location()?, kek, &opens, from)?;
    note(&store, clock.now(), who, "controller.restore", &from.display().to_string())?;
    Ok(contents)
}

/// Seals all secrets anew, under data keys that nobody has seen.
///
/// # Errors
/// Where the store fails; what is sealed under old keys opens as before.
pub fn change_keys(settings: &Settings, clock: &dyn Clock, who: &str) -> Result<u64, RunError> {
    let store = Store::open(&settings.location()?, settings.kek()?)?;
    let sealed = store.change_data_keys()?;
    note(&store, clock.now(), who, "controller.change-keys", "store")?;
    Ok(sealed)
}

/// Puts the store under the key of another configuration; the old one opens it no more.
///
/// # Errors
/// Where the store fails, or the new key cannot be made.
pub fn change_kek(settings: &Settings, new: &Settings, clock: &dyn Clock, who: &str) -> Result<(), RunError> {
    let store = Store::open(&settings.location()?, settings.kek()?)?;
    store.change_kek(&new.kek()?)?;
    Ok(note(&store, clock.now(), who, "controller.change-kek", "store")?)
}

/// SHA-256 of the root certificate, hexadecimal: how others know this controller.
///
/// # Errors
/// Where the store cannot be opened.
pub fn root(settings: &Settings, clock: Arc<dyn Clock>) -> Result<String, RunError> {
    let app = crate::run::open(settings, clock)?;
    crate::run::fingerprint(&app)
}

/// Deals with a gap in the store's past, before anything is served.
pub(crate) fn settle_gap(app: &App) -> Result<(), RunError> {
    let at = app.now();
    let settled = app.store().write(|tx| bundles::settle_past(tx, at));
    settled.map_err(|error| RunError::Begin(error.to_string()))
}

fn note(store: &Store, at: Timestamp, who: &str, what: &str, object: &str) -> Result<(), StoreError> {
    let who = format!("console:{who}");
    store.write(|tx| {
        audit::append(tx, &Entry::new(Phase::Decided, at, who.as_str(), what, object)).map(|_| ())
    })
}
