//! From `hmi1 -> plc1:502 write` to a question the engine understands.

use super::standing::device_name;
use nullius_engine::{Gateway, Question};
use nullius_model::{Channel, DeviceName, SmolStr};
use nullius_policy::Inventory;
use nullius_policy::inventory::Device;
use nullius_protocol::local;
use std::net::IpAddr;

/// The question, with names and addresses looked up in the inventory.
pub(crate) fn question(
    engine: &Gateway,
    inventory: &Inventory,
    asked: &local::Question,
) -> Result<Question, String> {
    let object = party(engine, inventory, &asked.object)?;
    let channel = channel(inventory.devices.get(&object), &asked.service)?;
    Ok(Question {
        subject: party(engine, inventory, &asked.subject)?,
        object,
        channel,
        verb: asked.verb.as_deref().map(SmolStr::new),
        operand: asked.operand.as_deref().map(SmolStr::new),
    })
}

fn party(engine: &Gateway, inventory: &Inventory, text: &str) -> Result<DeviceName, String> {
    let Ok(address) = text.parse::<IpAddr>() else { return device_name(text) };
    let declared = inventory.devices.values().find(|device| device.addresses.contains(&address));
    let learned =
        || engine.standing().learned.iter().find(|(_, learned)| learned.addresses.contains(&address));
    declared
        .map(|device| device.name.clone())
        .or_else(|| learned().map(|(device, _)| device.clone()))
        .ok_or_else(|| format!("{address} is no device's: what nobody declared is denied"))
}

/// A service by its name, its channel, or its bare port: TCP, unless the device offers only UDP there.
fn channel(device: Option<&Device>, text: &str) -> Result<Channel, String> {
    let offered = device.map(|device| &device.services);
    if let Some(service) = offered.and_then(|services| services.get(text)) {
        return Ok(service.channel);
    }
    let wrong = || {
        format!(
            "`{}`: expected a service's name, a port, `tcp/502`, `udp/5683` or `echo`",
            text.escape_debug()
        )
    };
    let port = |text: &str| text.parse::<u16>().map_err(|_| wrong());
    match text.split_once('/') {
        Some(("tcp", number)) => Ok(Channel::Tcp(port(number)?)),
        Some(("udp", number)) => Ok(Channel::Udp(port(number)?)),
        Some(_) => Err(wrong()),
        None if text == "echo" => Ok(Channel::Echo),
        None => {
            let udp = Channel::Udp(port(text)?);
            let only_udp =
                offered.is_some_and(|services| services.values().any(|service| service.channel == udp));
            let tcp = Channel::Tcp(port(text)?);
            let also_tcp =
                offered.is_some_and(|services| services.values().any(|service| service.channel == tcp));
            Ok(if only_udp && !also_tcp { udp } else { tcp })
        }
    }
}
