//! What a frame must be, and what a connection may cost.

use super::*;
use crate::link::{Blob, FrameError, Frames, Hash, frame};

fn from_agent() -> Vec<FromAgent> {
    vec![
        FromAgent::Hello { version: VERSION, software: "x".repeat(MAX_SOFTWARE) },
        FromAgent::Proof { nonce: Hash([7; 32]), signature: Blob(vec![0x30; MAX_SIGNATURE]) },
        FromAgent::Ping,
    ]
}

fn to_agent() -> Vec<ToAgent> {
    let certificates = vec![Blob(vec![0x30; 4096]); MAX_CERTIFICATES];
    let distrusted = vec![Hash([3; 32]); MAX_DISTRUSTED];
    vec![
        ToAgent::Welcome { version: VERSION, lease: 300, now: u64::MAX },
        ToAgent::Challenge { nonce: Hash([1; 32]) },
        ToAgent::Leased { seconds: 300 },
        ToAgent::Anchors { anchors: certificates.clone(), cross: certificates, distrusted },
        ToAgent::RenewNow { within: 3600 },
        ToAgent::Pong,
        ToAgent::Bye { reason: "revoked".into(), retry_after: 900 },
    ]
}

fn first<T: serde::de::DeserializeOwned>(cbor: &[u8], limit: usize) -> Result<Option<T>, FrameError> {
    let mut frames = Frames::new(limit);
    frames.push(&u32::try_from(cbor.len()).unwrap().to_be_bytes());
    frames.push(cbor);
    frames.next()
}

#[test]
fn every_frame_fits_its_direction_and_comes_back() {
    for value in from_agent() {
        let mut frames = Frames::new(MAX_FROM_AGENT);
        frames.push(&frame(&value, MAX_FROM_AGENT).unwrap());
        assert_eq!(frames.next(), Ok(Some(value)));
    }
    for value in to_agent() {
        let mut frames = Frames::new(MAX_TO_AGENT);
        frames.push(&frame(&value, MAX_TO_AGENT).unwrap());
        assert_eq!(frames.next(), Ok(Some(value)));
    }
}

#[test]
fn what_is_longer_than_it_may_be_is_refused() {
    let hello = FromAgent::Hello { version: 1, software: "x".repeat(MAX_SOFTWARE + 1) };
    let proof = FromAgent::Proof { nonce: Hash::default(), signature: Blob(vec![0; MAX_SIGNATURE + 1]) };
    for value in [hello, proof] {
        let mut frames = Frames::<FromAgent>::new(MAX_FROM_AGENT);
        frames.push(&frame(&value, MAX_FROM_AGENT).unwrap());
        assert!(matches!(frames.next(), Err(FrameError::Form(_))), "{value:?}");
    }
    let anchors = vec![Blob::default(); MAX_CERTIFICATES + 1];
    let many = ToAgent::Anchors { anchors, cross: vec![], distrusted: vec![] };
    let mut frames = Frames::<ToAgent>::new(MAX_TO_AGENT);
    frames.push(&frame(&many, MAX_TO_AGENT).unwrap());
    assert!(matches!(frames.next(), Err(FrameError::Form(_))));
}

#[test]
fn a_field_nobody_knows_and_a_list_that_claims_more_than_there_is_are_refused() {
    assert_eq!(first(b"\x64ping", MAX_FROM_AGENT), Ok(Some(FromAgent::Ping)));
    for bad in [
        &b"\x66reboot"[..],
        b"\xa1\x65hello\xa1\x67version\x01",
        b"\xa1\x65hello\xa3\x67version\x01\x68software\x60\x65extra\xf5",
        b"\x81\x81\x81\x81",
        b"",
    ] {
        assert!(matches!(first::<FromAgent>(bad, MAX_FROM_AGENT), Err(FrameError::Form(_))), "{bad:?}");
    }
    let endless = b"\xa1\x67anchors\xa1\x67anchors\x9b\x7f\xff\xff\xff\xff\xff\xff\xff";
    assert!(first::<ToAgent>(endless, MAX_TO_AGENT).is_err());
}

#[test]
fn a_proof_is_over_this_connection_and_this_nonce() {
    let message = proof_message(&[1; 32], &Hash([2; 32]));
    assert_eq!(message, [b"nullius agent proof 1".as_slice(), &[1; 32], &[2; 32]].concat());
}

#[test]
fn the_group_is_of_one_link_and_its_ethernet_address_follows_from_it() {
    let octets = GROUP.octets();
    assert_eq!(octets[..2], [0xff, 0x12], "transient, of one link");
    assert_eq!(GROUP_MAC[..2], [0x33, 0x33]);
    assert_eq!(GROUP_MAC[2..], octets[12..]);
    assert!(ANSWERS_FROM.is_unicast_link_local());
}
