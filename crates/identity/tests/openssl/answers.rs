//! Answers about single certificates (OCSP), and certificates as EST hands them over, as OpenSSL reads them.

use crate::plant::{NOW, Plant, YEAR, device, key, must, openssl, public, signer};
use nullius_identity::ocsp::{NoAnswer, OcspRequest, Responder, Status, refusal};
use nullius_identity::{Profile, Reason, Validity, cms, pem};

const DAY: Validity = Validity { from: NOW - 3600, until: NOW + 82_800 };

/// Three certificates, of which the second is revoked and the third was never heard of.
fn plant(name: &str) -> Plant {
    let plant = Plant::new(name);
    for (index, serial) in [[0x41; 16], [0x42; 16], [0x43; 16]].into_iter().enumerate() {
        let leaf = plant.issuing.issue(&device("pump", &[]), &public(&key()), serial, YEAR).unwrap();
        plant.write(&format!("{index}.pem"), pem(&leaf).as_bytes());
    }
    plant
}

fn status(serial: &[u8]) -> Status {
    match serial.first() {
        Some(0x41) => Status::Good,
        Some(0x42) => Status::Revoked { at: NOW - 50, reason: Reason::KeyCompromise },
        _ => Status::Unknown,
    }
}

#[test]
fn openssl_is_answered_by_the_authority_and_by_a_responder() {
    let plant = plant("ocsp");
    let responder_key = key();
    let certificate =
        plant.issuing.issue(&Profile::OcspResponder, &public(&responder_key), [9; 16], YEAR).unwrap();
    let responder_signer = signer(&responder_key);
    let responder = Responder { signer: &*responder_signer, certificate: &certificate };
    for (hash, responder) in [("", None), (" -sha256", None), ("", Some(responder))] {
        let ask = format!(
            "ocsp -no_nonce{hash} -issuer issuing.pem -cert 0.pem -cert 1.pem -cert 2.pem -reqout q.der"
        );
        must(&plant.folder, &ask);
        let request = OcspRequest::read(&std::fs::read(plant.folder.join("q.der")).unwrap()).unwrap();
        let answer = plant.issuing.ocsp(&request, status, DAY, responder).unwrap();
        plant.write("a.der", &answer);
        let ask = format!(
            "ocsp -no_nonce{hash} -issuer issuing.pem -cert 0.pem -cert 1.pem -cert 2.pem -respin a.der -CAfile root.pem -verify_other issuing.pem -attime {NOW} -validity_period 2000000000"
        );
        let said = must(&plant.folder, &ask);
        for expected in
            ["Response verify OK", "0.pem: good", "1.pem: revoked", "Reason: keyCompromise", "2.pem: unknown"]
        {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
}

#[test]
fn a_nonce_comes_back_and_a_strangers_certificate_is_unknown() {
    let (plant, other) = (plant("ocsp-nonce"), plant("ocsp-other"));
    must(&plant.folder, "ocsp -nonce -issuer issuing.pem -cert 0.pem -reqout q.der");
    let bytes = std::fs::read(plant.folder.join("q.der")).unwrap();
    let request = OcspRequest::read(&bytes).unwrap();
    plant.write("a.der", &plant.issuing.ocsp(&request, status, DAY, None).unwrap());
    let check = "ocsp -reqin q.der -respin a.der -CAfile root.pem";
    let said = must(&plant.folder, &format!("{check} -attime {NOW}"));
    assert!(said.contains("verify OK") && !said.contains("WARNING: no nonce"), "{said}");
    // asked of an authority that did not issue it
    let answer = other.issuing.ocsp(&request, |_| Status::Good, DAY, None).unwrap();
    plant.write("a.der", &answer);
    let (_, said) = openssl(&plant.folder, "ocsp -respin a.der -noverify -resp_text");
    assert!(said.contains("Cert Status: unknown"), "{said}");
    for length in 0..bytes.len() {
        assert!(OcspRequest::read(&bytes[..length]).is_err(), "{length}");
    }
    assert!(OcspRequest::read(&vec![0x30; 5000]).is_err());
}

#[test]
fn one_asks_about_a_few_certificates_at_once() {
    let plant = plant("ocsp-many");
    for (count, good) in [(16, true), (17, false)] {
        let asked: String = (0..count).map(|n| format!(" -serial {}", n + 1)).collect();
        must(&plant.folder, &format!("ocsp -issuer issuing.pem{asked} -reqout q.der"));
        let request = OcspRequest::read(&std::fs::read(plant.folder.join("q.der")).unwrap());
        assert_eq!(request.is_ok(), good, "{count}");
    }
}

#[test]
fn no_answer_is_an_answer() {
    let plant = Plant::new("ocsp-refusal");
    for (why, said) in [
        (NoAnswer::Malformed, "malformedrequest"),
        (NoAnswer::Internal, "internalerror"),
        (NoAnswer::TryLater, "trylater"),
    ] {
        plant.write("a.der", &refusal(why));
        let shown = plant.openssl("ocsp -respin a.der -resp_text").1;
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn openssl_reads_the_certificates_that_est_hands_over() {
    let plant = Plant::new("certs-only");
    let leaf = plant.issue(&device("pump", &[]));
    let chain: Vec<&[u8]> =
        std::iter::once(leaf.as_slice()).chain(plant.issuing.chain().iter().map(Vec::as_slice)).collect();
    plant.write("certs.p7", &cms::certs_only(&chain));
    let said = must(&plant.folder, "pkcs7 -inform DER -in certs.p7 -print_certs");
    assert_eq!(said.matches("BEGIN CERTIFICATE").count(), 3, "{said}");
    let place = |text: &str| said.find(text).unwrap_or(usize::MAX);
    assert!(place("subject=CN = pump") < place("subject=CN = Nullius root CA"), "{said}");
    // and what OpenSSL makes of them is read here
    must(
        &plant.folder,
        "crl2pkcs7 -nocrl -certfile issuing.pem -certfile root.pem -outform DER -out theirs.p7",
    );
    let theirs = cms::read_certs(&std::fs::read(plant.folder.join("theirs.p7")).unwrap()).unwrap();
    assert_eq!(theirs, plant.issuing.chain());
}
