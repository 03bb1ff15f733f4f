//! Bounds, eviction and joining.

use super::*;
use crate::Limits;
use crate::testing::{flow, request, seen};
use nullius_model::{Outcome, VerbClass};
use std::time::Duration;

fn table(limits: Limits) -> Behaviour {
    Behaviour::new(limits, Seed::new(7), Some(seen(100).at), false)
}

fn only(behaviour: &Behaviour) -> &Conversation {
    let all = behaviour.conversations();
    assert_eq!(all.len(), 1);
    all[0].1
}

#[test]
fn a_scan_of_services_leaves_the_conversations_with_most_messages() {
    let mut behaviour = table(Limits { conversations: 16, ..Limits::default() });
    for at in 0..50 {
        behaviour.count(&flow(1, 2, 502), request(VerbClass::Read, 0), seen(at));
    }
    for server in 3..200 {
        behaviour.count(&flow(9, server, 502), request(VerbClass::Read, 0), seen(u64::from(server)));
        behaviour.blemish(&flow(9, server, 502), Protocol::Modbus, 1, false, seen(u64::from(server)));
        assert!(behaviour.conversations().len() <= 16 && behaviour.channels().len() <= 16);
    }
    let most = behaviour.conversations().iter().map(|(_, one)| one.tally.messages).max();
    assert_eq!(most, Some(50));
    let left = behaviour.conversations().len() + behaviour.channels().len();
    assert_eq!(behaviour.evicted(), 198 + 197 - left as u64, "each one let go is counted");
    assert_eq!(behaviour.symbols, behaviour.conversations().len(), "symbols go with their conversation");
}

#[test]
fn a_conversation_keeps_a_bounded_alphabet_and_counts_what_found_no_room() {
    for (limits, kept) in [
        (Limits { symbols_per_conversation: 10, ..Limits::default() }, 10),
        (Limits { symbols: 640, ..Limits::default() }, 10),
    ] {
        let mut behaviour = table(limits);
        for register in 0..30 {
            behaviour.count(&flow(1, 2, 502), request(VerbClass::Read, register), seen(1));
        }
        behaviour.count(&flow(1, 2, 502), request(VerbClass::Read, 0), seen(2));
        let conversation = only(&behaviour);
        assert_eq!(conversation.symbols.len(), kept);
        assert_eq!(conversation.tally.messages, 31, "messages count, kept or not");
        assert_eq!(
            (conversation.tally.unkept, behaviour.unkept_symbols()),
            (30 - kept as u64, 30 - kept as u64)
        );
    }
}

#[test]
fn only_what_came_before_the_end_of_learning_is_learned() {
    let mut behaviour = table(Limits::default());
    for (register, at) in [(0, 10), (1, 99), (0, 100), (2, 101)] {
        behaviour.count(&flow(1, 2, 502), request(VerbClass::Read, register), seen(at));
    }
    let conversation = only(&behaviour);
    assert_eq!(
        (conversation.tally.messages, conversation.tally.learned, conversation.tally.newest),
        (4, 2, seen(99).at)
    );
    let learned: Vec<(u64, u64)> = conversation
        .clone()
        .into_alphabet()
        .iter()
        .map(|(_, _, record)| (record.count, record.learned))
        .collect();
    assert_eq!(learned, [(2, 1), (1, 1), (1, 0)]);
}

#[test]
fn an_answer_counts_for_the_request_and_an_orphan_for_none() {
    let mut behaviour = table(Limits::default());
    let answer = |kind| Message { direction: Direction::FromServer, kind, ..request(VerbClass::Read, 0) };
    let latency = Duration::from_millis(3);
    for message in [
        request(VerbClass::Read, 0),
        answer(MessageKind::Response { outcome: Outcome::Done, latency }),
        answer(MessageKind::Response { outcome: Outcome::Refused(2), latency: latency * 2 }),
        answer(MessageKind::Orphan { outcome: Outcome::Done }),
    ] {
        behaviour.count(&flow(1, 2, 502), message, seen(1));
    }
    let conversation = only(&behaviour);
    assert_eq!((conversation.tally.messages, conversation.tally.orphans), (1, 1));
    let (_, _, record) = &conversation.clone().into_alphabet()[0];
    assert_eq!((record.count, record.done, record.refused, record.slowest), (1, 1, 1, latency * 2));
}

#[test]
fn two_records_of_one_conversation_join_into_one() {
    let mut behaviour = table(Limits::default());
    for (client, register, at) in [(1, 0, 10), (1, 1, 20), (3, 0, 5), (3, 2, 120)] {
        behaviour.count(&flow(client, 2, 502), request(VerbClass::Read, register), seen(at));
    }
    let all = behaviour.conversations();
    let mut joined = all[0].1.clone();
    joined.join(all[1].1);
    assert_eq!((joined.tally.messages, joined.tally.learned, joined.symbols.len()), (4, 3, 3));
    assert_eq!(
        (joined.tally.first, joined.tally.last, joined.tally.newest),
        (seen(5), seen(120), seen(20).at)
    );
    assert_eq!(joined.into_alphabet()[0].2.count, 2, "the same symbol adds up");
}
