//! Secrets are planted through every path that seals, and then looked for in every byte that is left: the database, its
//! log, what PostgreSQL keeps, a dump, and backups.

use super::{Kek, Secret, ring};
use crate::backup::{self, Under};
use crate::testing::{Scratch, both, remains};
use crate::{Store, StoreError, Tx, audit, meta, secrets, sites};
use nullius_audit::{Entry, Phase};

/// Not a secret: it is found, or the search is worth nothing.
const SEEN: &str = "canary-that-everybody-may-see";

#[test]
fn planted_secrets_are_nowhere_in_the_files_the_log_or_a_backup() {
    both(|scratch| {
        let needles = live(scratch);
        let remains = remains(scratch).unwrap();
        let holds = |needle: &[u8]| {
            remains
                .iter()
                .filter(|(_, bytes)| contains(bytes, needle))
                .map(|(path, _)| path.clone())
                .collect::<Vec<_>>()
        };
        assert!(!holds(SEEN.as_bytes()).is_empty(), "the search finds what is in the clear");
        for needle in &needles {
            assert_eq!(
                holds(needle),
                Vec::<std::path::PathBuf>::new(),
                "{}",
                String::from_utf8_lossy(needle)
            );
        }
    });
}

/// A store's life; what must not be found.
fn live(scratch: &Scratch) -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    let passphrase = canary(&mut needles);
    let location = match &scratch.location {
        crate::Location::Sqlite(_) => scratch.empty_sqlite(),
        crate::Location::Postgres(_) => scratch.location.clone(),
    };
    // PostgreSQL: the store that is there, under another key
    let kek = Kek::passphrase(Secret::new(passphrase.into_bytes()));
    let store = match &location {
        crate::Location::Sqlite(_) => Store::open(&location, kek).unwrap(),
        crate::Location::Postgres(_) => {
            scratch.store.change_kek(&kek).unwrap();
            scratch.store.clone()
        }
    };
    keys(&store, &mut needles);
    store.write(|tx| meta::put(tx, SEEN, SEEN.as_bytes())).unwrap();
    needles.extend(seeds(&store).unwrap());
    store.write(|tx| tx.script("CREATE TABLE vault (id BIGINT, sealed {BYTES})")).unwrap();
    for turn in 0..3 {
        store.write(|tx| plant(tx, &canary(&mut needles), &canary(&mut needles))).unwrap();
        let failed = store.write(|tx| {
            plant(tx, &canary(&mut needles), &canary(&mut needles))?;
            Err::<(), _>(StoreError::Conflict)
        });
        assert!(failed.is_err());
        store.change_data_keys().unwrap();
        keys(&store, &mut needles);
        let passphrase = Secret::new(canary(&mut needles).into_bytes());
        for (under, name) in [(Under::StoreKey, "key"), (Under::Passphrase(passphrase), "phrase")] {
            backup::to_file(&store, &under, &scratch.folder().join(format!("backup-{turn}-{name}"))).unwrap();
        }
    }
    // open to the end: its log is as it is while it runs
    std::mem::forget(store);
    needles
}

/// The seeds of the keys that sign: of a site's bundles, and of the log.
fn seeds(store: &Store) -> Result<Vec<Vec<u8>>, StoreError> {
    store.write(|tx| {
        sites::add(tx, "lab", "signer", &super::cipher::random::<32>()?)?;
        let at = nullius_model::Timestamp::from_secs(0);
        audit::append(tx, &Entry::new(Phase::Observed, at, "system", "site.add", "site/lab"))?;
        let names = secrets::names(tx)?;
        assert_eq!(names.len(), 2, "{names:?}");
        let seeds = names.iter().map(|name| secrets::find(tx, name));
        Ok(seeds
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .map(|seed| seed.expose().to_vec())
            .collect())
    })
}

fn plant(tx: &mut Tx<'_>, one: &str, two: &str) -> Result<(), StoreError> {
    secrets::put(tx, "ca", one.as_bytes())?;
    let sealed = tx.seal("vault", two.as_bytes())?;
    tx.execute("INSERT INTO vault VALUES (1, $1)", &[sealed.into()])?;
    tx.execute("DELETE FROM vault WHERE id = 0", &[]).map(|_| ())
}

/// The data keys themselves.
fn keys(store: &Store, needles: &mut Vec<Vec<u8>>) {
    let wrapper = store.wrapper();
    let keys = store.read(|tx| ring::unwrapped(tx, &wrapper)).unwrap_or_default();
    assert!(!keys.is_empty());
    needles.extend(keys.values().map(|key| key.expose().to_vec()));
}

/// A secret that is nowhere else.
fn canary(needles: &mut Vec<Vec<u8>>) -> String {
    let drawn = super::cipher::random::<12>().unwrap_or_default();
    let canary: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    needles.push(canary.clone().into_bytes());
    canary
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(place..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}
