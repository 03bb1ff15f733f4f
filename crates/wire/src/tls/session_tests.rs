//! Sessions, from hello to the point where nothing more is to be seen.

use super::*;
use crate::testing::Piece::{self, Client, Gap, Server};
use crate::testing::{noise, stream, stream_split};
use Direction::{FromClient, FromServer};

const CHROME: &[u8] = include_bytes!("../../tests/data/tls/chrome-client-hello.bin");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/tls/ecdsa-cert.der");
const CHANGE_CIPHER: &[u8] = &[20, 3, 3, 0, 1, 1];
const DATA: &[u8] = &[23, 3, 3, 0, 3, 9, 9, 9];

const CLIENT_HELLO_SAYS: [&str; 3] = [
    "TlsClient(TlsClientHello { ja4: \"t13d1516h2_8daaf6152771_02713d6af862\", server_name: Some(\"lh3.google.com\"), alpn: Some(\"h2\"), highest_version: 772, lowest_version: 771, post_quantum: true, resumes: false })",
    "fact client ja4: t13d1516h2_8daaf6152771_02713d6af862",
    "> connect client_hello lh3.google.com",
];
const ACCEPTED: &str = "< connect client_hello lh3.google.com";

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

fn server_hello(extensions: &[u8]) -> Vec<u8> {
    let length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
    let body = [&[3, 3][..], &[5; 32], &[0, 0x13, 0x01, 0], &length, extensions].concat();
    handshake(2, &body)
}

fn certificate() -> Vec<u8> {
    let one = [&[0, 3, 0xd6][..], CERTIFICATE].concat();
    handshake(11, &[&[0, 3, 0xd9][..], &one].concat())
}

fn says(tail: &[&str]) -> Vec<String> {
    CLIENT_HELLO_SAYS.iter().chain(tail).map(|line| (*line).to_owned()).collect()
}

fn chosen(version: u16) -> String {
    format!("TlsServer(TlsServerHello {{ version: {version}, suite: 4865, group: None }})")
}

#[test]
fn a_session_of_tls_1_2_is_read_up_to_the_change_of_cipher() {
    let flight = record(22, &[server_hello(&[]), certificate(), handshake(14, &[])].concat());
    let conversation: &[Piece<'_>] = &[
        Client(CHROME),
        Server(&flight),
        Client(CHANGE_CIPHER),
        Client(&record(22, &[11, 0xff, 0xff, 0xff, 0xff])),
        Server(CHANGE_CIPHER),
        Server(b"never looked at"),
    ];
    let certificate = "certificate 0: CN=pantz.org,OU=PositiveSSL,OU=Domain Control Validated";
    let expected = says(&[&chosen(0x0303), ACCEPTED, certificate, "finished"]);
    assert_eq!(stream_split::<Session>(conversation), expected);
}

#[test]
fn a_session_of_tls_1_3_is_read_up_to_the_first_protected_record_of_each_side() {
    let hello = record(22, &server_hello(&[0, 43, 0, 2, 3, 4]));
    let conversation: &[Piece<'_>] = &[
        Client(CHROME),
        Server(&[&hello, CHANGE_CIPHER, DATA].concat()),
        Client(CHANGE_CIPHER),
        Client(DATA),
    ];
    let expected = says(&[&chosen(0x0304), ACCEPTED, "finished"]);
    assert_eq!(stream_split::<Session>(conversation), expected);
}

#[test]
fn a_retry_request_is_no_answer_and_the_second_hello_no_second_request() {
    let mut retry = server_hello(&[0, 43, 0, 2, 3, 4]);
    let random = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    for (at, byte) in (6..).zip(random.as_bytes().chunks(2)) {
        retry[at] = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 16).unwrap();
    }
    let hello = record(22, &server_hello(&[0, 43, 0, 2, 3, 4]));
    let conversation: &[Piece<'_>] = &[
        Client(CHROME),
        Server(&record(22, &retry)),
        Server(CHANGE_CIPHER),
        Client(CHANGE_CIPHER),
        Client(CHROME),
        Server(&hello),
    ];
    assert_eq!(stream_split::<Session>(conversation), says(&[&chosen(0x0304), ACCEPTED]));
}

#[test]
fn a_fatal_alert_turns_the_offer_down_and_a_warning_does_not() {
    let warned: &[Piece<'_>] = &[Client(CHROME), Server(&record(21, &[1, 112]))];
    assert_eq!(stream_split::<Session>(warned), says(&[]));
    let refused: &[Piece<'_>] = &[Client(CHROME), Server(&record(21, &[2, 40]))];
    let expected = says(&["< connect client_hello lh3.google.com refused 40"]);
    assert_eq!(stream_split::<Session>(refused), expected);
    let client_gives_up: &[Piece<'_>] =
        &[Client(CHROME), Server(&record(22, &server_hello(&[]))), Client(&record(21, &[2, 48]))];
    let expected = says(&[&chosen(0x0303), ACCEPTED, "> connect alert #48"]);
    assert_eq!(stream_split::<Session>(client_gives_up), expected);
}

#[test]
fn an_answer_in_plain_text_is_malformed_once_and_then_passed_over() {
    let conversation: &[Piece<'_>] =
        &[Client(CHROME), Server(b"HTTP/1.1 400 Bad Request\r\n"), Server(b"\r\nno")];
    let expected = says(&["malformed: record of an unknown kind", "lost", "lost"]);
    assert_eq!(stream::<Session>(conversation), expected);
}

#[test]
fn a_flow_seen_from_its_middle_is_given_up_without_a_word() {
    let conversation: &[Piece<'_>] =
        &[Gap(FromClient), Gap(FromServer), Client(&[1, 2, 3, 4, 5]), Client(DATA), Server(DATA)];
    assert_eq!(stream::<Session>(conversation), ["lost", "finished"]);
}

#[test]
fn an_ssl_2_session_is_told_as_one() {
    let offer = [0x80, 15, 1, 0, 2, 0, 6, 0, 0, 0, 0, 1, 0, 0x80, 7, 0, 0xc0];
    let length = u8::try_from(11 + 3 + 16).unwrap();
    let choice = [&[0x80, length, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16, 1, 0, 0x80][..], &[0; 16]].concat();
    assert_eq!(probe(FromClient, &offer), Probe::Match);
    let said = stream_split::<Session>(&[Client(&offer), Server(&choice)]);
    let (first, rest) = said.split_first().unwrap();
    assert!(first.contains("highest_version: 2,"), "{first}");
    assert_eq!(
        rest,
        [
            "fact client ja4: ts2i000000_000000000000_000000000000",
            "> connect client_hello",
            "TlsServer(TlsServerHello { version: 2, suite: 0, group: None })",
            "< connect client_hello",
            "finished"
        ]
    );
}

#[test]
fn an_ssl_2_hello_may_offer_tls_and_be_answered_in_it() {
    let offer = [0x80, 15, 1, 3, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0x2f, 1, 0, 0x80];
    let hello = record(22, &server_hello(&[]));
    let said = stream_split::<Session>(&[Client(&offer), Server(&hello)]);
    assert_eq!(said[3..], [&chosen(0x0303), "< connect client_hello"]);
    assert!(said[0].contains("t10i0100"), "{}", said[0]);
}

#[test]
fn a_hello_is_recognised_by_its_first_six_bytes() {
    for (bytes, probed) in [
        (&[][..], Probe::Unsure),
        (&[22], Probe::Unsure),
        (&[22, 3, 1, 0, 200], Probe::Unsure),
        (&[22, 3, 1, 0, 200, 1], Probe::Match),
        (&[22, 3, 3, 0, 90, 2], Probe::Match),
        (&[22, 3, 3, 0, 90, 11], Probe::Mismatch),
        (&[22, 3, 9, 0, 90, 1], Probe::Mismatch),
        (&[23, 3, 3], Probe::Mismatch),
        (b"GET / HTTP/1.1", Probe::Mismatch),
        (b"SSH-2.0-x", Probe::Mismatch),
        (&[0x80, 0x2e, 1, 0, 2], Probe::Unsure),
        (&[0x80, 0x2e, 1, 0, 2, 0, 6, 0, 0, 0, 16, 1], Probe::Mismatch),
    ] {
        assert_eq!(probe(FromClient, bytes), probed, "{bytes:?}");
    }
}

#[test]
fn noise_is_read_without_harm() {
    for seed in 1..500 {
        let mut bytes: Vec<u8> = noise(seed).take(300).collect();
        stream::<Session>(&[Client(&bytes), Server(&bytes)]);
        bytes[..5].copy_from_slice(&[22, 3, 3, 1, 0x27]);
        bytes[5..9].copy_from_slice(&[noise(seed).next().unwrap() % 12, 0, 1, 0x20]);
        stream::<Session>(&[Server(&bytes), Client(&bytes)]);
    }
}
