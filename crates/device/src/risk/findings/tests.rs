//! Each kind of finding, alone, with whom it is about.

use super::*;
use crate::testing::{cloud, flow, flow_to, ip, mac, picture, request, seen};
use crate::{Picture, Site};
use nullius_model::{
    CertificateSeen, Endpoint, FlowInfo, KeyKind, LoginScheme, Observation, Sink, Timestamp, TlsServerHello,
    VerbClass,
};

/// Stations 1 to 30 are on the link; of what `tell` tells beyond, only findings count.
fn found(tell: impl FnOnce(&mut Site)) -> Picture {
    picture(|site| {
        (1..=30).for_each(|station| site.announces(mac(station), ip(station), 1));
        tell(site);
    })
}

fn name(picture: &Picture, party: Party) -> String {
    match party {
        Party::Device(index) => picture.devices[index].name.to_string(),
        Party::Internet(ip) => ip.to_string(),
        Party::Group(key) | Party::Silent(key) => format!("{:?}", key.ip()),
    }
}

fn outwards(client: u8, port: u16) -> FlowInfo {
    flow_to(client, Endpoint { mac: mac(1), ip: Some(cloud(7)), port })
}

fn inwards(server: u8, port: u16) -> FlowInfo {
    let there = outwards(server, port);
    FlowInfo { client: there.server, server: Endpoint { port, ..there.client }, ..there }
}

fn certificate(site: &mut Site) {
    let certificate = CertificateSeen {
        depth: 0,
        from_client: false,
        subject: "CN=plc",
        issuer: "CN=ca",
        serial: "01",
        not_before: Timestamp::ZERO,
        not_after: seen(9_000).at,
        key: KeyKind::Rsa(1_024),
        signature: "sha256WithRSAEncryption",
        weak_digest: false,
        self_issued: false,
    };
    site.observe(seen(5), Some(&flow(2, 3, 443)), Observation::Certificate(certificate));
}

/// What is told; the finding's kind, severity, subject, peer and words.
type Case = (fn(&mut Site), Kind, Severity, &'static str, Option<&'static str>, &'static str);

const CASES: &[Case] = &[
    (
        |site| site.asks(&flow(2, 3, 502), request(VerbClass::Program, 0), 5),
        Kind::UnexpectedVerb,
        Severity::High,
        "10.0.0.2",
        Some("10.0.0.3"),
        "change (program)",
    ),
    (
        |site| site.observe(seen(5), Some(&flow(2, 3, 21)), Observation::CleartextLogin(LoginScheme::Ftp)),
        Kind::CleartextLogin,
        Severity::Medium,
        "10.0.0.2",
        Some("10.0.0.3"),
        "FTP password",
    ),
    (
        |site| {
            let broken = Observation::Malformed { protocol: Protocol::Modbus, why: "length" };
            site.observe(seen(5), Some(&flow(2, 3, 502)), broken);
        },
        Kind::Malformed,
        Severity::Low,
        "10.0.0.2",
        Some("10.0.0.3"),
        "length",
    ),
    (
        |site| {
            let hello = TlsServerHello { version: 0x0301, suite: 0xc02f, group: None };
            site.observe(seen(5), Some(&flow(2, 3, 443)), Observation::TlsServer(hello));
        },
        Kind::WeakCrypto,
        Severity::Medium,
        "10.0.0.3",
        Some("10.0.0.2"),
        "TLS 1.0",
    ),
    (
        certificate,
        Kind::WeakCertificate,
        Severity::Medium,
        "10.0.0.3",
        Some("10.0.0.2"),
        "RSA key of 1024 bits: CN=plc",
    ),
    (
        |site| site.talks(&outwards(2, 443), Protocol::Tls, true, 5),
        Kind::ToInternet,
        Severity::Low,
        "10.0.0.2",
        Some("203.0.113.7"),
        "speaks tls to the internet",
    ),
    (
        |site| site.talks(&outwards(2, 502), Protocol::Modbus, true, 5),
        Kind::ToInternet,
        Severity::High,
        "10.0.0.2",
        Some("203.0.113.7"),
        "speaks modbus to the internet",
    ),
    (
        |site| site.talks(&inwards(2, 443), Protocol::Tls, true, 5),
        Kind::FromInternet,
        Severity::High,
        "10.0.0.2",
        Some("203.0.113.7"),
        "a host of the internet opened tls",
    ),
    (
        |site| (2..5).for_each(|client| site.talks(&flow(client, 9, 502), Protocol::Modbus, true, 5)),
        Kind::Exposure,
        Severity::Medium,
        "10.0.0.9",
        None,
        "3 clients ask its modbus service, which asks nobody who they are",
    ),
    (
        |site| site.talks(&flow(2, 3, 23), Protocol::Telnet, true, 5),
        Kind::Exposure,
        Severity::Medium,
        "10.0.0.3",
        Some("10.0.0.2"),
        "administered over telnet, which encrypts nothing",
    ),
    (
        |site| {
            for (client, register) in [(2, 0), (2, 1), (4, 0)] {
                site.asks(&flow(client, 3, 502), request(VerbClass::Write, register), 5);
            }
        },
        Kind::SecondWriter,
        Severity::Medium,
        "10.0.0.4",
        Some("10.0.0.3"),
        "also writes over modbus: 1 messages, the main writer sent 2",
    ),
    (
        |site| (3..13).for_each(|server| site.talks(&flow(2, server, 80), Protocol::Tcp, false, 5)),
        Kind::Scan,
        Severity::Medium,
        "10.0.0.2",
        None,
        "tried 10 services on 10 peers without an answer",
    ),
];

#[test]
fn each_kind_is_found_once_and_about_the_right_party() {
    for (tell, kind, severity, subject, peer, detail) in CASES {
        let picture = found(tell);
        let [finding] = &picture.findings[..] else { panic!("{kind:?}: {:#?}", picture.findings) };
        assert_eq!((finding.kind, finding.severity), (*kind, *severity));
        assert_eq!(name(&picture, finding.subject), *subject, "{kind:?}");
        assert_eq!(finding.peer.map(|peer| name(&picture, peer)).as_deref(), *peer, "{kind:?}");
        assert_eq!((finding.detail.as_str(), finding.first), (*detail, seen(5)), "{kind:?}");
    }
}

#[test]
fn an_address_of_two_devices_is_a_finding_about_each() {
    let picture = found(|site| {
        for at in [10, 20] {
            site.sends(mac(2), ip(99), 64, at);
            site.sends(mac(3), ip(99), 64, at + 1);
        }
    });
    let told: Vec<(Kind, String, Seen)> = picture
        .findings
        .iter()
        .map(|finding| (finding.kind, name(&picture, finding.subject), finding.first))
        .collect();
    let conflict = |device: &str| (Kind::AddressConflict, device.to_owned(), seen(11));
    assert_eq!(told, [conflict("10.0.0.2"), conflict("10.0.0.3")]);
}

#[test]
fn what_is_ordinary_is_no_finding() {
    let tells: [fn(&mut Site); 5] = [
        |site| site.asks(&flow(2, 3, 502), request(VerbClass::Write, 0), 5),
        |site| site.talks(&inwards(2, 0), Protocol::Icmp, true, 5),
        |site| (2..4).for_each(|client| site.talks(&flow(client, 9, 502), Protocol::Modbus, true, 5)),
        |site| (3..12).for_each(|server| site.talks(&flow(2, server, 80), Protocol::Tcp, false, 5)),
        |site| (3..30).for_each(|server| site.talks(&flow(2, server, 80), Protocol::Tcp, true, 5)),
    ];
    for tell in tells {
        let findings = found(tell).findings;
        assert!(findings.is_empty(), "{findings:#?}");
    }
}
