//! A device comes back, a copy of it does not, and a stranger stops nobody.

use super::*;
use crate::KeyInMemory;
use crate::testing::{domain, key, public};
use rcgen::{CertificateParams, KeyPair};

const SECRET: [u8; 32] = [7; 32];
const NOW: u64 = 1_800_000_000;

fn request(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

fn ask(generation: u64, last: &KeyPair, new: &KeyPair) -> Ask {
    let signer = KeyInMemory::from_pkcs8(&last.serialize_der()).unwrap();
    let nonce = nonce(&SECRET, "lab", "pump", NOW);
    Ask::sign(&domain(), ("lab", "pump"), generation, nonce, &request(new), &signer).unwrap()
}

fn issued(generation: u64, key: &KeyPair) -> Issued {
    Issued { generation, key: public(key).hash(), protection: Protection::Software, revoked: false }
}

fn kept(last: Issued, asked: Option<Issued>) -> Kept {
    Kept { last, asked, recoveries: 0, allowed: RECOVERIES, frozen: false }
}

fn judged(ask: &Ask, kept: &Kept) -> Result<(u64, bool), Refused> {
    judge(ask, &domain(), &SECRET, kept, NOW + 5).map(|granted| (granted.generation, granted.again))
}

#[test]
fn a_device_comes_back_with_its_last_generation() {
    let (last, new) = (key(), key());
    let kept = kept(issued(4, &last), None);
    assert_eq!(judged(&ask(4, &last, &new), &kept), Ok((5, false)));
    let often = Kept { recoveries: RECOVERIES, ..kept };
    assert_eq!(judged(&ask(4, &last, &new), &often), Err(Refused::TooOften { allowed: RECOVERIES }));
    let allowed = Kept { allowed: RECOVERIES + 1, ..often };
    assert_eq!(judged(&ask(4, &last, &new), &allowed), Ok((5, false)));
}

#[test]
fn of_two_with_the_same_key_the_second_is_found_to_be_a_clone() {
    let (shared, thief, owner) = (key(), key(), key());
    let before = kept(issued(4, &shared), None);
    assert_eq!(judged(&ask(4, &shared, &thief), &before), Ok((5, false)));
    let after = kept(issued(5, &thief), Some(issued(4, &shared)));
    assert_eq!(judged(&ask(4, &shared, &owner), &after), Err(Refused::Clone { asked: 4, last: 5 }));
    let later = kept(issued(9, &thief), Some(issued(4, &shared)));
    assert_eq!(judged(&ask(4, &shared, &owner), &later), Err(Refused::Clone { asked: 4, last: 9 }));
    let frozen = Kept { frozen: true, ..after };
    assert_eq!(judged(&ask(5, &thief, &key()), &frozen), Err(Refused::Frozen));
}

#[test]
fn an_answer_that_got_lost_is_given_again() {
    let (last, new) = (key(), key());
    let spent = Kept { recoveries: RECOVERIES, ..kept(issued(5, &new), Some(issued(4, &last))) };
    assert_eq!(judged(&ask(4, &last, &new), &spent), Ok((5, true)));
}

#[test]
fn a_stranger_neither_comes_back_nor_stops_a_device() {
    let (last, older, new) = (key(), key(), key());
    let kept = kept(issued(5, &last), Some(issued(4, &older)));
    let stranger = key();
    for generation in [0, 3, 4, 5, 6, u64::MAX] {
        assert_eq!(judged(&ask(generation, &stranger, &new), &kept), Err(Refused::Proof), "{generation}");
    }
    // somebody else's signature under the right key
    let mut bad = ask(5, &last, &new);
    bad.signature = ask(5, &stranger, &new).signature;
    assert_eq!(judged(&bad, &kept), Err(Refused::Proof));
    bad.key = vec![0; 5000];
    assert_eq!(judged(&bad, &kept), Err(Refused::Proof));
}

#[test]
fn nothing_of_what_is_signed_can_be_changed() {
    let (last, new) = (key(), key());
    let kept = kept(issued(5, &last), Some(issued(6, &last)));
    let good = ask(5, &last, &new);
    let nonce = nonce(&SECRET, "lab", "pump", NOW + 1);
    let other = |change: &dyn Fn(&mut Ask)| {
        let mut ask = good.clone();
        change(&mut ask);
        judged(&ask, &kept)
    };
    assert_eq!(other(&|_| ()), Ok((6, false)));
    assert_eq!(other(&|ask| ask.nonce = nonce), Err(Refused::Proof));
    assert_eq!(other(&|ask| ask.generation = 6), Err(Refused::Proof));
    assert_eq!(other(&|ask| ask.request = request(&key())), Err(Refused::Proof));
    assert_eq!(other(&|ask| ask.site.push('x')), Err(Refused::Nonce));
    assert_eq!(other(&|ask| ask.request = vec![1]), Err(Refused::Request(BadRequest::Form)));
    let elsewhere = TrustDomain::new("elsewhere").unwrap();
    assert_eq!(judge(&good, &elsewhere, &SECRET, &kept, NOW), Err(Refused::Proof));
}

#[test]
fn a_nonce_is_for_one_device_and_a_short_time() {
    let (last, new) = (key(), key());
    let kept = kept(issued(1, &last), None);
    let ask = ask(1, &last, &new);
    let at = |secret: &[u8; 32], now| judge(&ask, &domain(), secret, &kept, now).is_ok();
    assert!(at(&SECRET, NOW) && at(&SECRET, NOW + NONCE_SECONDS));
    assert!(!at(&SECRET, NOW - 1) && !at(&SECRET, NOW + NONCE_SECONDS + 1) && !at(&[8; 32], NOW));
    assert_ne!(nonce(&SECRET, "lab", "pump", NOW), nonce(&SECRET, "la", "bpump", NOW));
}

#[test]
fn a_revoked_device_gets_nothing_and_a_key_in_software_is_used_once() {
    let (last, new) = (key(), key());
    let revoked = kept(Issued { revoked: true, ..issued(1, &last) }, None);
    assert_eq!(judged(&ask(1, &last, &new), &revoked), Err(Refused::Revoked));
    assert_eq!(judged(&ask(1, &last, &last), &kept(issued(1, &last), None)), Err(Refused::SameKey));
    let hardware = Issued { protection: Protection::Hardware, ..issued(1, &last) };
    assert_eq!(judged(&ask(1, &last, &last), &kept(hardware, None)), Ok((2, false)));
}
