//! Conversations in IEC 60870-5-104, played whole and in pieces.

use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{stream, stream_split, unhex};

/// An APDU that carries a unit.
fn information(unit: &str) -> Vec<u8> {
    let unit = unhex(unit);
    [&[0x68, u8::try_from(unit.len() + 4).unwrap(), 0, 0, 0, 0][..], &unit].concat()
}

#[test]
fn a_link_is_started_tested_and_stopped() {
    let said = stream_split::<Session>(&[
        Client(&unhex("680407000000")),
        Server(&unhex("68040b000000 680443000000")),
        Client(&unhex("680483000000 680401000200 680413000000")),
        Server(&unhex("680423000000 680423000000")),
    ]);
    assert_eq!(
        said,
        [
            "> connect startdt",
            "< connect startdt",
            "> connect testfr",
            "< connect testfr",
            "> connect stopdt",
            "< connect stopdt",
            "? connect stopdt",
        ]
    );
}

#[test]
fn selection_execution_and_refusal_are_told_apart() {
    let said = stream_split::<Session>(&[
        Client(&information("2d 01 06 00 0300 881300 81")),
        Server(&information("2d 01 07 00 0300 881300 81")),
        Client(&information("2d 01 06 00 0300 881300 01")),
        Server(&information("2d 01 47 00 0300 881300 01")),
        Client(&information("2d 01 08 00 0300 881300 01")),
        Server(&information("2d 01 09 00 0300 881300 01")),
        Server(&information("2d 01 0a 00 0300 881300 01")),
        Client(&information("32 01 06 00 0900 010000 0000c03f 00")),
        Server(&information("32 01 6e 00 0900 010000 0000c03f 00")),
    ]);
    assert_eq!(
        said,
        [
            "> command unit 3 c_sc_na_1_select ioa[5000] = bits [1]",
            "< command unit 3 c_sc_na_1_select ioa[5000]",
            "> command unit 3 c_sc_na_1 ioa[5000] = bits [1]",
            "< command unit 3 c_sc_na_1 ioa[5000] refused 7",
            "> command unit 3 c_sc_na_1_deactivate ioa[5000] = bits [1]",
            "< command unit 3 c_sc_na_1_deactivate ioa[5000]",
            "> publish unit 3 c_sc_na_1_terminated ioa[5000] = bits [1]",
            "> write unit 9 c_se_nc_1 ioa[1] = 1500",
            "< write unit 9 c_se_nc_1 ioa[1] refused 46",
        ]
    );
}

#[test]
fn an_interrogation_a_read_and_what_they_bring_are_told() {
    let said = stream_split::<Session>(&[
        Client(&[information("64 01 06 00 0300 000000 14"), information("66 01 05 00 0300 0a0000")].concat()),
        Server(&information("64 01 07 00 0300 000000 14")),
        Server(&information("01 03 14 00 0300 0a0000 01 0b0000 00 200000 01")),
        Server(&information("03 01 05 00 0300 0a0000 02")),
        Server(&information("03 01 05 00 0300 0a0000 02")),
        Server(&information("2e 01 07 00 0300 0a0000 02")),
    ]);
    assert_eq!(
        said,
        [
            "> read unit 3 c_ic_na_1 #20",
            "> read unit 3 c_rd_na_1 ioa[10]",
            "< read unit 3 c_ic_na_1 #20",
            "> publish unit 3 m_sp_na_1 ioa[10..12]",
            "> publish unit 3 m_sp_na_1 ioa[32] = bits [1]",
            "< read unit 3 c_rd_na_1 ioa[10] = 2000",
            "> publish unit 3 m_dp_na_1 ioa[10] = 2000",
            "? command unit 3 c_dc_na_1 ioa[10]",
        ]
    );
}

#[test]
fn what_breaks_the_rules_is_said_once_and_the_type_is_kept() {
    let said = stream_split::<Session>(&[
        Client(&information("2d 02 06 00 0300 881300 01")),
        Client(&information("c8 01 06 00 0300 881300 01")),
        Client(&information("2d 01 06")),
        Client(&unhex("680405000000")),
    ]);
    assert_eq!(
        said,
        [
            "malformed: ends before its own length says",
            "> command unit 3 c_sc_na_1",
            "> admin unit 3 unknown_type #200",
            "malformed: ends before its own length says",
            "malformed: unnumbered control of no single function",
        ]
    );
    let foreign = stream::<Session>(&[Client(b"JRMI\0\x02K"), Client(b"more")]);
    assert_eq!(foreign, ["malformed: APDU does not begin with 0x68", "lost", "lost"]);
}

#[test]
fn after_a_gap_only_apdus_throughout_are_believed() {
    let command = information("2d 01 06 00 0300 881300 01");
    for (segment, believed) in [
        (command.clone(), true),
        ([command.clone(), command[..5].to_vec()].concat(), true),
        ([command.clone(), vec![0x68, 3]].concat(), false),
        ([command.clone(), information("2d 02 06 00 0300 881300 01")].concat(), false),
        (information("c8 01 06 00 0300 881300 01"), false),
        (command[2..].to_vec(), false),
        (vec![0x68; 300], false),
    ] {
        let said = stream::<Session>(&[Gap(Direction::FromClient), Client(&segment)]);
        assert_eq!(said.iter().any(|line| line.starts_with('>')), believed, "{segment:?} {said:?}");
        assert_eq!(said.iter().any(|line| line == "lost"), !believed, "{segment:?} {said:?}");
    }
}

#[test]
fn the_first_bytes_tell_apdus_from_others() {
    for (bytes, expected) in [
        (&unhex("680407000000")[..], Probe::Match),
        (&information("2d 01 06 00 0300 881300 01"), Probe::Match),
        (&unhex("6804"), Probe::Unsure),
        (&unhex("680405000000"), Probe::Mismatch),
        (&unhex("680500000000ff"), Probe::Mismatch),
        (b"JRMI", Probe::Mismatch),
    ] {
        assert_eq!(probe(Direction::FromClient, bytes), expected, "{bytes:?}");
    }
}
