//! The double of a permitted device (threat 1): same hardware address, same network address, another port.

use crate::gateway::Gateway;
use crate::net::{Namespace, Segment, ipv4, ipv6, mac, until};
use crate::pair::{CLIENT, ENROLMENT, ENROLMENT_PORT, PORTS, SERVER, open};
use crate::peers::Running;
use crate::tap::Tap;
use std::time::Duration;

const DOUBLE: usize = 4;

/// Takes the client's addresses at the double's port.
fn impersonate(segment: &Segment) {
    let station = segment.station(DOUBLE);
    let (mac, ipv4) = (mac(CLIENT), ipv4(CLIENT));
    station.ip(&format!(
        "link set eth0 down\nlink set eth0 address {mac}\nlink set eth0 up\naddr add {ipv4}/24 dev eth0\n"
    ));
}

/// Fetches a page with curl; whether it came.
fn fetches(station: &Namespace, server: usize, port: u16) -> bool {
    let page = format!("http://{}:{port}/", ipv4(server));
    station
        .command("curl")
        .args(["--silent", "--max-time", "1", "--output", "/dev/null", &page])
        .status()
        .unwrap()
        .success()
}

fn web(segment: &Segment, number: usize, port: u16) -> Running {
    let station = segment.station(number);
    let server =
        Running::start(station, "web", "/usr/bin/python3", &["-m", "http.server", &port.to_string()]);
    until("the web server", Duration::from_secs(5), || {
        station.shell("ss -Hltn").contains(&format!(":{port}"))
    });
    server
}

#[test]
fn a_double_reaches_nothing_and_with_the_original_unplugged_only_enrolment() {
    let segment = Segment::new(4);
    let gateway = Gateway::start(&segment, "clone", "onboard");
    gateway.apply(&open());
    [CLIENT, SERVER, ENROLMENT].into_iter().for_each(|number| segment.address(number));
    let _servers = [web(&segment, SERVER, PORTS[0]), web(&segment, ENROLMENT, ENROLMENT_PORT)];
    let (original, double) = (segment.station(CLIENT), segment.station(DOUBLE));
    assert!(fetches(original, SERVER, PORTS[0]), "the original works before");

    impersonate(&segment);
    let tap =
        Tap::at(segment.station(SERVER), &format!("ether src {} or src host {}", mac(CLIENT), ipv6(CLIENT)));
    assert!(!fetches(double, SERVER, PORTS[0]));
    assert!(!fetches(double, ENROLMENT, ENROLMENT_PORT), "nobody is two devices at once");
    assert_eq!(tap.stop().len(), 0, "frames of the double arrived");
    assert!(fetches(original, SERVER, PORTS[0]), "the original works on");
    let status = gateway.run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let alarms = status["status"]["alarms"].to_string();
    assert!(alarms.contains(&format!("port p{DOUBLE}")), "an alarm names the port: {alarms}");

    segment.gateway.ip(&format!("link set p{CLIENT} down\n"));
    until("enrolment to open for the double", Duration::from_secs(5), || {
        fetches(double, ENROLMENT, ENROLMENT_PORT)
    });
    let tap = Tap::at(segment.station(SERVER), "ip or arp");
    assert!(!fetches(double, SERVER, PORTS[0]), "and nothing else");
    assert_eq!(tap.stop().len(), 0, "frames of the double arrived");

    segment.gateway.ip(&format!("link set p{CLIENT} up\n"));
    until("the original to be let in again", Duration::from_secs(5), || fetches(original, SERVER, PORTS[0]));
}
