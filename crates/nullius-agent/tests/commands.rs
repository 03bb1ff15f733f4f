//! The program as people start it.

#![expect(clippy::disallowed_methods, reason = "the program under test is started as a program")]

use std::io;
use std::process::{Command, Output};

fn agent(arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_nullius-agent")).args(arguments).output()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_token_that_is_none_is_refused_before_anybody_is_asked() {
    let refused = agent(&["enrol", "--token", "nle1-00"]).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(words(&refused).contains("token"), "{refused:?}");
}

#[test]
fn a_configuration_that_is_not_understood_is_named() {
    let nowhere = std::env::temp_dir().join("nullius-agent-nowhere.toml");
    let refused = agent(&["--config", nowhere.to_str().unwrap(), "status"]).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(words(&refused).contains("nullius-agent-nowhere.toml"), "{refused:?}");
}
