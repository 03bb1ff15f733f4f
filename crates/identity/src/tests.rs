//! What is signed says what its profile says; what is asked for in other ways is refused.

use super::*;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, SanType,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

const DAY: Validity = Validity { from: 1_700_000_000, until: 1_700_086_400 };

fn domain() -> TrustDomain {
    TrustDomain::new("nullius").unwrap()
}

fn authority() -> Authority {
    Authority::root(domain(), signer(&KeyPair::generate().unwrap()), [1; 16], DAY).unwrap()
}

fn signer(key: &KeyPair) -> Box<dyn Signer> {
    Box::new(KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap())
}

fn gateway_of(leaf: &[u8], domain: &TrustDomain) -> Result<GatewayIdentity, BadPeer> {
    assertion::<GatewayIdentity>(leaf, domain).map(|verified| (*verified).clone())
}

fn gateway() -> Profile {
    Profile::Gateway { site: "lab".into(), name: "gw1".into() }
}

fn request(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

fn requested() -> RequestedKey {
    RequestedKey::from_request(&request(&KeyPair::generate().unwrap())).unwrap()
}

#[test]
fn a_gateways_certificate_makes_it_that_gateway() {
    let leaf = authority().issue(&gateway(), &requested(), [0xff; 16], DAY).unwrap();
    let verified = gateway_of(&leaf, &domain()).unwrap();
    assert_eq!((verified.site.as_str(), verified.name.as_str()), ("lab", "gw1"));
    assert_eq!(certificate_end(&leaf), Some(DAY.until));
    assert_eq!((verified.from, verified.until), (DAY.from, DAY.until));
    assert_eq!(verified.serial, [&[0x7f][..], &[0xff; 15]].concat());
    assert_eq!(gateway_of(&leaf, &TrustDomain::new("other").unwrap()), Err(BadPeer::Name));
}

#[test]
fn a_wish_in_a_request_reaches_no_certificate() {
    let mut wishes = CertificateParams::new(vec!["controller.example".to_owned()]).unwrap();
    wishes.subject_alt_names.push(SanType::URI("spiffe://nullius/site/lab/gateway/gw2".try_into().unwrap()));
    wishes.distinguished_name = DistinguishedName::new();
    wishes.distinguished_name.push(DnType::CommonName, "gw2");
    let key = KeyPair::generate().unwrap();
    let wished = wishes.serialize_request(&key).unwrap();
    let authority = authority();
    let plain = RequestedKey::from_request(&request(&key)).unwrap();
    let wished = RequestedKey::from_request(wished.der()).unwrap();
    assert_eq!(plain, wished);
    let leaf = authority.issue(&gateway(), &wished, [2; 16], DAY).unwrap();
    assert_eq!(gateway_of(&leaf, &domain()).unwrap().name, "gw1");
    let text = String::from_utf8_lossy(&leaf).into_owned();
    assert!(!text.contains("gw2") && !text.contains("controller.example"));
}

#[test]
fn both_kinds_of_key_are_taken_and_no_other() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let requested = RequestedKey::from_request(&request(&key)).unwrap();
        assert_eq!(RequestedKey::of_key(&key.serialize_der()), Ok(requested.clone()));
        let leaf = authority().issue(&gateway(), &requested, [2; 16], DAY).unwrap();
        let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
        assert_eq!(*leaf.public_key().subject_public_key.data, *key.public_key_raw());
    }
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    for key in [p384, rsa] {
        assert_eq!(RequestedKey::from_request(&request(&key)), Err(BadRequest::Key));
    }
}

#[test]
fn a_changed_request_gives_no_other_key() {
    let good = request(&KeyPair::generate().unwrap());
    let key = RequestedKey::from_request(&good);
    for position in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[position] ^= 1 << bit;
            // outside of what is signed some tags have a second spelling
            let taken = RequestedKey::from_request(&bad);
            assert!(taken.is_err() || taken == key, "byte {position} bit {bit}");
        }
    }
    for length in 0..good.len() {
        assert_eq!(RequestedKey::from_request(&good[..length]), Err(BadRequest::Form));
    }
    assert_eq!(RequestedKey::from_request(&[good, vec![0]].concat()), Err(BadRequest::Form));
    assert_eq!(RequestedKey::from_request(&vec![0x30; MAX_REQUEST + 1]), Err(BadRequest::TooLarge));
}

#[test]
fn a_certificate_for_something_else_makes_nobody_a_gateway() {
    let authority = authority();
    let server = Profile::ControllerServer(vec!["controller.example".into(), "192.0.2.1".into()]);
    let server = authority.issue(&server, &requested(), [2; 16], DAY).unwrap();
    assert_eq!(gateway_of(&server, &domain()), Err(BadPeer::Purpose));
    assert_eq!(gateway_of(authority.certificate(), &domain()), Err(BadPeer::Purpose));
    assert_eq!(gateway_of(b"", &domain()), Err(BadPeer::Form));
    let leaf = authority.issue(&gateway(), &requested(), [2; 16], DAY).unwrap();
    for length in 0..leaf.len() {
        assert_eq!(gateway_of(&leaf[..length], &domain()), Err(BadPeer::Form));
    }
}

#[test]
fn a_certificate_with_two_names_makes_nobody_a_gateway() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    for name in ["gw1", "gw2"] {
        let uri = format!("spiffe://nullius/site/lab/gateway/{name}");
        params.subject_alt_names.push(SanType::URI(uri.as_str().try_into().unwrap()));
    }
    let leaf = params.self_signed(&key).unwrap();
    assert_eq!(gateway_of(leaf.der(), &domain()), Err(BadPeer::Name));
}

#[test]
fn an_authority_is_loaded_with_its_own_certificate_only() {
    let key = KeyPair::generate().unwrap();
    let first = Authority::root(domain(), signer(&key), [1; 16], DAY).unwrap();
    let again = Authority::load(domain(), signer(&key), first.chain().to_vec()).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    let elsewhere = TrustDomain::new("elsewhere").unwrap();
    let load = |domain, chain| Authority::load(domain, signer(&key), chain).unwrap_err();
    for bad in [
        load(domain(), authority().chain().to_vec()),
        load(domain(), vec![]),
        load(domain(), vec![b"".to_vec()]),
        load(domain(), [first.chain(), authority().chain()].concat()),
        load(elsewhere, first.chain().to_vec()),
    ] {
        assert_eq!(bad, BadAuthority::Pair);
    }
}

#[test]
fn what_cannot_be_said_is_not_signed() {
    let authority = authority();
    let key = requested();
    let server = |host: &str| Profile::ControllerServer(vec![host.to_owned()]);
    let long = "a.".repeat(200);
    for profile in [
        server(""),
        server("a b"),
        server("*.example"),
        server(&long),
        Profile::ControllerServer(vec![]),
        Profile::Gateway { site: "a/b".into(), name: "gw1".into() },
    ] {
        assert!(matches!(authority.issue(&profile, &key, [2; 16], DAY), Err(BadAuthority::Profile(_))));
    }
    let backwards = Validity { from: 2, until: 1 };
    let endless = Validity { from: 2, until: u64::MAX };
    for validity in [backwards, endless] {
        assert_eq!(authority.issue(&gateway(), &key, [2; 16], validity), Err(BadAuthority::Validity));
    }
}
