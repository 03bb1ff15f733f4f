//! What the state directory gives back after an ordinary life, after a crash, and after damage.

use super::*;
use nullius_protocol::bundle::SigningKey;
use std::collections::BTreeMap;
use std::fs;

/// A state directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nullius-store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn store(&self) -> Store {
        Store::open(&self.0).unwrap()
    }

    fn key(&self) -> SigningKey {
        SigningKey::from_seed(fs::read_to_string(self.0.join("local.key")).unwrap().trim_end()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn epoch(counter: u64) -> Epoch {
    Epoch { term: 1, counter }
}

fn policy(counter: u64) -> Bundle {
    let files = BTreeMap::from([("inventory.toml".to_owned(), format!("# {counter}\n"))]);
    Bundle { epoch: epoch(counter), made: 0, by: "test".into(), body: Body::Policy(files) }
}

fn adopt(store: &mut Store, counter: u64, key: &SigningKey) -> Result<(), StoreError> {
    let verified = store.verify(policy(counter).sign(key).unwrap())?;
    store.adopt(&verified)
}

#[test]
fn the_first_start_makes_a_key_and_has_no_policy() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("first");
    let store = scratch.store();
    assert!(store.current().unwrap().is_none());
    assert!(!store.was_used());
    assert_eq!(store.trusted(), scratch.key().public());
    let mode = fs::metadata(scratch.0.join("local.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(scratch.store().trusted(), store.trusted());
}

#[test]
fn what_was_adopted_is_there_after_a_restart_and_never_comes_again() {
    let scratch = Scratch::new("adopt");
    let mut store = scratch.store();
    let key = scratch.key();
    adopt(&mut store, 1, &key).unwrap();
    adopt(&mut store, 2, &key).unwrap();
    let mut store = scratch.store();
    assert_eq!(store.current().unwrap().unwrap().bundle, policy(2));
    for old in [1, 2] {
        assert!(matches!(adopt(&mut store, old, &key), Err(StoreError::OldEpoch { .. })), "{old}");
    }
    assert_eq!(store.load(epoch(1)).unwrap().bundle, policy(1));
    let strange = SigningKey::generate().unwrap();
    assert!(matches!(adopt(&mut store, 3, &strange), Err(StoreError::Bundle(BundleError::Signature))));
}

#[test]
fn a_bundle_that_was_written_but_never_pointed_to_was_never_taken() {
    let scratch = Scratch::new("orphan");
    let mut store = scratch.store();
    let key = scratch.key();
    adopt(&mut store, 1, &key).unwrap();
    let verified = store.verify(policy(2).sign(&key).unwrap()).unwrap();
    bundles::write(&scratch.0, &verified).unwrap();
    let mut store = scratch.store();
    store.tidy();
    assert_eq!(store.floor(), epoch(1));
    assert_eq!(store.epochs().unwrap(), [epoch(1)]);
    adopt(&mut store, 2, &key).unwrap();
}

#[test]
fn damage_is_seen_and_older_bundles_are_still_there() {
    let scratch = Scratch::new("damage");
    let mut store = scratch.store();
    let key = scratch.key();
    adopt(&mut store, 1, &key).unwrap();
    adopt(&mut store, 2, &key).unwrap();
    let path = scratch.0.join("bundles/1.2.cose");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(store.current().is_err());
    assert_eq!(store.load(epoch(1)).unwrap().bundle, policy(1));
    // an older bundle under the newer name is not the newer bundle
    fs::copy(scratch.0.join("bundles/1.1.cose"), &path).unwrap();
    assert!(matches!(store.current(), Err(StoreError::Changed(_))));
    fs::write(scratch.0.join("current"), "").unwrap();
    assert!(store.current().is_err());
    let store = scratch.store();
    assert!(store.was_used());
    assert_eq!(store.floor(), epoch(2));
}

#[test]
fn after_a_handover_the_old_key_is_worth_nothing_and_the_old_policy_still_verifies() {
    let scratch = Scratch::new("handover");
    let mut store = scratch.store();
    let (old, new) = (scratch.key(), SigningKey::generate().unwrap());
    adopt(&mut store, 1, &old).unwrap();
    let handover = Bundle { epoch: epoch(2), body: Body::Handover(new.public()), ..policy(2) };
    let verified = store.verify(handover.sign(&old).unwrap()).unwrap();
    store.hand_over(&verified).unwrap();
    let mut store = scratch.store();
    assert_eq!(store.current().unwrap().unwrap().bundle, policy(1));
    assert!(adopt(&mut store, 3, &old).is_err());
    assert!(matches!(adopt(&mut store, 2, &new), Err(StoreError::OldEpoch { .. })));
    adopt(&mut store, 3, &new).unwrap();
    assert_eq!(scratch.store().current().unwrap().unwrap().bundle, policy(3));
}

#[test]
fn only_so_many_bundles_are_kept() {
    let scratch = Scratch::new("kept");
    let mut store = scratch.store();
    let key = scratch.key();
    for counter in 1..=40 {
        adopt(&mut store, counter, &key).unwrap();
    }
    assert_eq!(store.epochs().unwrap().len(), 32);
    assert_eq!(store.current().unwrap().unwrap().bundle, policy(40));
}
