//! Roll-out: what a stage lets pass, and what it takes to enforce.

use crate::plant::{Plant, address, at, name, port_of};
use nullius_engine::{Command, ConduitName, Refusal, StageScope};
use nullius_model::{Denial, DenialReason, Endpoint, Rule, SmolStr, Stage, Transport};

fn stage(scope: StageScope, stage: Stage) -> Command {
    Command::Stage { scope, stage, despite: None }
}

fn conduit(one: &str, other: &str) -> StageScope {
    StageScope::Conduit(ConduitName::between(SmolStr::new(one), SmolStr::new(other)))
}

fn device(device: &str) -> StageScope {
    StageScope::Device(name(device))
}

#[test]
fn a_stage_is_a_rule_for_each_address_and_judges_nothing() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    let reply = plant.tell(stage(device("plc1"), Stage::Shadow), 1).unwrap();
    assert_eq!(reply.judged, 0);
    assert!(plant.kernel.contains_key(&Rule::Shadow(address("plc1"))));
    plant.tell(stage(StageScope::Default, Stage::Observe), 2).unwrap();
    assert!(plant.kernel.contains_key(&Rule::Shadow(address("plc1"))));
    assert!(plant.kernel.contains_key(&Rule::Observe(address("plc2"))));
    for scope in [StageScope::Default, device("plc1")] {
        plant.tell(stage(scope, Stage::Enforce), 3).unwrap();
    }
    assert_eq!(plant.kernel, before);
}

#[test]
fn a_conduit_has_its_stage_between_two_addresses_only() {
    let mut plant = Plant::new();
    let before = plant.kernel.clone();
    plant.tell(stage(conduit("cell", "ops"), Stage::Shadow), 1).unwrap();
    let pairs = plant.kernel.keys().filter(|rule| matches!(rule, Rule::ShadowPair(..))).count();
    assert_eq!(pairs, 4);
    plant.tell(stage(device("hmi"), Stage::Observe), 2).unwrap();
    assert_eq!(plant.kernel.keys().filter(|rule| matches!(rule, Rule::ShadowPair(..))).count(), 4);
    plant.link(&port_of("plc1"), false, 3);
    assert_eq!(plant.kernel.keys().filter(|rule| matches!(rule, Rule::ShadowPair(..))).count(), 2);
    plant.link(&port_of("plc1"), true, 4);
    plant.tell(stage(device("hmi"), Stage::Enforce), 5).unwrap();
    plant.tell(stage(conduit("ops", "cell"), Stage::Enforce), 6).unwrap();
    assert_eq!(plant.kernel, before);
    let unknown = ConduitName::between(SmolStr::new("cell"), SmolStr::new("iot"));
    assert_eq!(
        plant.tell(stage(conduit("iot", "cell"), Stage::Shadow), 7),
        Err(Refusal::UnknownConduit(unknown))
    );
}

#[test]
fn a_revoked_device_has_no_stage() {
    let mut plant = Plant::new();
    plant.tell(stage(device("plc1"), Stage::Observe), 1).unwrap();
    plant.tell(Command::Revoke { device: name("plc1"), reason: SmolStr::new("x") }, 2).unwrap();
    assert!(!plant.kernel.contains_key(&Rule::Observe(address("plc1"))));
}

#[test]
fn enforcing_what_would_stop_something_takes_a_reason() {
    let mut plant = Plant::new();
    plant.tell(stage(device("plc1"), Stage::Shadow), 1).unwrap();
    let end =
        |device: &str, port| Endpoint { mac: crate::plant::mac(device), ip: Some(address(device)), port };
    let denial = Denial {
        reason: DenialReason::Policy,
        only_counted: true,
        port: Some(port_of("vendor")),
        source: end("vendor", 40_000),
        destination: end("plc1", 22),
        transport: Transport::Tcp,
    };
    plant.gateway.handle_denial(&denial, 3, at(2));
    plant.drain(at(2));
    let red = Refusal::WouldDeny { count: 3, example: "vendor -> plc1 tcp/22".to_owned() };
    assert_eq!(plant.tell(stage(device("plc1"), Stage::Enforce), 3), Err(red));
    let despite = Some(SmolStr::new("the vendor is done"));
    plant.tell(Command::Stage { scope: device("plc1"), stage: Stage::Enforce, despite }, 4).unwrap();
    assert!(!plant.kernel.contains_key(&Rule::Shadow(address("plc1"))));
}
