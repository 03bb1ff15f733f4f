//! What the events of one class have and others have not.

use super::denial::Denial;
use super::event::{actor, user};
use super::kinds::{Class, Kind};
use super::leaf::Leaf;
use super::objects::{
    Actor, Api, AssuranceData, Compliance, ConnectionInfo, Device, Endpoint, Enrichment, FindingInfo,
    ManagedEntity, Resource, Service, User,
};
use serde::Serialize;
use std::net::IpAddr;

/// The framework's type of an endpoint for what is attached to a plant's network.
const TYPE_IOT: (u8, &str) = (7, "IOT");

/// The framework's type of an endpoint for a gateway.
const TYPE_FIREWALL: (u8, &str) = (9, "Firewall");

/// By class.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Details<'a> {
    Detection {
        is_alert: bool,
        finding_info: FindingInfo<'a>,
        resources: Vec<Resource<'a>>,
    },
    Compliance {
        finding_info: FindingInfo<'a>,
        compliance: Compliance<'a>,
        resources: Vec<Resource<'a>>,
    },
    Incident {
        desc: &'a str,
        finding_info_list: [FindingInfo<'a>; 1],
        assignee: User<'a>,
        verdict_id: u8,
        verdict: &'static str,
    },
    Authentication {
        user: User<'a>,
        service: Service,
        is_remote: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        src_endpoint: Option<Endpoint<'a>>,
    },
    Session {
        actor: Actor<'a>,
        user: User<'a>,
        privileges: Vec<&'a str>,
    },
    Entity {
        actor: Actor<'a>,
        entity: ManagedEntity<'a>,
        #[serde(skip_serializing_if = "str::is_empty")]
        comment: &'a str,
    },
    Network {
        #[serde(skip_serializing_if = "Option::is_none")]
        src_endpoint: Option<Endpoint<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        dst_endpoint: Option<Endpoint<'a>>,
        connection_info: ConnectionInfo<'a>,
        device: Device<'a>,
        action_id: u8,
        action: &'static str,
        disposition_id: u8,
        disposition: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        enrichments: Vec<Enrichment<'a>>,
    },
    Inventory {
        actor: Actor<'a>,
        device: Device<'a>,
    },
    Api {
        actor: Actor<'a>,
        api: Api<'a>,
        src_endpoint: Endpoint<'a>,
        resources: Vec<Resource<'a>>,
    },
    Remediation {
        actor: Actor<'a>,
        command_uid: String,
        connection_info: ConnectionInfo<'a>,
        device: Device<'a>,
    },
}

impl<'a> Details<'a> {
    pub(super) fn of(kind: Kind, uid: &str, leaf: &'a Leaf) -> Self {
        match kind.class {
            Class::DetectionFinding => Self::Detection {
                is_alert: true,
                finding_info: finding(uid, leaf),
                resources: resources(leaf),
            },
            Class::ComplianceFinding => Self::Compliance {
                finding_info: finding(uid, leaf),
                compliance: compliance(leaf),
                resources: resources(leaf),
            },
            Class::IncidentFinding => incident(uid, leaf),
            Class::Authentication => authentication(leaf),
            Class::AuthorizeSession => session(leaf),
            Class::EntityManagement => {
                Self::Entity { actor: actor(leaf), entity: entity(leaf), comment: &leaf.why }
            }
            Class::NetworkActivity => network(leaf),
            Class::InventoryInfo => Self::Inventory { actor: actor(leaf), device: device(leaf) },
            Class::ApiActivity => Self::Api {
                actor: actor(leaf),
                api: Api { operation: &leaf.what },
                src_endpoint: Endpoint { name: named(&leaf.who), ..Endpoint::default() },
                resources: resources(leaf),
            },
            Class::NetworkRemediation => Self::Remediation {
                actor: actor(leaf),
                command_uid: leaf.of.map_or_else(|| uid.to_owned(), |index| index.to_string()),
                connection_info: ALL,
                device: device(leaf),
            },
        }
    }
}

fn finding<'a>(uid: &str, leaf: &'a Leaf) -> FindingInfo<'a> {
    let desc = leaf.text("text").unwrap_or(&leaf.why);
    FindingInfo { uid: uid.to_owned(), title: named(&leaf.what), desc }
}

fn resources(leaf: &Leaf) -> Vec<Resource<'_>> {
    let (kind, name) = leaf.object();
    if name.is_empty() { Vec::new() } else { vec![Resource { name, kind }] }
}

/// Passed where the leaf says so or was done; what failed, or is observed without a judgement, is told apart.
fn compliance(leaf: &Leaf) -> Compliance<'_> {
    let (status_id, status) =
        match (leaf.data.get("good").and_then(serde_json::Value::as_bool), leaf.what.as_str()) {
            (Some(true), _) => (1, "Pass"),
            (Some(false), _) | (None, "repaired" | "not-applied") => (3, "Fail"),
            (None, _) => (0, "Unknown"),
        };
    Compliance {
        control: "the packet path is what policy says",
        standards: ["site policy"],
        status_id,
        status,
        desc: &leaf.why,
    }
}

/// Whoever declared it looks after it, until somebody says otherwise.
fn incident<'a>(uid: &str, leaf: &'a Leaf) -> Details<'a> {
    let (_, name) = leaf.actor();
    Details::Incident {
        desc: &leaf.why,
        finding_info_list: [finding(uid, leaf)],
        assignee: user(if name.is_empty() { named(&leaf.who) } else { name }),
        verdict_id: 0,
        verdict: "Unknown",
    }
}

fn authentication(leaf: &Leaf) -> Details<'_> {
    let (noun, object) = leaf.object();
    let (_, who) = leaf.actor();
    let name = if noun == "user" { object } else { who };
    let address = leaf.text("address").filter(|text| text.parse::<IpAddr>().is_ok());
    Details::Authentication {
        user: user(named(name)),
        service: Service { name: "nullius controller" },
        is_remote: true,
        src_endpoint: address.map(|ip| Endpoint { name: ip, ip: Some(ip), ..Endpoint::default() }),
    }
}

fn session(leaf: &Leaf) -> Details<'_> {
    let (_, object) = leaf.object();
    let subject = leaf.text("subject").unwrap_or(object);
    let privilege = leaf.text("object").unwrap_or(&leaf.object);
    Details::Session {
        actor: actor(leaf),
        user: User { name: named(subject), type_id: 99, kind: "Device" },
        privileges: vec![named(privilege)],
    }
}

fn entity(leaf: &Leaf) -> ManagedEntity<'_> {
    let (noun, name) = leaf.object();
    let (type_id, kind) = match noun {
        "device" | "gateway" => (1, "Device"),
        "user" | "token" => (2, "User"),
        "policy" | "revision" | "bundle" => (5, "Policy"),
        "zone" => (7, "Network Zone"),
        _ => (99, named(noun)),
    };
    ManagedEntity { name: named(name), uid: named(&leaf.object), type_id, kind }
}

fn network(leaf: &Leaf) -> Details<'_> {
    let denial = leaf.text("text").and_then(Denial::read).unwrap_or_default();
    let (action_id, action, disposition_id, disposition) =
        if denial.only_counted { (1, "Allowed", 17, "Logged") } else { (2, "Denied", 2, "Blocked") };
    let protocol_name = denial.carrier;
    Details::Network {
        src_endpoint: denial.subject.map(|name| Endpoint { interface_name: denial.port, ..endpoint(name) }),
        dst_endpoint: denial.object.map(endpoint),
        connection_info: ConnectionInfo { direction_id: 3, direction: "Lateral", protocol_name },
        device: reporter(leaf),
        action_id,
        action,
        disposition_id,
        disposition,
        count: denial.count.filter(|count| *count > 0),
        enrichments: assurance(&denial).into_iter().collect(),
    }
}

/// How sure the gateway was of the sender: the framework has no attribute for that.
fn assurance<'a>(denial: &Denial<'a>) -> Option<Enrichment<'a>> {
    let (level, by) = denial.sender?;
    let value = named(denial.subject?);
    Some(Enrichment {
        name: "src_endpoint.name",
        value,
        kind: "assurance",
        provider: "nullius gateway",
        data: AssuranceData { level, by },
    })
}

/// A device by its name, or somebody at an address.
fn endpoint(name: &str) -> Endpoint<'_> {
    let ip = name.parse::<IpAddr>().is_ok().then_some(name);
    Endpoint { name, ip, mac: is_mac(name).then_some(name), interface_name: None }
}

/// The whole device is meant, whatever way.
const ALL: ConnectionInfo<'static> =
    ConnectionInfo { direction_id: 0, direction: "Unknown", protocol_name: None };

/// The device that it is about; the gateway that reports where it is about none.
fn device(leaf: &Leaf) -> Device<'_> {
    match leaf.object() {
        ("device", name) => thing(name, TYPE_IOT),
        _ => reporter(leaf),
    }
}

fn reporter(leaf: &Leaf) -> Device<'_> {
    match leaf.actor() {
        ("gateway", name) => thing(name, TYPE_FIREWALL),
        _ => thing(&leaf.object, (0, "Unknown")),
    }
}

fn thing<'a>(name: &'a str, (type_id, kind): (u8, &'static str)) -> Device<'a> {
    let name = named(name);
    Device { name, uid: name, type_id, kind }
}

fn is_mac(text: &str) -> bool {
    let mut parts = text.split(':');
    text.len() == 17 && parts.all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The framework takes no empty names.
fn named(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}
