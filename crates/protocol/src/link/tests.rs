//! What a frame must be, and what a stream may cost.

use super::*;
use crate::local::{Answer, Body, Command, Status};
use nullius_model::Epoch;

fn hello() -> ToController {
    ToController::Hello(Hello {
        version: VERSION,
        software: "0.1.0".into(),
        boot: "b".into(),
        taken: Epoch { term: 1, counter: 7 },
        policy: Epoch { term: 1, counter: 5 },
        kernel_digest: Hash([7; 32]),
        spool: Spool { id: "s".into(), first: 1, next: 4 },
        revoked: vec![Revoked { device: "cam1".into(), at: 1, by: "root".into(), reason: "scans".into() }],
    })
}

fn from_gateway() -> Vec<ToController> {
    let record = Record { seq: 1, line: "{}".into(), chain: chained(&Hash::default(), 1, b"{}") };
    let status = Status { site: "lab".into(), ..Status::default() };
    let epoch = Epoch { term: 1, counter: 8 };
    let ack = |result| ToController::Ack(Ack { epoch, result });
    vec![
        hello(),
        ack(Outcome::Applied { kernel_digest: Hash([1; 32]) }),
        ack(Outcome::Held { reason: "shift change".into() }),
        ack(Outcome::Refused { reason: "older".into() }),
        ToController::Records(Records { spool: "s".into(), records: vec![record] }),
        ToController::Report(Box::new(Report { status: status.clone(), ..Report::default() })),
        ToController::Renew { csr: Blob(vec![0x30; 5000]) },
        ToController::Answer(Answered { id: 3, answer: Answer::Ok(Box::new(Body::Status(status))) }),
        relayed(RelayPart::Open { port: "p1".into(), mac: "02:00:00:00:00:01".into() }),
        relayed(RelayPart::Data(Blob(vec![0x16; MAX_RELAY_PART]))),
        relayed(RelayPart::End { reason: None }),
        ToController::Ping,
    ]
}

fn relayed(part: RelayPart) -> ToController {
    ToController::Relay(Relay { id: 5, part })
}

fn from_controller() -> Vec<ToGateway> {
    vec![
        ToGateway::Welcome(Welcome { version: VERSION, now: 1, recorded: 3 }),
        ToGateway::Bundle { bytes: Blob(vec![1; 100_000]) },
        ToGateway::Recorded { spool: "s".into(), through: 3 },
        ToGateway::Renewed { chain: vec![Blob(vec![2; 700])] },
        ToGateway::NotRenewed { reason: "revoked".into() },
        ToGateway::Ask(Asked { id: 3, command: Command::Status }),
        ToGateway::Relay(Relay { id: 5, part: RelayPart::End { reason: Some("closed".into()) } }),
        ToGateway::Pong,
        ToGateway::Bye(Bye { reason: "replaced".into(), retry_after: 5 }),
    ]
}

/// CBOR with its length in front.
fn raw(cbor: &[u8]) -> Vec<u8> {
    [&u32::try_from(cbor.len()).unwrap().to_be_bytes(), cbor].concat()
}

fn first(bytes: &[u8]) -> Result<Option<ToController>, FrameError> {
    let mut frames = Frames::new(MAX_TO_CONTROLLER);
    frames.push(bytes);
    frames.next()
}

#[test]
fn every_frame_comes_back_however_the_stream_was_cut() {
    let sent = from_gateway();
    let stream: Vec<u8> = sent.iter().flat_map(|value| frame(value, MAX_TO_CONTROLLER).unwrap()).collect();
    for size in [1, 3, 1000, stream.len()] {
        let mut frames = Frames::<ToController>::new(MAX_TO_CONTROLLER);
        let mut got = Vec::new();
        for piece in stream.chunks(size) {
            frames.push(piece);
            while let Some(value) = frames.next().unwrap() {
                got.push(value);
            }
        }
        assert_eq!(got, sent, "{size}");
    }
    for value in from_controller() {
        let mut frames = Frames::new(MAX_TO_GATEWAY);
        frames.push(&frame(&value, MAX_TO_GATEWAY).unwrap());
        assert_eq!(frames.next(), Ok(Some(value)));
    }
}

#[test]
fn a_long_frame_is_refused_by_its_length_alone() {
    let limit = MAX_TO_CONTROLLER;
    let error = FrameError::TooLong { length: limit + 1, limit };
    assert_eq!(first(&u32::try_from(limit + 1).unwrap().to_be_bytes()), Err(error));
    assert_eq!(first(&u32::try_from(limit).unwrap().to_be_bytes()), Ok(None));
    let long = ToController::Renew { csr: Blob(vec![0; limit - 10]) };
    assert!(matches!(frame(&long, limit), Err(FrameError::TooLong { .. })));
}

#[test]
fn a_field_nobody_knows_and_bytes_behind_the_end_are_refused() {
    assert_eq!(first(&raw(b"\x64ping")), Ok(Some(ToController::Ping)));
    assert_eq!(first(&raw(b"\x64ping\x00")), Err(FrameError::TrailingBytes));
    for bad in [
        &b"\x66reboot"[..],
        b"\xa1\x65renew\xa2\x63csr\x40\x65force\xf5",
        b"\xa1\x65renew\xa0",
        b"\xa2\x65renew\xa1\x63csr\x40\x64ping\xf6",
        b"\xa1\x65renew\xa1\x63csr\x81\x00",
        b"\xff",
        b"",
    ] {
        assert!(matches!(first(&raw(bad)), Err(FrameError::Form(_))), "{bad:?}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    for bomb in [vec![0x81; 1 << 20], vec![0xa1; 1 << 20], vec![0xc1; 1 << 20]] {
        assert!(first(&raw(&bomb)).is_err());
    }
    // a list and a text that claim more than there is
    for huge in [
        &b"\xa1\x67records\xa2\x65spool\x60\x67records\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert!(first(&raw(huge)).is_err());
    }
    let long = relayed(RelayPart::Data(Blob(vec![0; MAX_RELAY_PART + 1])));
    assert!(matches!(first(&frame(&long, MAX_TO_CONTROLLER).unwrap()), Err(FrameError::Form(_))));
    let records = vec![Record::default(); MAX_RECORDS + 1];
    let many = ToController::Records(Records { spool: "s".into(), records });
    assert!(matches!(first(&frame(&many, MAX_TO_CONTROLLER).unwrap()), Err(FrameError::Form(_))));
}

#[test]
fn the_chain_tells_a_record_that_is_changed_moved_or_left_out() {
    let start = Hash::default();
    let good = chained(&chained(&start, 1, b"a"), 2, b"b");
    for bad in [
        chained(&chained(&start, 1, b"b"), 2, b"a"),
        chained(&chained(&start, 1, b"a"), 3, b"b"),
        chained(&start, 2, b"b"),
    ] {
        assert_ne!(good, bad);
    }
    // sha256 of 32 zero bytes, eight bytes of 1, and `a`
    let expected = "00f87f5348b32d1caf5e59cbfadc31d568b7b2d04679e0d52b5aad8c5d4dfeed";
    assert_eq!(chained(&start, 1, b"a").to_string(), expected);
}

#[test]
fn a_token_is_what_was_written_and_its_debug_form_keeps_the_secret() {
    let token = JoinToken { id: [1; 8], secret: [2; 32], root: Hash([3; 32]) };
    let text = token.to_string();
    assert_eq!(JoinToken::parse(&format!(" {text}\n")), Ok(token.clone()));
    assert!(!format!("{token:?}").contains("0202"));
    for bad in ["", "nlj1", "nlj1-01-02-03", &text.replace("nlj1", "nlj2"), &format!("{text}-00")] {
        assert_eq!(JoinToken::parse(bad), Err(BadToken), "{bad}");
    }
    let request = JoinRequest { version: 1, token: text, csr: vec![] };
    assert!(!format!("{request:?}").contains("0202"));
    assert!(serde_json::from_str::<JoinRequest>(r#"{"version":1,"token":"","csr":"","name":"x"}"#).is_err());
}

#[test]
fn only_what_asks_is_a_question() {
    assert!(is_question(&Command::Status));
    assert!(!is_question(&Command::Forget { device: "plc1".into() }));
    assert!(!is_question(&Command::PolicyApply { bundle: vec![] }));
}
