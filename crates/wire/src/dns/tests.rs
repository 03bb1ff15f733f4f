//! Messages made by hand, and what is said of them.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::{datagrams, unhex};

/// `name` in wire form, as hexadecimal.
fn wire(name: &str) -> String {
    name.split('.').fold(String::new(), |hex, label| {
        let text: String = label.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}{:02x}{text}", label.len())
    }) + "00"
}

fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    unhex(&format!("{id:04x} 0100 0001 0000 0000 0000 {} {kind:04x} 0001", wire(name)))
}

/// A response to `query(id, name, kind)` with `flags` and `records` as (owner, type, data in hexadecimal).
fn answer(id: u16, flags: u16, name: &str, kind: u16, records: &[(&str, u16, &str)]) -> Vec<u8> {
    let head =
        format!("{id:04x} {flags:04x} 0001 {:04x} 0000 0000 {} {kind:04x} 0001", records.len(), wire(name));
    unhex(&(head + &records_hex(records)))
}

/// An mDNS response without a question.
fn announcement(records: &[(&str, u16, &str)]) -> Vec<u8> {
    unhex(&(format!("0000 8400 0000 {:04x} 0000 0000", records.len()) + &records_hex(records)))
}

fn records_hex(records: &[(&str, u16, &str)]) -> String {
    records.iter().fold(String::new(), |hex, (owner, kind, data)| {
        let length = unhex(data).len();
        format!("{hex}{} {kind:04x} 8001 00000078 {length:04x} {data}", wire(owner))
    })
}

/// `strings` as the data of a TXT record, in hexadecimal.
fn txt(strings: &[&str]) -> String {
    strings.iter().map(|string| wire(string).trim_end_matches("00").to_owned()).collect()
}

fn said(protocol: Protocol, pieces: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::new(protocol), pieces)
}

#[test]
fn an_answer_is_paired_by_identifier_and_question_or_names_nobody() {
    let asked = query(7, "www.example.com", 1);
    let address = [("cdn.example.net", 1, "c0000201")];
    let fact = "fact 192.0.2.1 hostname: www.example.com";
    for (reply, lines) in [
        (answer(7, 0x8180, "WWW.example.com", 1, &address), &["< read query_a example.com", fact][..]),
        (answer(8, 0x8180, "www.example.com", 1, &address), &["? read query_a example.com"]),
        (answer(7, 0x8180, "www.example.org", 16, &[]), &["? read query_txt example.org"]),
        (answer(7, 0x8183, "www.example.com", 1, &[]), &["< read query_a example.com refused 3"]),
    ] {
        let told = said(Protocol::Dns, &[Client(&asked), Server(&reply)]);
        assert_eq!(told[0], "> read query_a example.com");
        assert_eq!(told[1..], *lines);
    }
}

/// What is said of the answer to `query(7, name, kind)`.
fn said_of_answer(flags: u16, name: &str, kind: u16, records: &[(&str, u16, &str)]) -> Vec<String> {
    let (asked, reply) = (query(7, name, kind), answer(7, flags, name, kind, records));
    said(Protocol::Dns, &[Client(&asked), Server(&reply)]).split_off(1)
}

#[test]
fn a_refused_answer_names_no_address() {
    let lines = said_of_answer(0x8185, "www.example.com", 1, &[("www.example.com", 1, "c0000201")]);
    assert_eq!(lines, ["< read query_a example.com refused 5"]);
}

#[test]
fn a_flood_of_addresses_names_sixteen() {
    let many: Vec<_> = (0..200).map(|last| format!("c00002{last:02x}")).collect();
    let records: Vec<_> = many.iter().map(|ip| ("www.example.com", 1, ip.as_str())).collect();
    assert_eq!(said_of_answer(0x8180, "www.example.com", 1, &records).len(), 1 + 16);
    let useless = [("x", 1, "00000000"), ("x", 1, "7f000001")];
    assert_eq!(said_of_answer(0x8180, "x.example.com", 1, &useless).len(), 1);
}

#[test]
fn a_reverse_answer_names_the_address_asked_for() {
    let name = "9.2.0.192.in-addr.arpa";
    assert_eq!(
        said_of_answer(0x8180, name, 12, &[(name, 12, &wire("Printer.example.com"))]),
        ["< read query_ptr in-addr.arpa", "fact 192.0.2.9 hostname: printer.example.com"]
    );
}

#[test]
fn updates_notifications_and_unknown_operations_have_verbs_of_their_own() {
    for (flags, line) in [
        (0x0800, "> read inverse_query example.com"),
        (0x1000, "> diagnose status example.com"),
        (0x2000, "> configure notify example.com"),
        (0x2800, "> write update example.com"),
        (0x7800, "> admin unknown_function #15"),
    ] {
        let mut message = query(7, "example.com", 6);
        message[2..4].copy_from_slice(&u16::to_be_bytes(flags));
        assert_eq!(said(Protocol::Dns, &[Client(&message)]), [line]);
    }
}

#[test]
fn an_unknown_type_is_still_a_query() {
    assert_eq!(
        said(Protocol::Dns, &[Client(&query(7, "a.example.com", 65_534))]),
        ["> read query_other example.com"]
    );
}

#[test]
fn an_announcement_tells_of_services_host_and_model_once() {
    let owner = "Press 1._http._tcp.local";
    let properties = txt(&["path=/", "MD=Press 3000", "manufacturer=Acme", "nonsense", "=x", "sn="]);
    let announced = announcement(&[
        ("_http._tcp.local", 12, &wire(owner)),
        (owner, 33, &format!("0000 0000 0050 {}", wire("press-1.local"))),
        (owner, 16, &properties),
        ("press-1.local", 1, "0a000001"),
    ]);
    let lines = said(Protocol::Mdns, &[Client(&announced), Client(&announced)]);
    let messages = ["> publish announce _http._tcp.local", "> publish announce press-1.local"];
    let facts = [
        "fact client service: _http._tcp",
        "fact client model: Press 3000",
        "fact client vendor: Acme",
        "fact client hostname: press-1.local",
    ];
    assert_eq!(lines, [&messages[..], &facts, &messages].concat());
}

#[test]
fn a_reflector_is_not_taken_for_those_it_speaks_for() {
    let foreign = announcement(&[
        ("_http._tcp.local", 12, &wire("x._http._tcp.local")),
        ("press-1.local", 1, "0a000063"),
    ]);
    assert_eq!(said(Protocol::Mdns, &[Client(&foreign)])[2..], ["fact 10.0.0.99 hostname: press-1.local"]);
}

#[test]
fn an_mdns_query_is_about_service_types() {
    let lines = said(Protocol::Mdns, &[Client(&query(0, "_ipp._tcp.local", 12))]);
    assert_eq!(lines, ["> discover query _ipp._tcp.local"]);
}

#[test]
fn an_llmnr_answer_names_its_sender() {
    let reply = answer(7, 0x8000, "cam-1", 1, &[("cam-1", 1, "0a000002")]);
    assert_eq!(
        said(Protocol::Llmnr, &[Client(&query(7, "cam-1", 1)), Server(&reply)]),
        ["> discover query cam-1", "< discover query cam-1", "fact server hostname: cam-1"]
    );
}

#[test]
fn a_cut_message_is_malformed_once_and_claims_nothing() {
    let reply = answer(7, 0x8180, "www.example.com", 1, &[("www.example.com", 1, "c0000201")]);
    for end in 0..reply.len() {
        let lines = said(Protocol::Dns, &[Server(&reply[..end])]);
        assert_eq!(lines, ["malformed: ends before its own length says"], "{end}");
    }
}
