//! The plant with a controller beside its gateway: the policy comes signed over the link, and a restored controller learns
//! from the gateway what was revoked since.

use crate::running::{Lab, state, text};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

pub(crate) const API: &str = "https://localhost:8443";

/// Attacks that what policy says must hold, whoever brought the policy.
const ATTACKS: [&str; 3] = ["around", "source-port", "fragments"];

/// A lab with a controller, and a token for all of it.
pub(crate) struct Controlled {
    pub(crate) lab: Lab,
    pub(crate) token: String,
}

impl Controlled {
    pub(crate) fn up() -> Self {
        let lab = Lab { state: state("lab") };
        let output = lab.nullius(&["up", "--with-controller"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        lab.wait_for("gw", "--code ");
        let log = fs::read_to_string(lab.state.join("log/gw.log")).unwrap();
        let claim = log.split("--code ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/controller/claim.py");
        let token = lab.says("gw", &["/usr/bin/python3", script, API, claim]).trim().to_owned();
        Self { lab, token }
    }

    /// Tells the controller to do something.
    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        self.send("POST", path, body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> String {
        let (token, url) = (format!("Authorization: Bearer {}", self.token), format!("{API}{path}"));
        let json = "Content-Type: application/json";
        let sent = ["curl", "-sSk", "-X", method, "-H", &token, "-H", json, "-d", body, &url];
        self.lab.says("gw", &sent)
    }

    /// What the controller says of something.
    pub(crate) fn read(&self, path: &str) -> String {
        let (token, url) = (format!("Authorization: Bearer {}", self.token), format!("{API}{path}"));
        self.lab.says("gw", &["curl", "-sSk", "-H", &token, &url])
    }

    /// The log up to now, as its followers hear it.
    pub(crate) fn events(&self) -> String {
        let (token, url) =
            (format!("Authorization: Bearer {}", self.token), format!("{API}/v1/events?after=0"));
        // nobody says where the log ends
        let follow = ["curl", "-sSkN", "-m", "1", "-H", &token, &url];
        text(&self.lab.on("gw", &follow).output().unwrap())
    }

    /// Changes the site's policy, a text of a file for another, and puts it in force.
    pub(crate) fn revise(&self, changes: &[(&str, &str, &str)]) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/revise.py");
        let mut program = vec!["/usr/bin/python3", script, API, &self.token];
        program.extend(changes.iter().flat_map(|(file, before, after)| [*file, *before, *after]));
        self.lab.says("gw", &program);
    }

    /// A token for the first certificate of a device.
    pub(crate) fn enrol_token(&self, device: &str) -> String {
        let made = self.post("/v1/sites/lab/enrol-tokens", &format!(r#"{{"device": "{device}"}}"#));
        said(&made, "token").to_owned()
    }

    /// Until the gateway's status says so.
    pub(crate) fn until(&self, words: &str) -> String {
        let mut asked = (0..200).map(|_| {
            sleep(Duration::from_millis(100));
            text(&self.lab.gateway(&["status"]).output().unwrap())
        });
        let status = asked.find(|status| status.contains(words));
        assert!(status.is_some(), "the gateway never said `{words}`");
        status.unwrap()
    }

    fn store(&self) -> PathBuf {
        self.lab.state.join("gateway/controller")
    }

    /// `nullius controller …` beside the one that runs.
    fn maintain(&self, arguments: &[&str]) {
        let config = self.lab.state.join("controller.toml");
        let store = self.store();
        let text = format!("names = [\"localhost\"]\ntrust_domain = \"nullius\"\nstate = {store:?}\n");
        fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_nullius"));
        let output = command.arg("controller").args(arguments).arg("--config").arg(&config).output().unwrap();
        fs::remove_file(config).unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn what_policy_says_is_what_arrives(&self) {
        let opens = |node: &str| {
            let connect = "exec 3<>/dev/tcp/10.77.1.11/502";
            self.lab.on(node, &["timeout", "3", "bash", "-c", connect]).output().unwrap().status.success()
        };
        assert!(opens("hmi"));
        assert!(!opens("vendor"));
        for attack in ATTACKS {
            let output = self.lab.nullius(&["attack", attack]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{attack}: {}", text(&output));
        }
    }
}

/// The text under `key` of what the controller answered; all of it where there is none, so that a failure shows it.
pub(crate) fn said<'a>(answer: &'a str, key: &str) -> &'a str {
    let behind = answer.split(&format!("\"{key}\":")).nth(1);
    behind.and_then(|rest| rest.split('"').nth(1)).unwrap_or(answer)
}

#[test]
fn a_restored_controller_learns_from_the_gateway_what_was_revoked_since() {
    let site = Controlled::up();
    site.until("from policy 1.");
    site.what_policy_says_is_what_arrives();
    let (backup, key) = (site.lab.state.join("backup"), site.lab.state.join("key"));
    site.maintain(&["backup", backup.to_str().unwrap()]);
    let revoke = r#"{"event": {"kind": "revoke"}, "reason": "it scans"}"#;
    let answer = site.post("/v1/sites/lab/devices/cam1/restriction", revoke);
    assert!(answer.contains("cam1 is"), "{answer}");
    site.until("1 revoked");

    assert!(site.lab.nullius(&["stop", "gw"]).status().unwrap().success());
    sleep(Duration::from_secs(1));
    fs::copy(site.store().join("controller.key"), &key).unwrap();
    fs::remove_dir_all(site.store()).unwrap();
    fs::create_dir(site.store()).unwrap();
    fs::copy(&key, site.store().join("controller.key")).unwrap();
    site.maintain(&["restore", backup.to_str().unwrap()]);
    fs::remove_file(&backup).unwrap();
    fs::remove_file(&key).unwrap();
    assert!(site.lab.nullius(&["start", "gw"]).status().unwrap().success());

    // a term above the one that the gateway knows, and the revocation that the backup knew nothing of
    for _ in 0..200 {
        let status = text(&site.lab.gateway(&["status"]).output().unwrap());
        if status.contains("from policy ") && !status.contains("from policy 1.") {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    let status = site.until("1 revoked");
    assert!(!status.contains("from policy 1."), "{status}");
    site.what_policy_says_is_what_arrives();
}
