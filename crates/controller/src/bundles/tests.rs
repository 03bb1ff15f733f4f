//! Epochs, supersession and terms, over both databases.

use super::*;
use nullius_store::testing::{Scratch, both};
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn order(order: Order) -> Body {
    Body::Order { key: order.key(), order }
}

fn revoke(device: &str) -> Body {
    order(Order::Revoke { device: device.into(), reason: "scans".into() })
}

fn policy(text: &str) -> Body {
    Body::Policy(BTreeMap::from([("inventory.toml".to_owned(), text.to_owned())]))
}

fn issued(scratch: &Scratch, body: Body) -> Epoch {
    scratch.store.write(|tx| issue(tx, "lab", body.clone(), "user:anna", "test", NOW)).unwrap()
}

fn with_site(scratch: &Scratch) {
    scratch.store.write(|tx| add_site(tx, "lab", "user:anna", NOW)).unwrap();
}

fn keys(scratch: &Scratch) -> Vec<(Epoch, String)> {
    let in_force = scratch.store.read(|tx| bundles::in_force(tx, "lab")).unwrap();
    in_force.into_iter().map(|bundle| (bundle.epoch, bundle.key)).collect()
}

const fn epoch(term: u64, counter: u64) -> Epoch {
    Epoch { term, counter }
}

#[test]
fn a_later_word_takes_the_place_of_an_earlier_one_of_its_key() {
    both(|scratch| {
        with_site(scratch);
        let bodies = [policy("1"), revoke("cam1"), revoke("cam2"), policy("2")];
        let restore = order(Order::Restore { device: "cam1".into(), reason: "clean".into() });
        let epochs: Vec<_> = bodies.into_iter().chain([restore]).map(|body| issued(scratch, body)).collect();
        assert_eq!(epochs, (1..=5).map(|counter| epoch(1, counter)).collect::<Vec<_>>());
        let expected = [(3, "revocation/cam2"), (4, "policy"), (5, "revocation/cam1")];
        assert_eq!(keys(scratch), expected.map(|(counter, key)| (epoch(1, counter), key.to_owned())));
    });
}

#[test]
fn what_is_kept_is_signed_by_the_site_and_recorded_as_decided() {
    both(|scratch| {
        with_site(scratch);
        let epoch = issued(scratch, revoke("cam1"));
        let (kept, public, leaf) = scratch
            .store
            .read(|tx| {
                let kept = bundles::find(tx, "lab", epoch)?.unwrap();
                let leaf = audit::find(tx, kept.leaf)?.unwrap();
                Ok::<_, IssueError>((kept, signer(tx, "lab")?.public(), leaf))
            })
            .unwrap();
        assert_eq!(Bundle::open(&kept.bytes, &public).unwrap().body, revoke("cam1"));
        let entry = Entry::parse(leaf.as_bytes()).unwrap();
        assert_eq!((entry.what.as_str(), entry.object.as_str()), ("device.revoke", "device/cam1"));
        assert_eq!((entry.epoch, entry.inputs), (Some(epoch), Some(Hash::of(&kept.bytes))));
    });
}

#[test]
fn a_new_term_says_again_what_holds_and_gives_nothing_back() {
    both(|scratch| {
        with_site(scratch);
        let grant = Order::Grant {
            id: "01JD".into(),
            subject: "vendor".into(),
            object: "plc1/modbus".into(),
            verbs: vec![],
            made: 1,
            seconds: 1,
            reason: "x".into(),
            work_order: None,
            approvers: vec![],
        };
        let restore = order(Order::Restore { device: "cam2".into(), reason: "clean".into() });
        for body in [policy("1"), revoke("cam1"), restore, order(grant)] {
            issued(scratch, body);
        }
        scratch.store.write(|tx| open_term(tx, "lab", 3, "gateway:gw1", NOW)).unwrap();
        let again: Vec<_> = keys(scratch).into_iter().filter(|(epoch, _)| epoch.term == 4).collect();
        let expected = [(1, "policy"), (2, "revocation/cam1")];
        assert_eq!(again, expected.map(|(counter, key)| (epoch(4, counter), key.to_owned())));
        assert_eq!(issued(scratch, revoke("cam3")), epoch(4, 3));
        let far = scratch.store.write(|tx| open_term(tx, "lab", u64::MAX, "gateway:gw1", NOW));
        assert!(matches!(far, Err(IssueError::Term)));
    });
}

#[test]
fn two_controllers_never_give_out_one_epoch_twice() {
    both(|scratch| {
        with_site(scratch);
        let taken: Vec<Epoch> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    let store =
                        nullius_store::Store::open(&scratch.location, nullius_store::Kek::for_tests())
                            .unwrap();
                    scope.spawn(move || {
                        (0..50)
                            .map(|number| {
                                let body = revoke(&format!("cam{number}"));
                                let once =
                                    |tx: &mut Tx<'_>| issue(tx, "lab", body.clone(), "system", "", NOW);
                                store.write(once).unwrap()
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        let distinct: std::collections::BTreeSet<_> = taken.iter().copied().collect();
        assert_eq!((distinct.len(), distinct.last().copied()), (100, Some(epoch(1, 100))));
    });
}

#[test]
fn bytes_of_old_policies_go_and_their_rows_stay() {
    both(|scratch| {
        with_site(scratch);
        let last =
            (0..bundles::KEPT_POLICIES + 5).map(|number| issued(scratch, policy(&number.to_string()))).max();
        let kept = |counter| {
            let found = scratch.store.read(|tx| bundles::find(tx, "lab", epoch(1, counter))).unwrap();
            !found.unwrap().bytes.is_empty()
        };
        assert_eq!(last, Some(epoch(1, 37)));
        assert_eq!([1, 4, 5, 6, 37].map(kept), [false, false, true, true, true]);
    });
}
