//! Everything that gets no certificate: each with its own word, its own record, and nothing written beside.

use super::client::{Held, Question, csr};
use super::openssl::openssl;
use super::plant::{Maker, Plant, SITE};
use crate::est::wire::BODY;
use base64::Engine as _;
use nullius_identity::pem;
use nullius_model::lifecycle::Event;
use nullius_store::authorities::{self, Authority, Kind, Place, State};
use nullius_store::manifests::{self, Entry};
use nullius_store::manufacturers::{self, Manufacturer};
use nullius_store::{Tx, credentials};
use rcgen::{CertificateParams, CustomExtension, IsCa, KeyPair, SanType};
use std::sync::Arc;

/// A request that wishes something.
fn wishing(key: &KeyPair, wish: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    wish(&mut params);
    params.serialize_request(key).unwrap().der().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_refused_for_what_is_wrong_with_it_and_costs_no_token() {
    let plant = Plant::new().await;
    let key = KeyPair::generate().unwrap();
    let token = plant.token("cam1").await;
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let mut bad_proof = csr(&key);
    *bad_proof.last_mut().unwrap() ^= 1;
    let mut critical = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    critical.set_criticality(true);
    let folder = plant.scratch.folder();
    openssl(folder, "req -new -newkey rsa:1024 -nodes -keyout rsa.key -subj / -outform DER -out rsa.der");
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let other = uri("spiffe://nullius/site/lab/device/cam2");
    for (request, status, code) in [
        (std::fs::read(folder.join("rsa.der")).unwrap(), 400, "weak-key"),
        (csr(&p384), 400, "other-kind-of-key"),
        (bad_proof, 400, "bad-proof"),
        (
            wishing(&key, |params| params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained)),
            400,
            "ca-wanted",
        ),
        (wishing(&key, |params| params.subject_alt_names.push(other)), 400, "other-name"),
        (wishing(&key, |params| params.custom_extensions.push(critical)), 400, "unknown-critical-extension"),
        (vec![0x30; 100], 400, "no-request"),
        (vec![0x30; 20 << 10], 413, "too-large"),
    ] {
        let reply = plant.send(&Question::est("simpleenroll", &request).token(&token)).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code));
        assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
        assert_eq!(plant.refusals().last().map(String::as_str), Some(code));
    }
    assert_eq!(plant.read(|tx| credentials::of_device(tx, SITE, "cam1", 10)), []);
    let good = plant.send(&Question::est("simpleenroll", &csr(&key)).token(&token)).await;
    assert_eq!(good.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_megabyte_is_refused_before_it_is_read() {
    let plant = Plant::new().await;
    let question = Question::est("simpleenroll", b"").token(&plant.token("cam1").await);
    // nothing of the body is ever sent: an answer can only come of the head
    let reply = plant.send(&Question { said: Some(1 << 20), ..question }).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "too-large"));
    let question = Question { body: vec![b'A'; BODY + 1], ..Question::est("simpleenroll", b"") };
    assert_eq!(plant.send(&question).await.status, 413);
    assert_eq!(plant.refusals(), ["too-large", "too-large"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_token_that_is_refused_the_log_knows_why_and_the_asker_does_not() {
    let plant = Plant::new().await;
    let key = KeyPair::generate().unwrap();
    let (used, late) = (plant.token("cam1").await, plant.token_for("cam2", false, 10).await);
    let request = Question::est("simpleenroll", &csr(&key));
    assert_eq!(plant.send(&request.clone().token(&used)).await.status, 200);
    plant.pass(11);
    let (user, password) = (used.user(), used.password());
    let mut said = Vec::new();
    for (basic, reason) in [
        (format!("{user}:{password}"), "token-used"),
        (format!("{user}:{}", "00".repeat(32)), "token-secret"),
        (format!("{}:{password}", "00".repeat(8)), "token-unknown"),
        (format!("{}:{}", late.user(), late.password()), "token-expired"),
        ("admin:admin".to_owned(), "token-form"),
    ] {
        let reply = plant.send(&request.clone().basic(&basic)).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "token"));
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic "));
        assert_eq!(plant.refusals().last().map(String::as_str), Some(reason));
        said.push(reply.body);
    }
    assert!(said.iter().all(|body| *body == said[0]), "the answers are one");
    let reply = plant.send(&request).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "who-are-you"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_in_no_state_to_get_anything_gets_nothing() {
    let plant = Plant::new().await;
    let key = KeyPair::generate().unwrap();
    for (event, code) in [(Event::Revoke, "suspended"), (Event::Lose, "lost")] {
        let token = plant.token("cam1").await;
        // whoever makes a token race with what takes a device away is none the better for it
        plant.happens("cam1", event).await;
        let row = nullius_store::enrol_tokens::EnrolToken {
            id: token.id.to_vec(),
            hash: <sha2::Sha256 as sha2::Digest>::digest(token.secret).to_vec(),
            site: SITE.into(),
            device: "cam1".into(),
            hardware: false,
            made_by: "user:anna".into(),
            made: 0,
            expires: u64::MAX >> 1,
            used: false,
        };
        plant.app.store().write(|tx| nullius_store::enrol_tokens::add(tx, &row)).unwrap();
        let reply = plant.send(&Question::est("simpleenroll", &csr(&key)).token(&token)).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, code));
        if code == "suspended" {
            plant.happens("cam1", Event::Resume).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_others_and_of_other_times_are_refused() {
    let plant = Plant::new().await;
    let (held, stranger) = (plant.enrolled("cam1").await, Maker::new().device("SN-1"));
    let new = KeyPair::generate().unwrap();
    let renew = |held: &Held| Question::est("simplereenroll", &csr(&new)).held(held);
    assert_eq!(plant.send(&renew(&stranger)).await.code(), "not-by-certificate");
    let enrol = Question::est("simpleenroll", &csr(&new)).held(&stranger);
    assert_eq!(plant.send(&enrol).await.code(), "unknown-issuer");
    let elsewhere = Question::est("elsewhere/simplereenroll", &csr(&new)).held(&held);
    assert_eq!(plant.send(&elsewhere).await.code(), "other-site");
    // a key that another device has
    let others = Question::est("simpleenroll", &csr(&held.key)).token(&plant.token("cam2").await);
    assert_eq!(plant.send(&others).await.code(), "key-of-another");
    plant.pass(31 * 86_400);
    let reply = plant.send(&renew(&held)).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "expired"));
    let none = plant.send(&Question::est("simplereenroll", &csr(&new))).await;
    assert_eq!((none.status, none.code().as_str()), (401, "not-by-certificate"));
    let keygen = plant.send(&Question::est("serverkeygen", &csr(&new)).held(&held)).await;
    assert_eq!((keygen.status, keygen.code().as_str()), (501, "no-server-keys"));
    let plain = Question { headers: Vec::new(), ..Question::est("simpleenroll", &csr(&new)) };
    assert_eq!(plant.send(&plain).await.status, 415);
    let raw = Question { body: csr(&new), ..Question::est("simpleenroll", b"") };
    assert_eq!(plant.send(&raw).await.code(), "not-understood");
}

fn vouched(serial: &str, held: &Held, device: &str) -> Entry {
    let key = nullius_identity::RequestedKey::of_key(&held.key.serialize_der()).unwrap();
    Entry {
        manufacturer: "acme".into(),
        serial: serial.into(),
        key: key.hash().to_vec(),
        protection: "hardware".into(),
        class: None,
        mud_url: None,
        reference_values: "{}".into(),
        site: SITE.into(),
        device: device.into(),
        revision: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_a_known_maker_claims_itself_and_none_that_only_has_its_serial_number() {
    let plant = Plant::new().await;
    let maker = Maker::new();
    let (device, fake, unnamed) = (maker.device("SN-1"), maker.device("SN-1"), maker.device("SN-9"));
    let acme = Manufacturer {
        name: "acme".into(),
        anchors: pem(&maker.root),
        revision: 1,
        added_by: "user:anna".into(),
        added: 0,
    };
    let entry = vouched("SN-1", &device, "cam1");
    let import = |tx: &mut Tx<'_>| {
        manufacturers::put(tx, &acme)?;
        manifests::put_entry(tx, &entry)
    };
    plant.app.store().write(import).unwrap();
    let new = KeyPair::generate().unwrap();
    let enrol = |held: &Held, csr: &[u8]| Question::est("simpleenroll", csr).held(held);
    assert_eq!(plant.send(&enrol(&unnamed, &csr(&new))).await.code(), "unknown-serial");
    // its own key is in hardware, as the maker says; of a new one nobody says so
    let reply = plant.send(&enrol(&device, &csr(&device.key))).await;
    let held = Held { key: Arc::clone(&device.key), chain: reply.certificates() };
    let rows = plant.read(|tx| credentials::of_device(tx, SITE, "cam1", 1));
    assert_eq!((rows[0].protection.as_str(), rows[0].means.as_str()), ("hardware", "idevid"));
    let renewed = plant.send(&Question::est("simplereenroll", &csr(&device.key)).held(&held)).await;
    assert_eq!(renewed.status, 200);
    let rows = plant.read(|tx| credentials::of_device(tx, SITE, "cam1", 1));
    assert_eq!(rows[0].protection, "hardware", "the same key is kept as it was");
    let reply = plant.send(&enrol(&fake, &csr(&new))).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "wrong-key"));
    assert_eq!(plant.records_of("alarm.clone").len(), 1, "somebody says that it is that device");
    plant.happens("cam1", Event::Retire).await;
    let reply = plant.send(&enrol(&device, &csr(&new))).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "retired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_too_often_waits_and_fills_no_log() {
    let plant = Plant::limited().await;
    let request = Question::est("simpleenroll", &csr(&KeyPair::generate().unwrap()));
    let mut last = 0;
    for _ in 0..10 {
        last = plant.send(&request.clone().basic("a:b")).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(plant.refusals().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn authorities_and_attributes_are_for_everybody() {
    let plant = Plant::new().await;
    let get =
        |operation: &str| Question { path: format!("/.well-known/est/{operation}"), ..Question::default() };
    let reply = plant.fetch(&get("cacerts")).await;
    assert_eq!(reply.certificates().last(), Some(&plant.root));
    let reply = plant.fetch(&get("lab/csrattrs")).await;
    assert_eq!(reply.header("content-type").as_deref(), Some("application/csrattrs"));
    let text: String = String::from_utf8(reply.body).unwrap().split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    assert_eq!(usize::from(der[1]) + 2, der.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_root_comes_with_the_older_ones_word() {
    let plant = Plant::new().await;
    let [newer, cross] = [Maker::new().root, Maker::new().root];
    let row = Authority {
        id: "newer".to_owned(),
        kind: Kind::Root,
        certificate: newer.clone(),
        public_key: Vec::new(),
        parent: "newer".to_owned(),
        cross: Some(cross.clone()),
        place: Place::Away,
        state: State::Trusted,
        made: plant.app.now().as_secs(),
    };
    plant.app.write(move |tx| authorities::add(tx, &row)).await.unwrap();
    let question = Question { path: "/.well-known/est/cacerts".to_owned(), ..Question::default() };
    let told = plant.fetch(&question).await.certificates();
    assert!([&plant.root, &newer, &cross].into_iter().all(|der| told.contains(der)));
}
