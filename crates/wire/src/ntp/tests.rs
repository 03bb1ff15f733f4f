//! NTP flows, played over hand-made datagrams.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::{datagrams, unhex};

/// A packet of 48 bytes.
fn time(mode: u8, stratum: u8, reference: [u8; 4], origin: u64, transmit: u64) -> Vec<u8> {
    let head = [0x20 | mode, stratum, 6, 0xec];
    let stamps = [[0; 8], origin.to_be_bytes(), [0; 8], transmit.to_be_bytes()].concat();
    [&head[..], &[0; 8], &reference, &stamps].concat()
}

fn play_all(script: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), script)
}

#[test]
fn an_answer_repeats_the_time_of_its_request() {
    let ask = time(3, 0, [0; 4], 0, 77);
    let answer = time(4, 1, *b"GPS\0", 77, 99);
    assert_eq!(
        play_all(&[Client(&ask), Server(&time(4, 1, *b"GPS\0", 76, 99)), Server(&answer), Server(&answer)]),
        [
            "> read client",
            "? read client",
            "fact server device-role: NTP server, stratum 1 GPS",
            "< read client",
            "? read client",
        ]
    );
    assert_eq!(
        play_all(&[Client(&ask), Server(&time(4, 0, *b"RATE", 77, 99))]),
        ["> read client", "< read client refused 1380013125"]
    );
}

#[test]
fn peers_and_broadcasts_are_told_apart_and_so_is_authentication() {
    let code = [0; 20];
    let ask = [&time(1, 2, [1; 4], 0, 5)[..], &code].concat();
    assert_eq!(
        play_all(&[Client(&ask), Server(&time(2, 2, [1; 4], 5, 6)), Client(&time(5, 3, [1; 4], 0, 9))]),
        [
            "> read symmetric_active authenticated",
            "< read symmetric_active authenticated",
            "> publish broadcast",
            "fact client device-role: NTP server, stratum 3",
        ]
    );
}

#[test]
fn control_messages_are_paired_by_sequence() {
    let read = unhex("16 02 0007 0000 0000 0000 0000");
    let first = unhex("16 a2 0007 0000 0000 0000 0004 61626364");
    let rest = unhex("16 82 0007 0000 0000 0004 0004 61626364");
    let configure = unhex("16 08 0008 0000 0000 0000 0000");
    let refused = unhex("16 c8 0008 0100 0000 0000 0000");
    assert_eq!(
        play_all(&[Client(&read), Server(&first), Server(&rest), Client(&configure), Server(&refused)]),
        [
            "> diagnose read_variables",
            "< diagnose read_variables",
            "> configure configure",
            "< configure configure refused 1"
        ]
    );
    assert_eq!(
        play_all(&[Client(&unhex("16 1e 0008 0000 0000 0000 0000"))]),
        ["> admin unknown_operation #30"]
    );
}

#[test]
fn private_messages_are_paired_by_code() {
    let list = unhex("17 00 03 2a 0000 0000");
    let part = |more_and_sequence: &str| unhex(&format!("{more_and_sequence} 03 2a 0006 0048"));
    assert_eq!(
        play_all(&[Client(&list), Server(&part("d700")), Server(&part("9701"))]),
        ["> diagnose private #42", "< diagnose private #42"]
    );
    assert_eq!(play_all(&[Server(&unhex("97 00 03 2a 4000 0000"))]), ["? diagnose private #42 refused 4"]);
}

#[test]
fn what_is_too_short_or_no_ntp_is_malformed() {
    let ask = time(3, 0, [0; 4], 0, 77);
    for cut in 0..ask.len() {
        assert_eq!(play_all(&[Client(&ask[..cut])]), ["malformed: ends before its own length says"], "{cut}");
    }
    for (first, why) in
        [(0x03, "unknown NTP version"), (0x3b, "unknown NTP version"), (0x20, "reserved NTP mode")]
    {
        let mut broken = ask.clone();
        broken[0] = first;
        assert_eq!(play_all(&[Client(&broken)]), [format!("malformed: {why}")]);
    }
    assert_eq!(
        play_all(&[Client(&unhex("16 02 0007 0000 0000 0000 ffff"))]),
        ["malformed: ends before its own length says"]
    );
}
