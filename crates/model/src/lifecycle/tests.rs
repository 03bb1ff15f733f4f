//! The machine, transition by transition, and under random events.

use super::*;
use proptest::prelude::*;
use smol_str::SmolStr;
use std::collections::BTreeSet;

fn person() -> Author {
    Author::Person(SmolStr::new("anna"))
}

fn timer() -> Author {
    Author::Automatic(SmolStr::new("timer"))
}

fn why() -> SmolStr {
    SmolStr::new("because")
}

fn key(number: u8) -> Credential {
    [number; 32]
}

fn claim() -> Event {
    Event::Claim { owner: SmolStr::new("plant") }
}

fn release(to: Released) -> Event {
    Event::Release { to, evidence: SmolStr::new("report 7") }
}

/// What `events` make of a new device; each must be carried out.
fn after(events: &[Event]) -> Lifecycle {
    let mut device = Lifecycle::new();
    for event in events {
        let seen = device.version();
        device.handle(event.clone(), seen, person(), why()).unwrap();
    }
    device
}

fn at_work() -> Vec<Event> {
    vec![Event::Discover, claim(), Event::Enrol { credential: key(1) }, Event::Activate]
}

/// Every state there is, and a way to it.
fn ways() -> Vec<Lifecycle> {
    let then = |more: &[Event]| after(&[at_work().as_slice(), more].concat());
    let contained = |rung| then(&[Event::Contain { rung }]);
    vec![
        Lifecycle::new(),
        after(&[Event::Discover]),
        after(&[Event::Discover, Event::Revoke]),
        after(&[Event::Discover, claim()]),
        after(&[claim(), Event::Enrol { credential: key(1) }]),
        then(&[]),
        then(&[Event::StartMaintenance]),
        then(&[Event::Revoke]),
        contained(Rung::Q1),
        contained(Rung::Q2),
        contained(Rung::Q3),
        contained(Rung::Q4),
        then(&[Event::Transfer { heir: SmolStr::new("buyer") }]),
        then(&[Event::Retire]),
        then(&[Event::Retire, Event::Destroy]),
        then(&[Event::Lose]),
    ]
}

fn every_event() -> Vec<Event> {
    let mut events = vec![
        Event::Discover,
        claim(),
        Event::Claim { owner: SmolStr::new("buyer") },
        Event::Activate,
        Event::StartMaintenance,
        Event::EndMaintenance,
        Event::Revoke,
        Event::Resume,
        release(Released::ToActive),
        release(Released::ToRetired),
        Event::Transfer { heir: SmolStr::new("buyer") },
        Event::Retire,
        Event::Destroy,
        Event::Lose,
    ];
    events.extend((1..4).map(|number| Event::Enrol { credential: key(number) }));
    events.extend(Rung::ALL.iter().map(|&rung| Event::Contain { rung }));
    events.extend(Rung::ALL.iter().map(|&rung| Event::Ease { rung }));
    events
}

#[test]
fn every_state_is_reached_and_every_word_reads_back() {
    let states: Vec<State> = ways().iter().map(Lifecycle::state).collect();
    assert_eq!(states, State::ALL);
    for state in State::ALL {
        assert_eq!(state.name().parse(), Ok(*state));
    }
    assert_eq!("contained".parse::<State>().unwrap_err().0.split(' ').count(), State::ALL.len());
}

#[test]
fn a_device_that_was_lost_comes_back_by_a_new_claim_and_a_new_key_only() {
    for end in [vec![Event::Lose], vec![Event::Retire], vec![Event::Retire, Event::Destroy]] {
        let gone = after(&[at_work(), end].concat());
        for event in every_event() {
            let mut device = gone.clone();
            let to = device.handle(event.clone(), gone.version(), person(), why()).map(|done| done.to);
            let allowed =
                matches!(to, Err(_) | Ok(State::Lost | State::Retired | State::Destroyed | State::Claimed));
            assert!(allowed, "{event:?} leads to {to:?}");
        }
        let mut device = gone;
        device.handle(claim(), device.version(), person(), why()).unwrap();
        let old = device.handle(Event::Enrol { credential: key(1) }, device.version(), person(), why());
        assert_eq!(old, Err(Refusal::SpentCredential));
        device.handle(Event::Enrol { credential: key(2) }, device.version(), person(), why()).unwrap();
    }
}

#[test]
fn revoke_beats_approve_in_either_order_from_every_state() {
    for device in ways() {
        let seen = device.version();
        for approve in every_event().into_iter().filter(|event| !event.is_restricting()) {
            let ends = [[&approve, &Event::Revoke], [&Event::Revoke, &approve]].map(|order| {
                let mut device = device.clone();
                for event in order {
                    let _told = device.handle(event.clone(), seen, person(), why());
                }
                device.state()
            });
            for end in ends {
                assert!(!end.admits_leases() || matches!(end, State::Contained(_)), "{approve:?}: {end}");
            }
        }
    }
}

#[test]
fn a_further_containment_beats_an_easing_in_either_order() {
    let device = ways().into_iter().find(|device| device.state() == State::Contained(Rung::Q2)).unwrap();
    let seen = device.version();
    let (narrow, ease) = (Event::Contain { rung: Rung::Q2 }, Event::Ease { rung: Rung::Q1 });
    for order in [[&narrow, &ease], [&ease, &narrow]] {
        let mut device = device.clone();
        for event in order {
            let _told = device.handle(event.clone(), seen, person(), why());
        }
        assert_eq!(device.state(), State::Contained(Rung::Q2));
    }
}

#[test]
fn nothing_automatic_ends_a_containment_or_gives_access_back() {
    for device in ways().into_iter().filter(|device| !device.state().admits_leases()) {
        for event in every_event() {
            let mut device = device.clone();
            let was = device.state();
            let seen = device.version();
            let Ok(done) = device.handle(event, seen, timer(), why()) else { continue };
            // what a person claimed and enrolled may start by itself
            assert!(
                !done.to.admits_leases() || was == State::Enrolled || matches!(done.to, State::Contained(_))
            );
        }
    }
    let contained = ways().into_iter().filter(|device| matches!(device.state(), State::Contained(_)));
    for device in contained {
        for event in every_event() {
            let mut device = device.clone();
            let before = device.state();
            let seen = device.version();
            let _told = device.handle(event, seen, timer(), why());
            assert!(device.state() >= before, "{before} became {}", device.state());
        }
    }
}

#[test]
fn only_the_heir_may_claim_what_is_transferred_and_only_with_a_new_key() {
    let sold = ways().into_iter().find(|device| device.state() == State::Transferring).unwrap();
    let mut device = sold.clone();
    let thief = device.handle(claim(), sold.version(), person(), why());
    assert_eq!(thief, Err(Refusal::NotTheHeir(SmolStr::new("buyer"))));
    assert_eq!(device, sold);
    let buyer = Event::Claim { owner: SmolStr::new("buyer") };
    device.handle(buyer, sold.version(), person(), why()).unwrap();
    assert_eq!(device.parts().owner.as_deref(), Some("buyer"));
    assert_eq!(device.parts().credential, None);
}

#[test]
fn every_event_has_an_author_and_a_reason_of_bounded_length() {
    let mut device = Lifecycle::new();
    let mut tell = |by: &str, reason: &str| {
        device.handle(Event::Discover, 0, Author::Automatic(SmolStr::new(by)), SmolStr::new(reason))
    };
    assert_eq!(tell("gw1", " "), Err(Refusal::NoReason));
    assert_eq!(tell("", "seen"), Err(Refusal::BadText(MAX_TEXT)));
    assert_eq!(tell("gw1", &"x".repeat(MAX_TEXT + 1)), Err(Refusal::BadText(MAX_TEXT)));
    assert_eq!(tell("gw1", "seen").unwrap().version, 1);
}

#[test]
fn a_record_that_no_event_made_is_not_taken() {
    let parts = |state| Parts { state, ..Parts::default() };
    let whole = after(&at_work()).parts().clone();
    for (damaged, why) in [
        (parts(State::Active), "no owner"),
        (Parts { credential: None, ..whole.clone() }, "no credential"),
        (Parts { owner: None, ..whole.clone() }, "no owner"),
        (Parts { heir: Some(SmolStr::new("x")), ..whole.clone() }, "an heir"),
        (Parts { spent: BTreeSet::from([key(1)]), ..whole.clone() }, "a spent key in use"),
        (Parts { state: State::Discovered, ..whole }, "an owner of what is nobody's"),
    ] {
        assert!(Lifecycle::from_parts(damaged).is_err(), "{why}");
    }
}

#[test]
fn a_device_whose_life_ends_in_a_loop_does_not_grow_its_record() {
    let mut device = Lifecycle::new();
    let told: Vec<_> = (0..=u8::MAX)
        .flat_map(|number| [claim(), Event::Enrol { credential: key(number) }, Event::Lose])
        .map(|event| device.handle(event, device.version(), person(), why()))
        .collect();
    assert_eq!(device.parts().spent.len(), MAX_SPENT);
    assert!(told.contains(&Err(Refusal::TooManyLives(MAX_SPENT))));
    assert_eq!(device.state(), State::Lost);
}

/// What happens, on which of the last versions it was decided, and whether a person did it; `None` stands for being
/// written down and read back.
fn happenings() -> impl Strategy<Value = Vec<Option<(Event, u64, bool)>>> {
    let event = prop::sample::select(every_event());
    let happening = prop_oneof![
        12 => (event, prop_oneof![9 => Just(0_u64), 1 => 1..3_u64], prop::bool::weighted(0.8)).prop_map(Some),
        1 => Just(None),
    ];
    let rest = prop::collection::vec(happening, 1..16);
    (any::<bool>(), rest).prop_map(|(works, rest)| {
        let begin = if works { at_work() } else { Vec::new() };
        begin.into_iter().map(|event| Some((event, 0, true))).chain(rest).collect()
    })
}

/// What the invariants are checked by: told only what was carried out.
#[derive(Debug, Default)]
struct Witness {
    claims: usize,
    /// Claims there were when a life ended, and the keys it had.
    ended: Option<usize>,
    keys: BTreeSet<Credential>,
    key: Option<Credential>,
    contained: Option<Rung>,
}

impl Witness {
    fn see(&mut self, done: &Transition) {
        match &done.event {
            Event::Claim { .. } => {
                self.claims += 1;
                self.keys.extend(self.key.take());
            }
            Event::Enrol { credential } => {
                assert!(!self.keys.contains(credential), "an old key");
                self.key = Some(*credential);
            }
            Event::Contain { rung } => self.contained = self.contained.max(Some(*rung)),
            Event::Ease { rung } => self.contained = Some(*rung),
            Event::Release { .. } | Event::Lose => self.contained = None,
            Event::Discover
            | Event::Activate
            | Event::StartMaintenance
            | Event::EndMaintenance
            | Event::Revoke
            | Event::Resume
            | Event::Transfer { .. }
            | Event::Retire
            | Event::Destroy => {}
        }
        if done.to.alarms_when_seen() {
            self.ended = Some(self.claims);
            self.keys.extend(self.key.take());
        }
        let lives = done.to.admits_leases() || done.to == State::Enrolled;
        assert!(!lives || self.key.is_some(), "{} without a key", done.to);
        assert!(!lives || self.ended.is_none_or(|ended| self.claims > ended), "no new claim");
        assert_eq!(
            self.contained.map(State::Contained),
            Some(done.to).filter(|to| matches!(to, State::Contained(_)))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_reaches_an_illegal_state(happenings in happenings()) {
        let mut device = Lifecycle::new();
        let mut witness = Witness::default();
        for happening in happenings {
            let Some((event, behind, by_person)) = happening else {
                device = Lifecycle::from_parts(device.parts().clone()).unwrap();
                continue;
            };
            let before = device.clone();
            let seen = device.version().wrapping_sub(behind);
            let by = if by_person { person() } else { timer() };
            match device.handle(event.clone(), seen, by, why()) {
                Ok(done) => {
                    prop_assert_eq!(done.version, before.version() + 1);
                    prop_assert!(behind == 0 || event.is_restricting());
                    prop_assert!(by_person || !event.needs_person());
                    witness.see(&done);
                }
                Err(_) => prop_assert_eq!(&device, &before),
            }
            prop_assert!(event != Event::Revoke || device.version() > before.version());
            prop_assert_eq!(device.parts().owner.is_some(), device.state().is_owned());
            prop_assert!(Lifecycle::from_parts(device.parts().clone()).is_ok());
        }
    }
}
