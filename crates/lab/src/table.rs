//! A running lab as one screen of text.

use crate::control::{Process, Status, ask_status};
use crate::plant::{Addresses, Network, node_named};
use crate::state::State;
use anyhow::Result;

/// Every node with its addresses, its process, and what it does.
///
/// # Errors
/// Where no lab is up in `state`.
pub fn table(state: &State) -> Result<String> {
    let status = ask_status(state)?;
    let mut text =
        format!("{:<10} {:<11} {:<18} {:<18} {}\n", "node", "address", "hardware", "process", "what");
    for node in &status.nodes {
        let (addresses, what) = described(&node.name);
        let line = format!(
            "{:<10} {:<11} {:<18} {:<18} {what}\n",
            node.name,
            addresses.v4,
            addresses.mac,
            words(&node.process)
        );
        text.push_str(&line);
    }
    text.push_str(closing(&status));
    Ok(text)
}

fn described(name: &str) -> (Addresses, &'static str) {
    match node_named(name) {
        Some(node) => (node.addresses(), node.what),
        None => (Addresses::gateway(Network::Cell), "bridge br0 and router"),
    }
}

fn words(process: &Process) -> String {
    match process {
        Process::None => "-".to_owned(),
        Process::Running { outside: Some(pid), .. } => format!("{pid}"),
        Process::Running { .. } => "running".to_owned(),
        Process::Ended { how } => format!("ended: {how}"),
    }
}

const fn closing(status: &Status) -> &'static str {
    if status.gateway { "" } else { "nothing is enforced: the gateway only forwards\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::GATEWAY;

    #[test]
    fn the_gateway_is_the_one_line_that_is_no_device() {
        assert!(node_named(GATEWAY).is_none());
        assert_eq!(described(GATEWAY).0.v4.to_string(), "10.77.1.1");
    }
}
