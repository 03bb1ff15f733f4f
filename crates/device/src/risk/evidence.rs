//! Evidence as it comes, one entry a kind, pair of stations and detail.

use crate::behaviour::table::stations;
use crate::discovery::stations::StationKey;
use nullius_model::{
    CertificateSeen, FlowInfo, KeyKind, LoginScheme, Message, MessageKind, Protocol, Seen, SmolStr,
    SshServer, TlsServerHello, VerbClass, cipher_suite, lacks_forward_secrecy, suite_weakness, tls_version,
};
use std::collections::BTreeMap;

/// Kinds of evidence that come as it happens.
const KINDS: usize = 5;

/// What kind of thing was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An address is used by two devices at once.
    AddressConflict,
    /// A secret crossed the wire in the clear.
    CleartextLogin,
    /// A protocol that controls the process is reachable from the internet or by many.
    Exposure,
    /// A host of the internet opened a connection inwards.
    FromInternet,
    /// Bytes broke their protocol.
    Malformed,
    /// Many peers or ports were tried and did not answer.
    Scan,
    /// More than one client changes the same server.
    SecondWriter,
    /// A device speaks to the internet.
    ToInternet,
    /// A verb that reprograms, reconfigures or governs a device.
    UnexpectedVerb,
    /// A certificate that is expired, self-signed, or rests on weak cryptography.
    WeakCertificate,
    /// A protocol version or cipher that is broken.
    WeakCrypto,
}

impl Kind {
    /// Lower-case name, as the JSON schema prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddressConflict => "address-conflict",
            Self::CleartextLogin => "cleartext-login",
            Self::Exposure => "exposure",
            Self::FromInternet => "from-internet",
            Self::Malformed => "malformed",
            Self::Scan => "scan",
            Self::SecondWriter => "second-writer",
            Self::ToInternet => "to-internet",
            Self::UnexpectedVerb => "unexpected-verb",
            Self::WeakCertificate => "weak-certificate",
            Self::WeakCrypto => "weak-crypto",
        }
    }
}

/// What tells two entries apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvidenceKey {
    /// What kind.
    pub kind: Kind,
    /// Who opened the flow.
    pub client: StationKey,
    /// Who was asked.
    pub server: StationKey,
    /// In what protocol.
    pub protocol: Protocol,
    /// What exactly, in words.
    pub detail: SmolStr,
}

/// How often, and in which frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Times seen.
    pub count: u64,
    /// First time.
    pub first: Seen,
    /// Last time.
    pub last: Seen,
}

/// Everything collected so far, bounded.
#[derive(Debug)]
pub struct Evidence {
    entries: BTreeMap<EvidenceKey, Occurrence>,
    /// How many entries there are of each kind: one that is cheap to cause must not push out the others.
    kinds: BTreeMap<Kind, usize>,
    limit: usize,
    refused: u64,
}

impl Evidence {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), kinds: BTreeMap::new(), limit, refused: 0 }
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&EvidenceKey, &Occurrence)> {
        self.entries.iter()
    }

    /// Entries that found no room.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    pub(crate) fn message(&mut self, flow: &FlowInfo, message: &Message<'_>, seen: Seen) {
        if message.kind == MessageKind::Request
            && governs(message.symbol.class)
            && message.protocol.is_industrial()
        {
            let detail = format!("{} ({})", message.symbol.verb, message.symbol.class);
            self.note(flow, Kind::UnexpectedVerb, message.protocol, &detail, seen);
        }
    }

    pub(crate) fn malformed(&mut self, flow: &FlowInfo, protocol: Protocol, why: &'static str, seen: Seen) {
        self.note(flow, Kind::Malformed, protocol, why, seen);
    }

    pub(crate) fn cleartext_login(&mut self, flow: &FlowInfo, scheme: LoginScheme, seen: Seen) {
        self.note(flow, Kind::CleartextLogin, Protocol::Tcp, scheme.name(), seen);
    }

    pub(crate) fn tls_server(&mut self, flow: &FlowInfo, hello: TlsServerHello, seen: Seen) {
        let suite = cipher_suite(hello.suite);
        if is_obsolete(hello.version) {
            self.note(flow, Kind::WeakCrypto, Protocol::Tls, &tls_version(hello.version), seen);
        }
        if let Some(why) = suite_weakness(hello.suite) {
            self.note(flow, Kind::WeakCrypto, Protocol::Tls, &format!("{suite}: {why}"), seen);
        } else if lacks_forward_secrecy(hello.suite) {
            self.note(flow, Kind::WeakCrypto, Protocol::Tls, &format!("{suite}: no forward secrecy"), seen);
        }
    }

    pub(crate) fn ssh_server(&mut self, flow: &FlowInfo, server: SshServer, seen: Seen) {
        if server.protocol_1 {
            self.note(flow, Kind::WeakCrypto, Protocol::Ssh, "SSH protocol 1", seen);
        }
        if let Some(weak) = server.weak {
            self.note(flow, Kind::WeakCrypto, Protocol::Ssh, &format!("offers {weak}"), seen);
        }
    }

    pub(crate) fn certificate(&mut self, flow: &FlowInfo, certificate: &CertificateSeen<'_>, seen: Seen) {
        // Whoever roots trust in an anchor does not rest on its own signature or name.
        let is_anchor = certificate.depth > 0 && certificate.self_issued;
        let mut doubts = Vec::new();
        if certificate.not_after < seen.at {
            doubts.push("expired".to_owned());
        }
        if certificate.not_before > seen.at {
            doubts.push("not yet valid".to_owned());
        }
        if certificate.self_issued && certificate.depth == 0 {
            doubts.push("self-signed".to_owned());
        }
        if certificate.weak_digest && !is_anchor {
            doubts.push(format!("signed with {}", certificate.signature));
        }
        doubts.extend(weak_key(certificate.key));
        for doubt in doubts {
            let detail = format!("{doubt}: {}", certificate.subject);
            self.note(flow, Kind::WeakCertificate, Protocol::Tls, &detail, seen);
        }
    }

    fn note(&mut self, flow: &FlowInfo, kind: Kind, protocol: Protocol, detail: &str, seen: Seen) {
        let (client, server) = stations(flow);
        let key = EvidenceKey { kind, client, server, protocol, detail: SmolStr::new(detail) };
        if let Some(known) = self.entries.get_mut(&key) {
            known.count += 1;
            known.last = seen;
            return;
        }
        let of_kind = self.kinds.entry(kind).or_default();
        if *of_kind < self.limit / KINDS {
            *of_kind += 1;
            self.entries.insert(key, Occurrence { count: 1, first: seen, last: seen });
        } else {
            self.refused += 1;
        }
    }
}

/// A verb that no running process needs: whoever sees it should know why it came.
const fn governs(class: VerbClass) -> bool {
    matches!(class, VerbClass::Program | VerbClass::Firmware | VerbClass::Admin | VerbClass::Configure)
}

/// RFC 8996 (TLS 1.0, 1.1), RFC 7568 (SSL 3), RFC 6176 (SSL 2), and DTLS 1.0 with TLS 1.1.
const fn is_obsolete(version: u16) -> bool {
    matches!(version, 0x0002 | 0x0300 | 0x0301 | 0x0302 | 0xfeff)
}

/// NIST SP 800-57 part 1 rev. 5: less than 112 bits of strength.
fn weak_key(key: KeyKind) -> Option<String> {
    match key {
        KeyKind::Rsa(bits) if bits < 2048 => Some(format!("RSA key of {bits} bits")),
        KeyKind::Dsa(bits) => Some(format!("DSA key of {bits} bits")),
        KeyKind::Ec(bits) if bits < 224 => Some(format!("elliptic curve of {bits} bits")),
        KeyKind::Rsa(_) | KeyKind::Ec(_) | KeyKind::Edwards | KeyKind::PostQuantum | KeyKind::Other => None,
    }
}
