//! Whole frames through the session; the long ones are from captures (see `tests/data/profinet-dcp`).

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::{datagrams_on, flow, unhex};
use nullius_model::Transport;

/// `ChangeIPUsingDCP.pcap`, frame 2: a SCALANCE X208 answers an Identify.
const IDENTIFIED: &str = "feff 0501 01000001 0000 005e 0205 001c 0000 \
    01010102020102020203020402 05033d050105020503 0504ffff 0201 0005 0000 494e4300 \
    0202 000b 0000 583230382d424f524400 0203 0006 0000 002a0a01 0204 0004 0000 0100 \
    0102 000e 0001 c0a80006 ffffff00 c0a80001";

fn talk(frames: &[Piece<'_>]) -> Vec<String> {
    datagrams_on(&flow(Transport::Link(0x8892)), &mut Session::default(), frames)
}

#[test]
fn every_request_has_its_name_object_and_class() {
    for (frame, said) in [
        ("fefe 0500 01000001 0001 0004 ffff 0000", "> discover identify"),
        ("fefe 0500 01000001 0001 000c 0202 0007 73776974636833 00", "> discover identify switch3"),
        ("fefe 0500 01000001 0001 0008 0206 0003 616263 00", "> discover identify abc"),
        ("fefd 0300 01000001 0000 0004 0202 0102", "> discover get name-of-station,ip"),
        ("fefd 0400 01000001 0000 0012 0102 000e 0001 c0a8000a ffffff00 c0a80001", "> configure set ip"),
        ("fefd 0400 01000001 0000 0008 0202 0004 0001 4142", "> configure set name-of-station"),
        ("fefd 0400 01000001 0000 0008 0503 0004 0000 0100", "> diagnose set signal"),
        ("fefd 0400 01000001 0000 0006 0505 0002 0000", "> admin set factory-reset"),
        ("fefd 0400 01000001 0000 000c 0503 0002 0000 0506 0002 0008", "> admin set signal,factory-reset"),
        ("fefd 0400 01000001 0000 0006 8001 0002 0000", "> admin set vendor-option"),
        ("fefd 0100 01000001 0000 0000", "> admin unknown_function #1"),
        ("8001 0102030405060708", "> publish rt_data #32769"),
        ("fc01 0000", "> publish alarm #64513"),
        ("ff40 0000", "> publish ptcp #65344"),
        ("ff80 0000", "> publish fragment #65408"),
        ("fd00 0000", "> admin unknown_function #64768"),
    ] {
        assert_eq!(talk(&[Client(&unhex(frame))]), [said], "{frame}");
    }
}

#[test]
fn a_setting_is_paired_by_its_transaction_and_tells_what_went_wrong() {
    let set = "fefd 0400 01000001 0000 0008 0202 0004 0001 4142";
    assert_eq!(
        talk(&[
            Client(&unhex(set)),
            Server(&unhex("fefd 0401 01000001 0000 0008 0504 0003 0202 00 00")),
            Client(&unhex(set)),
            Server(&unhex("fefd 0401 01000001 0000 0008 0504 0003 0202 06 00")),
            Client(&unhex(set)),
            Server(&unhex("fefd 0405 01000001 0000 0000")),
            Server(&unhex("fefd 0401 01000001 0000 0008 0504 0003 0202 00 00")),
        ]),
        [
            "> configure set name-of-station",
            "< configure set name-of-station",
            "> configure set name-of-station",
            "< configure set name-of-station refused 6",
            "> configure set name-of-station",
            "< configure set name-of-station refused 1280",
            "? configure set",
        ]
    );
}

#[test]
fn a_station_tells_who_it_is_and_only_it_binds_its_address() {
    let told = [
        "fact server model: INC",
        "fact server hostname: X208-BORD",
        "fact server vendor: Siemens",
        "fact server product-code: 0x002a/0x0a01",
        "fact server device-role: PROFINET IO device",
        "binding server 192.168.0.6 profinet-dcp",
    ];
    let said = talk(&[Server(&unhex(IDENTIFIED))]);
    assert_eq!(said[0], "? discover identify");
    assert_eq!(said[1..], told);
    let set = "fefd 0400 01000001 0000 0012 0102 000e 0001 c0a8000a ffffff00 c0a80001";
    assert_eq!(talk(&[Client(&unhex(set))]), ["> configure set ip"], "an order binds nothing");
    let hello = "fefc 0600 01000001 0000 0012 0102 000e 0001 c0a8000a ffffff00 c0a80001";
    assert_eq!(
        talk(&[Client(&unhex(hello))]),
        ["> discover hello", "binding client 192.168.0.10 profinet-dcp"]
    );
}

#[test]
fn a_broken_block_does_not_hide_those_before_it() {
    assert_eq!(
        talk(&[Client(&unhex("fefd 0400 01000001 0000 000a 0505 0002 0000 0202 ffff"))]),
        ["> admin set factory-reset", "malformed: ends before its own length says"]
    );
}

#[test]
fn a_frame_cut_anywhere_is_malformed_once() {
    let whole = unhex(IDENTIFIED);
    for cut in 0..whole.len() {
        let said = talk(&[Server(&whole[..cut])]);
        assert_eq!(said, ["malformed: ends before its own length says"], "{cut}");
    }
}
