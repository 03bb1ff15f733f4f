//! A plant of twenty devices on one bridge, its policies, and by other words what they should let through.

use crate::net::{ipv4, ipv6, mac};

pub(crate) const DEVICES: usize = 20;
/// Operator panels: Modbus to every controller.
const PANELS: std::ops::RangeInclusive<usize> = 1..=4;
/// Controllers.
const CONTROLLERS: std::ops::RangeInclusive<usize> = 5..=12;
/// Sensors: CoAP to the collector.
const SENSORS: std::ops::RangeInclusive<usize> = 13..=18;
/// Where sensors report to.
const COLLECTOR: usize = 19;
/// The first panel also uses all else that controllers offer: pages, CoAP, ping.
const ENGINEER: usize = 1;
/// The one that sends GOOSE, and to whom.
const GOOSE: (usize, usize) = (5, 6);
/// In nobody's policy.
const OUTSIDER: usize = 20;

/// What a probe asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Tcp(u16),
    Udp(u16),
    Echo,
    Frame,
}

/// What policy says of `from` using a service of `to`, without looking at the policies.
pub(crate) fn allowed(from: usize, to: usize, door: Door) -> bool {
    match door {
        Door::Tcp(502) => PANELS.contains(&from) && CONTROLLERS.contains(&to),
        Door::Tcp(80) | Door::Echo => from == ENGINEER && CONTROLLERS.contains(&to),
        Door::Udp(5683) => {
            SENSORS.contains(&from) && to == COLLECTOR || from == ENGINEER && CONTROLLERS.contains(&to)
        }
        Door::Frame => (from, to) == GOOSE,
        Door::Tcp(_) | Door::Udp(_) => false,
    }
}

/// The two talk in some way, and so may resolve each other's address.
pub(crate) fn converse(a: usize, b: usize) -> bool {
    let doors = [Door::Tcp(502), Door::Tcp(80), Door::Udp(5683), Door::Echo];
    doors.into_iter().any(|door| allowed(a, b, door) || allowed(b, a, door))
}

const POLICIES: &str = r#"
@id("panels-run-controllers")
@owner("maintenance")
permit (principal in Group::"panels", action, resource in Group::"controllers")
when { resource.protocol == "modbus" };

@id("engineer-opens-pages")
@owner("maintenance")
permit (principal == Device::"d1", action, resource in Group::"controllers")
when { resource.protocol != "modbus" };

@id("sensors-report")
@owner("maintenance")
permit (principal in Group::"sensors", action, resource == Service::"d19/coap");
"#;

const TESTS: &str = r#"
[[test]]
name = "a panel writes to a controller"
subject = "d2"
object = "d7/modbus"
verb = "write_single_register"
expect = "allow"

[[test]]
name = "a sensor has no business with a controller"
subject = "d13"
object = "d7/modbus"
verb = "read_coils"
expect = "deny"
"#;

/// A permit more, for the policy to have something to change to.
const ANOTHER: &str = r#"
@id("collector-opens-pages")
@owner("maintenance")
permit (principal == Device::"d19", action, resource == Service::"d12/web");
"#;

/// The repository, as (path, text).
pub(crate) fn repository(another: bool) -> Vec<(&'static str, String)> {
    let policies = if another { format!("{POLICIES}{ANOTHER}") } else { POLICIES.to_owned() };
    vec![
        ("inventory.toml", inventory()),
        ("policies/plant.cedar", policies),
        ("tests/plant.toml", TESTS.to_owned()),
    ]
}

fn inventory() -> String {
    let mut text = String::from(
        "format = 1\n[site]\nname = \"test\"\n[[zone]]\nname = \"cell\"\nowner = \"maintenance\"\nclass = \"essential-control\"\n",
    );
    for group in ["panels", "controllers", "sensors"] {
        text += &format!("[[group]]\nname = \"{group}\"\n");
    }
    (1..=DEVICES).for_each(|number| text += &device(number));
    text
}

fn device(number: usize) -> String {
    let group = match number {
        _ if PANELS.contains(&number) => "\"panels\"",
        _ if CONTROLLERS.contains(&number) => "\"controllers\"",
        _ if SENSORS.contains(&number) => "\"sensors\"",
        _ => "",
    };
    let (mac, ipv4, ipv6) = (mac(number), ipv4(number), ipv6(number));
    let mut text = format!(
        "[[device]]\nname = \"d{number}\"\nzone = \"cell\"\ngroups = [{group}]\nclass = \"device\"\nport = \"p{number}\"\n\
         mac = \"{mac}\"\naddresses = [\"{ipv4}\", \"{ipv6}\"]\n"
    );
    for (name, protocol, channel) in [
        ("modbus", "modbus", "tcp/502"),
        ("web", "tcp", "tcp/80"),
        ("coap", "coap", "udp/5683"),
        ("ping", "icmp", "echo"),
    ] {
        text += &format!(
            "[[device.service]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\nchannel = \"{channel}\"\n"
        );
    }
    if number == GOOSE.0 {
        let to = self::mac(GOOSE.1);
        text += &format!("[[device.frame]]\nto = \"{to}\"\nethertype = 0x88b8\napplication = 0x0003\n");
    }
    text
}
