//! A question to a folder of policies: names and addresses become devices and services of its inventory.

use nullius_model::{Channel, DeviceName};
use nullius_policy::inventory::Device;
use nullius_policy::{Inventory, Request, ServiceId, Verb, verbs};
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::Failure;
use crate::target::Question;

/// The request that `question` is about.
pub(super) fn request(inventory: &Inventory, question: &Question) -> Result<Request, Failure> {
    let subject = device(inventory, &question.subject)?.name.clone();
    let server = device(inventory, &question.object)?;
    let object = service(server, &question.service)?;
    let protocol = server.services.get(&object.service).map(|service| service.protocol);
    let known = protocol.map(verbs).unwrap_or_default();
    let verb = verb(known, question.verb.as_deref())?;
    Ok(Request { subject, object, verb: verb.name.into(), class: verb.class, message: None })
}

fn device<'i>(inventory: &'i Inventory, text: &str) -> Result<&'i Device, Failure> {
    let by_name = DeviceName::new(text).ok().and_then(|name| inventory.devices.get(&name));
    let by_address = || {
        let address: IpAddr = text.parse().ok()?;
        inventory.devices.values().find(|device| device.addresses.contains(&address))
    };
    by_name
        .or_else(by_address)
        .ok_or_else(|| Failure::refused(format!("`{text}` is not in inventory.toml: declare it there")))
}

/// By its name, or by what it is reached by.
fn service(device: &Device, text: &str) -> Result<ServiceId, Failure> {
    let reached = |channel: &Channel| {
        let written = channel.to_string();
        written == text || written.split_once('/').is_some_and(|(_, port)| port == text)
    };
    let found = device.services.values().find(|service| service.name == text || reached(&service.channel));
    let found = found.ok_or_else(|| {
        Failure::refused(format!("{} offers no `{text}`: declare it in inventory.toml", device.name))
    })?;
    Ok(ServiceId { device: device.name.clone(), service: found.name.clone() })
}

/// A verb by its own name, or the first of a class.
fn verb(known: &'static [Verb], text: Option<&str>) -> Result<&'static Verb, Failure> {
    let found = match text {
        Some(text) => known.iter().find(|verb| verb.name == text || verb.class.name() == text),
        None => known.first(),
    };
    found.ok_or_else(|| {
        let classes: BTreeSet<_> = known.iter().map(|verb| verb.class.name()).collect();
        let classes = classes.into_iter().collect::<Vec<_>>().join(", ");
        let text = text.unwrap_or_default();
        Failure::refused(format!(
            "`{text}` is no verb of this service: name one of its own, or a class ({classes})"
        ))
    })
}
