//! A lab of its own for each test, gone when the test is over.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running lab.
pub(crate) struct Lab {
    pub(crate) state: PathBuf,
}

/// Where a lab may keep its files: short, because the path of a socket has at most 107 bytes.
pub(crate) fn state(name: &str) -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("nullius-{name}-{}-{number}", std::process::id()))
}

impl Lab {
    /// Up, with nothing enforced.
    pub(crate) fn up() -> Self {
        let lab = Self { state: state("lab") };
        let output = lab.nullius(&["up", "--without-gateway"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        lab
    }

    /// Up, with the gateway and the lab's own policy in force.
    pub(crate) fn guarded() -> Self {
        let lab = Self { state: state("lab") };
        let output = lab.nullius(&["up"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let site = lab.state.join("gateway/site");
        let written = Command::new(env!("CARGO_BIN_EXE_nullius")).args(["lab", "policy"]).arg(&site).status();
        assert!(written.unwrap().success());
        let mut apply = lab.gateway(&["policy", "apply"]);
        let output = apply.arg(&site).arg("--key").arg(lab.state.join("gateway/local.key")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        lab
    }

    /// `nullius …` of a person who works with the lab's gateway.
    pub(crate) fn gateway(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nullius"));
        command.args(arguments).arg("--socket").arg(self.state.join("gateway/gateway.sock"));
        command
    }

    /// `nullius lab …`.
    pub(crate) fn nullius(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nullius"));
        command.arg("lab").args(arguments).arg("--state").arg(&self.state);
        command
    }

    /// `program` on `node`.
    pub(crate) fn on(&self, node: &str, program: &[&str]) -> Command {
        let mut command = self.nullius(&["exec", node]);
        command.arg("--").args(program);
        command
    }

    /// What `program` on `node` prints; it must succeed.
    pub(crate) fn says(&self, node: &str, program: &[&str]) -> String {
        let output = self.on(node, program).output().unwrap();
        assert!(output.status.success(), "{program:?}: {output:?}");
        text(&output)
    }

    /// Waits until the log of `node` holds `words`.
    pub(crate) fn wait_for(&self, node: &str, words: &str) {
        let path = self.state.join("log").join(format!("{node}.log"));
        for _ in 0..500 {
            if std::fs::read_to_string(&path).is_ok_and(|log| log.contains(words)) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        assert!(path.exists(), "no log of {node}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), words, "the log of {node} never said so");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // a test may have ended it already
        let _ = self.nullius(&["down"]).output();
        // what a test put there the lab leaves
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

/// Standard output.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
