//! A device that proves its key: enrolled through a gateway that it has no address of, leased, and cut when it loses trust.

use crate::controlled::{API, Controlled};
use crate::running::text;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The device that gets a key, and what it may reach with one.
const DEVICE: &str = "historian";
const CAMERA: &str = "exec 3<>/dev/tcp/10.77.1.41/80";

/// The policy's way of saying that a key is wanted.
const BEFORE: &str = "resource == Service::\"cam1/http\"\n);";
const AFTER: &str = "resource == Service::\"cam1/http\"\n) when { context.ia >= 4 };";

/// As the lab's gateway gives it.
const LEASE: Duration = Duration::from_secs(10);

/// The agent of [`DEVICE`], and where it keeps what it has.
struct Agent<'a> {
    site: &'a Controlled,
    config: PathBuf,
    running: Option<Child>,
}

impl<'a> Agent<'a> {
    fn new(site: &'a Controlled) -> Self {
        let config = site.lab.state.join("agent.toml");
        let [state, runtime] = ["agent", "agent-run"].map(|name| site.lab.state.join(name));
        fs::write(&config, format!("state = {state:?}\nruntime = {runtime:?}\n")).unwrap();
        Self { site, config, running: None }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_nullius")).with_file_name("nullius-agent");
        assert!(program.exists(), "no {}: `cargo build --package nullius-agent` makes it", program.display());
        let mut command = self.site.lab.nullius(&["exec", DEVICE]);
        command.arg("--").arg(program).arg("--config").arg(&self.config).args(arguments);
        command
    }

    /// Gets its first certificate with a token that a person made.
    fn enrol(&self) -> Output {
        let made = self.site.post("/v1/sites/lab/enrol-tokens", &format!(r#"{{"device": "{DEVICE}"}}"#));
        let token = made.split("\"token\":").nth(1).and_then(|rest| rest.split('"').nth(1));
        self.command(&["enrol", "--token", token.unwrap_or(&made)]).output().unwrap()
    }

    fn start(&mut self) {
        let log = fs::File::create(self.site.lab.state.join("agent.log")).unwrap();
        self.running = Some(self.command(&["run"]).stderr(log).spawn().unwrap());
    }

    /// Sends a signal to the agent itself.
    fn signal(&self, name: &str) {
        let pattern = format!("nullius-agent --config {} run$", self.config.display());
        let sent = Command::new("pkill").args([&format!("-{name}"), "-f", &pattern]).status().unwrap();
        assert!(sent.success(), "no agent runs");
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            // the lab ends it too
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn reaches(site: &Controlled) -> bool {
    let connect = site.lab.on(DEVICE, &["timeout", "1", "bash", "-c", CAMERA]).output().unwrap();
    connect.status.success()
}

/// How long it takes until the device reaches the camera, or does so no more.
fn until(site: &Controlled, wanted: bool) -> Duration {
    let began = Instant::now();
    while reaches(site) != wanted {
        assert!(began.elapsed() < Duration::from_secs(40), "{} never came: {}", wanted, told(site));
        sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

fn told(site: &Controlled) -> String {
    let show = site.lab.gateway(&["device", "show", DEVICE]).output().unwrap();
    let log = fs::read_to_string(site.lab.state.join("agent.log")).unwrap_or_default();
    format!("{}\n{log}", text(&show))
}

/// From here on the device needs a key for what it may.
fn want_a_key(site: &Controlled) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/revise.py");
    site.lab
        .says("gw", &["/usr/bin/python3", script, API, &site.token, "policies/things.cedar", BEFORE, AFTER]);
}

#[test]
fn a_device_that_proves_its_key_may_more_for_as_long_as_it_proves_it() {
    let site = Controlled::up();
    site.until("from policy 1.");
    assert!(reaches(&site), "{}", told(&site));
    want_a_key(&site);
    until(&site, false);

    let mut agent = Agent::new(&site);
    let enrolled = agent.enrol();
    assert!(enrolled.status.success(), "{enrolled:?}");
    agent.start();
    until(&site, true);
    let shown = told(&site);
    assert!(shown.contains("IA4"), "{shown}");

    // a key that cannot be used proves nothing, and what was given for it ends
    agent.signal("STOP");
    let ended = until(&site, false);
    assert!(ended <= LEASE + Duration::from_secs(3), "{ended:?}");
    agent.signal("CONT");
    until(&site, true);

    // who lost trust is cut at once, key or not, and gets no other certificate
    let revoke = r#"{"event": {"kind": "revoke"}, "reason": "it scans"}"#;
    let answer = site.post(&format!("/v1/sites/lab/devices/{DEVICE}/restriction"), revoke);
    assert!(answer.contains(&format!("{DEVICE} is")), "{answer}");
    let cut = until(&site, false);
    assert!(cut < Duration::from_secs(3), "{cut:?}");
    let again = agent.command(&["enrol", "--again", "--token", "nle1-00-00-00"]).output().unwrap();
    assert!(!again.status.success());
}
