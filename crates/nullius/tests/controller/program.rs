//! A controller of a test's own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Below the repository, made by `cargo xtask install`.
pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/python/bin");

/// A running controller and its directory.
#[derive(Debug)]
pub(crate) struct Controller {
    child: Child,
    directory: PathBuf,
    pub(crate) url: String,
    pub(crate) claim: String,
}

impl Controller {
    /// Starts one in a directory of its own, with `more` in its configuration.
    pub(crate) fn start(name: &str, more: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("controller-{name}"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let (api, links) = (free_port(), free_port());
        let config = directory.join("controller.toml");
        let text = format!(
            "names = [\"localhost\", \"127.0.0.1\"]\ntrust_domain = \"test\"\nlisten = \"127.0.0.1:{api}\"\n\
             links = \"127.0.0.1:{links}\"\nest.listen = \"127.0.0.1:0\"\nstate = \"{}\"\n{more}",
            directory.join("state").display()
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_nullius"));
        command.args(["controller", "run", "--config"]).arg(&config);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let code = |line: &str| line.split("--code ").nth(1).map(str::to_owned);
        let claim = lines.map_while(Result::ok).find_map(|line| code(&line));
        Self {
            child,
            directory,
            url: format!("https://127.0.0.1:{api}"),
            claim: claim.expect("a claim code"),
        }
    }

    /// A token with all permissions, as the first person makes it.
    pub(crate) fn token(&self) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/controller/claim.py");
        let made = Command::new("/usr/bin/python3").args([script, &self.url, &self.claim]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
