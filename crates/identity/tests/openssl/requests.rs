//! Requests as OpenSSL makes them, each refused with its own reason.

use crate::plant::{KINDS, Plant, YEAR, device, domain, folder, must};
use nullius_identity::{
    BadRequest, DeviceIdentity, MAX_REQUEST, Profile, Protection, Request, RequestedKey, assertion,
};
use proptest::prelude::*;
use std::path::Path;

const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";

/// A request by the tool, with a key it makes.
fn request(folder: &Path, key: &str, more: &str) -> Vec<u8> {
    let more = if more.is_empty() { String::new() } else { format!(" {more}") };
    must(folder, &format!("req -new -batch -nodes {key} -keyout k.pem -outform DER -out r.der{more}"));
    std::fs::read(folder.join("r.der")).unwrap()
}

fn read(folder: &Path, key: &str, more: &str) -> Result<Request, BadRequest> {
    Request::read(&request(folder, key, more))
}

#[test]
fn what_openssl_asks_for_a_device_is_taken() {
    let folder = folder("requests");
    let profile = device("pump.7", &["plc1.plant.example"]);
    for key in [EC, "-newkey ed25519"] {
        for wishes in [
            "-subj /",
            "-subj /CN=pump.7",
            "-subj /O=Any/CN=pump.7",
            "-subj /CN=spiffe:\\/\\/plant.example\\/site\\/lab\\/device\\/pump.7",
            "-subj / -addext subjectAltName=URI:spiffe://plant.example/site/lab/device/pump.7",
            "-subj / -addext subjectAltName=DNS:PLC1.plant.example",
            "-subj / -addext basicConstraints=critical,CA:FALSE",
            "-subj / -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=clientAuth",
        ] {
            let request = read(&folder, key, wishes).unwrap();
            assert_eq!(request.check_names(&profile, &domain()), Ok(()), "{key} {wishes}");
            assert_eq!(request.key_hash(), request.key().hash());
        }
    }
}

#[test]
fn every_refusal_has_its_own_reason() {
    let folder = folder("refusals");
    for (key, wishes, refused) in [
        ("-newkey rsa:1024", "-subj /", BadRequest::WeakKey),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-192", "-subj /", BadRequest::WeakKey),
        ("-newkey rsa:2048", "-subj /", BadRequest::Key),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-384", "-subj /", BadRequest::Key),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            "-subj /",
            BadRequest::Key,
        ),
        (EC, "-subj / -addext basicConstraints=CA:TRUE", BadRequest::CaWanted),
        (EC, "-subj / -addext keyUsage=keyCertSign", BadRequest::CaWanted),
        (EC, "-subj / -addext keyUsage=cRLSign", BadRequest::CaWanted),
        (
            EC,
            "-subj / -addext 1.2.3.4=critical,DER:0500",
            BadRequest::UnknownCriticalExtension { oid: "1.2.3.4".to_owned() },
        ),
        (
            EC,
            "-subj / -addext nameConstraints=critical,permitted;DNS:example",
            BadRequest::UnknownCriticalExtension { oid: "2.5.29.30".to_owned() },
        ),
    ] {
        assert_eq!(read(&folder, key, wishes), Err(refused), "{key} {wishes}");
    }
    assert!(read(&folder, EC, "-subj / -addext 1.2.3.4=DER:0500").is_ok(), "a wish that is not insisted on");
}

#[test]
fn another_ones_name_is_refused() {
    let folder = folder("names");
    let profile = device("pump-7", &["plc1.plant.example", "10.0.0.1"]);
    for (wishes, name) in [
        ("-subj /CN=pump-8", "pump-8"),
        (
            "-subj / -addext subjectAltName=URI:spiffe://plant.example/site/lab/device/pump-8",
            "spiffe://plant.example/site/lab/device/pump-8",
        ),
        (
            "-subj / -addext subjectAltName=URI:spiffe://plant.example/site/lab/gateway/pump-7",
            "spiffe://plant.example/site/lab/gateway/pump-7",
        ),
        ("-subj / -addext subjectAltName=DNS:controller.plant.example", "controller.plant.example"),
        ("-subj / -addext subjectAltName=IP:10.0.0.2", "10.0.0.2"),
        ("-subj / -addext subjectAltName=DNS:plc1.plant.example,DNS:other", "other"),
        ("-subj / -addext subjectAltName=email:a@plant.example", "RFC822Name(a@plant.example)"),
    ] {
        let request = read(&folder, EC, wishes).unwrap();
        let refused = BadRequest::OtherName { name: name.to_owned() };
        assert_eq!(request.check_names(&profile, &domain()), Err(refused), "{wishes}");
    }
}

#[test]
fn a_request_that_another_key_signed_is_refused() {
    let folder = folder("proof");
    let (one, other) = (request(&folder, EC, "-subj /CN=a"), request(&folder, EC, "-subj /CN=a"));
    // same lengths, so the signatures can change places where they are as long as each other
    let mixed = [&one[..one.len() - 20], &other[other.len() - 20..]].concat();
    assert_eq!(Request::read(&mixed), Err(BadRequest::Proof));
    let foreign = must(&folder, "req -inform DER -in r.der -noout -text");
    assert!(foreign.contains("ecdsa-with-SHA256"));
    // signed with the right key, in a way that is not ours
    let sha512 = read(&folder, EC, "-subj /CN=a -sha512");
    assert_eq!(sha512, Err(BadRequest::Proof));
}

#[test]
fn a_megabyte_is_refused_before_it_is_read() {
    let folder = folder("large");
    let mut large = request(&folder, EC, "-subj /CN=a");
    large.resize(1 << 20, 0);
    assert_eq!(Request::read(&large), Err(BadRequest::TooLarge));
    large.truncate(MAX_REQUEST);
    assert_eq!(Request::read(&large), Err(BadRequest::Form));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in a request that is signed: the certificate is the one that the key alone would have got.
    #[test]
    fn no_wish_reaches_a_certificate(
        common in "[a-zA-Z0-9 ]{0,20}",
        organisation in "[a-z]{1,20}",
        hosts in prop::collection::vec("[a-z]{3,10}\\.example", 0..4),
        uri in prop::option::of("spiffe://plant\\.example/site/lab/(device|gateway)/[a-z]{5}"),
        extension in prop::collection::vec(any::<u8>(), 1..40),
        usages in 0_usize..4,
        kind in 0_usize..2,
    ) {
        let key = rcgen::KeyPair::generate_for(KINDS[kind]).unwrap();
        let mut wishes = rcgen::CertificateParams::new(hosts).unwrap();
        wishes.distinguished_name = rcgen::DistinguishedName::new();
        wishes.distinguished_name.push(rcgen::DnType::CommonName, common);
        wishes.distinguished_name.push(rcgen::DnType::OrganizationName, organisation);
        wishes.subject_alt_names.extend(uri.map(|uri| rcgen::SanType::URI(uri.try_into().unwrap())));
        wishes.extended_key_usages = [
            rcgen::ExtendedKeyUsagePurpose::CodeSigning,
            rcgen::ExtendedKeyUsagePurpose::OcspSigning,
            rcgen::ExtendedKeyUsagePurpose::ServerAuth,
        ][..usages.min(3)].to_vec();
        let octets = [vec![4, u8::try_from(extension.len()).unwrap()], extension].concat();
        wishes.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], octets));
        let wished = wishes.serialize_request(&key).unwrap();
        let plain = RequestedKey::of_key(&key.serialize_der()).unwrap();
        let wished = Request::read(wished.der()).unwrap();
        prop_assert_eq!(wished.key(), &plain);
        let profile = device("pump-7", &[]);
        let issue = |key| AUTHORITY.with(|plant| plant.issuing.issue(&profile, key, [3; 16], YEAR).unwrap());
        let (one, other) = (issue(wished.key()), issue(&plain));
        prop_assert_eq!(said(&one), said(&other));
        let device = assertion::<DeviceIdentity>(&one, &domain()).unwrap();
        prop_assert_eq!((device.name.as_str(), device.protection), ("pump-7", Protection::Hardware));
        prop_assert_eq!(device.key, plain.hash());
    }
}

thread_local! {
    static AUTHORITY: Plant = Plant::new("property");
}

/// What is signed of a certificate: an ECDSA signature is another each time.
fn said(certificate: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer as _;
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(certificate).unwrap();
    certificate.tbs_certificate.as_ref().to_vec()
}

#[test]
fn a_device_is_read_from_its_certificate_as_the_authority_vouches_for_it() {
    let plant = Plant::new("devices");
    for protection in Protection::ALL {
        for server in [vec![], vec!["plc1.plant.example".to_owned()]] {
            let profile = Profile::Device {
                site: "lab".into(),
                name: "pump.7".into(),
                protection,
                server: server.clone(),
            };
            let key = crate::plant::public(&crate::plant::key());
            let leaf = plant.issuing.issue(&profile, &key, [0x50; 16], YEAR).unwrap();
            let device = assertion::<DeviceIdentity>(&leaf, &domain()).unwrap();
            assert_eq!((device.site.as_str(), device.name.as_str()), ("lab", "pump.7"));
            assert_eq!((device.key, device.protection), (key.hash(), protection));
            assert_eq!(
                (device.from, device.until, device.serial.clone()),
                (YEAR.from, YEAR.until, vec![0x50; 16])
            );
        }
    }
}
