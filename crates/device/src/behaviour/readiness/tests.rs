//! Each doubt, alone.

use super::*;
use crate::Limits;
use crate::behaviour::table::Behaviour;
use crate::testing::{flow, request, seen};
use nullius_model::{Protocol, Seed, VerbClass};

/// Learns until second 1,000 what `messages` lists: class, register, second.
fn judge(messages: &[(VerbClass, u32, u64)], cycles: &[u64], tell: impl FnOnce(&mut Behaviour)) -> Readiness {
    let limits = Limits { symbols_per_conversation: 8, ..Limits::default() };
    let mut behaviour = Behaviour::new(limits, Seed::new(7), Some(seen(1_000).at), false);
    for (class, register, at) in messages {
        behaviour.count(&flow(1, 2, 502), request(*class, *register), seen(*at));
    }
    tell(&mut behaviour);
    let cycles: Vec<Duration> = cycles.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
    let channel = behaviour.channels().first().map(|(_, channel)| (*channel).clone());
    Readiness::judge(behaviour.conversations()[0].1, channel.as_ref(), seen(1_000).at, &cycles)
}

/// A poll each second of the same register.
fn poll(seconds: std::ops::Range<u64>) -> Vec<(VerbClass, u32, u64)> {
    seconds.map(|at| (VerbClass::Read, 0, at)).collect()
}

fn and(
    mut messages: Vec<(VerbClass, u32, u64)>,
    more: &[(VerbClass, u32, u64)],
) -> Vec<(VerbClass, u32, u64)> {
    messages.extend(more);
    messages
}

#[test]
fn a_steady_poll_seen_long_enough_is_ready() {
    let readiness = judge(&poll(0..1_000), &[500], |_| {});
    assert_eq!(readiness, Readiness { doubts: vec![], unseen_ppm: 0 });
    assert!(readiness.is_ready());
}

#[test]
fn each_doubt_is_told_alone_with_its_numbers() {
    use VerbClass::{Read, Write};
    let seconds = Duration::from_secs;
    let channel_of = flow(1, 2, 502);
    let nothing = judge(&poll(1_000..1_005), &[], |_| {});
    assert_eq!(nothing, Readiness { doubts: vec![Doubt::NothingLearned], unseen_ppm: 1_000_000 });
    for (readiness, doubt, text) in [
        (
            judge(&poll(0..99), &[], |_| {}),
            Doubt::TooFew { messages: 99 },
            "learned from 99 messages, 100 needed",
        ),
        (
            judge(&and(poll(0..199), &[(Read, 1, 100)]), &[], |_| {}),
            Doubt::UnseenMass { ppm: 5_000, once: 1 },
            "1 symbol seen only once: about 0.50 % of messages still unseen, 0.10 % allowed",
        ),
        (
            judge(&and(poll(0..1_000), &[(Read, 1, 501), (Read, 1, 502)]), &[], |_| {}),
            Doubt::StillGrowing { grew_for: seconds(501), learned_for: seconds(1_000) },
            "new symbols until 501.0 s of 1000.0 s: no phase that long was seen twice",
        ),
        (
            judge(&poll(0..1_000), &[400, 600], |_| {}),
            Doubt::CycleNotCovered { cycle: seconds(600), learned_for: seconds(1_000) },
            "declared cycle of 600 s: seen 1.7 of 2 times",
        ),
        (
            judge(&poll(0..1_000), &[], |table| {
                table.blemish(&channel_of, Protocol::Modbus, 7, false, seen(3))
            }),
            Doubt::Incomplete { missing: 7 },
            "the capture lacks 7 bytes of it",
        ),
        (
            judge(&poll(0..1_000), &[], |table| {
                table.blemish(&channel_of, Protocol::Modbus, 0, true, seen(3))
            }),
            Doubt::Malformed { times: 1 },
            "1 malformed message",
        ),
        (
            judge(&(0..200).map(|at| (Read, at % 10, u64::from(at))).collect::<Vec<_>>(), &[], |_| {}),
            Doubt::TooManySymbols,
            "more symbols than are kept: not an alphabet",
        ),
        (
            judge(&and(poll(0..1_000), &[(Write, 1, 3), (Write, 1, 4)]), &[], |_| {}),
            Doubt::Unsealed { symbols: 1 },
            "1 symbol that changes something needs a person's seal",
        ),
    ] {
        assert_eq!(readiness.doubts, [doubt]);
        assert_eq!(readiness.doubts[0].to_string(), text);
    }
}
