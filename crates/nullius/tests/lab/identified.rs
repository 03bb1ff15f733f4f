//! A device that proves its key: enrolled through a gateway that it has no address of, leased, and cut when it loses trust.

use crate::agent::Agent;
use crate::controlled::Controlled;
use crate::reach::{LEASE, denied, opens, told, until, waited};
use serde_json::Value;
use std::time::Duration;

/// The device that gets a key, and what it may reach with one.
const DEVICE: &str = "historian";

/// The policy's way of saying that a key is wanted.
const BEFORE: &str = "resource == Service::\"cam1/http\"\n);";
const AFTER: &str = "resource == Service::\"cam1/http\"\n) when { context.ia >= 4 };";

/// How sure the gateway was of the device when it denied it a port of the camera, as it says itself and as the controller does.
fn was_known_by(site: &Controlled, port: u16) -> [String; 2] {
    let carrier = format!("tcp/{port}");
    let own = denied(site, DEVICE, "cam1", &carrier).unwrap_or_default();
    let relayed: Value = serde_json::from_str(&site.read("/v1/sites/lab/denials")).unwrap();
    let relayed = relayed.pointer("/items/0/found").and_then(Value::as_array).unwrap();
    let relayed = relayed.iter().find(|denial| denial["verb"] == carrier).cloned().unwrap_or_default();
    [own, relayed].map(|denial| {
        let word = |name: &str| denial.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", word("assurance"), word("known_by"))
    })
}

/// Until that is `expected`, and the controller's log has it too.
fn until_denied_as(site: &Controlled, port: u16, expected: &str) {
    assert!(!opens(site, DEVICE, port));
    waited(site, DEVICE, expected, || was_known_by(site, port) == [expected, expected]);
    let line = format!("denied {DEVICE} -> cam1 tcp/{port} (policy), ");
    let logged = || {
        let events = site.events();
        let mut told = events.lines().filter(|event| event.contains(&line));
        told.any(|event| event.contains(&format!(": sender {expected}; ")))
    };
    waited(site, DEVICE, "the record of that", logged);
}

#[test]
fn a_device_that_proves_its_key_may_more_for_as_long_as_it_proves_it() {
    let site = Controlled::up();
    site.until("from policy 1.");
    until(&site, DEVICE, true);
    site.revise(&[("policies/things.cedar", BEFORE, AFTER)]);
    until(&site, DEVICE, false);
    until_denied_as(&site, 80, "IA2 bound by the inventory");

    let mut agent = Agent::new(&site.lab, DEVICE);
    let enrolled = agent.enrol(&site.enrol_token(DEVICE), &[]);
    assert!(enrolled.status.success(), "{enrolled:?}");
    agent.start();
    until(&site, DEVICE, true);
    let shown = told(&site, DEVICE);
    assert!(shown.contains("IA4"), "{shown}");
    // what no policy gives is denied to it as well, and the record says to whom
    until_denied_as(&site, 81, "IA4 certificate, software key");

    // whatever is plugged in proves itself anew, and at once
    let lab = &site.lab;
    assert!(lab.nullius(&["unplug", DEVICE]).status().unwrap().success());
    waited(&site, DEVICE, "that what it proved has ended", || told(&site, DEVICE).contains("absent"));
    assert!(lab.nullius(&["plug", DEVICE]).status().unwrap().success());
    let back = until(&site, DEVICE, true);
    assert!(back < LEASE / 2, "asked when the next proof would have been due anyway: {back:?}");

    // a key that cannot be used proves nothing, and what was given for it ends
    agent.signal("STOP");
    let ended = until(&site, DEVICE, false);
    assert!(ended <= LEASE + Duration::from_secs(3), "{ended:?}");
    agent.signal("CONT");
    until(&site, DEVICE, true);

    // who lost trust is cut at once, key or not, and gets no other certificate
    let revoke = r#"{"event": {"kind": "revoke"}, "reason": "it scans"}"#;
    let answer = site.post(&format!("/v1/sites/lab/devices/{DEVICE}/restriction"), revoke);
    assert!(answer.contains(&format!("{DEVICE} is")), "{answer}");
    let cut = until(&site, DEVICE, false);
    assert!(cut < Duration::from_secs(3), "{cut:?}");
    let again = agent.command(&["enrol", "--again", "--token", "nle1-00-00-00"]).output().unwrap();
    assert!(!again.status.success());
}
