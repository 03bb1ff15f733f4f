//! Conversations in HTTP/1.

use super::*;
use crate::testing::Piece::{self, Client, Gap, Server};
use crate::testing::{noise, stream, stream_split};
use Direction::{FromClient, FromServer};

#[test]
fn requests_are_answered_in_their_order_and_bodies_passed_over() {
    let conversation: &[Piece<'_>] = &[
        Client(b"GET /a HTTP/1.1\r\nUser-Agent: curl/8\r\n\r\nPOST /b HTTP/1.1\r\nUser-Agent: curl/8\r\nContent-Length: 21\r\n\r\nGET /no HTTP/1.1\r\n\r\nx"),
        Client(b"HEAD /c HTTP/1.1\r\n\r\n"),
        Server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nServer: nginx\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Server(b"4;q=1\r\nHTTP\r\n1\r\n/\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nabc"),
        Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        Client(b"DELETE /d HTTP/1.1\r\n\r\n"),
        Server(b"HTTP/1.1 204 Gone\r\n\r\n"),
    ];
    let expected = [
        "fact client user-agent: curl/8",
        "> read GET /a",
        "> write POST /b ≤64 B",
        "> read HEAD /c",
        "fact server server-software: nginx",
        "< read GET /a",
        "< write POST /b ≤64 B refused 403",
        "< read HEAD /c",
        "> configure DELETE /d",
        "< configure DELETE /d",
    ];
    assert_eq!(stream_split::<Session>(conversation), expected);
}

#[test]
fn a_body_without_a_length_lasts_to_the_end() {
    let conversation: &[Piece<'_>] = &[
        Client(b"GET / HTTP/1.0\r\n\r\n"),
        Server(b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.0 500 not a head\r\n\r\n"),
        Server(b"more"),
    ];
    assert_eq!(stream_split::<Session>(conversation), ["> read GET /", "< read GET /"]);
}

#[test]
fn a_password_is_told_of_once_and_never_told() {
    let request = b"GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n";
    let said = stream::<Session>(&[Client(request), Client(request)]);
    assert_eq!(said, ["login: HTTP Basic password", "> read GET /", "> read GET /"]);
}

#[test]
fn a_message_that_may_be_read_in_two_ways_is_told_of() {
    let smuggled =
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n";
    let said = stream_split::<Session>(&[Client(smuggled)]);
    assert_eq!(said, ["malformed: both a length and a transfer coding", "> write POST / ≤4 B"]);
}

#[test]
fn what_is_no_longer_http_is_left_alone() {
    let upgrade: &[Piece<'_>] =
        &[Client(b"GET /ws HTTP/1.1\r\n\r\n"), Server(b"HTTP/1.1 101 Switch\r\n\r\n\x81\x05")];
    assert_eq!(stream_split::<Session>(upgrade), ["> read GET /ws", "< read GET /ws", "finished"]);
    assert_eq!(stream::<Session>(&[Client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]), ["finished"]);
    let tunnel: &[Piece<'_>] =
        &[Client(b"CONNECT a:443 HTTP/1.1\r\n\r\n"), Server(b"HTTP/1.1 200 OK\r\n\r\n")];
    let expected = ["> connect CONNECT a:443", "< connect CONNECT a:443", "handover"];
    assert_eq!(stream_split::<Session>(tunnel), expected);
}

#[test]
fn after_a_gap_only_the_beginning_of_a_message_is_believed() {
    let conversation: &[Piece<'_>] = &[
        Gap(FromClient),
        Gap(FromServer),
        Client(b"tail of a body: x\r\n\r\n"),
        Server(b"<html>\r\n\r\n"),
        Server(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        Client(b"GET / HTTP/1.1\r\n\r\n"),
    ];
    let expected = ["lost", "lost", "? connect response refused 404", "> read GET /"];
    assert_eq!(stream::<Session>(conversation), expected);
}

#[test]
fn rubbish_is_malformed_once_a_segment() {
    let said = stream::<Session>(&[Client(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")]);
    assert_eq!(said, ["malformed: field without a colon", "lost"]);
}

#[test]
fn a_flow_is_recognised_by_its_first_line() {
    for (bytes, probed) in [
        (&b""[..], Probe::Unsure),
        (b"GE", Probe::Unsure),
        (b"GET /very/long", Probe::Unsure),
        (b"GET / HTTP/1.1\r\n", Probe::Match),
        (b"SUBSCRIBE /e HTTP/1.1\r\n", Probe::Match),
        (b"OPTIONS rtsp://x RTSP/1.0\r\n", Probe::Mismatch),
        (b"GET / HTTP/1.1-ish x\r\n", Probe::Mismatch),
        (b"HTTP/1.1 200", Probe::Match),
        (b"HTTP", Probe::Unsure),
        (b"PRI * HTTP/2.0\r\n\r\n", Probe::Match),
        (b"220 ftp ready\r\n", Probe::Mismatch),
        (b"EHLO x\r\n", Probe::Mismatch),
        (b"USER", Probe::Unsure),
        (b"\x16\x03\x01", Probe::Mismatch),
    ] {
        assert_eq!(probe(FromClient, bytes), probed, "{:?}", bytes.escape_ascii().to_string());
    }
}

#[test]
fn noise_is_read_without_harm() {
    for seed in 1..300 {
        let bytes: Vec<u8> = noise(seed).take(400).collect();
        let head = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &bytes[..]].concat();
        stream::<Session>(&[Client(&bytes), Server(&head), Server(&bytes)]);
    }
}
