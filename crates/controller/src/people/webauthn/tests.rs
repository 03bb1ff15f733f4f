//! Answers of authenticators that others wrote, as they are and with every bit turned.

use super::*;
use nullius_store::people::passkeys::Passkey;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Made by authenticators that others wrote: see `data/README.md`.
const ANSWERS: &str = include_str!("data/answers.json");

struct Answers(Value);

impl Answers {
    fn read() -> Self {
        Self(serde_json::from_str(ANSWERS).unwrap())
    }

    fn text(&self, pointer: &str) -> String {
        self.take(pointer)
    }

    fn take<T: DeserializeOwned>(&self, pointer: &str) -> T {
        serde_json::from_value(self.0.pointer(pointer).unwrap().clone()).unwrap()
    }

    fn config(&self) -> Config {
        Config { origin: self.text("/origin"), ..Config::default() }
    }

    fn made(&self, kind: &str) -> Result<Passkey, Refused> {
        let made = made(&self.take(&format!("/{kind}/made")), &self.text("/first"), &self.config())?;
        Ok(Passkey {
            id: made.id,
            person: self.text("/user"),
            label: String::new(),
            public_key: made.public_key,
            counter: made.counter,
            made: 0,
            used: None,
        })
    }

    fn proof(&self, kind: &str) -> Assertion {
        self.take(&format!("/{kind}/proved"))
    }
}

#[test]
fn keys_of_both_kinds_are_made_and_sign_in() {
    let answers = Answers::read();
    for (kind, counter) in [("es256", 1), ("eddsa", 0)] {
        let key = answers.made(kind).unwrap();
        let proof = answers.proof(kind);
        assert_eq!(proof.id, key.id);
        assert_eq!(proved(&proof, &answers.text("/second"), &key, &answers.config()), Ok(counter), "{kind}");
    }
}

#[test]
fn nobody_signs_in_without_showing_who_they_are() {
    assert_eq!(Answers::read().made("unverified").unwrap_err(), Refused::Unverified);
}

#[test]
fn an_answer_is_good_for_its_question_page_account_and_kind_only() {
    let answers = Answers::read();
    let (key, proof, config) = (answers.made("es256").unwrap(), answers.proof("es256"), answers.config());
    let second = answers.text("/second");
    let elsewhere = |origin: &str| Config { origin: origin.to_owned(), ..Config::default() };
    assert_eq!(proved(&proof, &answers.text("/first"), &key, &config), Err(Refused::Challenge));
    assert_eq!(proved(&proof, &second, &key, &elsewhere("https://evil.example")), Err(Refused::Origin));
    assert_eq!(proved(&proof, &second, &key, &elsewhere("https://nullius.example")), Err(Refused::Origin));
    let other = Passkey { person: "somebody else".to_owned(), ..key.clone() };
    assert_eq!(proved(&proof, &second, &other, &config), Err(Refused::Account));
    let used = Passkey { counter: 1, ..key.clone() };
    assert_eq!(proved(&proof, &second, &used, &config), Err(Refused::Copied));
    let other_key = Passkey { public_key: answers.made("eddsa").unwrap().public_key, ..key.clone() };
    assert_eq!(proved(&proof, &second, &other_key, &config), Err(Refused::Signature));
    let created: Attestation = answers.take("/es256/made");
    let as_proof = Assertion { client_data: created.client_data, ..proof };
    assert_eq!(proved(&as_proof, &answers.text("/first"), &key, &config), Err(Refused::Form));
}

#[test]
fn a_page_inside_of_anothers_is_not_ours() {
    for (more, expected) in [
        ("", Ok(())),
        (",\"crossOrigin\":false", Ok(())),
        (",\"crossOrigin\":true", Err(Refused::Origin)),
        (",\"topOrigin\":\"https://evil.example\"", Err(Refused::Origin)),
    ] {
        let data = format!(
            "{{\"type\":\"webauthn.get\",\"challenge\":\"Q\",\"origin\":\"https://n.example\"{more}}}"
        );
        assert_eq!(
            client::check(data.as_bytes(), "webauthn.get", "Q", "https://n.example"),
            expected,
            "{more}"
        );
    }
}

/// Signatures cover all bytes but the client's JSON white space; nothing else may change unseen, and nothing panics.
#[test]
fn a_bit_that_is_turned_anywhere_is_found() {
    let answers = Answers::read();
    let (key, proof, config) = (answers.made("es256").unwrap(), answers.proof("es256"), answers.config());
    let second = answers.text("/second");
    let turned = |text: &str, bit: usize| {
        let mut bytes = decode(text).unwrap();
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let bits = |text: &str| 0..decode(text).unwrap().len() * 8;
    for bit in bits(&proof.authenticator_data) {
        let wrong = Assertion { authenticator_data: turned(&proof.authenticator_data, bit), ..proof.clone() };
        assert!(proved(&wrong, &second, &key, &config).is_err(), "data {bit}");
    }
    for bit in bits(&proof.client_data) {
        let wrong = Assertion { client_data: turned(&proof.client_data, bit), ..proof.clone() };
        assert!(proved(&wrong, &second, &key, &config).is_err(), "client {bit}");
    }
    for bit in bits(&proof.signature) {
        let wrong = Assertion { signature: turned(&proof.signature, bit), ..proof.clone() };
        assert!(proved(&wrong, &second, &key, &config).is_err(), "signature {bit}");
    }
    let attestation: Attestation = answers.take("/es256/made");
    for bit in bits(&attestation.attestation) {
        let wrong = Attestation { attestation: turned(&attestation.attestation, bit), ..attestation.clone() };
        let _ = made(&wrong, &answers.text("/first"), &config);
    }
}

#[test]
fn bytes_that_nobody_understands_are_refused() {
    let answers = Answers::read();
    let attestation: Attestation = answers.take("/eddsa/made");
    let bytes = decode(&attestation.attestation).unwrap();
    for length in 0..bytes.len() {
        let cut =
            Attestation { attestation: URL_SAFE_NO_PAD.encode(&bytes[..length]), ..attestation.clone() };
        assert!(made(&cut, &answers.text("/first"), &answers.config()).is_err(), "{length}");
    }
    let data = authenticator::of_attestation(&bytes).unwrap();
    assert!(AuthenticatorData::parse(&[data.as_slice(), &[0]].concat()).is_err());
    let deep = [vec![0x81; 100_000], vec![0]].concat();
    assert!(authenticator::of_attestation(&deep).is_err());
}
