//! Whole exchanges by hand.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::datagrams;

fn told(script: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), script)
}

#[test]
fn answers_are_paired_by_token_piggybacked_or_separate() {
    assert_eq!(
        told(&[
            Client(b"\x41\x01\0\x01a\xb4temp"),
            Server(b"\x61\x45\0\x01a\xc0\xff21.5"),
            Client(b"\x41\x03\0\x02b\xb4lamp\x11\x32\xff{}"),
            Server(b"\x60\0\0\x02"),
            Server(b"\x41\x84\x70\x01b"),
            Client(b"\x60\0\x70\x01"),
            Client(b"\x51\x04\0\x03c\xb1x\x01y"),
            Server(b"\x51\x42\0\x04c"),
            Server(b"\x51\x45\0\x05d"),
        ]),
        [
            "> read GET /temp",
            "< read GET /temp = 21500",
            "> write PUT /lamp;ct=50 ≤4 B",
            "< write PUT /lamp;ct=50 ≤4 B refused 404",
            "> configure DELETE /x/y",
            "< configure DELETE /x/y",
            "? read response #205",
        ]
    );
}

#[test]
fn an_observation_lasts_until_either_side_ends_it() {
    assert_eq!(
        told(&[
            Client(b"\x41\x01\0\x01a\x60\x51t"),
            Server(b"\x61\x45\0\x01a\x61\x05\xff1"),
            Server(b"\x41\x45\x70\x02a\x61\x06\xff2"),
            Client(b"\x60\0\x70\x02"),
            Server(b"\x41\x45\x70\x03a\x61\x07\xff3"),
            Client(b"\x70\0\x70\x03"),
            Server(b"\x51\x45\x70\x04a\x61\x08\xff4"),
            Client(b"\x41\x01\0\x05a\x61\x01\x51t"),
        ]),
        [
            "> subscribe GET observe /t",
            "< subscribe GET observe /t = 1000",
            "> publish notify /t ≤1 B = 2000",
            "> publish notify /t ≤1 B = 3000",
            "> subscribe RST /t",
            "> publish notify ≤1 B = 4000",
            "> subscribe GET deregister /t",
        ]
    );
}

#[test]
fn a_message_sent_again_is_told_once() {
    let ask: &[u8] = b"\x41\x02\0\x01a\xb4lamp\xff1";
    let answer: &[u8] = b"\x61\x44\0\x01a";
    let mut script = vec![Client(ask), Client(ask), Server(answer), Client(ask), Server(answer)];
    script.push(Client(b"\x41\x02\0\x01a\xb4lamp\xff2"));
    assert_eq!(
        told(&script),
        [
            "> write POST /lamp ≤1 B = 1000",
            "< write POST /lamp ≤1 B",
            "malformed: message identifier still in use",
            "> write POST /lamp ≤1 B = 2000",
        ]
    );
    let mut late = vec![Client(ask)];
    late.extend((0..250).map(|_| Server(b"\x60\0\0\x01")));
    late.push(Client(ask));
    assert_eq!(told(&late).len(), 2, "after its lifetime an identifier names another message");
}

#[test]
fn pings_resets_and_discovery_are_told_apart() {
    assert_eq!(
        told(&[
            Client(b"\x40\0\0\x01"),
            Server(b"\x70\0\0\x01"),
            Client(b"\x41\x01\0\x02a\xbb.well-known\x04core"),
            Server(b"\x61\x45\0\x02a\xc1\x28\xff</t>;rt=\"temp\""),
            Client(b"\x41\x01\0\x03b\xb1t"),
            Server(b"\x70\0\0\x03"),
            Client(b"\x41\x02\0\x04c\x91\x09\xffxxxx"),
            Client(b"\x41\x1f\0\x05d"),
            Client(b"\x41\x01\0\x06e\xdd\x16\x08coap://other.example/"),
        ]),
        [
            "> connect ping",
            "< connect ping",
            "> discover GET /.well-known/core",
            "fact server service: temp",
            "< discover GET /.well-known/core",
            "> read GET /t",
            "< read GET /t refused 0",
            "> connect OSCORE ≤4 B",
            "> admin unknown_method #31",
            "> read GET coap://other.example/",
        ]
    );
}

#[test]
fn a_path_says_which_slashes_are_its_own() {
    assert_eq!(
        told(&[Client(b"\x40\x01\0\x01\xb3a/b\x02;%"), Client(b"\x40\x01\0\x02")]),
        ["> read GET /a%2Fb/%3B%25", "> read GET /"]
    );
}
