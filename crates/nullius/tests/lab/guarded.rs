//! The plant with its gateway and its policy: what is allowed arrives, and no attack does.

use crate::running::{Lab, text};

/// Every attack there is; those that kill the gateway come last.
const ATTACKS: [&str; 9] = [
    "clone",
    "clone-unplugged",
    "around",
    "source-port",
    "fragments",
    "exhaust",
    "rollback",
    "exceptions",
    "guard",
];

#[test]
fn with_the_gateway_the_plant_runs_and_every_attack_is_held() {
    let lab = Lab::guarded();
    for controller in ["plc1: connected", "plc2: connected", "plc3: connected", "rtu: connected"] {
        lab.wait_for("hmi", controller);
    }
    lab.wait_for("historian", "broker: 1 messages");
    for attack in ATTACKS {
        let output = lab.nullius(&["attack", attack]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{attack}: {}", text(&output));
        assert!(text(&output).ends_with(&format!("{attack}: held\n")), "{}", text(&output));
        // does nothing where it still runs
        let _ = lab.nullius(&["start", "gw"]).output().unwrap();
    }
}

#[test]
fn what_policy_says_is_what_arrives() {
    let lab = Lab::guarded();
    lab.wait_for("hmi", "plc1: connected");
    let curl =
        |node: &str, url: &str| lab.on(node, &["curl", "-sS", "-m", "3", url]).status().unwrap().success();
    assert!(curl("historian", "http://10.77.1.41/"));
    for node in ["vendor", "hmi", "corp", "attacker"] {
        assert!(!curl(node, "http://10.77.1.41/"), "{node}");
    }
    assert!(!curl("vendor", "http://[fe80::4e:55ff:fe01:41%25eth0]/"));
    // a stranger reaches what strangers may reach
    assert_eq!(
        lab.says("attacker", &["dig", "+short", "+timeout=3", "@10.77.1.2", "plc1.lab"]),
        "10.77.1.11\n"
    );
}

#[test]
fn a_plant_without_a_policy_stands_still() {
    let lab = Lab { state: crate::running::state("lab") };
    assert!(lab.nullius(&["up"]).status().unwrap().success());
    lab.wait_for("hmi", "plc1: timed out");
    assert!(
        !lab.on("historian", &["curl", "-sS", "-m", "2", "http://10.77.1.41/"]).status().unwrap().success()
    );
}
