//! Whole frames through the session.

use super::*;
use crate::testing::Piece::Client;
use crate::testing::{datagrams_on, flow, unhex};
use nullius_model::Transport;

const EVENT: &str = "> publish unit 12289 goose_state_change LD0/LLN0$GO$gcb_A";
const REPEAT: &str = "> publish unit 12289 goose LD0/LLN0$GO$gcb_A";
const DEVICE: &str = "fact client application: LD0";

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag, 0x81, u8::try_from(content.len()).unwrap()];
    bytes.extend(content);
    bytes
}

struct Told {
    name: &'static [u8],
    state: u32,
    sequence: u32,
    simulated: u8,
    needs_commissioning: u8,
    revision: u8,
}

const TOLD: Told = Told {
    name: b"LD0/LLN0$GO$gcb_A",
    state: 5,
    sequence: 0,
    simulated: 0,
    needs_commissioning: 0,
    revision: 1,
};

impl Told {
    fn frame(&self) -> Vec<u8> {
        let fields = [
            element(0x80, self.name),
            element(0x81, &[0x3a, 0x98]),
            element(0x82, b"LD0/LLN0$DS"),
            element(0x83, b"id"),
            element(0x84, &[0; 8]),
            element(0x85, &self.state.to_be_bytes()),
            element(0x86, &self.sequence.to_be_bytes()),
            element(0x87, &[self.simulated]),
            element(0x88, &[self.revision]),
            element(0x89, &[self.needs_commissioning]),
            element(0x8a, &[2]),
            element(0xab, &[0x83, 1, 0, 0x84, 2, 6, 0x80]),
        ];
        framed(&element(0x61, &fields.concat()))
    }
}

fn framed(pdu: &[u8]) -> Vec<u8> {
    let mut frame = unhex("3001");
    frame.extend(u16::try_from(pdu.len() + 8).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(pdu);
    frame
}

fn talk(told: &[Told]) -> Vec<String> {
    let frames: Vec<_> = told.iter().map(Told::frame).collect();
    let frames: Vec<_> = frames.iter().map(|frame| Client(frame.as_slice())).collect();
    datagrams_on(&flow(Transport::Link(0x88b8)), &mut Session::default(), &frames)
}

fn one(frame: &[u8]) -> Vec<String> {
    datagrams_on(&flow(Transport::Link(0x88b8)), &mut Session::default(), &[Client(frame)])
}

#[test]
fn a_new_state_is_told_apart_from_its_repetition() {
    assert_eq!(
        talk(&[
            TOLD,
            Told { sequence: 1, ..TOLD },
            Told { sequence: 2, ..TOLD },
            Told { state: 6, ..TOLD },
            Told { state: 7, sequence: 3, ..TOLD },
        ]),
        [EVENT, DEVICE, REPEAT, REPEAT, EVENT, EVENT]
    );
    assert_eq!(talk(&[Told { sequence: 9, ..TOLD }]), [REPEAT, DEVICE], "joined in the middle");
}

#[test]
fn counters_that_run_backwards_are_told() {
    let backwards = "malformed: state number runs backwards: replay, or forgery";
    let sequence = "malformed: sequence number runs backwards: replay, or forgery";
    let restart = "malformed: counting begins anew: restart, or forgery";
    let revised = "malformed: configuration revision changed";
    for (then, expected) in [
        (Told { state: 4, ..TOLD }, backwards),
        (Told { state: 1, sequence: 1, ..TOLD }, restart),
        (Told { sequence: 3, ..TOLD }, sequence),
        (Told { state: 6, revision: 2, ..TOLD }, revised),
    ] {
        assert_eq!(talk(&[Told { sequence: 4, ..TOLD }, then]).last().unwrap(), expected);
    }
}

#[test]
fn a_restart_in_the_first_state_is_a_new_state() {
    let said = talk(&[Told { state: 1, sequence: 12, ..TOLD }, Told { state: 1, sequence: 1, ..TOLD }]);
    assert_eq!(said[2..], [EVENT, "malformed: counting begins anew: restart, or forgery"]);
}

#[test]
fn counters_may_wrap_and_equal_ones_may_repeat() {
    for (before, then) in [
        (Told { state: u32::MAX, ..TOLD }, Told { state: 1, ..TOLD }),
        (Told { sequence: u32::MAX, ..TOLD }, Told { sequence: 1, ..TOLD }),
        (Told { state: 1, sequence: u32::MAX, ..TOLD }, Told { state: 1, sequence: 1, ..TOLD }),
        (Told { state: 1, ..TOLD }, Told { state: 1, sequence: 1, ..TOLD }),
        (TOLD, TOLD),
    ] {
        assert!(!talk(&[before, then]).iter().any(|line| line.starts_with("malformed")));
    }
}

#[test]
fn control_blocks_of_one_publisher_do_not_disturb_each_other() {
    let other = || Told { name: b"LD0/LLN0$GO$gcb_B", state: 900, ..TOLD };
    let said = talk(&[TOLD, other(), Told { sequence: 1, ..TOLD }, Told { sequence: 1, ..other() }]);
    assert_eq!(said.len(), 6);
    assert!(!said.iter().any(|line| line.starts_with("malformed")));
}

#[test]
fn messages_nobody_should_act_on_have_their_own_verbs() {
    assert_eq!(
        talk(&[Told { simulated: 1, ..TOLD }])[0],
        "> publish unit 12289 goose_simulated LD0/LLN0$GO$gcb_A"
    );
    assert_eq!(
        talk(&[Told { needs_commissioning: 1, ..TOLD }])[0],
        "> publish unit 12289 goose_needs_commissioning LD0/LLN0$GO$gcb_A"
    );
    let mut frame = TOLD.frame();
    frame[4] = 0x80;
    assert_eq!(one(&frame)[0], "> publish unit 12289 goose_simulated LD0/LLN0$GO$gcb_A");
    assert_eq!(one(&framed(&[0x60, 0])), ["> discover unit 12289 gse_management"]);
}

#[test]
fn a_frame_that_contradicts_itself_is_malformed() {
    let field = |tag, content: &[u8]| framed(&element(0x61, &element(tag, content)));
    let twice = framed(&element(0x61, &[element(0x85, &[1]), element(0x85, &[2])].concat()));
    for (frame, why) in [
        (unhex("3001 0007 0000 0000"), "length shorter than its head"),
        (unhex("3001 ffff 0000 0000 6100"), "ends before its own length says"),
        (framed(&[0x62, 0]), "neither a GOOSE nor a GSE management PDU"),
        (framed(&[0x61, 0]), "a required field is missing"),
        (field(0x85, &[1; 9]), "number empty or too large"),
        (field(0x87, &[]), "truth value not of one byte"),
        (twice, "fields out of order or twice"),
        (field(0x80, &[0xff]), "control block reference is not text, or too long"),
        (field(0x80, &[b'x'; 130]), "control block reference is not text, or too long"),
        (field(0xab, &[0x83, 5, 0]), "ends before its own length says"),
    ] {
        assert_eq!(one(&frame), [format!("malformed: {why}")], "{frame:?}");
    }
    let mut frame = TOLD.frame();
    let entries = frame.len() - 11;
    assert_eq!(frame[entries], 2);
    frame[entries] = 200;
    assert_eq!(one(&frame), ["malformed: number of entries is not that of the data"]);
}

#[test]
fn a_frame_cut_anywhere_is_malformed_once() {
    let whole = TOLD.frame();
    for cut in 0..whole.len() {
        assert_eq!(one(&whole[..cut]), ["malformed: ends before its own length says"], "{cut}");
    }
}

#[test]
fn a_flood_of_control_blocks_keeps_only_the_newest() {
    let mut session = Session::default();
    for number in 0..100_u8 {
        let mut frame = TOLD.frame();
        let name = frame.windows(5).position(|bytes| bytes == b"gcb_A").unwrap();
        frame[name + 4] = number & 0x7f;
        datagrams_on(&flow(Transport::Link(0x88b8)), &mut session, &[Client(&frame)]);
    }
    assert_eq!(session.published.len(), 32);
}
