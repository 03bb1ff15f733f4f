//! Device simulators: small, honest servers and clients of the protocols a plant speaks.
//!
//! Each follows its specification as far as third-party tools need it and refuses the rest in the protocol's own
//! words. They know nothing of the gateway, of policy, or of each other's insides; what they write to standard output
//! ends in the lab's logs.

mod accept;
mod camera;
mod coap;
mod fields;
mod historian;
mod infra;
mod journal;
mod modbus;
mod mqtt;
mod plc;
mod poller;
mod sensor;

use crate::plant::{Node, Role, node_named};
use anyhow::{Context as _, Result};

/// Runs the process of the node `name` until it is told to end.
///
/// # Errors
/// Where there is no such node, or its port is taken.
pub fn run(name: &str) -> Result<()> {
    let node = node_named(name).with_context(|| format!("no node {name}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(act(node))
}

async fn act(node: &Node) -> Result<()> {
    match node.role {
        Role::Plc => plc::run().await,
        Role::Hmi => poller::run_hmi().await,
        Role::Historian => historian::run().await,
        Role::Camera => camera::run().await,
        Role::Broker => mqtt::run_broker().await,
        Role::Sensor => sensor::run(node).await,
        Role::CoapSensor => coap::run().await,
        Role::Infra => infra::run().await,
        Role::Idle => anyhow::bail!("{} runs nothing", node.name),
    }
}
