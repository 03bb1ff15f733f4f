//! The gateway of the lab: its configuration and its process.

use super::program;
use crate::plant::{BRIDGE, GATEWAY, Network, PLANT};
use crate::state::State;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// Writes the configuration and puts the last good policy, if there is one, into the kernel: before the first cable.
pub(super) fn prepare(state: &State, with_controller: bool) -> Result<()> {
    let directory = state.gateway();
    fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    fs::write(state.gateway_config(), configuration(state)).context("the gateway cannot be configured")?;
    if with_controller {
        crate::site::write_policy(&state.policy())?;
    }
    let status = command("load", state)?.status().context("the gateway cannot be started")?;
    if !status.success() {
        // the log goes when the lab does
        let log = fs::read_to_string(state.log(GATEWAY)).unwrap_or_default();
        bail!("the gateway does not load: {}", log.lines().last().unwrap_or("it says nothing"));
    }
    Ok(())
}

/// `nullius gateway VERB --config …`, its words in the log.
pub(super) fn command(verb: &str, state: &State) -> Result<Command> {
    let mut command = program::nullius()?;
    command.args(["gateway", verb, "--config"]).arg(state.gateway_config());
    program::logging(command, &state.log(GATEWAY))
}

/// `nullius up --config …`: the gateway with a controller, which begins with the sample policy.
pub(super) fn up(state: &State) -> Result<Command> {
    let mut command = program::nullius()?;
    command.args(["up", "--site", "lab", "--config"]).arg(state.gateway_config());
    command.arg("--policy").arg(state.policy());
    program::logging(command, &state.log(GATEWAY))
}

fn configuration(state: &State) -> String {
    let quoted = |path: std::path::PathBuf| format!("{:?}", path.display().to_string());
    let mut text = format!(
        "bridge = \"{BRIDGE}\"\nstate = {}\nsocket = {}\n",
        quoted(state.gateway()),
        quoted(state.gateway_socket())
    );
    for node in &PLANT {
        let port = node.port();
        // writing to a string cannot fail
        let _ = match node.network {
            Network::Cell => write!(text, "\n[port.{port}]\nstrangers = \"onboard\"\n"),
            Network::Site2 | Network::Corporate => write!(text, "\n[port.{port}]\npath = \"routed\"\n"),
        };
    }
    // a lease that a person can wait for, and a way for who has no agent
    text.push_str("\n[agents]\nlease = 10\nest = \"127.0.0.1:8447\"\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cable_ends_in_a_port_that_is_configured() {
        let text = configuration(&State::new(Some("/x/a \"b\"".into())));
        assert!(text.starts_with("bridge = \"br0\"\nstate = \"/x/a \\\"b\\\"/gateway\"\n"), "{text}");
        assert_eq!(text.matches("[port.p-").count(), PLANT.len());
        assert!(text.contains("[port.p-rtu]\npath = \"routed\"\n"));
    }
}
