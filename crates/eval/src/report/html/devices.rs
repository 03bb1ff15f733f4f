//! Every device: first as a list, then a section each with all that is known of it and why.

use super::findings;
use super::markup::{Html, PLAIN};
use super::page::{
    MAX_DEVICES, MAX_ENTRIES, Page, addresses, cell, class, device_id, frames, list, more, number, table,
};
use crate::report::words;
use nullius_device::{DeviceView, Party};
use nullius_model::Protocol;

/// All devices.
pub(super) fn section(html: &mut Html, page: &Page<'_>) {
    let devices = &page.picture.devices;
    html.element("section", &[("id", &"devices")], |html| {
        html.leaf("h2", PLAIN, "Devices");
        if devices.is_empty() {
            html.leaf("p", PLAIN, "No device was seen.");
            return;
        }
        inventory(html, page);
        more(html, devices.len(), MAX_DEVICES, "device");
    });
    for (index, device) in devices.iter().enumerate().take(MAX_DEVICES) {
        own_section(html, page, index, device);
    }
}

fn inventory(html: &mut Html, page: &Page<'_>) {
    let heads = [
        ("Device", false),
        ("Addresses", false),
        ("Kind", false),
        ("Vendor", false),
        ("Roles", false),
        ("Frames sent", true),
        ("Findings", true),
    ];
    table(html, "Devices in the order of their addresses", &heads, |html| {
        html.element("tbody", PLAIN, |html| {
            for (index, device) in page.picture.devices.iter().enumerate().take(MAX_DEVICES) {
                html.element("tr", PLAIN, |html| {
                    html.element("td", PLAIN, |html| page.party(html, Party::Device(index)));
                    cell(html, addresses(device));
                    cell(html, class(device));
                    cell(html, device.vendor.unwrap_or_default());
                    cell(html, list(&roles_in_words(device), 3));
                    number(html, device.device.frames);
                    number(html, page.findings_of(index).len() as u64);
                });
            }
        });
    });
}

fn own_section(html: &mut Html, page: &Page<'_>, index: usize, device: &DeviceView) {
    html.element("section", &[("class", &"device"), ("id", &device_id(index))], |html| {
        html.leaf("h3", PLAIN, &device.name);
        html.leaf("p", &[("class", &"lead")], in_one_line(device));
        html.element("div", &[("class", &"columns")], |html| {
            html.element("div", PLAIN, |html| {
                network_addresses(html, device);
                hardware(html, device);
            });
            html.element("div", PLAIN, |html| {
                kind(html, device);
                roles(html, device);
            });
        });
        attributes(html, device);
        security(html, page, index, device);
        conversations(html, page, index);
        let about = page.findings_of(index);
        if !about.is_empty() {
            findings::list(html, page, "Findings", about.iter().copied().take(MAX_ENTRIES));
            more(html, about.len(), MAX_ENTRIES, "finding");
        }
        html.element("p", &[("class", &"back")], |html| {
            html.leaf("a", &[("href", &"#map")], "Back to the map");
        });
    });
}

fn in_one_line(device: &DeviceView) -> String {
    let mut parts = vec![class(device).to_owned()];
    parts.extend(device.vendor.map(|vendor| format!("hardware address of {vendor}")));
    let sent = words::count(device.device.frames, "frame");
    parts.push(format!("{sent} sent ({})", words::bytes(device.device.bytes)));
    parts.join(" · ")
}

fn network_addresses(html: &mut Html, device: &DeviceView) {
    let all = &device.device.addresses;
    if all.is_empty() {
        return;
    }
    let heads = [("Address", false), ("Known from", false), ("Sent", true), ("Frames", true)];
    table(html, "Addresses and their evidence", &heads, |html| {
        html.element("tbody", PLAIN, |html| {
            for (ip, evidence) in all.iter().take(MAX_ENTRIES) {
                html.element("tr", PLAIN, |html| {
                    html.element("td", PLAIN, |html| {
                        html.leaf("code", PLAIN, ip);
                        if device.device.contested.contains_key(ip) {
                            html.text(" ");
                            html.leaf("span", &[("class", &"chip bad")], "contested");
                        }
                    });
                    let proofs: Vec<String> =
                        evidence.proofs.iter().map(|proof| proof.name().to_owned()).collect();
                    cell(html, if proofs.is_empty() { "traffic".to_owned() } else { proofs.join(", ") });
                    number(html, evidence.frames);
                    frames(html, evidence.first, evidence.last);
                });
            }
        });
    });
    more(html, all.len(), MAX_ENTRIES, "address entry");
}

/// Hardware addresses, or why there are none.
fn hardware(html: &mut Html, device: &DeviceView) {
    let macs: Vec<String> = device.device.macs.iter().map(ToString::to_string).collect();
    html.element("p", &[("class", &"note")], |html| {
        match device.device.behind {
            _ if !macs.is_empty() => {
                html.text("Hardware address: ");
                html.leaf("code", PLAIN, list(&macs, 8));
            }
            Some(router) => {
                html.text("Behind the router ");
                html.leaf("code", PLAIN, router);
            }
            None => html.text("No hardware address was seen."),
        }
        if device.device.is_router {
            html.text(" It forwards packets for others.");
        }
    });
}

fn kind(html: &mut Html, device: &DeviceView) {
    let verdict = &device.classification;
    let what = match verdict.class {
        Some(class) => format!("{}, {} % sure", class.name(), verdict.confidence),
        None if verdict.ambiguous => "The evidence contradicts itself.".to_owned(),
        None => "Nothing tells what kind of device it is.".to_owned(),
    };
    html.leaf("h4", PLAIN, "What it is");
    html.leaf("p", PLAIN, what);
    if verdict.reasons.is_empty() {
        return;
    }
    html.element("ul", &[("class", &"reasons")], |html| {
        for reason in verdict.reasons.iter().take(MAX_ENTRIES) {
            html.element("li", PLAIN, |html| {
                html.text(&reason.why);
                let weight = format_args!(" (+{} {})", reason.points, reason.class.name()).to_string();
                html.leaf("span", &[("class", &"muted")], weight);
            });
        }
    });
}

fn roles_in_words(device: &DeviceView) -> Vec<String> {
    device.roles.iter().map(|role| format!("{} {}", role.protocol, role.name())).collect()
}

fn roles(html: &mut Html, device: &DeviceView) {
    if device.roles.is_empty() {
        return;
    }
    html.leaf("h4", PLAIN, "What it does");
    html.element("ul", &[("class", &"reasons")], |html| {
        for role in device.roles.iter().take(MAX_ENTRIES) {
            let peers = words::count(role.peers as u64, "peer");
            let said = match role.messages {
                0 => String::new(),
                messages => format!(", {}", words::count(messages, "message")),
            };
            html.leaf("li", PLAIN, format_args!("{} {} with {peers}{said}", role.protocol, role.name()));
        }
    });
}

fn attributes(html: &mut Html, device: &DeviceView) {
    if device.attributes.is_empty() {
        return;
    }
    let heads = [
        ("Attribute", false),
        ("Value", false),
        ("Said in", false),
        ("Confidence", false),
        ("Also claimed", false),
        ("Frame", true),
    ];
    table(html, "What it says of itself, or others say of it", &heads, |html| {
        html.element("tbody", PLAIN, |html| {
            for value in &device.attributes {
                html.element("tr", PLAIN, |html| {
                    cell(html, value.attribute);
                    html.leaf("td", &[("class", &"long")], &value.value);
                    cell(html, value.source);
                    html.element("td", PLAIN, |html| {
                        html.text(value.confidence.name());
                        if value.conflict {
                            html.text(" ");
                            html.leaf("span", &[("class", &"chip warn")], "contradicted");
                        }
                    });
                    let others: Vec<String> =
                        value.others.iter().map(|(other, source)| format!("{other} ({source})")).collect();
                    cell(html, list(&others, 5));
                    number(html, value.seen.frame.0);
                });
            }
        });
    });
}

/// What was seen of its cryptography; nothing is said where nothing was seen.
fn security(html: &mut Html, page: &Page<'_>, index: usize, device: &DeviceView) {
    let secures = |protocol| matches!(protocol, Protocol::Dtls | Protocol::Ssh | Protocol::Tls);
    let spoken = device.roles.iter().filter(|role| secures(role.protocol)).map(|role| {
        format!(
            "speaks {} as {} with {}",
            role.protocol,
            role.name(),
            words::count(role.peers as u64, "peer")
        )
    });
    use nullius_device::risk::evidence::Kind::{CleartextLogin, WeakCertificate, WeakCrypto};
    let found = page.findings_of(index);
    let weak = found
        .iter()
        .filter(|finding| finding.subject == Party::Device(index))
        .filter(|finding| matches!(finding.kind, CleartextLogin | WeakCertificate | WeakCrypto))
        .map(|finding| format!("{}: {}", finding.kind.name().replace('-', " "), finding.detail));
    let evidence: Vec<String> = spoken.chain(weak).collect();
    if evidence.is_empty() {
        return;
    }
    html.leaf("h4", PLAIN, "Security capabilities seen");
    html.element("ul", &[("class", &"reasons")], |html| {
        for line in evidence.iter().take(MAX_ENTRIES) {
            html.leaf("li", PLAIN, line);
        }
    });
}

fn conversations(html: &mut Html, page: &Page<'_>, index: usize) {
    let all = page.conversations_of(index);
    if all.is_empty() {
        return;
    }
    let heads =
        [("Conversation", false), ("Messages", true), ("Symbols", true), ("Blocked", true), ("Frames", true)];
    table(html, "Conversations", &heads, |html| {
        html.element("tbody", PLAIN, |html| {
            for (at, view) in all.iter().take(MAX_ENTRIES) {
                html.element("tr", PLAIN, |html| {
                    html.element("td", PLAIN, |html| page.conversation(html, *at, view));
                    number(html, view.messages());
                    number(html, view.alphabet.len() as u64);
                    number(html, view.outside_messages());
                    frames(html, view.first, view.last);
                });
            }
        });
    });
    more(html, all.len(), MAX_ENTRIES, "conversation");
}
