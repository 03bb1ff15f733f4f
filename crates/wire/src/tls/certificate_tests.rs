//! Certificates from captures; what is expected of them, openssl says.

use super::*;
use crate::testing::noise;

const ECDSA: &[u8] = include_bytes!("../../tests/data/tls/ecdsa-cert.der");
const ML_DSA: &[u8] = include_bytes!("../../tests/data/tls/ml-dsa-44-cert.der");
const SHA1_ROOT: &[u8] = include_bytes!("../../tests/data/tls/sha1-root.der");
const BROKEN_PSS: &[u8] = include_bytes!("../../tests/data/tls/cve-2015-3194.der");

#[test]
fn a_certificate_tells_who_vouches_for_whom_and_until_when() {
    let certificate = Certificate::read(ECDSA).unwrap();
    let seen = certificate.seen(1, true);
    assert_eq!((seen.depth, seen.from_client), (1, true));
    assert_eq!(seen.subject, "CN=pantz.org,OU=PositiveSSL,OU=Domain Control Validated");
    let issuer = "CN=COMODO ECC Domain Validation Secure Server CA,O=COMODO CA Limited,L=Salford,ST=Greater Manchester,C=GB";
    assert_eq!(seen.issuer, issuer);
    assert_eq!(seen.serial, "f0afbbf558bf4d1b71fed9cb33793ee4");
    assert_eq!(seen.not_before.to_string(), "2014-11-08T00:00:00.000000Z");
    assert_eq!(seen.not_after.to_string(), "2019-11-07T23:59:59.000000Z");
    assert!(!seen.self_issued);
}

#[test]
fn keys_and_signatures_are_told_apart() {
    for (der, key, signature, weak) in [
        (ECDSA, KeyKind::Ec(384), "ecdsa-with-SHA256", false),
        (ML_DSA, KeyKind::PostQuantum, "ML-DSA-44", false),
        (SHA1_ROOT, KeyKind::Rsa(2048), "sha1WithRSAEncryption", true),
        (BROKEN_PSS, KeyKind::Rsa(2048), "rsassaPss", false),
    ] {
        let certificate = Certificate::read(der).unwrap();
        assert_eq!(
            (certificate.key, &*certificate.signature, certificate.weak_digest),
            (key, signature, weak)
        );
    }
}

#[test]
fn no_certificate_cut_or_altered_makes_the_reader_fail() {
    for der in [ECDSA, ML_DSA, SHA1_ROOT, BROKEN_PSS] {
        for length in 0..der.len() {
            assert!(Certificate::read(&der[..length]).is_none(), "cut to {length} bytes");
        }
        for seed in 1..200 {
            let mut altered = der.to_vec();
            let mut noise = noise(seed);
            for _ in 0..3 {
                let at = usize::from(noise.next().unwrap()) * 256 + usize::from(noise.next().unwrap());
                let at = at % altered.len();
                altered[at] = noise.next().unwrap();
            }
            if let Some(certificate) = Certificate::read(&altered) {
                assert!(certificate.subject.len() <= MAX_NAME && certificate.issuer.len() <= MAX_NAME);
            }
        }
    }
}

#[test]
fn a_year_before_1970_is_1970_and_one_beyond_all_clocks_the_last() {
    assert_eq!(instant(-1), Timestamp::ZERO);
    assert_eq!(instant(253_402_300_799), Timestamp::from_nanos(u64::MAX));
}

#[test]
fn a_value_cannot_forge_another_part_of_the_name() {
    let mut text = String::new();
    push_escaped(&mut text, " a,CN=b\\+\0# ");
    assert_eq!(text, "\\ a\\,CN=b\\\\\\+\\00#\\ ");
}

#[test]
fn leading_zeros_are_no_key_bits() {
    assert_eq!(significant_bits(&[0, 0x80, 0]), Some(16));
    assert_eq!(significant_bits(&[0x01]), Some(1));
    assert_eq!(significant_bits(&[0, 0]), None);
}
