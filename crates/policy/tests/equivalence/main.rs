//! Ours and Cedar's answer to the same question are the same, and a connection's verdict is that of all its messages.
//!
//! Cedar's authoriser, asked with every policy and every entity, is the judge; any error in its diagnostics counts as deny.
//! A million questions are asked, which takes the optimisation that the workspace's profile asks for.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on must say so at once"
)]

mod author;
mod oracle;
mod plant;
mod random;

use nullius_model::{DeviceName, Verdict};
use nullius_policy::{
    Connection, Decision, Directory, Effect, Inputs, Moment, Permit, Policies, PolicySource, Request,
    ServiceId, verbs,
};
use oracle::Oracle;
use plant::Plant;
use random::Random;

/// Questions to sets of at most 20 policies.
const QUESTIONS: usize = 1_000_000;
/// Where the threads that ask them begin.
const SEEDS: [u64; 2] = [1, 4];
/// Questions to one set.
const PER_SET: usize = 500;
/// Questions to sets of many policies, and how many policies.
const TO_MANY: (usize, usize) = (10_000, 1_000);

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
    let (allowed, failed) = std::thread::scope(|scope| {
        let askers =
            SEEDS.map(|seed| scope.spawn(move || ask(&mut Random::new(seed), QUESTIONS / SEEDS.len())));
        askers.into_iter().fold((0, 0), |(allowed, failed), asker| {
            let (more_allowed, more_failed) = asker.join().unwrap();
            (allowed + more_allowed, failed + more_failed)
        })
    });
    let share = |count: usize| count * 100 / QUESTIONS;
    assert!((5..95).contains(&share(allowed)), "{allowed} allowed: the questions are too easy");
    assert!(share(failed) > 0, "{failed} failed: the questions are too easy");
}

/// How many of the questions were allowed, and at how many a policy failed.
fn ask(random: &mut Random, questions: usize) -> (usize, usize) {
    let (mut allowed, mut failed) = (0, 0);
    for _ in 0..questions / PER_SET {
        let count = 1 + random.below(20);
        let case = Case::new(random, count);
        let oracle = Oracle::new(&case.plant, &case.sources[0].text, &case.permits);
        for _ in 0..PER_SET {
            let decision = agreed(random, &case, &oracle);
            allowed += usize::from(decision.effect == Effect::Allow);
            failed += usize::from(!decision.errors.is_empty());
        }
    }
    (allowed, failed)
}

#[test]
fn a_decision_over_many_policies_is_the_one_cedar_makes() {
    let mut random = Random::new(2);
    let (questions, policies) = TO_MANY;
    let case = Case::new(&mut random, policies);
    let oracle = Oracle::new(&case.plant, &case.sources[0].text, &case.permits);
    for _ in 0..questions {
        agreed(&mut random, &case, &oracle);
    }
}

/// Our decision, once Cedar has made the same.
fn agreed(random: &mut Random, case: &Case, oracle: &Oracle) -> Decision {
    let request = case.plant.request(random);
    let (inputs, moment) = (plant::inputs(random), plant::moment(random));
    let ours = case.policies.decide(&case.directory, &request, &inputs, &moment, &case.permits);
    let theirs = oracle.decide(&case.plant, &request, &inputs, &moment, &case.permits);
    let told = || {
        let world = format!("{request:?}\n{inputs:?}\n{moment:?}\n{:?}", case.permits);
        format!("{world}\n{ours:?}\n{theirs:?}\n{}", case.sources[0].text)
    };
    assert_eq!(ours.effect, theirs.effect, "{}", told());
    let errors: Vec<&str> = ours.errors.iter().map(|(id, _)| id.0.as_str()).collect();
    assert_eq!(errors, theirs.errors, "{}", told());
    let named = |id: &String| ours.reasons.iter().any(|reason| reason.0 == **id);
    assert!(!theirs.errors.is_empty() || theirs.reasons.iter().all(named), "{}", told());
    if ours.effect == Effect::Allow {
        assert_eq!(ours.reasons.len(), theirs.reasons.len(), "{}", told());
        assert!(is_candidate(case, &request), "{}", told());
    }
    ours
}

/// What is allowed was among the candidates, seen from either end.
fn is_candidate(case: &Case, request: &Request) -> bool {
    let (subject, object) = (&request.subject, &request.object);
    let services = case.policies.services_of(&case.directory, subject);
    let clients = case.policies.clients_of(&case.directory, &object.device);
    let is_granted =
        || case.permits.iter().any(|permit| permit.subject == *subject && permit.object == *object);
    (services.contains(object) && clients.contains(&(subject.clone(), object.clone()))) || is_granted()
}

#[test]
fn a_connection_is_accepted_or_denied_only_as_all_its_messages_are() {
    let mut random = Random::new(3);
    let mut seen = [0; 3];
    for _ in 0..QUESTIONS / 2_000 {
        let count = 1 + random.below(12);
        let case = Case::new(&mut random, count);
        for _ in 0..50 {
            let asked = Asked::new(&mut random, &case.plant);
            let connection = asked.connection(&case);
            every_message_is_so(&mut random, &case, &asked, &connection);
            it_holds_so_long(&mut random, &case, &asked, &connection);
            seen[connection.verdict as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}: not every verdict was seen");
}

/// A question about a connection.
#[derive(Clone, Debug)]
struct Asked {
    subject: DeviceName,
    object: ServiceId,
    inputs: Inputs,
    moment: Moment,
}

impl Asked {
    fn new(random: &mut Random, plant: &Plant) -> Self {
        let (subject, object) = (plant.device(random), plant.service(random));
        Self { subject, object, inputs: plant::inputs(random), moment: plant::moment(random) }
    }

    fn connection(&self, case: &Case) -> Connection {
        let Self { subject, object, inputs, moment } = self;
        case.policies.connection(&case.directory, subject, object, inputs, moment, &case.permits)
    }
}

fn every_message_is_so(random: &mut Random, case: &Case, asked: &Asked, connection: &Connection) {
    let expected = match connection.verdict {
        Verdict::Accept => Effect::Allow,
        Verdict::Deny => Effect::Deny,
        Verdict::Divert => return,
    };
    let protocol = case.directory.service(&asked.object).unwrap().protocol;
    for verb in verbs(protocol).iter().flat_map(|verb| [verb; 3]) {
        let request = Request {
            subject: asked.subject.clone(),
            object: asked.object.clone(),
            verb: verb.name.into(),
            class: verb.class,
            message: plant::message(random, protocol),
        };
        let (inputs, moment) = (&asked.inputs, &asked.moment);
        let decision = case.policies.decide(&case.directory, &request, inputs, moment, &case.permits);
        assert_eq!(decision.effect, expected, "{request:?}\n{connection:?}\n{}", case.sources[0].text);
    }
}

/// At any time before it is said to change, the verdict is the same.
fn it_holds_so_long(random: &mut Random, case: &Case, asked: &Asked, connection: &Connection) {
    let limit = connection.holds_for.map_or(3 * 7 * 86_400, |duration| duration.as_secs());
    for _ in 0..4 {
        let passed = random.below(usize::try_from(limit).unwrap().max(1)) as u64;
        let (inputs, moment) = plant::later(asked.inputs, asked.moment, passed);
        let later = Asked { inputs, moment, ..asked.clone() };
        let verdict = later.connection(case).verdict;
        assert_eq!(
            verdict, connection.verdict,
            "after {passed} s\n{asked:?}\n{later:?}\n{}",
            case.sources[0].text
        );
    }
}
