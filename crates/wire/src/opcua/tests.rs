//! OPC UA sessions, played over hand-made chunks.

use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{stream, stream_split, unhex};

/// Null token, timestamp, handle, no diagnostics, no audit entry, timeout, no additional header.
const REQUEST_HEADER: &str = "0000 0000000000000000 01000000 00000000 ffffffff 00000000 000000";

fn chunk(tag: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(chunk::HEADER + body.len()).unwrap().to_le_bytes();
    [&tag[..], &size, body].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
}

fn sequenced(tag: &[u8; 4], id: u8, body: &[u8]) -> Vec<u8> {
    chunk(tag, &[&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, id, 0, 0, 0], body].concat())
}

fn typed(service: u16, body: &str) -> Vec<u8> {
    [&[1, 0], &service.to_le_bytes()[..], &unhex(body)].concat()
}

/// A request of `service` in one chunk.
fn ask(id: u8, service: u16, parameters: &str) -> Vec<u8> {
    sequenced(b"MSGF", id, &typed(service, &format!("{REQUEST_HEADER} {parameters}")))
}

/// An answer in one chunk.
fn tell(id: u8, service: u16, status: &str, results: &str) -> Vec<u8> {
    let header = format!("0000000000000000 01000000 {status} 00 ffffffff 000000");
    sequenced(b"MSGF", id, &typed(service, &format!("{header} {results}")))
}

fn open(policy: &str, rest: &[u8]) -> Vec<u8> {
    let uri = string(&format!("http://opcfoundation.org/UA/SecurityPolicy#{policy}"));
    chunk(b"OPNF", &[&[0; 4], &uri[..], &[0xff; 8], rest].concat())
}

fn hello() -> Vec<u8> {
    chunk(b"HELF", &[&[0; 20], &string("opc.tcp://plc:4840")[..]].concat())
}

/// The opening of a channel without security, from the client.
fn open_plain() -> Vec<u8> {
    open("None", &[&[1, 0, 0, 0, 1, 0, 0, 0], &typed(446, REQUEST_HEADER)[..]].concat())
}

#[test]
fn a_connection_is_greeted_and_a_channel_opened() {
    let opened = open(
        "None",
        &[
            &[1, 0, 0, 0, 1, 0, 0, 0],
            &typed(449, "0000000000000000 01000000 00000000 00 ffffffff 000000")[..],
        ]
        .concat(),
    );
    assert_eq!(
        stream_split::<Session>(&[
            Client(&hello()),
            Server(&chunk(b"ACKF", &[0; 20])),
            Client(&open_plain()),
            Server(&opened),
            Client(&sequenced(b"CLOF", 9, &typed(452, REQUEST_HEADER))),
        ]),
        [
            "> connect HEL opc.tcp://plc:4840",
            "< connect HEL opc.tcp://plc:4840",
            "> connect OpenSecureChannel None",
            "< connect OpenSecureChannel None",
            "> connect CloseSecureChannel",
        ]
    );
    let error = chunk(b"ERRF", &unhex("00008380 00000000"));
    assert_eq!(
        stream_split::<Session>(&[Client(&hello()), Server(&error), Server(&error)]),
        [
            "> connect HEL opc.tcp://plc:4840",
            "< connect HEL opc.tcp://plc:4840 refused 2156068864",
            "? connect ERR refused 2156068864",
        ]
    );
}

#[test]
fn each_node_has_its_own_outcome() {
    let nodes =
        "0100 d208 0d000000 ffffffff 0000 ffffffff 0301000400000074656d70 05000000 ffffffff 0000 ffffffff";
    let read = ask(7, 631, &format!("0000000000000000 00000000 02000000 {nodes}"));
    let answer = tell(7, 634, "00000000", "02000000 01 06 2a000000 02 00003480 00000000");
    assert_eq!(
        stream_split::<Session>(&[Client(&open_plain()), Client(&read), Server(&answer)])[1..],
        [
            "> read Read i=2258",
            "> read Read ns=1;s=temp Description",
            "< read Read i=2258",
            "< read Read ns=1;s=temp Description refused 2150891520",
        ]
    );
}

#[test]
fn a_write_tells_its_value_and_a_call_its_method() {
    let write = ask(1, 673, "01000000 0305000100000078 0d000000 ffffffff 01 0b 000000000000f83f");
    let call = ask(2, 712, "01000000 0055 0101 0100 01000000 0c 0100000041");
    let script = [Client(&write), Client(&call), Server(&tell(2, 397, "00000b80", ""))];
    assert_eq!(
        stream_split::<Session>(&script),
        [
            "> write Write ns=5;s=x = 1500",
            "> command Call i=85 ns=1;i=1",
            "< command Call i=85 ns=1;i=1 refused 2148204544",
        ]
    );
}

#[test]
fn writing_an_attribute_other_than_the_value_configures() {
    for (attribute, class) in [(13, VerbClass::Write), (17, VerbClass::Configure), (99, VerbClass::Configure)]
    {
        let body = unhex(&format!("{REQUEST_HEADER} 01000000 0055 {attribute:02x}000000 ffffffff 01 01 01"));
        let service = service::of_request(service::WRITE).unwrap();
        let mut classes = Vec::new();
        request::for_each_symbol(service, Reader::new(&body), &mut |symbol, _| classes.push(symbol.class))
            .unwrap();
        assert_eq!(classes, [class], "{attribute}");
    }
}

#[test]
fn nodes_beyond_the_limit_are_told_as_a_count() {
    let node = "0055 0d000000 ffffffff 0000 ffffffff";
    let read = ask(7, 631, &format!("0000000000000000 00000000 64000000 {}", node.repeat(100)));
    let lines = stream::<Session>(&[Client(&read)]);
    assert_eq!(lines.len(), 33);
    assert_eq!(lines.last().unwrap(), "> read Read node[32..100]");
    let lying = ask(7, 631, &format!("0000000000000000 00000000 ffffff7f {node}"));
    assert_eq!(
        stream::<Session>(&[Client(&lying)]),
        ["> read Read i=85", "> read Read node[1..2147483647]", "malformed: ends before its own length says"]
    );
}

#[test]
fn chunks_become_one_message() {
    let whole = typed(673, &format!("{REQUEST_HEADER} 01000000 0055 0d000000 ffffffff 01 01 01"));
    let (first, last) = whole.split_at(20);
    let browse = ask(9, 527, "");
    let script = [sequenced(b"MSGC", 8, first), browse, sequenced(b"MSGF", 8, last)].concat();
    assert_eq!(
        stream_split::<Session>(&[Client(&open_plain()), Client(&script)])[1..],
        ["> discover Browse", "> write Write i=85 = 1000"]
    );
    let aborted = [sequenced(b"MSGC", 8, first), sequenced(b"MSGA", 8, &[0; 8])].concat();
    assert_eq!(stream_split::<Session>(&[Client(&open_plain()), Client(&aborted)]).len(), 1);
}

#[test]
fn what_is_encrypted_is_told_by_its_size() {
    let secret = sequenced(b"MSGF", 1, &[0xee; 300]);
    assert_eq!(
        stream_split::<Session>(&[
            Client(&open("Basic256Sha256", &[0xaa; 64])),
            Client(&secret),
            Server(&secret)
        ]),
        ["> connect OpenSecureChannel Basic256Sha256", "> connect MSG ≤1024 B", "> connect MSG ≤1024 B"]
    );
}

#[test]
fn without_security_nothing_is_opaque() {
    let unknown = sequenced(b"MSGF", 1, &typed(4711, ""));
    assert_eq!(
        stream_split::<Session>(&[Client(&open_plain()), Client(&unknown)])[1..],
        ["> admin unknown_service #4711"]
    );
    assert_eq!(
        stream_split::<Session>(&[Client(&open_plain()), Client(&sequenced(b"MSGF", 1, &[0xee; 30]))])[1..],
        ["malformed: unknown OPC UA node id encoding"]
    );
}

#[test]
fn a_password_is_noticed_only_where_it_can_be_read() {
    let activate = |algorithm: &str| {
        let token = format!("00000000 0400000075736572 0400000070617373 {algorithm}");
        let length = format!("{:02x}000000", unhex(&token).len());
        ask(3, 467, &format!("ffffffffffffffff 00000000 00000000 01004401 01 {length} {token}"))
    };
    assert_eq!(
        stream_split::<Session>(&[Client(&activate("ffffffff"))]),
        ["> connect ActivateSession", "login: OPC UA password"]
    );
    assert_eq!(stream_split::<Session>(&[Client(&activate("0100000061"))]), ["> connect ActivateSession"]);
}

#[test]
fn the_build_of_a_server_is_a_fact_once() {
    let read = ask(7, 631, "0000000000000000 00000000 01000000 0100d708 0d000000 ffffffff 0000 ffffffff");
    let answer = tell(7, 634, "00000000", "01000000 01 0c 0400000041434d45");
    let script = [Client(&read), Server(&answer), Client(&read), Server(&answer)];
    assert_eq!(
        stream_split::<Session>(&script),
        [
            "> read Read i=2263",
            "fact server vendor: ACME",
            "< read Read i=2263",
            "> read Read i=2263",
            "< read Read i=2263",
        ]
    );
}

#[test]
fn a_server_that_calls_back_is_asked_by_the_other_end() {
    let reverse = chunk(b"RHEF", &[string("urn:plc"), string("opc.tcp://plc:4840")].concat());
    let secured = open("Basic256Sha256", &[0; 64]);
    assert_eq!(
        stream_split::<Session>(&[Client(&reverse), Server(&hello()), Server(&secured), Client(&secured)]),
        [
            "> connect RHE opc.tcp://plc:4840",
            "fact client application: urn:plc",
            "> connect HEL opc.tcp://plc:4840",
            "> connect OpenSecureChannel Basic256Sha256",
            "< connect OpenSecureChannel Basic256Sha256",
        ]
    );
}

#[test]
fn rubbish_is_lost_and_a_large_chunk_is_passed_over_unbuffered() {
    let browse = ask(9, 527, "");
    let script = [&browse[..], b"rubbish!"].concat();
    assert_eq!(
        stream::<Session>(&[Client(&script), Gap(Direction::FromClient), Client(&browse)]),
        ["> discover Browse", "malformed: no OPC UA message type", "lost", "> discover Browse"]
    );
    let mut write = ask(1, 673, "01000000 0055 0d000000 ffffffff 01 0f 00000200");
    write.resize(200_000, 0);
    let size = u32::try_from(write.len()).unwrap().to_le_bytes();
    write[4..8].copy_from_slice(&size);
    let lines = stream::<Session>(&[Client(&write[..70_000])]);
    assert_eq!(lines, ["> write Write node[0]"], "what was not read is not called malformed");
}

#[test]
fn a_probe_needs_the_whole_header() {
    assert_eq!(probe(Direction::FromClient, &hello()), Probe::Match);
    assert_eq!(probe(Direction::FromClient, b"HELF"), Probe::Unsure);
    assert_eq!(probe(Direction::FromClient, b"HELO mail.example"), Probe::Mismatch);
}
