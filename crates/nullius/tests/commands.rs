//! The commands that ask a gateway, as a shell sees them: streams and exit codes.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::disallowed_methods, reason = "the test starts the program")]

use std::process::{Command, Output};

fn nullius(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nullius")).args(words).output().unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_gateway_every_command_ends_with_2_and_one_line() {
    for words in [
        &["status"][..],
        &["tail"],
        &["mode"],
        &["emergency"],
        &["stage"],
        &["grant", "list"],
        &["device", "list"],
        &["policy", "status"],
        &["why", "hmi1", "->", "plc1/modbus", "read"],
        &["why", "10.0.0.5->10.0.0.9:502", "write", "--at", "2h"],
    ] {
        let output = nullius(&[words, &["--socket", "nowhere.sock"]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        let line = complaint(&output);
        assert!(line.starts_with("nullius: no gateway listens at `nowhere.sock`: "), "{words:?}: {line}");
        assert_eq!(line.lines().count(), 1, "{words:?}: {line}");
    }
}

#[test]
fn an_arrow_that_the_shell_took_is_explained() {
    let output = nullius(&["why", "10.0.0.5", "-", "read"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("the shell took the `>`"), "{}", complaint(&output));
}

#[test]
fn problems_of_a_policy_stand_above_the_line_that_counts_them() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/commands/policies/broken");
    let output = nullius(&["policy", "check", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = complaint(&output);
    assert!(complaint.starts_with("policies/cell.cedar:2:48: error: "), "{complaint}");
    assert!(complaint.ends_with("nullius: 1 problem: correct what is named above\n"), "{complaint}");
}

/// As it is packaged, and with the marks of its comments taken away as a person would.
#[test]
fn the_packaged_configuration_is_understood_and_only_watches() {
    let packaged = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/gateway.toml");
    let config = nullius_gateway::Config::read(&packaged).unwrap();
    assert!(config.port.is_empty() && config.bridge.is_none());
    let text = std::fs::read_to_string(packaged).unwrap();
    let is_example = |line: &str| line.contains(" = \"") || line.starts_with('[');
    let lines =
        text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).filter(|line| is_example(line));
    let uncommented = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateway.toml");
    std::fs::write(&uncommented, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let config = nullius_gateway::Config::read(&uncommented).unwrap();
    assert_eq!(config.port.len(), 2);
    assert!(config.port.values().all(|port| port.strangers == nullius_gateway::config::Strangers::Watch));
}
