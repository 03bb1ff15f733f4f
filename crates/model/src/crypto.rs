//! What can be seen of cryptography from outside.

use crate::Timestamp;

/// A TLS or DTLS client's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsClientHello<'a> {
    /// JA4 fingerprint (FoxIO, BSD-3-Clause part).
    pub ja4: &'a str,
    /// Server name asked for, where not encrypted.
    pub server_name: Option<&'a str>,
    /// First application protocol offered.
    pub alpn: Option<&'a str>,
    /// Highest protocol version offered, as on the wire (0x0303 is TLS 1.2, 0xfefd is DTLS 1.2).
    pub highest_version: u16,
    /// Lowest protocol version the client says it accepts, where it lists versions.
    pub lowest_version: u16,
    /// A post-quantum hybrid group is offered (X25519MLKEM768 and its forerunners).
    pub post_quantum: bool,
    /// The client names a session or ticket to resume.
    pub resumes: bool,
}

/// What a TLS or DTLS server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsServerHello {
    /// Version in force, as on the wire.
    pub version: u16,
    /// Cipher suite in force (IANA number).
    pub suite: u16,
    /// The key exchange group, where the hello names it (TLS 1.3).
    pub group: Option<u16>,
}

/// What an SSH server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SshServer {
    /// It accepts protocol 1, which protects neither against change nor, by now, against reading.
    pub protocol_1: bool,
    /// The worst broken algorithm it is ready to use, by its SSH name.
    pub weak: Option<&'static str>,
}

/// Kind and strength of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// RSA, modulus in bits.
    Rsa(u32),
    /// Elliptic curve, field in bits.
    Ec(u32),
    /// Ed25519 or Ed448.
    Edwards,
    /// DSA, modulus in bits.
    Dsa(u32),
    /// A post-quantum signature key (ML-DSA, SLH-DSA).
    PostQuantum,
    /// Something else.
    Other,
}

/// A certificate passed over the wire in the clear. Nothing about it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen<'a> {
    /// Position in the chain; 0 is the peer's own.
    pub depth: u8,
    /// Sent by the TLS client.
    pub from_client: bool,
    /// Subject, RFC 4514 text.
    pub subject: &'a str,
    /// Issuer, RFC 4514 text.
    pub issuer: &'a str,
    /// Serial number, hexadecimal.
    pub serial: &'a str,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// Public key.
    pub key: KeyKind,
    /// Name of the signature algorithm, or its object identifier.
    pub signature: &'a str,
    /// The signature rests on MD5 or SHA-1.
    pub weak_digest: bool,
    /// Subject equals issuer.
    pub self_issued: bool,
}

/// `TLS 1.2`, `DTLS 1.0`; the number where there is no name.
pub fn tls_version(version: u16) -> std::borrow::Cow<'static, str> {
    match version {
        0x0002 => "SSL 2".into(),
        0x0300 => "SSL 3".into(),
        0x0301 => "TLS 1.0".into(),
        0x0302 => "TLS 1.1".into(),
        0x0303 => "TLS 1.2".into(),
        0x0304 => "TLS 1.3".into(),
        0xfeff => "DTLS 1.0".into(),
        0xfefd => "DTLS 1.2".into(),
        0xfefc => "DTLS 1.3".into(),
        0x7f00..=0x7fff => format!("TLS 1.3 draft {}", version & 0xff).into(),
        other => format!("TLS version {other:#06x}").into(),
    }
}
