//! Policies at random: any that fit the schema, among them some that fail when they are evaluated.

use crate::plant::{DEVICES, GROUPS, Plant, SERVICES, ZONES};
use crate::random::Random;
use nullius_policy::verbs;
use std::fmt::Write;

const NAMESPACES: [&str; 5] = ["Modbus::", "Mqtt::", "Coap::", "Http::", ""];

/// One policy.
pub(crate) fn policy(random: &mut Random, _plant: &Plant, number: usize) -> String {
    let effect = if random.one_in(4) { "forbid" } else { "permit" };
    let (principal, action, resource) = (principal(random), action(random), resource(random));
    let mut text = format!("@id(\"p{number:04}\")\n{effect} ({principal}, {action}, {resource})");
    for _ in 0..random.below(3) {
        let kind = if random.one_in(4) { "unless" } else { "when" };
        write!(text, "\n{kind} {{ {} }}", condition(random, 3)).unwrap();
    }
    text + ";\n"
}

fn principal(random: &mut Random) -> String {
    match random.below(8) {
        0 | 1 => "principal".to_owned(),
        2 => format!("principal == {}", device(random)),
        3 => format!("principal in {}", device(random)),
        4 => format!("principal in {}", zone(random)),
        5 => "principal is Device".to_owned(),
        6 => format!("principal is Device in {}", group(random)),
        _ => format!("principal in {}", group(random)),
    }
}

fn resource(random: &mut Random) -> String {
    match random.below(8) {
        0 | 1 => "resource".to_owned(),
        2 => format!("resource == {}", service(random)),
        3 => format!("resource in {}", device(random)),
        4 => format!("resource in {}", zone(random)),
        5 => format!("resource is Service in {}", group(random)),
        6 => format!("resource in {}", service(random)),
        _ => format!("resource in {}", group(random)),
    }
}

fn action(random: &mut Random) -> String {
    match random.below(6) {
        0..=2 => "action".to_owned(),
        3 => format!("action == {}", verb(random)),
        4 => format!("action in {}", some_action(random)),
        _ => {
            // Members of a set are of one type, and a namespace is a type.
            let namespace = random.below(5);
            format!("action in [{}, {}]", action_of(random, namespace), action_of(random, namespace))
        }
    }
}

fn some_action(random: &mut Random) -> String {
    let namespace = random.below(5);
    action_of(random, namespace)
}

fn action_of(random: &mut Random, namespace: usize) -> String {
    let verbs = verbs(SERVICES[namespace].1);
    let verb = verbs[random.below(verbs.len())];
    let name = match (namespace, random.below(4)) {
        (4, _) => {
            random.pick(&["discover", "connect", "read", "subscribe", "publish", "write", "admin"]).to_owned()
        }
        (_, 0) => "any".to_owned(),
        (_, 1 | 2) => format!("any {}", verb.class),
        _ => verb.action.to_owned(),
    };
    format!("{}Action::\"{name}\"", NAMESPACES[namespace])
}

fn verb(random: &mut Random) -> String {
    let namespace = random.below(5);
    let verbs = verbs(SERVICES[namespace].1);
    format!("{}Action::\"{}\"", NAMESPACES[namespace], verbs[random.below(verbs.len())].action)
}

fn device(random: &mut Random) -> String {
    format!("Device::\"{}\"", random.pick(&DEVICES))
}

fn group(random: &mut Random) -> String {
    format!("Group::\"{}\"", random.pick(&GROUPS))
}

fn zone(random: &mut Random) -> String {
    format!("Zone::\"{}\"", random.pick(&ZONES))
}

fn service(random: &mut Random) -> String {
    format!("Service::\"{}/{}\"", random.pick(&DEVICES), SERVICES[random.below(5)].0)
}

fn condition(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(3) {
        return atom(random);
    }
    let inner = |random: &mut Random| condition(random, depth - 1);
    match random.below(7) {
        0..=2 => format!("({} && {})", inner(random), inner(random)),
        3 | 4 => format!("({} || {})", inner(random), inner(random)),
        5 => format!("!({})", inner(random)),
        _ => format!("(if {} then {} else {})", inner(random), inner(random), inner(random)),
    }
}

fn atom(random: &mut Random) -> String {
    match random.below(6) {
        0 => entity(random),
        1 | 2 => message(random),
        3 => time(random),
        4 if random.one_in(3) => failing(random),
        _ => input(random),
    }
}

fn input(random: &mut Random) -> String {
    let operator = operator(random);
    let number = random.below(6);
    match random.below(13) {
        0 => format!("context.ia {operator} {number}"),
        1 => format!("context.mode == \"{}\"", random.pick(&["normal", "maintenance", "island"])),
        2 => "(context has posture && context.posture.good)".to_owned(),
        3 => format!("(context has posture && context.posture.age {operator} {})", number * 400),
        4 => format!("(context has risk && context.risk {operator} {number})"),
        5 => "(context has conforms && context.conforms)".to_owned(),
        6 => format!("(context has approved_by && context.approved_by {operator} {number})"),
        7 => "(context has work_order && context.work_order like \"wo-*\")".to_owned(),
        8 => format!(
            "context has {}",
            random.pick(&["risk", "posture", "message", "posture.age", "work_order"])
        ),
        9 => format!("[1, {number}].contains(context.ia)"),
        10 => format!("{{a: context.ia, b: {number} - 2}} == {{a: {number}, b: -1}}"),
        11 => format!("-context.ia {operator} -{number}"),
        _ => format!("(if context.ia > 3 then context.ia else {number}) {operator} 4"),
    }
}

fn time(random: &mut Random) -> String {
    let operator = operator(random);
    let minute = random.below(1440);
    match random.below(6) {
        0 | 1 => format!("context.time.minute {operator} {minute}"),
        2 => format!("{minute} {operator} context.time.minute"),
        3 => format!("[{}, 6, 7].contains(context.time.weekday)", 1 + random.below(5)),
        4 => format!("context.time == {{minute: {minute}, weekday: 3}}"),
        _ => format!("context.time.minute + {minute} {operator} 1500"),
    }
}

fn entity(random: &mut Random) -> String {
    match random.below(16) {
        0 => format!("principal.class == \"{}\"", random.pick(&["controller", "hmi"])),
        1 => format!("principal.tags.contains(\"{}\")", random.pick(&["a", "b", "sis"])),
        2 => "principal.tags.containsAny([\"a\", \"sis\"])".to_owned(),
        3 => "principal.tags.containsAll([\"a\", \"b\"])".to_owned(),
        4 => "principal.tags.isEmpty()".to_owned(),
        5 => "principal.tags == [\"b\", \"a\", \"b\"]".to_owned(),
        6 => format!(
            "(principal has vendor && principal.vendor like \"{}\")",
            random.pick(&["a*me", "a\\*me", "*b*", "*"])
        ),
        7 => format!("resource.port {} 502", operator(random)),
        8 => format!("resource.protocol == \"{}\"", random.pick(&["modbus", "ssh"])),
        9 => "resource.transport == \"udp\"".to_owned(),
        10 => format!("principal in {}", group(random)),
        11 => format!("resource in [{}, {}]", group(random), group(random)),
        12 => format!("principal == {}", device(random)),
        13 => format!("action in {}", some_action(random)),
        14 => format!(
            "{} in {}",
            random.pick(&["Group::\"g0\"", "Device::\"d1\"", "Service::\"d2/ssh\""]),
            group(random)
        ),
        _ => format!("principal is Device in {}", zone(random)),
    }
}

fn message(random: &mut Random) -> String {
    let operator = operator(random);
    let number = random.below(6);
    let field = random.pick(&["unit", "address", "quantity", "value_min", "value_max", "qos", "size"]);
    let guarded =
        |field: &str, rest: String| format!("(context has message && context.message has {field} && {rest})");
    match random.below(8) {
        0..=3 => guarded(field, format!("context.message.{field} {operator} {number}")),
        4 => guarded(
            "topic",
            format!("context.message.topic like \"{}\"", random.pick(&["plant/*", "plant/a/*", "\\*"])),
        ),
        5 => guarded("path", "context.message.path == \"/a\"".to_owned()),
        6 => guarded("retain", "!context.message.retain".to_owned()),
        _ => format!("(context has message && context.message has {field})"),
    }
}

/// Fails for some requests.
fn failing(random: &mut Random) -> String {
    let largest = i64::MAX;
    match random.below(5) {
        0 => format!("context.ia + {largest} > 3"),
        1 => format!("context.ia * {} < 9", largest / 3),
        2 => "Device::\"ghost\".class == \"hmi\"".to_owned(),
        3 => format!("Zone::\"{}\".class == \"safety\"", random.pick(&["z0", "z1", "ghost"])),
        _ => format!(
            "(context has message && context.message has unit && context.message.unit * {} > 2)",
            largest / 2
        ),
    }
}

fn operator(random: &mut Random) -> &'static str {
    random.pick(&["==", "!=", "<", "<=", ">", ">="])
}
