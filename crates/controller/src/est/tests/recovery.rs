//! A device whose certificate ran out comes back, so often and no more; a copy of it does not.

use super::client::{Held, Question, Reply, csr};
use super::plant::{Plant, SITE};
use crate::record::credentials as acts;
use nullius_identity::recovery::Ask;
use nullius_identity::{KeyInMemory, TrustDomain};
use nullius_model::lifecycle::Event;
use nullius_protocol::enrol::{
    NONCE_PATH, NonceAnswer, NonceRequest, RECOVER_PATH, RecoverAnswer, RecoverRequest, VERSION,
};
use nullius_store::credentials::{self, Status};
use rcgen::KeyPair;

const LONG: u64 = 60 * 86_400;

async fn nonce(plant: &Plant, device: &str) -> [u8; 32] {
    let asked = NonceRequest { version: VERSION, site: SITE.into(), device: device.into() };
    let reply = plant.send(&Question::json(NONCE_PATH, &asked)).await;
    let answer: NonceAnswer = serde_json::from_slice(&reply.body).unwrap();
    answer.nonce.try_into().unwrap()
}

/// By `last`, for `new`.
async fn signed(plant: &Plant, generation: u64, last: &KeyPair, new: &KeyPair) -> RecoverRequest {
    let signer = KeyInMemory::from_pkcs8(&last.serialize_der()).unwrap();
    let (domain, nonce) = (TrustDomain::new("nullius").unwrap(), nonce(plant, "cam1").await);
    let ask = Ask::sign(&domain, (SITE, "cam1"), generation, nonce, &csr(new), &signer).unwrap();
    RecoverRequest {
        version: VERSION,
        site: ask.site,
        device: ask.name,
        generation,
        nonce: nonce.to_vec(),
        csr: ask.request,
        key: ask.key,
        signature: ask.signature,
    }
}

async fn recover(plant: &Plant, asked: &RecoverRequest) -> Reply {
    plant.send(&Question::json(RECOVER_PATH, asked)).await
}

fn answer(reply: &Reply) -> RecoverAnswer {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_comes_back_as_often_as_it_may_and_then_by_a_persons_word() {
    let plant = Plant::new().await;
    let mut last = plant.enrolled("cam1").await.key;
    for generation in 1..=2 {
        plant.pass(LONG);
        let new = std::sync::Arc::new(KeyPair::generate().unwrap());
        let asked = signed(&plant, generation, &last, &new).await;
        let told = answer(&recover(&plant, &asked).await);
        assert_eq!(told.generation, generation + 1);
        assert!(told.anchors.contains("BEGIN CERTIFICATE") && told.chain.contains("BEGIN CERTIFICATE"));
        // the answer got lost: the same is told again, and counts once
        assert_eq!(answer(&recover(&plant, &asked).await), told);
        last = new;
    }
    plant.pass(LONG);
    let new = KeyPair::generate().unwrap();
    let reply = recover(&plant, &signed(&plant, 3, &last, &new).await).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "too-many-recoveries"));
    let actor = plant.actor();
    plant.app.write(move |tx| acts::allow(tx, SITE, &actor, "cam1", "it was in store")).await.unwrap();
    let reply = recover(&plant, &signed(&plant, 3, &last, &new).await).await;
    assert_eq!(answer(&reply).generation, 4);
    let kept = plant.read(|tx| credentials::of_device(tx, SITE, "cam1", 10));
    let kept: Vec<_> = kept.iter().map(|row| (row.generation, row.means.as_str())).collect();
    assert_eq!(kept, [(4, "recovery"), (3, "recovery"), (2, "recovery"), (1, "token")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_with_the_same_key_the_second_freezes_both() {
    let plant = Plant::new().await;
    let Held { key: shared, .. } = plant.enrolled("cam1").await;
    plant.pass(LONG);
    let (thief, owner) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    answer(&recover(&plant, &signed(&plant, 1, &shared, &thief).await).await);
    let reply = recover(&plant, &signed(&plant, 1, &shared, &owner).await).await;
    assert_eq!(reply.code(), "clone");
    assert_eq!(plant.read(|tx| credentials::of_device(tx, SITE, "cam1", 1))[0].status, Status::Frozen);
    assert_eq!(plant.records_of("alarm.clone").len(), 1);
    let reply = recover(&plant, &signed(&plant, 2, &thief, &owner).await).await;
    assert_eq!(reply.code(), "frozen", "nobody knows which of the two was here first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_and_stops_nobody() {
    let plant = Plant::new().await;
    let held = plant.enrolled("cam1").await;
    let (stranger, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut said = Vec::new();
    for (device, generation) in [("cam1", 1), ("cam1", 7), ("cam2", 1), ("nobody", 1), ("a b", 1)] {
        let asked = signed(&plant, generation, &stranger, &new).await;
        let nonce = nonce(&plant, device).await.to_vec();
        let reply = recover(&plant, &RecoverRequest { device: device.into(), nonce, ..asked }).await;
        said.push((reply.status, reply.body));
    }
    assert!(said.iter().all(|reply| *reply == said[0]), "{said:?}");
    let asked = signed(&plant, 1, &held.key, &new).await;
    plant.pass(121);
    assert_eq!(recover(&plant, &asked).await.code(), "nonce");
    assert_eq!(answer(&recover(&plant, &signed(&plant, 1, &held.key, &new).await).await).generation, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_or_retired_device_does_not_come_back() {
    let plant = Plant::new().await;
    let held = plant.enrolled("cam1").await;
    plant.happens("cam1", Event::Retire).await;
    plant.pass(LONG);
    let new = KeyPair::generate().unwrap();
    let reply = recover(&plant, &signed(&plant, 1, &held.key, &new).await).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "revoked"));
    let asked = signed(&plant, 1, &held.key, &held.key).await;
    assert_eq!(recover(&plant, &asked).await.status, 403);
    assert_eq!(plant.send(&Question::json(RECOVER_PATH, &"{}")).await.code(), "not-understood");
}
