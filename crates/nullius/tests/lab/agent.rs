//! The agent of a device of the lab: the program itself, in the device's namespace.

use crate::running::Lab;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output};

/// The agent of one device, and where it keeps what it has.
pub(crate) struct Agent<'a> {
    lab: &'a Lab,
    device: &'static str,
    folder: PathBuf,
    running: Option<Child>,
}

impl<'a> Agent<'a> {
    /// One that has nothing yet.
    pub(crate) fn new(lab: &'a Lab, device: &'static str) -> Self {
        let folder = folder(lab, device);
        let [state, runtime] = ["state", "run"].map(|name| folder.join(name));
        fs::create_dir_all(&runtime).unwrap();
        fs::write(folder.join("agent.toml"), format!("state = {state:?}\nruntime = {runtime:?}\n")).unwrap();
        Self { lab, device, folder, running: None }
    }

    /// One that has what `other` has, key and all.
    pub(crate) fn copy(other: &Agent<'a>, device: &'static str) -> Self {
        let copy = Self::new(other.lab, device);
        let copied = Command::new("cp").arg("-a").arg(other.folder.join("state")).arg(&copy.folder).status();
        assert!(copied.unwrap().success());
        copy
    }

    /// `nullius-agent …` on the device.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_nullius")).with_file_name("nullius-agent");
        assert!(program.exists(), "no {}: `cargo build --package nullius-agent` makes it", program.display());
        let mut command = self.lab.nullius(&["exec", self.device]);
        command.arg("--").arg(program).arg("--config").arg(self.config()).args(arguments);
        command
    }

    fn config(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    /// Gets a certificate with a token that a person made.
    pub(crate) fn enrol(&self, token: &str, more: &[&str]) -> Output {
        self.command(&["enrol", "--token", token]).args(more).output().unwrap()
    }

    pub(crate) fn start(&mut self) {
        let log = fs::File::create(self.folder.join("agent.log")).unwrap();
        self.running = Some(self.command(&["run"]).stderr(log).spawn().unwrap());
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // the lab ends it too
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends a signal to the agent itself.
    pub(crate) fn signal(&self, name: &str) {
        let pattern = format!("nullius-agent --config {} run$", self.config().display());
        let sent = Command::new("pkill").args([&format!("-{name}"), "-f", &pattern]).status().unwrap();
        assert!(sent.success(), "no agent runs");
    }
}

/// What the agent of a device said since it was started.
pub(crate) fn log(lab: &Lab, device: &str) -> String {
    fs::read_to_string(folder(lab, device).join("agent.log")).unwrap_or_default()
}

fn folder(lab: &Lab, device: &str) -> PathBuf {
    lab.state.join(format!("agent-{device}"))
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}
