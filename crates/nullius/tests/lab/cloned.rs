//! A copy of an enrolled device's key on another machine: both are doubted, and what runs the process goes on.

use crate::agent::Agent;
use crate::controlled::Controlled;
use crate::reach::{LEASE, denied, reaches, told, until, waited};
use crate::running::text;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The operator panel, whose key is copied, and the machine of whoever copies it.
const ORIGINAL: &str = "hmi";
const COPY: &str = "ews";

/// Operating a controller, which is essential, and looking through the camera, which is not, take a key from here on.
const CHANGES: [(&str, &str, &str); 4] = [
    (
        "policies/control.cedar",
        "resource in Group::\"controllers\"\n);\n\n// Only",
        "resource in Group::\"controllers\"\n) when { context.ia >= 4 };\n\n// Only",
    ),
    (
        "policies/things.cedar",
        "principal == Device::\"historian\",\n    action,\n    resource == Service::\"cam1/http\"\n);",
        "principal in Zone::\"ops\",\n    action,\n    resource == Service::\"cam1/http\"\n) when { context.ia >= 4 };",
    ),
    (
        "tests/plant.toml",
        "verb = \"write_single_register\"\nexpect = \"allow\"",
        "verb = \"write_single_register\"\ninputs = { ia = 4 }\nexpect = \"allow\"",
    ),
    ("tests/plant.toml", "object = \"rtu/modbus\"\n", "object = \"rtu/modbus\"\ninputs = { ia = 4 }\n"),
];

/// The panel's conversation with a controller, which must not know of any of this.
struct Polls {
    child: Child,
    told: PathBuf,
}

impl Polls {
    fn begin(site: &Controlled) -> Self {
        let told = site.lab.state.join("polls");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/polls.py");
        let program = ["/usr/bin/python3", script, "10.77.1.11", told.to_str().unwrap()];
        Self { child: site.lab.on(ORIGINAL, &program).spawn().unwrap(), told }
    }

    /// How often it was answered, and the longest wait for an answer.
    fn end(mut self) -> (u32, Duration) {
        let pattern = format!("polls.py 10.77.1.11 {}$", self.told.display());
        Command::new("pkill").args(["-TERM", "-f", &pattern]).status().unwrap();
        self.child.wait().unwrap();
        let told = fs::read_to_string(&self.told).unwrap();
        assert!(told.starts_with("ended "), "{told}");
        let (_, numbers) = told.split_once(' ').unwrap();
        let (answered, longest) = numbers.split_once(' ').unwrap();
        (answered.parse().unwrap(), Duration::from_secs_f64(longest.parse().unwrap()))
    }
}

/// Packets of the panel to the controller that the gateway dropped.
fn dropped(site: &Controlled) -> u64 {
    let denial = denied(site, ORIGINAL, "plc1", "tcp/502");
    denial.map_or(0, |denial| denial.get("packets").and_then(Value::as_u64).unwrap())
}

/// What the controller has of a machine.
fn recorded(site: &Controlled, machine: &str, what: &str) -> Value {
    serde_json::from_str(&site.read(&format!("/v1/sites/lab/devices/{machine}{what}"))).unwrap()
}

#[test]
fn a_copied_key_puts_both_in_doubt_and_the_originals_essential_flow_goes_on() {
    let site = Controlled::up();
    site.until("from policy 1.");
    site.revise(&CHANGES);
    let mut original = Agent::new(&site.lab, ORIGINAL);
    let enrolled = original.enrol(&site.enrol_token(ORIGINAL), &[]);
    assert!(enrolled.status.success(), "{enrolled:?}");
    original.start();
    until(&site, ORIGINAL, true);
    assert!(!reaches(&site, COPY), "it has no key");
    let dropped_before = dropped(&site);
    let polls = Polls::begin(&site);
    let proved = Instant::now();

    let mut copy = Agent::copy(&original, COPY);
    copy.start();
    // what takes a key is out of reach of both, and stays so
    let cut = until(&site, ORIGINAL, false);
    assert!(!reaches(&site, COPY), "{}", told(&site, COPY));
    // the one never knew the camera's hardware address, and may not ask for it
    for (machine, carrier) in [(ORIGINAL, "tcp/80"), (COPY, "link/0x0806")] {
        let shown = told(&site, machine);
        assert!(shown.contains("IA1") && shown.contains("was proved in a second place"), "{shown}");
        let why = site.lab.gateway(&["why", machine, "->", "cam1/http", "GET"]).output().unwrap();
        let why = text(&why);
        assert!(why.contains("denied") && why.contains("a key lives on port p-ews too"), "{why}");
        waited(&site, machine, "the level in the controller's record", || {
            recorded(&site, machine, "")["ia"] == 1
        });
        waited(&site, machine, "the level in the denial", || {
            let denial = denied(&site, machine, "cam1", carrier).unwrap_or_default();
            (&denial["assurance"], &denial["known_by"])
                == (&"IA1".into(), &"doubted: seen in two places".into())
        });
    }
    let status = text(&site.lab.gateway(&["status"]).output().unwrap());
    assert!(status.contains("2 IA1") && status.contains("clone"), "{status}");
    waited(&site, ORIGINAL, "the alarm in the log", || {
        let events = site.events();
        [ORIGINAL, COPY].iter().all(|name| events.contains(&format!("{name} is doubted: key ")))
    });
    let credentials = recorded(&site, ORIGINAL, "/credentials");
    assert_eq!(credentials["items"][0]["status"], "frozen", "{credentials}");

    // more than one lease later: the original still proves its key, and nothing of its work was lost
    sleep((LEASE + LEASE / 2).saturating_sub(proved.elapsed()));
    let shown = told(&site, ORIGINAL);
    assert!(shown.contains("proved its software key"), "{shown}");
    let (answered, longest) = polls.end();
    assert!(answered > 100 && longest < Duration::from_secs(1), "{answered} answers, {longest:?}");
    assert_eq!(dropped(&site), dropped_before, "packets of the panel to its controller");
    assert!(!reaches(&site, ORIGINAL) && !reaches(&site, COPY));
    assert!(cut < Duration::from_secs(5), "{cut:?}");
}
