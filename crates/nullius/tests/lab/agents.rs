//! Agents on machines of the lab, and what is known of those machines.

use crate::controlled::{API, Controlled};
use crate::running::text;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// As the lab's gateway gives it.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// An agent on a machine, and where it keeps what it has.
pub(crate) struct Agent<'a> {
    site: &'a Controlled,
    machine: &'static str,
    folder: PathBuf,
    running: Option<Child>,
}

impl<'a> Agent<'a> {
    /// One that has nothing yet.
    pub(crate) fn new(site: &'a Controlled, machine: &'static str) -> Self {
        let folder = site.lab.state.join(format!("agent-{machine}"));
        fs::create_dir(&folder).unwrap();
        let [state, runtime] = ["state", "run"].map(|name| folder.join(name));
        fs::write(folder.join("agent.toml"), format!("state = {state:?}\nruntime = {runtime:?}\n")).unwrap();
        Self { site, machine, folder, running: None }
    }

    /// One that has what `other` has, key and all.
    pub(crate) fn copy(other: &Agent<'a>, machine: &'static str) -> Self {
        let copy = Self::new(other.site, machine);
        let copied = Command::new("cp").arg("-a").arg(other.folder.join("state")).arg(&copy.folder).status();
        assert!(copied.unwrap().success());
        copy
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_nullius")).with_file_name("nullius-agent");
        assert!(program.exists(), "no {}: `cargo build --package nullius-agent` makes it", program.display());
        let mut command = self.site.lab.nullius(&["exec", self.machine]);
        command.arg("--").arg(program).arg("--config").arg(self.config()).args(arguments);
        command
    }

    fn config(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    /// Gets its first certificate with a token that a person made.
    pub(crate) fn enrol(&self) -> Output {
        let device = format!(r#"{{"device": "{}"}}"#, self.machine);
        let made = self.site.post("/v1/sites/lab/enrol-tokens", &device);
        let token = made.split("\"token\":").nth(1).and_then(|rest| rest.split('"').nth(1));
        self.command(&["enrol", "--token", token.unwrap_or(&made)]).output().unwrap()
    }

    pub(crate) fn start(&mut self) {
        let log = fs::File::create(self.log()).unwrap();
        self.running = Some(self.command(&["run"]).stderr(log).spawn().unwrap());
    }

    /// Sends a signal to the agent itself.
    pub(crate) fn signal(&self, name: &str) {
        let pattern = format!("nullius-agent --config {} run$", self.config().display());
        let sent = Command::new("pkill").args([&format!("-{name}"), "-f", &pattern]).status().unwrap();
        assert!(sent.success(), "no agent runs");
    }

    fn log(&self) -> PathBuf {
        self.folder.join("agent.log")
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

/// Whether `machine` gets a connection to the camera.
pub(crate) fn reaches(site: &Controlled, machine: &str) -> bool {
    opens(site, machine, 80)
}

/// The same for any port of the camera.
pub(crate) fn opens(site: &Controlled, machine: &str, port: u16) -> bool {
    let connect = format!("exec 3<>/dev/tcp/10.77.1.41/{port}");
    let connect = site.lab.on(machine, &["timeout", "1", "bash", "-c", &connect]).output().unwrap();
    connect.status.success()
}

/// How long it takes until `machine` reaches the camera, or does so no more.
pub(crate) fn until(site: &Controlled, machine: &str, wanted: bool) -> Duration {
    waited(site, machine, &format!("that it reaches the camera: {wanted}"), || {
        reaches(site, machine) == wanted
    })
}

/// How long it takes until something is so; of `machine` everything is told where it never is.
pub(crate) fn waited(site: &Controlled, machine: &str, what: &str, so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what} never came:\n{}", told(site, machine));
        sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

/// What the gateway says of `machine`, and its agent.
pub(crate) fn told(site: &Controlled, machine: &str) -> String {
    let show = site.lab.gateway(&["device", "show", machine]).output().unwrap();
    let log = site.lab.state.join(format!("agent-{machine}/agent.log"));
    format!("{}\n{}", text(&show), fs::read_to_string(log).unwrap_or_default())
}

/// What the gateway denied `machine` towards `object` by this carrier, by its own account.
pub(crate) fn denied(site: &Controlled, machine: &str, object: &str, carrier: &str) -> Option<Value> {
    let status = text(&site.lab.gateway(&["status", "--json"]).output().unwrap());
    let status: Value = serde_json::from_str(&status).unwrap();
    let denials = status.get("denials").and_then(Value::as_array).unwrap();
    let of_it = |denial: &&Value| {
        (&denial["subject"], &denial["object"], &denial["verb"])
            == (&machine.into(), &object.into(), &carrier.into())
    };
    denials.iter().find(of_it).cloned()
}

/// Changes the site's policy, a text of a file for another, and puts it in force.
pub(crate) fn revise(site: &Controlled, changes: &[(&str, &str, &str)]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/revise.py");
    let script = script.to_str().unwrap();
    let mut program = vec!["/usr/bin/python3", script, API, &site.token];
    program.extend(changes.iter().flat_map(|(file, before, after)| [*file, *before, *after]));
    site.lab.says("gw", &program);
}
