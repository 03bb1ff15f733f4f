//! Two controllers over one PostgreSQL: both alive, one dead, one frozen; and one that was restored.

use super::gateway::Gateway;
use super::plant::{Plant, policy, revoke};
use nullius_model::Epoch;
use nullius_store::backup::{Under, restore, write};
use nullius_store::testing::{Scratch, postgres, sqlite};
use nullius_store::{Kek, Secret, StoreError};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::time::Instant;

const fn epoch(term: u64, counter: u64) -> Epoch {
    Epoch { term, counter }
}

/// A store of its own for what is awaited on blocking threads.
async fn new_postgres() -> Scratch {
    tokio::task::spawn_blocking(postgres).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_controller_decides_gateways_of_the_other_hear_within_a_second() {
    let one = Plant::fresh(new_postgres().await).await;
    let two = one.second().await;
    let (mut first, mut second) = (Gateway::joined(&one, "gw1").await, Gateway::joined(&two, "gw2").await);
    let (mut to_one, _) = first.come(&one).await.unwrap();
    let (mut to_two, _) = second.come(&two).await.unwrap();
    for number in 0..10_u64 {
        let plant = if number % 2 == 0 { &one } else { &two };
        let begun = Instant::now();
        let told = plant.order(revoke(&format!("cam{number}"))).await;
        assert_eq!(told, epoch(1, number + 1));
        first.follow(&mut to_one, told).await;
        second.follow(&mut to_two, told).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    assert_eq!((first.revoked.len(), second.revoked.len()), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_of_a_dead_controller_go_on_at_the_other() {
    let one = Plant::fresh(new_postgres().await).await;
    let two = one.second().await;
    let mut gateway = Gateway::joined(&one, "gw1").await;
    let first = one.issue(policy(&[("a", "1")])).await;
    let (mut link, welcome) = gateway.come(&one).await.unwrap();
    gateway.follow(&mut link, first).await;
    gateway.note("before");
    gateway.upload(&mut link, &welcome).await;
    one.close();
    drop(link);
    let last = two.order(revoke("cam1")).await;
    gateway.note("after");
    let (mut link, welcome) = gateway.come(&two).await.unwrap();
    assert_eq!(welcome.recorded, 1);
    gateway.follow(&mut link, last).await;
    assert_eq!((last, gateway.upload(&mut link, &welcome).await), (epoch(1, 2), 2));
    assert_eq!(two.count("alarm").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_froze_while_it_wrote_holds_nobody_up_for_long_and_doubles_no_epoch() {
    let one = Plant::fresh(new_postgres().await).await;
    let two = one.second().await;
    let mut gateway = Gateway::joined(&one, "gw1").await;
    // it has counted and not committed, and its process stands still
    let (holds, held) = mpsc::channel();
    let (thaw, frozen) = mpsc::channel::<()>();
    let (app, at) = (two.app.clone(), two.app.now());
    let stuck = tokio::spawn(async move {
        let mut times = 0;
        let wait = (holds, frozen);
        app.write(move |tx| {
            let order = revoke("frozen");
            let body = nullius_protocol::bundle::Body::Order { key: order.key(), order };
            let epoch = crate::bundles::issue(tx, super::plant::SITE, body, "user:ben", "", at)?;
            times += 1;
            if times == 1 {
                let _ = wait.0.send(());
                let _ = wait.1.recv();
            }
            Ok::<_, crate::bundles::IssueError>(epoch)
        })
        .await
    });
    tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
    let begun = Instant::now();
    let told = one.order(revoke("cam1")).await;
    let (mut link, _) = gateway.come(&one).await.unwrap();
    gateway.follow(&mut link, told).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    thaw.send(()).unwrap();
    let late = stuck.await.unwrap();
    assert_eq!(told, epoch(1, 1));
    // what it had begun is gone; it may have tried again, and then counted on
    if let Ok(late) = late {
        assert_eq!(late, epoch(1, 2));
        gateway.follow(&mut link, late).await;
    }
    let next = one.order(revoke("cam2")).await;
    gateway.follow(&mut link, next).await;
    assert_eq!(gateway.revoked.len() as u64, next.counter);
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_after_the_backup_come_back_from_the_gateways_of_a_restored_controller() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    plant.issue(policy(&[("a", "1")])).await;
    plant.order(revoke("before")).await;
    let backup = {
        let store = plant.scratch.store.clone();
        let mut bytes = Vec::new();
        let under = Under::Passphrase(Secret::new(b"four random common words".to_vec()));
        tokio::task::spawn_blocking(move || write(&store, &under, &mut bytes).map(|_| bytes))
            .await
            .unwrap()
            .unwrap()
    };
    plant.pass(3600);
    let last = plant.order(revoke("after")).await;
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, last).await;
    gateway.note("seen");
    gateway.upload(&mut link, &welcome).await;
    gateway.revoked_at = super::plant::START + 3600;
    plant.close();
    drop(link);
    let scratch = Arc::new(sqlite());
    let location = scratch.empty_sqlite();
    let store = tokio::task::spawn_blocking(move || {
        let opens = Kek::passphrase(Secret::new(b"four random common words".to_vec()));
        restore(&location, Kek::for_tests(), &opens, &mut backup.as_slice()).map(|(store, _)| store)
    });
    let store = store.await.unwrap().unwrap();
    let restored = Plant::with(store, scratch, plant.clock.clone()).await;
    let (mut link, welcome) = gateway.come(&restored).await.unwrap();
    let again = restored.app.read(|tx| {
        let key = revoke("after").key();
        Ok::<_, StoreError>(
            nullius_store::bundles::of_key(tx, super::plant::SITE, &key)?.map(|bundle| bundle.epoch),
        )
    });
    let again = again.await.unwrap().unwrap();
    assert!(again.term > 1, "{again}");
    gateway.follow(&mut link, again).await;
    // the log forgot the record; the gateway still has it
    assert_eq!((welcome.recorded, gateway.upload(&mut link, &welcome).await), (0, 1));
    let mut fresh = Gateway::joined(&restored, "gw2").await;
    let (mut link, _) = fresh.come(&restored).await.unwrap();
    fresh.follow(&mut link, again).await;
    assert_eq!(fresh.revoked, ["before".to_owned(), "after".to_owned()].into());
    assert_eq!(restored.count("store.gap").await, 1);
}
