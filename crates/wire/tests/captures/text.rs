//! Text protocols and SSH.

use crate::counts::{Count, Counts};
use nullius_model::Protocol;

/// Capture, protocol, how many answers tshark finds, and how many requests of which verb.
type Expected = (&'static str, Protocol, u64, &'static [Count<'static>]);

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

const FTP: &[Count<'_>] = &[
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
const POP3: &[Count<'_>] = &[("CAPA", 2), ("LIST", 1), ("PASS", 2), ("QUIT", 2), ("RETR", 1), ("USER", 2)];
const SMTP: &[Count<'_>] = &[("AUTH", 1), ("DATA", 1), ("EHLO", 1), ("MAIL", 1), ("QUIT", 1), ("RCPT", 1)];

#[test]
fn every_request_and_answer_is_read_that_tshark_reads() {
    for (capture, protocol, answers, requests) in EXPECTED {
        let counts = Counts::of(capture);
        assert_eq!(counts.asked(*protocol), *requests, "{capture}");
        let answered = counts.answered(*protocol);
        assert_eq!(answered.iter().map(|(_, count)| count).sum::<u64>(), *answers, "{capture}");
    }
}
