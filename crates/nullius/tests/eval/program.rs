//! Running the program, and a folder for what it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The plant capture: one master, thirteen controllers.
pub(crate) const PLANT: &str = "crates/wire/tests/data/modbus/ModbusTCP.pcap";
/// Frames on a link we do not read.
pub(crate) const RADIOTAP: &str = "crates/capture/tests/data/radiotap.pcap";

/// What came of one run.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `nullius eval` with these arguments, at the root of the repository.
pub(crate) fn eval(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nullius"));
    ran(command.arg("eval").args(arguments).current_dir(root()).output().unwrap())
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder of this test's own, gone when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
