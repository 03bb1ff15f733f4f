//! Who is there, what they seem to be, and what they do.

use super::page::{Cell, Page, Paint, Table};
use crate::report::words::{count, number};
use nullius_device::{DeviceView, Picture};

/// Devices shown unless all are asked for.
const SHOWN: usize = 16;
/// Roles named of one device.
const ROLES: usize = 2;

pub(super) fn write(page: &mut Page, picture: &Picture) {
    let devices = &picture.devices;
    page.section(&count(devices.len() as u64, "device"), &Cell::new(""));
    let shown = page.shown(devices.len(), SHOWN);
    let mut table = Table::default();
    for view in busiest(devices, shown) {
        table.row(vec![
            Cell::new(&view.name).paint(Paint::Bold),
            Cell::new(place(view)),
            Cell::new(view.vendor.unwrap_or("vendor unknown")),
            class(view),
            Cell::new(roles(view)),
        ]);
    }
    page.table(&table);
    page.more(devices.len() - shown, "device");
}

/// Those that sent most, in the order of their addresses.
fn busiest(devices: &[DeviceView], shown: usize) -> Vec<&DeviceView> {
    let mut ranked: Vec<(usize, &DeviceView)> = devices.iter().enumerate().collect();
    ranked.sort_by_key(|(index, view)| (std::cmp::Reverse(view.device.frames), *index));
    ranked.truncate(shown);
    ranked.sort_by_key(|(index, _)| *index);
    ranked.into_iter().map(|(_, view)| view).collect()
}

/// Where it is found, as far as its name does not tell.
fn place(view: &DeviceView) -> String {
    let device = &view.device;
    let mut addresses: Vec<String> = device.addresses.keys().map(ToString::to_string).collect();
    addresses.extend(device.macs.iter().map(ToString::to_string));
    addresses.retain(|address| *address != *view.name);
    let more = addresses.len().saturating_sub(1);
    let mut text = addresses.into_iter().next().unwrap_or_default();
    if more > 0 {
        text.push_str(&format!(" +{more}"));
    }
    if let Some(router) = device.behind {
        let blank = if text.is_empty() { "" } else { ", " };
        text.push_str(&format!("{blank}behind {router}"));
    }
    text
}

fn class(view: &DeviceView) -> Cell {
    let verdict = &view.classification;
    match verdict.class {
        Some(class) => Cell::new(format!("{} {} %", class.name(), verdict.confidence)),
        None if verdict.ambiguous => Cell::new("contradictory").paint(Paint::Doubt),
        None => Cell::new("unknown").paint(Paint::Dim),
    }
}

/// `modbus master of 13, http client`: the part with most messages first.
fn roles(view: &DeviceView) -> String {
    let mut roles: Vec<_> = view.roles.iter().collect();
    roles.sort_by_key(|role| (std::cmp::Reverse((role.protocol.is_industrial(), role.messages)), **role));
    let mut named: Vec<String> = roles
        .iter()
        .take(ROLES)
        .map(|role| {
            let joint = if role.serves { "to" } else { "of" };
            format!("{} {} {joint} {}", role.protocol, role.name(), number(role.peers as u64))
        })
        .collect();
    if roles.len() > ROLES {
        named.push(format!("+{}", roles.len() - ROLES));
    }
    named.join(", ")
}
