//! Ours and Cedar's answer to the same question are the same, and a connection's verdict is that of all its messages.
//!
//! Cedar's authoriser, asked with every policy and every entity, is the judge; any error in its diagnostics counts as deny.
//! Built without optimisation this asks 20 000 questions, built with it a million.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must say so at once"
)]

mod author;
mod oracle;
mod plant;
mod random;

use nullius_model::Verdict;
use nullius_policy::{Directory, Effect, Moment, Permit, Policies, PolicySource, Request, verbs};
use oracle::Oracle;
use plant::Plant;
use random::Random;
use std::time::Duration;

/// Questions to sets of at most 20 policies.
const QUESTIONS: usize = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
/// Questions to one set.
const PER_SET: usize = 500;
/// Questions to sets of many policies, and how many policies.
const TO_MANY: (usize, usize) = if cfg!(debug_assertions) { (100, 300) } else { (10_000, 1_000) };

struct Case {
    plant: Plant,
    directory: Directory,
    sources: Vec<PolicySource>,
    policies: Policies,
    permits: Vec<Permit>,
}

impl Case {
    fn new(random: &mut Random, policies: usize) -> Self {
        let plant = Plant::new(random);
        let text = (0..policies).map(|number| author::policy(random, &plant, number)).collect();
        let sources = vec![PolicySource { file: "policies/a.cedar".to_owned(), text }];
        let repository = nullius_policy::Repository::new(plant.inventory.clone(), sources.clone());
        let compiled = Policies::compile(&repository.unwrap());
        let policies = compiled.unwrap_or_else(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}\n{}", problems.join("\n"), sources[0].text)
        });
        let permits = plant.permits(random);
        Self { directory: Directory::from_inventory(&plant.inventory), plant, sources, policies, permits }
    }
}

#[test]
fn a_decision_is_the_one_cedar_makes() {
    let mut random = Random::new(1);
    let mut allowed = 0;
    for _ in 0..QUESTIONS / PER_SET {
        let count = 1 + random.below(20);
        let case = Case::new(&mut random, count);
        let oracle = Oracle::new(&case.plant, &case.sources[0].text, &case.permits);
        allowed += (0..PER_SET).filter(|_| agrees(&mut random, &case, &oracle) == Effect::Allow).count();
    }
    let share = allowed * 100 / QUESTIONS;
    assert!((5..95).contains(&share), "{share} % allowed: the questions are too easy");
}

#[test]
fn a_decision_over_many_policies_is_the_one_cedar_makes() {
    let mut random = Random::new(2);
    let (questions, policies) = TO_MANY;
    let case = Case::new(&mut random, policies);
    let oracle = Oracle::new(&case.plant, &case.sources[0].text, &case.permits);
    for _ in 0..questions {
        agrees(&mut random, &case, &oracle);
    }
}

fn agrees(random: &mut Random, case: &Case, oracle: &Oracle) -> Effect {
    let request = case.plant.request(random);
    let (inputs, moment) = (plant::inputs(random), plant::moment(random));
    let ours = case.policies.decide(&case.directory, &request, &inputs, &moment, &case.permits);
    let theirs = oracle.decide(&case.plant, &request, &inputs, &moment, &case.permits);
    let told = || {
        format!(
            "{request:?}\n{inputs:?}\n{moment:?}\n{:?}\n{ours:?}\n{theirs:?}\n{}",
            case.permits, case.sources[0].text
        )
    };
    assert_eq!(ours.effect, theirs.effect, "{}", told());
    let errors: Vec<&str> = ours.errors.iter().map(|(id, _)| id.0.as_str()).collect();
    assert_eq!(errors, theirs.errors, "{}", told());
    let named = |id: &&str| ours.reasons.iter().any(|reason| reason.0 == **id);
    if theirs.errors.is_empty() {
        assert!(theirs.reasons.iter().map(String::as_str).all(|id| named(&id)), "{}", told());
    }
    if ours.effect == Effect::Allow {
        assert_eq!(ours.reasons.len(), theirs.reasons.len(), "{}", told());
        assert!(
            case.policies.services_of(&case.directory, &request.subject).contains(&request.object)
                || is_granted(case, &request)
        );
        let clients = case.policies.clients_of(&case.directory, &request.object.device);
        assert!(
            clients.contains(&(request.subject.clone(), request.object.clone()))
                || is_granted(case, &request)
        );
    }
    ours.effect
}

fn is_granted(case: &Case, request: &Request) -> bool {
    case.permits.iter().any(|permit| permit.subject == request.subject && permit.object == request.object)
}

#[test]
fn a_connection_is_accepted_or_denied_only_as_all_its_messages_are() {
    let mut random = Random::new(3);
    let mut seen = [0; 3];
    for _ in 0..QUESTIONS / 2_000 {
        let count = 1 + random.below(12);
        let case = Case::new(&mut random, count);
        for _ in 0..50 {
            seen[holds(&mut random, &case) as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}: not every verdict was seen");
}

fn holds(random: &mut Random, case: &Case) -> Verdict {
    let subject = case.plant.device(random);
    let object = case.plant.service(random);
    let (inputs, moment) = (plant::inputs(random), plant::moment(random));
    let connection =
        case.policies.connection(&case.directory, &subject, &object, &inputs, &moment, &case.permits);
    let expected = match connection.verdict {
        Verdict::Accept => Effect::Allow,
        Verdict::Deny => Effect::Deny,
        Verdict::Divert => {
            return holds_until(
                random,
                case,
                &subject,
                &object,
                connection.verdict,
                inputs,
                moment,
                connection.holds_for,
            );
        }
    };
    let protocol = case.directory.service(&object).unwrap().protocol;
    for verb in verbs(protocol) {
        for _ in 0..3 {
            let request = Request {
                subject: subject.clone(),
                object: object.clone(),
                verb: verb.name.into(),
                class: verb.class,
                message: plant::message(random, protocol),
            };
            let decision = case.policies.decide(&case.directory, &request, &inputs, &moment, &case.permits);
            assert_eq!(decision.effect, expected, "{request:?}\n{connection:?}\n{}", case.sources[0].text);
        }
    }
    holds_until(random, case, &subject, &object, connection.verdict, inputs, moment, connection.holds_for)
}

/// At any time before it is said to change, the verdict is the same.
#[expect(clippy::too_many_arguments, reason = "a question and its answer")]
fn holds_until(
    random: &mut Random,
    case: &Case,
    subject: &nullius_model::DeviceName,
    object: &nullius_policy::ServiceId,
    verdict: Verdict,
    inputs: nullius_policy::Inputs,
    moment: Moment,
    holds_for: Option<Duration>,
) -> Verdict {
    let limit = holds_for.map_or(3 * 7 * 86_400, |duration| duration.as_secs());
    for _ in 0..8 {
        let passed = random.below(usize::try_from(limit).unwrap().max(1)) as u64;
        let (inputs, moment) = plant::later(inputs, moment, passed);
        let later =
            case.policies.connection(&case.directory, subject, object, &inputs, &moment, &case.permits);
        assert_eq!(
            later.verdict, verdict,
            "after {passed} s of {holds_for:?}: {inputs:?} {moment:?}\n{}",
            case.sources[0].text
        );
    }
    verdict
}
