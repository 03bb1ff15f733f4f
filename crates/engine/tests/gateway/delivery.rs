//! From wanted to installed: failures, drift, restarts.

use crate::plant::{OPEN, POLICIES, Plant, WATCHED, at, name, port, settings, version};
use nullius_engine::{Alarm, Applied, Command, Drift, Gateway, Order, Output, ReadBack, Standing, Strangers};
use nullius_model::{Marker, Rule, RuleSet, SmolStr, Terms};

fn revoke(device: &str) -> Command {
    Command::Revoke { device: name(device), reason: SmolStr::new("x") }
}

fn enforcements(gateway: &mut Gateway) -> Vec<(u64, bool)> {
    let outputs = std::iter::from_fn(|| gateway.poll_output());
    outputs
        .filter_map(|output| match output {
            Output::Enforce { generation, order, .. } => Some((generation, order == Order::Replace)),
            Output::Save
            | Output::Transcribed(_)
            | Output::Leased(_)
            | Output::Receipt(..)
            | Output::Audit(_)
            | Output::Alarm(_) => None,
        })
        .collect()
}

#[test]
fn before_the_first_policy_a_watched_port_stays_open_and_nothing_more() {
    let mut gateway = Gateway::new(settings("boot-1"), Standing::default(), at(0));
    let wanted = [Rule::OnboardingPort(port(OPEN)), Rule::WatchedPort(port(WATCHED))];
    assert!(gateway.rules().keys().eq(&wanted), "{:?}", gateway.rules());
    assert_eq!(*gateway.rules(), gateway.rules_from_scratch());
    let outputs: Vec<_> = std::iter::from_fn(|| gateway.poll_output()).collect();
    let [.., Output::Enforce { order: Order::Replace, marker, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(*marker, Marker::default());
    gateway.handle_station(&port(OPEN), crate::plant::mac("hmi"), None, at(1));
    assert_eq!(enforcements(&mut gateway), []);
}

#[test]
fn where_no_port_lets_strangers_in_nothing_is_wanted_before_the_first_policy() {
    let mut settings = settings("boot-1");
    settings.ports.values_mut().for_each(|port| port.strangers = Strangers::Hold);
    let mut gateway = Gateway::new(settings, Standing::default(), at(0));
    assert!(gateway.rules().is_empty());
    assert_eq!(enforcements(&mut gateway), []);
}

#[test]
fn a_change_that_failed_comes_again_as_a_whole() {
    let mut plant = Plant::new();
    let by = crate::plant::actor();
    plant.gateway.handle_command(revoke("plc1"), &by, at(1)).unwrap();
    let [(generation, false)] = enforcements(&mut plant.gateway)[..] else { panic!("one change") };
    let error = Some("no buffer space\u{1b}[2J".to_owned());
    plant.gateway.handle_applied(Applied { generation, error }, at(1));
    let alarms: Vec<_> = std::iter::from_fn(|| plant.gateway.poll_output()).collect();
    let Some(Output::Alarm(alarm)) = alarms.last() else { panic!("an alarm") };
    assert!(alarm.to_string().ends_with("no buffer space\\u{1b}[2J"), "{alarm}");
    // the next change does not wait for the retry
    plant.gateway.handle_command(revoke("plc2"), &by, at(1)).unwrap();
    assert_eq!(enforcements(&mut plant.gateway), [(generation + 1, true)]);
    plant.gateway.handle_timeout(at(2));
    assert_eq!(enforcements(&mut plant.gateway), [(generation + 2, true)]);
    plant.gateway.handle_applied(Applied { generation: generation + 2, error: None }, at(2));
    plant.gateway.handle_timeout(at(30));
    assert_eq!(enforcements(&mut plant.gateway), []);
}

#[test]
fn what_somebody_changed_is_replaced_and_told() {
    let mut plant = Plant::new();
    let marker = version(1, POLICIES).marker;
    let check = |plant: &mut Plant, rules: &RuleSet, marker: Marker, bypasses: &[String]| {
        let found = ReadBack { marker, rules, skeleton_intact: true, bypasses };
        plant.gateway.handle_read_back(&found, at(1))
    };
    let whole = plant.kernel.clone();
    assert!(check(&mut plant, &whole, marker, &[]).is_none());
    let (gone, _) = whole.iter().find(|(rule, _)| matches!(rule, Rule::Service { .. })).unwrap();
    let mut tampered = whole.clone();
    tampered.remove(gone);
    let drift = check(&mut plant, &tampered, marker, &[]);
    assert_eq!(drift, Drift { missing: 1, ..Drift::default() });
    assert!(enforcements(&mut plant.gateway).iter().any(|(_, replace)| *replace));
    // the repair is on its way: nothing is compared meanwhile
    assert!(check(&mut plant, &tampered, marker, &[]).is_none());
    plant.gateway.handle_applied(Applied { generation: plant.gateway.status().sent, error: None }, at(2));
    plant.drain(at(2));
    assert_eq!(check(&mut plant, &whole, Marker::default(), &[]), Drift { marker: true, ..Drift::default() });
    plant.drain(at(2));
    let diverted = whole.keys().map(|rule| (rule.clone(), Terms::DIVERT)).collect();
    assert!(check(&mut plant, &diverted, marker, &[]).foreign > 0);
    plant.drain(at(3));
    plant.alarms.clear();
    let bypass = ["tc filter on p-hmi".to_owned()];
    for _ in 0..3 {
        check(&mut plant, &whole, marker, &bypass);
        plant.drain(at(4));
    }
    assert_eq!(plant.alarms.len(), 1, "{:?}", plant.alarms);
    assert!(matches!(&plant.alarms[..], [Alarm::Drift(drift)] if drift.bypasses == bypass));
}

#[test]
fn rules_go_before_the_disk_and_the_disk_before_the_record() {
    let mut plant = Plant::new();
    plant.gateway.handle_command(revoke("plc1"), &crate::plant::actor(), at(1)).unwrap();
    let order: Vec<_> = std::iter::from_fn(|| plant.gateway.poll_output())
        .map(|output| match output {
            Output::Enforce { .. } => 'e',
            Output::Save => 's',
            Output::Audit(_) => 'a',
            Output::Alarm(_) => '!',
            Output::Transcribed(_) | Output::Leased(_) | Output::Receipt(..) => 't',
        })
        .collect();
    assert_eq!(order, ['e', 's', 'a']);
    // and what a pulled cable ends
    let mut plant = Plant::new();
    let proof = crate::plant::proof("cam1", nullius_engine::Protection::Software, 300);
    plant.prove(proof, 1).unwrap();
    plant.gateway.handle_link(&crate::plant::port_of("cam1"), false, at(2));
    let first = plant.gateway.poll_output();
    assert!(matches!(first, Some(Output::Enforce { .. })), "{first:?}");
}
