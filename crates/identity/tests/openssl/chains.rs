//! Every certificate that is issued is one that RFC 5280 allows, and only where its authority may name what it names.

use crate::plant::{KINDS, NOW, Plant, YEAR, device, domain, key, public, signer};
use nullius_identity::{
    Authority, BadAuthority, BadProfile, Constraints, Profile, Published, RequestedKey, pem,
};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};

const STRICT: &str = "verify -x509_strict -attime 1810000000 -CAfile root.pem -untrusted issuing.pem";

fn profiles() -> Vec<(&'static str, Profile)> {
    let hosts = vec!["controller.plant.example".to_owned(), "10.1.2.3".to_owned(), "fd00::1".to_owned()];
    let gateway = |name: &str| Profile::Gateway { site: "lab".into(), name: name.into() };
    vec![
        ("sslserver", Profile::ControllerServer(hosts)),
        ("sslserver", gateway("gw1")),
        ("sslclient", gateway("gw1.lab.elsewhere")),
        ("sslclient", device("pump-7", &[])),
        ("sslclient", device("pump.7.elsewhere", &[])),
        ("sslserver", device("plc_1", &["plc1.plant.example", "10.0.0.1"])),
        ("sslclient", device(&"x".repeat(63), &[])),
        ("any", Profile::OcspResponder),
    ]
}

#[test]
fn openssl_takes_every_certificate_strictly() {
    for (kind, algorithm) in KINDS.into_iter().enumerate() {
        let plant = Plant::with_keys(&format!("strict{kind}"), algorithm);
        for (count, (purpose, profile)) in profiles().into_iter().enumerate() {
            plant.write("leaf.pem", pem(&plant.issue(&profile)).as_bytes());
            let (taken, said) = plant.openssl(&format!("{STRICT} -purpose {purpose} leaf.pem"));
            assert!(taken, "{kind} {count}: {said}");
        }
        let (taken, said) =
            plant.openssl("verify -x509_strict -attime 1810000000 -CAfile root.pem issuing.pem");
        assert!(taken, "{said}");
    }
}

#[test]
fn openssl_takes_certificates_that_say_where_to_ask() {
    let plant = Plant::new("published");
    let (crl, ocsp) = ("http://10.0.0.1/pki/crl/1.crl".to_owned(), "http://10.0.0.1/pki/ocsp".to_owned());
    let Plant { issuing, .. } = Plant { issuing: plant.issuing.published(Published { crl, ocsp }), ..plant };
    let leaf = issuing.issue(&device("pump-7", &[]), &public(&key()), [4; 16], YEAR).unwrap();
    let folder = crate::plant::folder("published");
    for (name, der) in ["root.pem", "issuing.pem"].iter().zip(issuing.chain().iter().rev()) {
        std::fs::write(folder.join(name), pem(der)).unwrap();
    }
    std::fs::write(folder.join("leaf.pem"), pem(&leaf)).unwrap();
    crate::plant::must(&folder, &format!("{STRICT} leaf.pem"));
    let said = crate::plant::must(
        &folder,
        "x509 -in leaf.pem -noout -ext crlDistributionPoints,authorityInfoAccess",
    );
    assert!(said.contains("URI:http://10.0.0.1/pki/crl/1.crl"), "{said}");
    assert!(said.contains("OCSP - URI:http://10.0.0.1/pki/ocsp\n"), "{said}");
}

#[test]
fn an_authority_names_no_host_that_it_may_not_name() {
    let plant = Plant::new("constrained");
    for host in ["controller.example", "192.0.2.1", "fe80::1", "plant.example.org"] {
        for profile in [Profile::ControllerServer(vec![host.into()]), device("pump", &[host])] {
            let refused = plant.issuing.issue(&profile, &public(&key()), [3; 16], YEAR);
            let expected = BadAuthority::Profile(BadProfile::Constrained(host.to_owned()));
            assert_eq!(refused, Err(expected));
        }
    }
}

/// Where the key was stolen, what it signs for a stranger's host is still refused: by OpenSSL and by us.
#[test]
fn a_stolen_key_signs_for_no_other_host() {
    use nullius_identity::chain::{Anchors, BadChain, Purpose};
    let nothing = Constraints::default();
    let some = Constraints::parse(&["plant.example", "10.0.0.0/8"]).unwrap();
    for (name, names) in [("stolen-nothing", nothing), ("stolen-some", some)] {
        let (root_key, stolen) = (key(), key());
        let root = Authority::root(domain(), signer(&root_key), [1; 16], YEAR).unwrap();
        let issuing = Authority::issuing(&root, signer(&stolen), names, [2; 16], YEAR).unwrap();
        let folder = crate::plant::folder(name);
        std::fs::write(folder.join("root.pem"), pem(root.certificate())).unwrap();
        std::fs::write(folder.join("issuing.pem"), pem(issuing.certificate())).unwrap();
        let anchors = Anchors::new(root.chain(), []).unwrap();
        for host in ["bank.example", "192.0.2.1", "fe80::1"] {
            let leaf = forged(&stolen, issuing.certificate(), host);
            std::fs::write(folder.join("leaf.pem"), pem(&leaf)).unwrap();
            let (taken, said) = crate::plant::openssl(&folder, &format!("{STRICT} leaf.pem"));
            assert!(!taken && said.contains("subtree"), "{name} {host}: {said}");
            let chain = [leaf.as_slice(), issuing.certificate()];
            assert_eq!(anchors.verify(&chain, Purpose::Server, NOW), Err(BadChain::Names), "{name} {host}");
        }
    }
}

/// A certificate as a thief makes it, past all that our profiles forbid.
fn forged(stolen: &rcgen::KeyPair, issuer: &[u8], host: &str) -> Vec<u8> {
    use x509_parser::prelude::FromDer as _;
    let mut own = CertificateParams::default();
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(issuer).unwrap();
    own.distinguished_name = rcgen::DistinguishedName::new();
    let mut values = parsed.subject().iter_attributes().map(|value| value.as_str().unwrap().to_owned());
    own.distinguished_name.push(rcgen::DnType::CommonName, values.next().unwrap());
    let number = rcgen::DnValue::PrintableString(values.next().unwrap().try_into().unwrap());
    own.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    own.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let mut wishes = CertificateParams::new(vec![host.to_owned()]).unwrap();
    wishes.not_before = rcgen::date_time_ymd(2027, 1, 15);
    wishes.not_after = rcgen::date_time_ymd(2028, 1, 15);
    wishes.is_ca = rcgen::IsCa::ExplicitNoCa;
    wishes.use_authority_key_identifier_extension = true;
    wishes.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = wishes.signed_by(&key(), &Issuer::new(own, stolen)).unwrap();
    leaf.der().to_vec()
}

#[test]
fn an_issuing_authority_signs_no_other() {
    let plant = Plant::new("tiers");
    for profile in [Profile::Root, Profile::IssuingCa { names: Constraints::default() }] {
        let refused = plant.issuing.issue(&profile, &public(&key()), [3; 16], YEAR);
        assert_eq!(refused, Err(BadAuthority::Tier));
    }
    // and what it would sign leads nowhere
    let own = RequestedKey::of_key(&key().serialize_der()).unwrap();
    let below = plant.root.issue(&Profile::IssuingCa { names: Constraints::default() }, &own, [3; 16], YEAR);
    assert!(below.is_ok());
}

#[test]
fn a_serial_keeps_the_randomness_it_was_given() {
    let plant = Plant::new("serials");
    let serial: [u8; 16] = std::array::from_fn(|index| u8::try_from(index * 16 + 9).unwrap());
    let leaf = plant.issuing.issue(&device("pump", &[]), &public(&key()), serial, YEAR).unwrap();
    plant.write("leaf.pem", pem(&leaf).as_bytes());
    let said = plant.openssl("x509 -in leaf.pem -noout -serial").1;
    let shown = said.trim().strip_prefix("serial=").unwrap().to_lowercase();
    let given: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown.get(2..), given.get(2..), "fifteen bytes as they were");
    let (shown, given) = (u8::from_str_radix(shown.get(..2).unwrap(), 16).unwrap(), serial[0]);
    assert_eq!(shown & 0x3f, given & 0x3f, "six bits of the first");
    assert_eq!(shown & 0xc0, 0x40, "never negative, never shorter");
}

#[test]
fn the_older_root_vouches_for_the_newer() {
    use nullius_identity::chain::{Anchors, BadChain};
    let [older, newer, other] =
        [(); 3].map(|()| Authority::root(domain(), signer(&key()), [1; 16], YEAR).unwrap());
    let cross = older.issue(&Profile::Root, newer.key(), [5; 16], YEAR).unwrap();
    let anchors = Anchors::new(older.chain(), []).unwrap();
    assert_eq!(anchors.vouched(newer.certificate(), &cross, NOW), Ok(()));
    for (root, cross) in [
        (other.certificate(), cross.as_slice()),
        (newer.certificate(), newer.certificate()),
        (newer.certificate(), &other.issue(&Profile::Root, newer.key(), [5; 16], YEAR).unwrap()),
    ] {
        assert_eq!(anchors.vouched(root, cross, NOW), Err(BadChain::UnknownIssuer));
    }
    assert_eq!(
        anchors.vouched(newer.certificate(), &cross, YEAR.until + 1),
        Err(BadChain::UnknownIssuer),
        "the older root has run out"
    );
    let distrusted = Anchors::new(older.chain(), [newer.key().hash()]).unwrap();
    assert_eq!(distrusted.vouched(newer.certificate(), &cross, NOW), Err(BadChain::Distrusted));
    let distrusted = Anchors::new(older.chain(), [older.key().hash()]).unwrap();
    assert_eq!(distrusted.vouched(newer.certificate(), &cross, NOW), Err(BadChain::UnknownIssuer));
    // OpenSSL, which trusts the older alone, takes what the newer signs with the cross-certificate beside it
    let folder = crate::plant::folder("cross");
    std::fs::write(folder.join("older.pem"), pem(older.certificate())).unwrap();
    std::fs::write(folder.join("cross.pem"), pem(&cross)).unwrap();
    crate::plant::must(&folder, "verify -x509_strict -attime 1810000000 -CAfile older.pem cross.pem");
}

#[test]
fn a_plant_of_one_kind_of_key_signs_keys_of_the_other() {
    let plant = Plant::with_names("kinds", &PKCS_ECDSA_P256_SHA256, Constraints::default());
    for kind in KINDS {
        let key = rcgen::KeyPair::generate_for(kind).unwrap();
        let leaf = plant.issuing.issue(&device("pump", &[]), &public(&key), [3; 16], YEAR).unwrap();
        plant.write("leaf.pem", pem(&leaf).as_bytes());
        let (taken, said) = plant.openssl(&format!("{STRICT} leaf.pem"));
        assert!(taken, "{said}");
    }
}
