//! DNP3 sessions, played over hand-made frames.

use super::link::tests::frame;
use super::*;
use crate::testing::Piece::{Client, Gap, Server};
use crate::testing::{datagrams, stream, stream_split, unhex};

const MASTER: u16 = 1;
const OUTSTATION: u16 = 10;

/// A request in one segment.
fn ask(fragment: &str) -> Vec<u8> {
    frame(0xc4, OUTSTATION, MASTER, &[&[0xc0], &unhex(fragment)[..]].concat())
}

/// An answer in one segment.
fn tell(fragment: &str) -> Vec<u8> {
    frame(0x44, MASTER, OUTSTATION, &[&[0xc0], &unhex(fragment)[..]].concat())
}

fn play_one(request: &str, answer: &str) -> Vec<String> {
    stream_split::<Session>(&[Client(&ask(request)), Server(&tell(answer))])
}

#[test]
fn each_header_of_a_poll_is_asked_and_answered() {
    assert_eq!(
        play_one("c3 01 3c0206 3c0306 1e0100 0205", "c3 81 0000 0202 1701 0581"),
        [
            "> read unit 10 read g60v2",
            "> read unit 10 read g60v3",
            "> read unit 10 read g30v1[2..6]",
            "< read unit 10 read g60v2",
            "< read unit 10 read g60v3",
            "< read unit 10 read g30v1[2..6]",
        ]
    );
}

#[test]
fn each_point_operated_has_its_own_outcome() {
    let blocks = |status: [&str; 2]| {
        format!("0c01 2802 00 0800 4101f401000000000000{} 0900 4101f401000000000000{}", status[0], status[1])
    };
    assert_eq!(
        play_one(&format!("c1 05 {}", blocks(["00", "00"])), &format!("c1 81 0000 {}", blocks(["00", "84"]))),
        [
            "> command unit 10 direct_operate g12v1[8]",
            "> command unit 10 direct_operate g12v1[9]",
            "< command unit 10 direct_operate g12v1[8]",
            "< command unit 10 direct_operate g12v1[9] refused 4",
        ]
    );
}

#[test]
fn a_set_point_tells_its_value() {
    assert_eq!(
        play_one("c1 06 2902 1701 05 f6ff 00", "c0 82 0000"),
        ["> command unit 10 direct_operate_nr g41v2[5] = -10000", "> publish unit 10 unsolicited_response"]
    );
    assert_eq!(
        play_one("c1 03 2903 1701 05 0000c07f 00", "c1 81 0004"),
        ["> command unit 10 select g41v3[5]", "< command unit 10 select g41v3[5] refused 1024"]
    );
}

#[test]
fn requests_without_objects_and_unknown_ones_are_told_apart() {
    for (code, line) in [
        ("0d", "> admin unit 10 cold_restart"),
        ("12", "> command unit 10 stop_appl"),
        ("17", "> diagnose unit 10 delay_measure"),
        ("00", "> connect unit 10 confirm"),
        ("7f", "> admin unit 10 unknown_function #127"),
    ] {
        assert_eq!(stream_split::<Session>(&[Client(&ask(&format!("c0 {code}")))]), [line]);
    }
}

#[test]
fn a_write_is_classed_by_what_it_changes() {
    for (objects, class) in [
        ("3201 0701 000000000000", VerbClass::Configure),
        ("5001 00 0707 00", VerbClass::Diagnose),
        ("4605 5b01 0900 0000000000000000 41", VerbClass::Program),
        ("0a02 00 0000 81", VerbClass::Write),
    ] {
        let fragment = unhex(&format!("c0 02 {objects}"));
        let fragment = fragment::read_fragment(&fragment).unwrap();
        let mut classes = Vec::new();
        let known = function::of_request(2).unwrap();
        symbol::for_each_symbol(known, fragment, &mut |symbol, _| classes.push(symbol.class)).unwrap();
        assert_eq!(classes, [class], "{objects}");
    }
}

#[test]
fn a_file_is_called_by_its_name() {
    let open =
        "4603 5b01 2400 1a00 0a00 000000000000 0000 00000000 00000000 0100 0004 0000 2f746d702f612e747874";
    assert_eq!(
        play_one(&format!("c1 19 {open}"), "c1 81 0000 4604 5b01 0d00 00000000 00000000 0004 0000 02"),
        ["> read unit 10 open_file /tmp/a.txt", "< read unit 10 open_file /tmp/a.txt refused 2"]
    );
}

#[test]
fn an_outstation_tells_of_events_by_type() {
    assert_eq!(
        stream_split::<Session>(&[Server(&tell("f0 82 0000 0201 1701 0381 2001 1701 02 0100000000"))]),
        ["> publish unit 10 unsolicited_response g2v1", "> publish unit 10 unsolicited_response g32v1"]
    );
}

#[test]
fn device_attributes_are_facts() {
    assert_eq!(
        play_one("c1 01 00fe 00 0000", "c1 81 0000 00fc 00 0000 01 04 41434d45 00fa 00 0000 01 03 525431"),
        [
            "> read unit 10 read g0v254[0]",
            "< read unit 10 read g0v254[0]",
            "fact server vendor: ACME",
            "fact server model: RT1"
        ]
    );
}

#[test]
fn a_long_answer_answers_once() {
    let segments = [frame(0x44, MASTER, OUTSTATION, &[0x40, 0xa1, 0x81]), {
        frame(0x44, MASTER, OUTSTATION, &[0x81, 0, 0])
    }]
    .concat();
    let more = frame(0x44, MASTER, OUTSTATION, &[0xc2, 0x42, 0x81, 0, 0]);
    assert_eq!(
        stream_split::<Session>(&[Client(&ask("c1 01 3c0106")), Server(&segments), Server(&more)]),
        ["> read unit 10 read g60v1", "< read unit 10 read g60v1"]
    );
}

#[test]
fn link_transactions_are_paired() {
    let status = frame(0xc9, OUTSTATION, MASTER, &[]);
    let answer = frame(0x0b, MASTER, OUTSTATION, &[]);
    let keepalive = frame(0x49, MASTER, OUTSTATION, &[]);
    assert_eq!(
        stream_split::<Session>(&[Client(&status), Server(&answer), Server(&answer), Server(&keepalive)]),
        [
            "> connect unit 10 request_link_status",
            "< connect unit 10 request_link_status",
            "? connect unit 10 request_link_status",
            "> connect unit 10 request_link_status",
        ]
    );
    let refused = frame(0x0f, MASTER, OUTSTATION, &[]);
    assert_eq!(
        stream_split::<Session>(&[Client(&frame(0xc0, OUTSTATION, MASTER, &[])), Server(&refused)]),
        ["> connect unit 10 reset_link_states", "< connect unit 10 reset_link_states refused 15"]
    );
}

#[test]
fn a_request_sent_again_is_answered_once_and_a_broadcast_never() {
    let read = ask("c1 01 3c0106");
    let lines = stream_split::<Session>(&[Client(&read), Client(&read), Server(&tell("c1 81 0000"))]);
    assert_eq!(
        lines,
        ["> read unit 10 read g60v1", "> read unit 10 read g60v1", "< read unit 10 read g60v1"]
    );
    let broadcast = frame(0xc4, 0xffff, MASTER, &unhex("c0 c1 0e"));
    let lines = stream_split::<Session>(&[Client(&broadcast), Server(&tell("c1 81 0000"))]);
    assert_eq!(lines, ["> admin unit 65535 warm_restart", "? read unit 10 response"]);
}

#[test]
fn frames_are_found_again_after_rubbish_and_after_a_gap() {
    let read = ask("c1 01 3c0106");
    let mut broken = read.clone();
    broken[12] ^= 1;
    let script = [&read[..], &[0, 5, 0x64, 9, 5], &read, &broken, &read].concat();
    assert_eq!(
        stream::<Session>(&[Client(&script)]),
        [
            "> read unit 10 read g60v1",
            "malformed: no DNP3 start octets",
            "> read unit 10 read g60v1",
            "malformed: DNP3 block CRC does not match",
            "> read unit 10 read g60v1",
        ]
    );
    let after_gap = [&read[9..], &read].concat();
    assert_eq!(
        stream::<Session>(&[Client(&read), Gap(Direction::FromClient), Client(&after_gap)]),
        ["> read unit 10 read g60v1", "> read unit 10 read g60v1"]
    );
    assert_eq!(stream::<Session>(&[Client(b"GET / HTTP/1.1\r\n")]), ["lost"]);
}

#[test]
fn a_crowd_of_points_hides_nothing() {
    let points: String = (0..100).map(|index| format!("{index:02x} 4101f40100000000000000")).collect();
    let lines = stream::<Session>(&[Client(&long_ask(&format!("c1 05 0c01 1764 {points}")))]);
    assert_eq!(lines.len(), symbol::MAX_SYMBOLS + 1);
    assert_eq!(lines.last().unwrap(), "> command unit 10 direct_operate unread objects");
}

#[test]
fn an_object_of_unknown_size_is_still_asked_for() {
    assert_eq!(
        stream_split::<Session>(&[Client(&ask("c1 02 c801 1701 00 01"))]),
        ["> admin unit 10 write unread objects", "malformed: DNP3 object of unknown size"]
    );
    assert_eq!(
        stream_split::<Session>(&[Client(&ask("c1 01 c801 06"))]),
        ["> read unit 10 read g200v1"],
        "a read has no data whose size could matter"
    );
}

#[test]
fn datagrams_hold_whole_frames() {
    let two = [ask("c1 01 3c0106"), frame(0xc9, OUTSTATION, MASTER, &[])].concat();
    let cut = &two[..two.len() - 1];
    assert_eq!(
        datagrams(&mut DatagramSession::default(), &[Client(&two), Client(cut), Client(&[1])]),
        [
            "> read unit 10 read g60v1",
            "> connect unit 10 request_link_status",
            "> read unit 10 read g60v1",
            "malformed: ends before its own length says",
            "malformed: no DNP3 start octets",
        ]
    );
}

#[test]
fn a_probe_decides_on_the_header() {
    let read = ask("c1 01 3c0106");
    assert_eq!(probe(Direction::FromClient, &read), Probe::Match);
    assert_eq!(probe(Direction::FromClient, &read[..5]), Probe::Unsure);
    assert_eq!(probe(Direction::FromClient, b"\x05\x64 is a lot of text"), Probe::Mismatch);
}

/// A request in as many segments as it takes.
fn long_ask(fragment: &str) -> Vec<u8> {
    let fragment = unhex(fragment);
    let count = fragment.chunks(249).count();
    let segment = |(number, chunk): (usize, &[u8])| {
        let flags = if number == 0 { 0x40 } else { 0 } | if number + 1 == count { 0x80 } else { 0 };
        let header = flags | u8::try_from(number).unwrap();
        frame(0xc4, OUTSTATION, MASTER, &[&[header], chunk].concat())
    };
    fragment.chunks(249).enumerate().flat_map(segment).collect()
}
