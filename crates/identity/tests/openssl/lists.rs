//! Lists of what is revoked, as OpenSSL reads them.

use crate::plant::{NOW, Plant, device, key, public};
use nullius_identity::{Reason, Revoked, Validity, pem};

const WEEK: Validity = Validity { from: NOW - 86_400, until: NOW + 6 * 86_400 };

#[test]
fn openssl_finds_in_the_list_what_is_revoked_and_nothing_else() {
    let plant = Plant::new("crl");
    let serials = [[0x41; 16], [0x42; 16], [0xf3; 16]];
    for (index, serial) in serials.iter().enumerate() {
        let leaf = plant.issuing.issue(&device("pump", &[]), &public(&key()), *serial, crate::plant::YEAR);
        plant.write(&format!("{index}.pem"), pem(&leaf.unwrap()).as_bytes());
    }
    // as it stands in the certificate: positive, and no shorter
    let listed = [0x73].iter().chain(&serials[2][1..]).copied().collect();
    let revoked = [
        Revoked { serial: serials[1].to_vec(), at: NOW - 100, reason: Reason::KeyCompromise },
        Revoked { serial: listed, at: NOW - 90, reason: Reason::Unspecified },
    ];
    let crl = plant.issuing.crl(7, WEEK, &revoked).unwrap();
    plant.write("list.crl", &crl);
    crate::plant::must(&plant.folder, "crl -inform DER -in list.crl -out list.pem");
    let said = crate::plant::must(&plant.folder, "crl -in list.pem -CAfile issuing.pem -noout -text -verify");
    for expected in ["verify OK", "Key Compromise", "X509v3 CRL Number", "X509v3 Authority Key Identifier"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let check = "verify -x509_strict -attime 1810000000 -crl_check -CAfile root.pem -untrusted issuing.pem";
    for (index, good) in [true, false, false].into_iter().enumerate() {
        let (taken, said) = plant.openssl(&format!("{check} -CRLfile list.pem {index}.pem"));
        assert_eq!(taken, good, "{index}: {said}");
        assert!(taken || said.contains("certificate revoked"), "{said}");
    }
}

#[test]
fn a_list_of_nothing_is_a_list() {
    let plant = Plant::new("crl-empty");
    plant.write("list.crl", &plant.root.crl(1, WEEK, &[]).unwrap());
    crate::plant::must(&plant.folder, "crl -inform DER -in list.crl -CAfile root.pem -noout -verify");
    let backwards = Validity { from: WEEK.until, until: WEEK.from };
    assert!(plant.root.crl(1, backwards, &[]).is_err());
    let endless = [Revoked { serial: vec![1], at: u64::MAX, reason: Reason::Superseded }];
    assert!(plant.root.crl(1, WEEK, &endless).is_err());
}
