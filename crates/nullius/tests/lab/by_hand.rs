//! A device of which nobody knows more than `curl` and `openssl`: it enrols and renews through a gateway, which sees TLS
//! between it and the controller, until it is revoked.

use crate::controlled::Controlled;
use std::fs;

const DEVICE: &str = "cam1";

/// Runs a step of the script where the gateway is, as one behind it with an address would.
fn by_hand(site: &Controlled, step: &str, more: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/by_hand.sh");
    let folder = site.lab.state.join("by-hand");
    fs::create_dir_all(&folder).unwrap();
    let typed = [&["bash", script, step, folder.to_str().unwrap()], more].concat();
    site.lab.says("gw", &typed)
}

#[test]
fn curl_and_openssl_enrol_and_renew_until_the_device_is_revoked() {
    let site = Controlled::up();
    site.until("from policy 1.");
    assert!(by_hand(&site, "enrol", &[&site.enrol_token(DEVICE)]).contains("device.pem: OK"));
    assert!(by_hand(&site, "renew", &[]).contains("device.pem: OK"));
    assert!(by_hand(&site, "check", &[]).contains("device.pem: good"));

    let revoke = r#"{"event": {"kind": "revoke"}, "reason": "it scans"}"#;
    let answer = site.post(&format!("/v1/sites/lab/devices/{DEVICE}/restriction"), revoke);
    assert!(answer.contains(&format!("{DEVICE} is")), "{answer}");
    let refused = by_hand(&site, "renew", &[]);
    assert!(refused.starts_with("403 ") && refused.contains("revoked"), "{refused}");
    let checked = by_hand(&site, "check", &[]);
    assert!(checked.contains("device.pem: revoked"), "{checked}");
}
