//! The gateway under test: the program itself in the gateway's namespace, spoken to by its own command line.

use crate::net::{Segment, succeeded, until};
use crate::probes::scratch;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_nullius");

/// A running gateway and its directories.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    directory: PathBuf,
}

impl Gateway {
    /// Starts one that treats strangers on every port as `strangers` says.
    pub(crate) fn start(segment: &Segment, name: &str, strangers: &str) -> Self {
        let directory = scratch(name);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("gateway.toml"), settings(&directory, segment.stations.len(), strangers))
            .unwrap();
        let gateway = Self { child: launch(segment, &directory), directory };
        gateway.wait();
        gateway
    }

    /// Until it answers.
    fn wait(&self) {
        until("the gateway to answer", Duration::from_secs(20), || {
            self.command(&["status"]).output().unwrap().status.success()
        });
    }

    /// Kills it as `kill -9` does; what is in the kernel stays.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after it was killed, from what it left on the disk.
    pub(crate) fn start_again(&mut self, segment: &Segment) {
        self.child = launch(segment, &self.directory);
        self.wait();
    }

    /// A command of ours, to be spoken to this gateway.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--socket").arg(self.directory.join("gateway.sock"));
        command
    }

    /// Runs a command of ours that must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        succeeded(self.output(arguments), &arguments.join(" "))
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A connection to the local API.
    pub(crate) fn api(&self) -> Api {
        Api { stream: BufReader::new(UnixStream::connect(self.directory.join("gateway.sock")).unwrap()) }
    }

    /// The most memory it ever had resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        // `nsenter` becomes the program it starts
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Applies a policy repository given as (path, text).
    pub(crate) fn apply(&self, files: &[(&str, String)]) -> String {
        let repository = self.directory.join("repository");
        let _ = fs::remove_dir_all(&repository);
        for (path, text) in files {
            let path = repository.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.run(&["policy", "apply", repository.to_str().unwrap()])
    }
}

/// One connection, a request and an answer at a time.
#[derive(Debug)]
pub(crate) struct Api {
    stream: BufReader<UnixStream>,
}

impl Api {
    pub(crate) fn ask(&mut self, request: &str) -> String {
        writeln!(self.stream.get_mut(), "{request}").unwrap();
        let mut answer = String::new();
        self.stream.read_line(&mut answer).unwrap();
        answer
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        if std::thread::panicking() {
            // shown with the failure
            eprintln!("the gateway said:\n{log}");
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What a boot does before the network, with a configuration of this text.
pub(crate) fn load(segment: &Segment, text: &str) -> Output {
    let path = scratch(&format!("load-{}.toml", segment.gateway.pid()));
    fs::write(&path, text).unwrap();
    let output = segment.gateway.command(PROGRAM).args(["gateway", "load", "--config"]).arg(&path).output();
    fs::remove_file(&path).unwrap();
    output.unwrap()
}

fn launch(segment: &Segment, directory: &Path) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(directory.join("log")).unwrap();
    let mut command = segment.gateway.command(PROGRAM);
    command.args(["gateway", "run", "--config"]).arg(directory.join("gateway.toml"));
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

fn settings(directory: &Path, ports: usize, strangers: &str) -> String {
    let directory = directory.display();
    let mut text =
        format!("bridge = \"br0\"\nstate = \"{directory}/state\"\nsocket = \"{directory}/gateway.sock\"\n");
    for port in 1..=ports {
        text += &format!("[port.p{port}]\nstrangers = \"{strangers}\"\n");
    }
    text
}
