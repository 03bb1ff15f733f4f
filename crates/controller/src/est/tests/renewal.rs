//! From the first certificate to the next ones, and what stands beside a certificate in the store and the log.

use super::client::{Held, Question, csr};
use super::plant::{Plant, SITE};
use crate::record::credentials;
use nullius_identity::{DeviceIdentity, Protection, TrustDomain, assertion};
use nullius_model::lifecycle::Event;
use nullius_protocol::link::Hash;
use nullius_store::credentials::{self as rows, Status};
use nullius_store::{bundles, enrol_tokens};
use rcgen::KeyPair;
use std::sync::Arc;

fn identity(held: &Held) -> DeviceIdentity {
    let domain = TrustDomain::new("nullius").unwrap();
    (*assertion::<DeviceIdentity>(&held.chain[0], &domain).unwrap()).clone()
}

async fn renewed(plant: &Plant, held: &Held) -> Held {
    let key = KeyPair::generate().unwrap();
    let reply = plant.send(&Question::est("simplereenroll", &csr(&key)).held(held)).await;
    Held { key: Arc::new(key), chain: reply.certificates() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_enrols_with_a_token_and_renews_with_what_it_got() {
    let plant = Plant::new().await;
    let key = KeyPair::generate().unwrap();
    let question =
        Question::est("lab/simpleenroll", &csr(&key)).token(&plant.token_for("cam1", true, 60).await);
    let reply = plant.send(&question).await;
    assert_eq!(reply.header("nullius-generation").as_deref(), Some("1"));
    assert_eq!(
        reply.header("content-type").as_deref(),
        Some("application/pkcs7-mime; smime-type=certs-only")
    );
    let first = Held { key: Arc::new(key), chain: reply.certificates() };
    let device = identity(&first);
    assert_eq!((device.site.as_str(), device.name.as_str()), ("lab", "cam1"));
    assert_eq!(device.protection, Protection::Hardware, "somebody vouched for it");
    plant.pass(86_400);
    let second = renewed(&plant, &first).await;
    assert_eq!(identity(&second).protection, Protection::Software, "nobody vouched for the new key");
    let kept = plant.read(|tx| rows::of_device(tx, SITE, "cam1", 10));
    let kept: Vec<_> = kept.iter().map(|row| (row.generation, row.status, row.means.as_str())).collect();
    assert_eq!(kept, [(2, Status::Current, "renewal"), (1, Status::Superseded, "token")]);
    let records = plant.records_of("device.enrol");
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["data"]["generation"], 2);
    assert_eq!(records[1]["object"], "device/cam1");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_answer_to_a_renewal_asks_again_and_whoever_has_a_copy_of_the_key_freezes_it() {
    let plant = Plant::new().await;
    let first = plant.enrolled("cam1").await;
    let key = KeyPair::generate().unwrap();
    let question = Question::est("simplereenroll", &csr(&key)).held(&first);
    let (told, again) = (plant.send(&question).await, plant.send(&question).await);
    assert_eq!(told.certificates(), again.certificates());
    assert_eq!(plant.read(|tx| rows::enrolment(tx, SITE, "cam1")).generation, 2);
    let copy = KeyPair::generate().unwrap();
    let reply = plant.send(&Question::est("simplereenroll", &csr(&copy)).held(&first)).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "clone"));
    assert_eq!(plant.records_of("alarm.clone").len(), 1);
    let second = Held { key: Arc::new(key), chain: told.certificates() };
    let reply = plant.send(&Question::est("simplereenroll", &csr(&copy)).held(&second)).await;
    assert_eq!(reply.code(), "frozen", "nobody knows which of the two it is");
    let (actor, site) = (plant.actor(), SITE);
    plant.app.write(move |tx| credentials::allow(tx, site, &actor, "cam1", "looked at it")).await.unwrap();
    renewed(&plant, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_device_its_credentials_and_tokens_are_revoked_and_gateways_are_told_of_the_key() {
    let plant = Plant::new().await;
    let held = plant.enrolled("cam1").await;
    let token = plant.token("cam1").await;
    plant.happens("cam1", Event::Revoke).await;
    assert_eq!(plant.read(|tx| rows::of_device(tx, SITE, "cam1", 10))[0].status, Status::Revoked);
    assert_eq!(plant.read(|tx| enrol_tokens::find(tx, &token.id)), None);
    let order = format!("key/{}", Hash(identity(&held).key));
    assert!(plant.read(|tx| bundles::of_key(tx, SITE, &order)).is_some());
    plant.happens("cam1", Event::Resume).await;
    let reply = plant.send(&Question::est("simplereenroll", &csr(&held.key)).held(&held)).await;
    assert_eq!(reply.code(), "revoked");
    let token = plant.token("cam1").await;
    let reply = plant.send(&Question::est("simpleenroll", &csr(&held.key)).token(&token)).await;
    assert_eq!(reply.code(), "revoked-key");
    let other = KeyPair::generate().unwrap();
    let reply = plant.send(&Question::est("simpleenroll", &csr(&other)).token(&token)).await;
    assert_eq!(reply.status, 200, "a request that was refused uses no token up");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_credential_is_revoked_by_its_serial() {
    let plant = Plant::new().await;
    let held = plant.enrolled("cam1").await;
    let (actor, serial) = (plant.actor(), identity(&held).serial);
    let revoke = move |tx: &mut nullius_store::Tx<'_>| {
        credentials::revoke(tx, SITE, &actor, ("cam1", &serial), "lost with a laptop")
    };
    let (row, _) = plant.app.write(revoke.clone()).await.unwrap();
    assert_eq!((row.status, row.reason.as_str()), (Status::Revoked, "lost with a laptop"));
    assert_eq!(plant.app.write(revoke).await.unwrap_err().code(), "revoked");
    let reply = plant.send(&Question::est("simplereenroll", &csr(&held.key)).held(&held)).await;
    assert_eq!(reply.code(), "revoked");
}

/// Whichever comes first, a device that was revoked has nothing that is good.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_wins_over_an_enrolment_that_comes_at_the_same_time() {
    let plant = Arc::new(Plant::new().await);
    for _ in 0..50 {
        let (key, token) = (KeyPair::generate().unwrap(), plant.token("cam1").await);
        let question = Question::est("simpleenroll", &csr(&key)).token(&token);
        let (other, enrolling) = (Arc::clone(&plant), Arc::clone(&plant));
        let enrol = tokio::spawn(async move { enrolling.send(&question).await.status });
        let revoke = tokio::spawn(async move { other.happens("cam1", Event::Revoke).await });
        let status = enrol.await.unwrap();
        revoke.await.unwrap();
        assert!(matches!(status, 200 | 401 | 403), "{status}");
        let rows = plant.read(|tx| rows::of_device(tx, SITE, "cam1", 100));
        assert!(rows.iter().all(|row| row.status == Status::Revoked), "{rows:?}");
        plant.happens("cam1", Event::Resume).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_enrol_at_once_and_each_gets_its_own() {
    const MANY: usize = 40;
    let plant = Arc::new(Plant::new().await);
    let names: Vec<&'static str> = (0..MANY).map(|number| &*format!("dev{number}").leak()).collect();
    let mut tokens = Vec::new();
    for name in &names {
        plant.declare(name).await;
        tokens.push(plant.token(name).await);
    }
    let tasks = names.iter().zip(tokens).map(|(name, token)| {
        let (plant, name) = (Arc::clone(&plant), *name);
        tokio::spawn(async move {
            let key = Arc::new(KeyPair::generate().unwrap());
            let reply = plant.send(&Question::est("simpleenroll", &csr(&key)).token(&token)).await;
            let device = identity(&Held { key, chain: reply.certificates() });
            assert_eq!(device.name, name);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(plant.records_of("device.enrol").len(), MANY);
}
