//! X.509 certificates as they pass by (RFC 5280). Read by `x509-parser`; nothing is verified.
//!
//! Not looked at: extensions, and so alternative names, usages and constraints.

use crate::text;
use nullius_model::{CertificateSeen, KeyKind, Timestamp};
use std::borrow::Cow;
use std::fmt::Write;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{AlgorithmIdentifier, AttributeTypeAndValue, SubjectPublicKeyInfo};

/// Longest name kept, bytes: a certificate could otherwise put 16 KiB of text in every report.
const MAX_NAME: usize = 512;

/// A certificate with the text that [`CertificateSeen`] borrows.
#[derive(Debug)]
pub(crate) struct Certificate {
    subject: String,
    issuer: String,
    serial: String,
    not_before: Timestamp,
    not_after: Timestamp,
    key: KeyKind,
    signature: Cow<'static, str>,
    weak_digest: bool,
    self_issued: bool,
}

impl Certificate {
    /// Reads DER; `None` if this is no X.509 certificate.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let (signature, weak_digest) = signature_name(&certificate.signature_algorithm);
        Some(Self {
            subject: name_text(certificate.subject()),
            issuer: name_text(certificate.issuer()),
            serial: serial_text(certificate.raw_serial()),
            not_before: instant(validity.not_before.timestamp()),
            not_after: instant(validity.not_after.timestamp()),
            key: key_kind(certificate.public_key()),
            signature,
            weak_digest,
            self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        })
    }

    /// As an observation, at `depth` of its chain.
    pub(crate) fn seen(&self, depth: u8, from_client: bool) -> CertificateSeen<'_> {
        CertificateSeen {
            depth,
            from_client,
            subject: &self.subject,
            issuer: &self.issuer,
            serial: &self.serial,
            not_before: self.not_before,
            not_after: self.not_after,
            key: self.key,
            signature: &self.signature,
            weak_digest: self.weak_digest,
            self_issued: self.self_issued,
        }
    }
}

/// Years before 1970 become 1970.
fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_secs(u64::try_from(seconds).unwrap_or_default())
}

/// Without the zero that only keeps the number positive, as everybody writes it.
fn serial_text(serial: &[u8]) -> String {
    text::hex(serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial))
}

/// The algorithm's name and whether it rests on MD2, MD4, MD5 or SHA-1.
fn signature_name(algorithm: &AlgorithmIdentifier<'_>) -> (Cow<'static, str>, bool) {
    let oid = algorithm.algorithm.to_id_string();
    match SIGNATURES.iter().find(|(known, ..)| *known == oid) {
        Some((RSASSA_PSS, name, _)) => (Cow::Borrowed(*name), pss_rests_on_sha1(algorithm)),
        Some((_, name, weak)) => (Cow::Borrowed(*name), *weak),
        None => (Cow::Owned(oid), false),
    }
}

/// SHA-1 is what the parameters mean where they name no digest (RFC 4055 §3.1).
fn pss_rests_on_sha1(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    match SignatureAlgorithm::try_from(algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => {
            parameters.hash_algorithm_oid().to_id_string() == "1.3.14.3.2.26"
        }
        _ => true,
    }
}

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// Object identifier, name, weak digest (RFC 3279, RFC 4055, RFC 5758, RFC 8410, RFC 9881).
const SIGNATURES: &[(&str, &str, bool)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", true),
    ("1.2.840.113549.1.1.3", "md4WithRSAEncryption", true),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", true),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption", true),
    (RSASSA_PSS, "rsassaPss", false),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption", false),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption", false),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption", false),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption", false),
    ("1.3.14.3.2.29", "sha1WithRSA", true),
    ("1.2.840.10040.4.3", "dsa-with-sha1", true),
    ("2.16.840.1.101.3.4.3.1", "dsa-with-sha224", false),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256", false),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1", true),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", false),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", false),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", false),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", false),
    ("1.3.101.112", "Ed25519", false),
    ("1.3.101.113", "Ed448", false),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44", false),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65", false),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87", false),
];

fn key_kind(key: &SubjectPublicKeyInfo<'_>) -> KeyKind {
    let oid = key.algorithm.algorithm.to_id_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.1" | RSASSA_PSS => rsa_bits(key).map_or(KeyKind::Other, KeyKind::Rsa),
        "1.2.840.10045.2.1" => curve_bits(key).map_or(KeyKind::Other, KeyKind::Ec),
        "1.2.840.10040.4.1" => dsa_bits(key).map_or(KeyKind::Other, KeyKind::Dsa),
        "1.3.101.112" | "1.3.101.113" => KeyKind::Edwards,
        _ if is_post_quantum(&oid) => KeyKind::PostQuantum,
        _ => KeyKind::Other,
    }
}

fn rsa_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let PublicKey::RSA(rsa) = key.parsed().ok()? else { return None };
    significant_bits(rsa.modulus)
}

/// The prime of the parameters (RFC 3279 §2.3.2), their first integer.
fn dsa_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let parameters = key.algorithm.parameters.as_ref()?;
    let (_, prime) = x509_parser::der_parser::der::parse_der_integer(parameters.data).ok()?;
    significant_bits(prime.as_slice().ok()?)
}

fn significant_bits(number: &[u8]) -> Option<u32> {
    let zeros: u32 = number.iter().take_while(|byte| **byte == 0).count().try_into().ok()?;
    let first = number.iter().find(|byte| **byte != 0)?;
    let bytes: u32 = number.len().try_into().ok()?;
    Some((bytes - zeros) * 8 - first.leading_zeros())
}

fn curve_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    CURVES.iter().find(|(oid, _)| *oid == curve).map(|(_, bits)| *bits)
}

/// Named curves and the bits of their fields (RFC 5480 §2.1.1.1, RFC 5639, SEC 2).
const CURVES: &[(&str, u32)] = &[
    ("1.2.840.10045.3.1.1", 192),
    ("1.2.840.10045.3.1.7", 256),
    ("1.3.132.0.10", 256),
    ("1.3.132.0.33", 224),
    ("1.3.132.0.34", 384),
    ("1.3.132.0.35", 521),
    ("1.3.36.3.3.2.8.1.1.7", 256),
    ("1.3.36.3.3.2.8.1.1.11", 384),
    ("1.3.36.3.3.2.8.1.1.13", 512),
];

/// ML-DSA and SLH-DSA, pure, lie side by side in the arc of NIST's signature algorithms (RFC 9881, RFC 9909).
fn is_post_quantum(oid: &str) -> bool {
    let number = oid.strip_prefix("2.16.840.1.101.3.4.3.").and_then(|last| last.parse::<u8>().ok());
    number.is_some_and(|number| (17..=31).contains(&number))
}

/// RFC 4514 text: the most specific part first.
fn name_text(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for part in parts.into_iter().rev() {
        for (position, attribute) in part.iter().enumerate() {
            if !text.is_empty() {
                text.push(if position == 0 { ',' } else { '+' });
            }
            push_attribute(&mut text, attribute);
        }
        if text.len() >= MAX_NAME {
            break;
        }
    }
    text.truncate(text.floor_char_boundary(MAX_NAME));
    text
}

fn push_attribute(text: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    let oid = attribute.attr_type().to_id_string();
    let keyword =
        KEYWORDS.iter().find(|(known, _)| *known == oid).map_or(oid.as_str(), |(_, keyword)| keyword);
    text.push_str(keyword);
    text.push('=');
    match attribute_text(attribute) {
        Some(value) => push_escaped(text, &value),
        None => {
            let _ = write!(text, "#{}", text::hex(attribute.as_slice()));
        }
    }
}

/// The value as text where it is of a text type.
fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    const BMP_STRING: u32 = 30;
    /// UTF8, numeric, printable, T61, IA5, visible.
    const TEXTS: [u32; 6] = [12, 18, 19, 20, 22, 26];
    let tag = attribute.attr_value().tag().0;
    let bytes = attribute.as_slice();
    let bytes = bytes.get(..MAX_NAME).unwrap_or(bytes);
    if tag == BMP_STRING {
        return Some(text::utf16_be(bytes));
    }
    TEXTS.contains(&tag).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// RFC 4514 §2.4.
fn push_escaped(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (position, character) in value.chars().enumerate() {
        let at_edge = position == 0 && matches!(character, ' ' | '#') || position == last && character == ' ';
        if at_edge || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            text.push('\\');
        }
        match character {
            '\0' => text.push_str("\\00"),
            _ => text.push(character),
        }
    }
}

/// RFC 4514 §3, and the two that certificates use besides.
const KEYWORDS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
