//! How often each verb is read in captures of text protocols and SSH, against what tshark reads of the same captures.

use nullius_capture::CaptureFile;
use nullius_model::{FlowInfo, Message, MessageKind, Observation, Protocol, Seed, Seen, Sink};
use nullius_wire::{Dissector, Limits};
use std::collections::BTreeMap;
use std::path::Path;

/// Capture, protocol, how many answers tshark finds, and how many requests of which verb.
type Expected = (&'static str, Protocol, usize, &'static [(&'static str, usize)]);

const EXPECTED: &[Expected] = &[
    ("http/aria-setup.pcap", Protocol::Http, 3, &[("GET", 2), ("POST", 1)]),
    ("http/hue-bridge-setup.pcap", Protocol::Http, 104, &[("GET", 37), ("POST", 66), ("PUT", 1)]),
    ("http/handshake-reorder.pcap", Protocol::Http, 1, &[("GET", 1)]),
    ("http/http-on-irc-port-missing-syn.pcapng", Protocol::Http, 1, &[("GET", 1)]),
    ("http/http-vlan-0.pcap", Protocol::Http, 1, &[("GET", 1)]),
    ("http/ocsp-http-get.pcap", Protocol::Http, 1, &[("GET", 1)]),
    ("http/tcp-fast-open.pcap", Protocol::Http, 2, &[("GET", 2)]),
    ("login/ftp.pcap", Protocol::Ftp, 17, FTP),
    ("login/imap.pcap", Protocol::Imap, 4, &[("CAPABILITY", 1), ("LIST", 1), ("LOGIN", 1), ("LOGOUT", 1)]),
    ("login/imap-starttls.pcap", Protocol::Imap, 2, &[("CAPABILITY", 1), ("STARTTLS", 1)]),
    ("login/imap-starttls.pcap", Protocol::Tls, 1, &[("client_hello", 1)]),
    ("login/pop3.pcap", Protocol::Pop3, 10, POP3),
    ("login/pop3-starttls.pcap", Protocol::Pop3, 1, &[("STLS", 1)]),
    ("login/pop3-starttls.pcap", Protocol::Tls, 1, &[("client_hello", 1)]),
    ("login/smtp.pcap", Protocol::Smtp, 6, SMTP),
    ("login/smtp-starttls.pcap", Protocol::Smtp, 2, &[("EHLO", 1), ("STARTTLS", 1)]),
    ("login/smtp-starttls.pcap", Protocol::Tls, 1, &[("client_hello", 1)]),
    ("login/http-basic.pcap", Protocol::Http, 1, &[("GET", 1)]),
    ("ssh/kex-quadratic-1000.pcap.gz", Protocol::Ssh, 0, &[("banner", 2), ("kexinit", 2)]),
    ("ssh/reverse-ssh.pcap", Protocol::Ssh, 0, &[("banner", 2), ("kexinit", 2)]),
    ("ssh/single-conn.pcap", Protocol::Ssh, 0, &[("banner", 2), ("kexinit", 2)]),
    ("ssh/ssh_kex_curve25519.pcap", Protocol::Ssh, 0, &[("banner", 2), ("kexinit", 2)]),
    ("ssh/ssh_version_199.pcap", Protocol::Ssh, 0, &[("banner", 2), ("kexinit", 2)]),
];

const FTP: &[(&str, usize)] = &[
    ("EPSV", 2),
    ("LIST", 1),
    ("PASS", 3),
    ("PWD", 2),
    ("QUIT", 2),
    ("RETR", 1),
    ("SIZE", 1),
    ("TYPE", 2),
    ("USER", 3),
];
const POP3: &[(&str, usize)] =
    &[("CAPA", 2), ("LIST", 1), ("PASS", 2), ("QUIT", 2), ("RETR", 1), ("USER", 2)];
const SMTP: &[(&str, usize)] =
    &[("AUTH", 1), ("DATA", 1), ("EHLO", 1), ("MAIL", 1), ("QUIT", 1), ("RCPT", 1)];

struct Verbs {
    protocol: Protocol,
    requests: BTreeMap<&'static str, usize>,
    answers: usize,
}

impl Sink for Verbs {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        let Observation::Message(Message { protocol, kind, symbol, .. }) = observation else { return };
        if protocol == self.protocol && kind == MessageKind::Request {
            *self.requests.entry(symbol.verb).or_default() += 1;
        } else if protocol == self.protocol {
            self.answers += 1;
        }
    }
}

#[test]
fn every_request_and_answer_is_read_that_tshark_reads() {
    for (capture, protocol, answers, requests) in EXPECTED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(capture);
        let mut file = CaptureFile::open(&path).unwrap();
        let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
        let mut verbs = Verbs { protocol: *protocol, requests: BTreeMap::new(), answers: 0 };
        while let Some(frame) = file.next_frame().unwrap() {
            dissector.handle_frame(&frame, &mut verbs);
        }
        dissector.finish(&mut verbs);
        assert_eq!(verbs.requests, requests.iter().copied().collect(), "{capture}");
        assert_eq!(verbs.answers, *answers, "{capture}");
    }
}
