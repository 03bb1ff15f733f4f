//! Why something passes or does not.

use crate::plant::{HELD, OPEN, Plant, address, at, mac, name, port, port_of};
use nullius_engine::{Command, ConduitName, Question, StageScope};
use nullius_model::{Channel, SmolStr, Stage, Verdict};
use nullius_policy::Effect;
use std::net::IpAddr;

const SHELL: Channel = Channel::Tcp(22);
const MODBUS: Channel = Channel::Tcp(502);

fn ask(
    plant: &Plant,
    subject: &str,
    object: &str,
    channel: Channel,
    verb: Option<&str>,
) -> nullius_engine::Why {
    let (subject, object) = (name(subject), name(object));
    let question = Question { subject, object, channel, verb: verb.map(SmolStr::new), operand: None };
    plant.gateway.why(&question, at(100))
}

#[test]
fn a_register_is_asked_about_by_its_number_or_its_address() {
    let policies = r#"@id("setpoint") permit(principal, action in Modbus::Action::"any write", resource) when {
        context.message has address && context.message.address == 9
        && context.message has value_max && context.message.value_max <= 60
    };"#;
    let mut plant = Plant::new();
    plant.gateway.handle_policy(crate::plant::of(2, crate::plant::inventory(), policies), at(1));
    plant.drain(at(1));
    let effect = |operand: &str| {
        let question = Question {
            subject: name("hmi"),
            object: name("plc1"),
            channel: MODBUS,
            verb: Some(SmolStr::new("write")),
            operand: Some(SmolStr::new(operand)),
        };
        let why = plant.gateway.why(&question, at(100));
        (why.effect, why.because().join("; "))
    };
    for allowed in ["40010=55", "9=60", "400010=1"] {
        assert_eq!(effect(allowed).0, Effect::Allow, "{allowed}: {}", effect(allowed).1);
    }
    for (denied, because) in [
        ("40010=61", "no policy permits it"),
        ("40010", "no policy permits it"),
        ("40011=55", "no policy permits it"),
        ("30010=55", "modbus knows no verb `write` for `30010=55`"),
        ("4x", "`4x` is no item of Modbus"),
    ] {
        let (effect, text) = effect(denied);
        assert_eq!(effect, Effect::Deny, "{denied}");
        assert!(text.starts_with(because), "{denied}: {text}");
    }
}

#[test]
fn what_passes_names_its_policy_and_its_rule() {
    let plant = Plant::new();
    let why = ask(&plant, "hmi", "plc1", SHELL, None);
    assert_eq!((why.effect, why.verdict, why.stage), (Effect::Allow, Verdict::Accept, Stage::Enforce));
    assert!(why.passes());
    assert_eq!(why.because(), ["decided by `shell`"]);
    assert_eq!((why.rules.len(), why.remedy.clone()), (1, None));
    let text = why.to_string();
    for line in ["allowed", "  input ia: IA2", "  input risk: unknown", "  the packet path accepts"] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    let write = ask(&plant, "hmi", "plc1", MODBUS, Some("write_single_coil"));
    assert_eq!(write.effect, Effect::Deny);
    assert_eq!(write.because(), ["no policy permits it", "input `risk` is missing"]);
}

#[test]
fn what_policy_allows_for_some_messages_is_denied_and_says_so() {
    let plant = Plant::new();
    for verb in [None, Some("read"), Some("read_coils")] {
        let why = ask(&plant, "hmi", "plc1", MODBUS, verb);
        assert_eq!((why.effect, why.verdict, why.passes()), (Effect::Allow, Verdict::Divert, false));
        let text = why.to_string();
        assert!(text.starts_with("denied\n  because policy allows some messages"), "{text}");
        for line in [
            "  because decided by `read`",
            "  the packet path drops",
            "  to get access: ask the owner of plc1 for a policy that permits every message of plc1/modbus to hmi, or \
             wait for a gateway that judges messages",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}

#[test]
fn what_the_packet_path_does_is_told_once_however_many_addresses_there_are() {
    let mut inventory = crate::plant::inventory();
    let plc1 = inventory.devices.get_mut(&name("plc1")).unwrap();
    plc1.addresses.extend(["10.0.0.101", "10.0.0.102"].map(|text| text.parse::<IpAddr>().unwrap()));
    let mut plant = Plant::new();
    plant.gateway.handle_policy(crate::plant::of(2, inventory, crate::plant::POLICIES), at(1));
    plant.drain(at(1));
    let why = ask(&plant, "hmi", "plc1", SHELL, None);
    assert_eq!(why.rules.len(), 3);
    let text = why.to_string();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("packet path")).collect();
    assert_eq!(told, ["  the packet path accepts, between 3 pairs of addresses"]);
}

#[test]
fn what_does_not_pass_names_what_stands_in_the_way() {
    let mut plant = Plant::new();
    plant.tell(Command::Revoke { device: name("plc1"), reason: SmolStr::new("stolen") }, 1).unwrap();
    plant.link(&port_of("hist"), false, 2);
    plant.see(&port(HELD), mac("guest"), Some(address("guest")), 3);
    plant.see(&port(OPEN), mac("hmi"), None, 4);
    plant
        .tell(Command::Assess { device: name("vendor"), posture: None, risk: Some(4), conforms: None }, 5)
        .unwrap();
    for (subject, object, channel, verb, reason) in [
        ("hmi", "plc1", SHELL, None, "plc1 is revoked by anna: stolen"),
        ("hist", "plc2", SHELL, None, "hist is absent: port p-hist has no link"),
        ("hmi", "guest", SHELL, None, "guest is not bound: it was seen, and nobody approved it"),
        ("hmi", "cam2", SHELL, None, "cam2 is not bound: no port has seen it"),
        ("hmi", "plc2", Channel::Udp(9), None, "plc2 offers no service at udp/9"),
        ("hmi", "nobody", SHELL, None, "the inventory names no device `nobody`"),
        ("hmi", "plc2", MODBUS, Some("dance\n"), "modbus knows no verb `dance\\n`"),
        ("vendor", "cam1", SHELL, None, "decided by `risky`"),
    ] {
        let why = ask(&plant, subject, object, channel, verb);
        assert_eq!(why.effect, Effect::Deny, "{subject} {object}");
        assert!(why.because().contains(&reason.to_owned()), "{reason}: {:?}", why.because());
        assert!(why.remedy.is_some(), "{reason}");
    }
    let double = ask(&plant, "hmi", "plc2", SHELL, None);
    assert_eq!(double.notes, ["a double of hmi was seen on port p-open"]);
}

#[test]
fn of_two_stages_the_stricter_counts_and_a_conduit_overrides_both() {
    let mut plant = Plant::new();
    let stage = |plant: &Plant| ask(plant, "hmi", "plc1", SHELL, None).stage;
    let set = |plant: &mut Plant, scope, stage| {
        plant.tell(Command::Stage { scope, stage, despite: None }, 1).unwrap();
    };
    set(&mut plant, StageScope::Device(name("hmi")), Stage::Observe);
    assert_eq!(stage(&plant), Stage::Enforce);
    set(&mut plant, StageScope::Device(name("plc1")), Stage::Shadow);
    assert_eq!(stage(&plant), Stage::Shadow);
    set(&mut plant, StageScope::Device(name("hmi")), Stage::Enforce);
    let conduit = ConduitName::between(SmolStr::new("ops"), SmolStr::new("cell"));
    set(&mut plant, StageScope::Conduit(conduit), Stage::Observe);
    assert_eq!(stage(&plant), Stage::Observe);
}

#[test]
fn a_missing_input_and_a_missing_policy_are_told_apart() {
    let plant = Plant::new();
    let missing = ask(&plant, "vendor", "cam1", SHELL, None);
    assert!(missing.because().contains(&"input `posture` is missing".to_owned()));
    let nothing = ask(&plant, "plc1", "hmi", SHELL, None);
    assert_eq!(nothing.because(), ["no policy permits it"]);
    assert_eq!(
        nothing.remedy.unwrap(),
        "ask for a grant of hmi/ssh to plc1, or for a policy that permits it"
    );
    assert_eq!(nothing.notes, ["no conduit leads from zone cell to zone ops"]);
}
