//! Attacks on a plant that nothing protects: each must get through, or its verdict on a protected one is worth nothing.

use crate::running::{Lab, text};

/// Attacks that need no gateway to be attacked.
const ATTACKS: [&str; 5] = ["clone", "clone-unplugged", "around", "source-port", "fragments"];

#[test]
fn without_a_gateway_every_probe_of_every_attack_gets_through() {
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    for attack in ATTACKS {
        let output = lab.nullius(&["attack", attack]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let report = text(&output);
        assert!(report.ends_with(&format!("{attack}: got through\n")), "{report}");
        let held: Vec<_> = report.lines().filter(|line| line.ends_with("  held")).collect();
        assert_eq!(held, [""; 0], "{attack}");
    }
}

#[test]
fn attacks_are_listed_and_an_unknown_one_is_named() {
    let lab = Lab { state: crate::running::state("none") };
    let list = text(&lab.nullius(&["attack"]).output().unwrap());
    assert!(ATTACKS.iter().all(|attack| list.contains(attack)), "{list}");
    let unknown = lab.nullius(&["attack", "politeness"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no attack politeness"), "{unknown:?}");
}
