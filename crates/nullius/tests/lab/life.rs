//! Coming up, working, and leaving nothing.

use crate::running::{Lab, state, text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// The user nobody, and its group.
const NOBODY: u32 = 65534;

/// What the host's network consists of.
fn host() -> String {
    let run = |arguments: &[&str]| text(&Command::new("ip").args(arguments).output().unwrap());
    // without the seconds an address has left
    run(&["-brief", "link"]) + &run(&["-brief", "address"]) + &run(&["route"]) + &run(&["netns"])
}

/// Processes that have `word` among their arguments: number and command line.
fn processes(word: &Path) -> Vec<(i32, String)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let described = numbers.filter_map(|number: i32| {
        let line = fs::read(format!("/proc/{number}/cmdline")).ok()?;
        Some((number, String::from_utf8_lossy(&line).replace('\0', " ")))
    });
    described.filter(|(_, line)| line.contains(&word.display().to_string())).collect()
}

#[test]
fn the_panel_polls_and_going_down_leaves_nothing() {
    let before = host();
    let lab = Lab::up();
    lab.wait_for("hmi", "plc1: connected");
    let tshark = [
        "tshark",
        "-l",
        "-i",
        "eth0",
        "-c",
        "4",
        "-a",
        "duration:10",
        "-Y",
        "modbus",
        "-f",
        "host 10.77.1.21",
    ];
    let polls = lab.says("plc1", &tshark);
    assert!(polls.contains("10.77.1.21 → 10.77.1.11") && polls.contains("Read Holding Registers"), "{polls}");
    assert!(lab.nullius(&["down"]).status().unwrap().success());
    assert!(!lab.state.exists());
    assert_eq!(processes(&lab.state), []);
    assert_eq!(host(), before);
}

#[test]
fn the_host_is_not_touched_while_it_is_up() {
    let before = host();
    let lab = Lab::up();
    assert_eq!(host(), before);
    let own = fs::read_link("/proc/self/ns/net").unwrap();
    let theirs = lab.says("gw", &["readlink", "/proc/self/ns/net"]);
    assert_ne!(theirs.trim(), own.to_str().unwrap());
}

#[test]
fn whatever_kills_the_supervisor_ends_everything() {
    let lab = Lab::up();
    let status = lab.nullius(&["status"]).output().unwrap();
    assert!(text(&status).contains("plc1"), "{status:?}");
    let supervisors = processes(&lab.state);
    assert_eq!(supervisors.len(), 2, "{supervisors:?}");
    let (pid, _) = supervisors.iter().find(|(_, line)| line.contains("lab supervise ")).unwrap();
    kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
    sleep(Duration::from_millis(500));
    assert_eq!(processes(&lab.state), []);
    // what is left is files, and the next lab sweeps them away
    assert!(lab.nullius(&["up", "--without-gateway"]).status().unwrap().success());
}

#[test]
fn a_second_lab_in_the_same_place_is_refused_and_another_place_is_fine() {
    let lab = Lab::up();
    let again = lab.nullius(&["up", "--without-gateway"]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.starts_with("nullius: a lab is up in ") && said.lines().count() == 1, "{said}");
    drop(Lab::up());
    assert!(lab.nullius(&["status"]).status().unwrap().success());
}

#[test]
fn an_exit_code_comes_back_and_an_unknown_node_is_named() {
    let lab = Lab::up();
    assert_eq!(lab.on("vendor", &["sh", "-c", "exit 7"]).status().unwrap().code(), Some(7));
    let unknown = lab.on("plc9", &["true"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no node plc9"), "{unknown:?}");
}

#[test]
fn a_cable_comes_out_and_goes_in_and_a_process_ends_and_starts() {
    let lab = Lab::up();
    let carrier = |lab: &Lab| lab.says("gw", &["ip", "-brief", "link", "show", "p-hmi"]);
    assert!(carrier(&lab).contains(" UP "));
    assert!(lab.nullius(&["unplug", "hmi"]).status().unwrap().success());
    assert!(!carrier(&lab).contains(" UP "));
    assert!(lab.nullius(&["plug", "hmi"]).status().unwrap().success());
    assert!(lab.says("hmi", &["ip", "-6", "address"]).contains("fd4e:55:77:1::21"));
    assert!(lab.nullius(&["stop", "plc1"]).status().unwrap().success());
    lab.wait_for("hmi", "plc1: Connection re");
    assert!(text(&lab.nullius(&["status"]).output().unwrap()).contains("ended: SIGTERM"));
    assert!(lab.nullius(&["start", "plc1"]).status().unwrap().success());
}

/// A user without rights, and a copy of the program where that user may run it.
struct Nobody {
    home: PathBuf,
}

impl Nobody {
    fn arrive() -> Self {
        let home = state("nobody");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_nullius"), home.join("nullius")).unwrap();
        Self { home }
    }

    /// As root, the test becomes nobody first.
    fn nullius(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.home.join("nullius"));
        command.args(arguments);
        if nix::unistd::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn lab(&self, arguments: &[&str]) -> Output {
        let mut command = self.nullius(&["lab", "--state"]);
        command.arg(self.home.join("state")).args(arguments).output().unwrap()
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        self.lab(&["down"]);
        // what is left fails the next test, not this one
        let _ = fs::remove_dir_all(&self.home);
    }
}

#[test]
fn it_works_without_root() {
    let nobody = Nobody::arrive();
    let up = nobody.lab(&["up", "--without-gateway"]);
    assert!(up.status.success(), "{up:?}");
    let addresses = nobody.lab(&["exec", "hmi", "--", "ip", "-brief", "address"]);
    assert!(text(&addresses).contains("10.77.1.21/24"), "{addresses:?}");
    let page = nobody.lab(&["exec", "vendor", "--", "curl", "-sS", "-m", "5", "http://10.77.1.41/"]);
    assert!(text(&page).contains("cam1"), "{page:?}");
    assert_eq!(nobody.lab(&["attack", "source-port"]).status.code(), Some(3));
    assert!(nobody.lab(&["down"]).status.success());
    assert!(!nobody.home.join("state").exists());
}

#[test]
fn the_gateway_holds_without_root_too() {
    let nobody = Nobody::arrive();
    let up = nobody.lab(&["up"]);
    assert!(up.status.success(), "{up:?}");
    let site = nobody.home.join("site");
    assert!(nobody.nullius(&["lab", "policy"]).arg(&site).status().unwrap().success());
    let gateway = nobody.home.join("state/gateway");
    let mut apply = nobody.nullius(&["policy", "apply"]);
    apply
        .arg(&site)
        .arg("--socket")
        .arg(gateway.join("gateway.sock"))
        .arg("--key")
        .arg(gateway.join("local.key"));
    let applied = apply.output().unwrap();
    assert!(applied.status.success(), "{applied:?}");
    // the panel is back within three seconds, and a silent victim proves nothing
    sleep(Duration::from_secs(4));
    let clone = nobody.lab(&["attack", "clone"]);
    assert_eq!(clone.status.code(), Some(0), "{}", text(&clone));
}

#[test]
fn the_policy_is_written_once_and_never_over_anybodys_work() {
    let directory = state("policy");
    let write = || {
        Command::new(env!("CARGO_BIN_EXE_nullius")).args(["lab", "policy"]).arg(&directory).output().unwrap()
    };
    assert!(write().status.success());
    let again = write();
    let inventory = fs::read_to_string(directory.join("inventory.toml")).unwrap();
    fs::remove_dir_all(&directory).unwrap();
    assert!(inventory.starts_with("# The plant"), "{inventory}");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"), "{again:?}");
}
