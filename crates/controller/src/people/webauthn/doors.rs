//! Passkeys through the API, with an authenticator of the test's own: the questions are new each time, so that answers
//! of others cannot be replayed here.

use crate::access::Role;
use crate::testing::{Ask, Stage};
use crate::{Config, secret};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use ciborium::cbor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    counter: u32,
}

impl Authenticator {
    fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { key, id: secret::random::<32>().unwrap().to_vec(), counter: 0 }
    }

    /// Present and verified.
    fn data(&self, flags: u8, more: &[u8]) -> Vec<u8> {
        let party = Sha256::digest("localhost");
        [&party, &[flags | 5][..], &self.counter.to_be_bytes(), more].concat()
    }

    fn make(&self, challenge: &str) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (Cbor::Bytes(point[1..33].to_vec()), Cbor::Bytes(point[33..].to_vec()));
        let mut key = Vec::new();
        ciborium::into_writer(&cbor!({1 => 2, 3 => -7, -1 => 1, -2 => x, -3 => y}).unwrap(), &mut key)
            .unwrap();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = Cbor::Bytes(self.data(64, &[&[0; 16], &length[..], &self.id, &key].concat()));
        let mut object = Vec::new();
        let told = cbor!({"fmt" => "none", "attStmt" => {}, "authData" => data}).unwrap();
        ciborium::into_writer(&told, &mut object).unwrap();
        json!({"client_data": client("webauthn.create", challenge), "attestation": URL_SAFE_NO_PAD.encode(object)})
    }

    fn prove(&mut self, challenge: &str) -> Value {
        self.counter += 1;
        let (data, client) = (self.data(0, &[]), client("webauthn.get", challenge));
        let signed = [data.as_slice(), &Sha256::digest(URL_SAFE_NO_PAD.decode(&client).unwrap())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.id),
            "client_data": client,
            "authenticator_data": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
        })
    }
}

fn client(kind: &str, challenge: &str) -> String {
    let data = json!({"type": kind, "challenge": challenge, "origin": Config::default().origin});
    URL_SAFE_NO_PAD.encode(data.to_string())
}

async fn sign_in(stage: &Stage, authenticator: &mut Authenticator) -> (u16, Value) {
    let asked = stage.send(&Ask::new("POST", "/v1/session/passkey-challenge")).await;
    let answer = authenticator.prove(asked.text("/challenge"));
    let proof = json!({"ceremony": asked.text("/ceremony"), "answer": answer});
    let told = stage.send(&Ask::new("POST", "/v1/session/passkey").json(proof.clone())).await;
    (told.status, proof)
}

#[tokio::test]
async fn the_first_account_can_have_a_passkey_and_no_password() {
    let stage = Stage::new();
    let code = stage.app.claim_code().await.unwrap().unwrap();
    let begun = stage.send(&Ask::new("POST", "/v1/setup").json(json!({"code": code, "name": "anna"}))).await;
    let mut authenticator = Authenticator::new();
    let finish = |passkey: Value| {
        Ask::new("POST", "/v1/setup/finish")
            .json(json!({"ceremony": begun.text("/ceremony"), "passkey": passkey}))
    };
    assert_eq!(stage.send(&finish(authenticator.make("another question"))).await.status, 401);
    assert_eq!(stage.send(&finish(authenticator.make(begun.text("/challenge")))).await.status, 204);
    let (status, proof) = sign_in(&stage, &mut authenticator).await;
    assert_eq!(status, 204);
    let again = stage.send(&Ask::new("POST", "/v1/session/passkey").json(proof)).await;
    assert_eq!(again.status, 401, "a question is answered once");
    assert_eq!(sign_in(&stage, &mut authenticator).await.0, 204);
    authenticator.counter = 0;
    assert_eq!(sign_in(&stage, &mut authenticator).await.0, 401, "a copy");
    assert_eq!(sign_in(&stage, &mut Authenticator::new()).await.0, 401, "nobody's");
    let log = stage.log();
    let copied = "system session.refuse user/anna the key was copied: its counter goes back";
    assert!(log.contains(&copied.to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_passkey_is_added_by_its_owner_and_the_last_way_in_stays() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[("lab", Role::Viewer)]);
    let ben = stage.person("ben", &[("lab", Role::Viewer)]);
    let (annas, bens) = (stage.session(&anna), stage.session(&ben));
    let mut authenticator = Authenticator::new();
    let question = Ask::new("POST", "/v1/session/passkeys/challenge").session(&annas);
    let asked = stage.send(&question).await;
    let add = |cookie: &str, asked: &crate::testing::Told, answer: Value| {
        let body = json!({"ceremony": asked.text("/ceremony"), "label": "blue", "answer": answer});
        Ask::new("POST", "/v1/session/passkeys").session(cookie).json(body)
    };
    let made = authenticator.make(asked.text("/challenge"));
    assert_eq!(stage.send(&add(&bens, &asked, made.clone())).await.status, 401, "another's question");
    assert_eq!(stage.send(&add(&annas, &asked, made)).await.status, 201);
    assert_eq!(sign_in(&stage, &mut authenticator).await.0, 204);
    let twice = stage.send(&question).await;
    let made = authenticator.make(twice.text("/challenge"));
    assert_eq!(stage.send(&add(&annas, &twice, made)).await.status, 409, "it is somebody's");
    let list = Ask::new("GET", "/v1/session/passkeys").session(&annas);
    let id = stage.send(&list).await.text("/items/0/id").to_owned();
    let remove = |cookie: &str| Ask::new("DELETE", &format!("/v1/session/passkeys/{id}")).session(cookie);
    assert_eq!(stage.send(&remove(&bens)).await.status, 404);
    assert_eq!(stage.send(&remove(&annas)).await.status, 409);
    let locked = (0..9).map(|_| json!({"name": "anna", "password": "wrong", "code": "000000"}));
    for body in locked {
        stage.send(&Ask::new("POST", "/v1/session").json(body)).await;
    }
    assert_eq!(
        sign_in(&stage, &mut authenticator).await.0,
        204,
        "a stranger's guesses lock out nobody with a key"
    );
    stage.write(|tx| {
        let mut anna = nullius_store::people::by_name(tx, "anna")?.unwrap();
        anna.active = false;
        nullius_store::people::update(tx, &anna)
    });
    assert_eq!(sign_in(&stage, &mut authenticator).await.0, 401, "disabled");
}
