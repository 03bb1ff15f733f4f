//! Clients and servers that others wrote: libmodbus, mbpoll, nping, iperf3, curl.

use crate::net::{Namespace, ipv4, until};
use crate::probes::scratch;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// A program that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// What it printed.
    pub(crate) output: PathBuf,
}

impl Running {
    pub(crate) fn start(station: &Namespace, name: &str, program: &str, arguments: &[&str]) -> Self {
        let output = scratch(&format!("{}-{name}.out", station.pid()));
        let file = std::fs::File::create(&output).unwrap();
        let mut command = station.command(program);
        let errors = file.try_clone().unwrap();
        let child = command.args(arguments).stdin(Stdio::null()).stdout(file).stderr(errors).spawn().unwrap();
        Self { child, output }
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.output);
    }
}

/// The libmodbus server, compiled once.
static MODBUS_SERVER: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site/libmodbus_server.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libmodbus_server");
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-I/usr/include/modbus", "-o"]).arg(&program).arg(source).arg("-lmodbus");
    assert!(gcc.status().unwrap().success(), "gcc and libmodbus-dev are there");
    program
});

/// A Modbus server on port 502 of station `number`.
pub(crate) fn modbus_server(station: &Namespace, number: usize) -> Running {
    let server = Running::start(station, "modbus", MODBUS_SERVER.to_str().unwrap(), &[&ipv4(number), "502"]);
    until("the Modbus server", Duration::from_secs(5), || station.shell("ss -Hltn").contains(":502"));
    server
}

/// Polls ten registers every `millis`, for ever.
pub(crate) fn poll(station: &Namespace, server: usize, millis: u32) -> Running {
    let (server, millis) = (ipv4(server), millis.to_string());
    Running::start(
        station,
        "poll",
        "mbpoll",
        &["-m", "tcp", "-a", "1", "-t", "4", "-r", "1", "-c", "10", "-l", &millis, &server],
    )
}
