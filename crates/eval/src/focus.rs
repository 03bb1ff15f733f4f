//! One device's part of a picture.
//!
//! Devices are known by their place in the picture, so leaving some out means numbering the others anew; nothing else
//! of what stays is changed, and nothing is judged again.

use crate::filter::parse_mac;
use crate::run::Evaluation;
use nullius_device::{DeviceView, Party, Picture};
use nullius_model::{Attribute, inert};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// Names offered when none fits.
const MAX_OFFERED: usize = 5;
/// Characters of a name that are compared: a device may choose a long one to make this slow.
const MAX_COMPARED: usize = 48;

/// No device, or more than one, goes by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDevice {
    asked: String,
    offered: Vec<String>,
    ambiguous: bool,
}

impl std::error::Error for UnknownDevice {}

impl fmt::Display for UnknownDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, offered) = (inert(&self.asked), self.offered.join(", "));
        match (self.ambiguous, self.offered.is_empty()) {
            (true, _) => write!(f, "more than one device is called `{asked}`; take an address: {offered}"),
            (false, true) => write!(f, "no device is called `{asked}`, and the capture shows no other"),
            (false, false) => write!(f, "no device is called `{asked}`; the closest are {offered}"),
        }
    }
}

impl Evaluation {
    /// The device of this name, hardware or network address, with its conversations, its peers and what was found
    /// about it; everything else is left out.
    pub fn only(mut self, asked: &str) -> Result<Self, UnknownDevice> {
        let index = find(&self.picture, asked)?;
        restrict(&mut self.picture, Party::Device(index));
        self.scope.push(format!("conversations of `{}`", inert(asked)));
        Ok(self)
    }
}

fn find(picture: &Picture, asked: &str) -> Result<usize, UnknownDevice> {
    let found: Vec<usize> = picture
        .devices
        .iter()
        .enumerate()
        .filter(|(_, view)| goes_by(view, asked))
        .map(|(index, _)| index)
        .collect();
    match found.as_slice() {
        [index] => Ok(*index),
        [] => {
            Err(UnknownDevice { asked: asked.to_owned(), offered: closest(picture, asked), ambiguous: false })
        }
        several => {
            let views = several.iter().filter_map(|index| picture.devices.get(*index));
            let offered = views.map(lowest_address).take(MAX_OFFERED).collect();
            Err(UnknownDevice { asked: asked.to_owned(), offered, ambiguous: true })
        }
    }
}

/// What the wire shows of a device, since any device can take any name: lowest network address, else hardware address.
pub(crate) fn lowest_address(view: &DeviceView) -> String {
    let ip = view.device.addresses.keys().next().map(ToString::to_string);
    ip.or_else(|| view.device.macs.first().map(ToString::to_string)).unwrap_or_default()
}

fn goes_by(view: &DeviceView, asked: &str) -> bool {
    if let Ok(ip) = asked.parse::<IpAddr>() {
        return view.device.addresses.contains_key(&ip);
    }
    if let Some(mac) = parse_mac(asked) {
        return view.device.macs.contains(&mac);
    }
    names(view).any(|name| name.eq_ignore_ascii_case(asked) || inert(name).eq_ignore_ascii_case(asked))
}

fn names(view: &DeviceView) -> impl Iterator<Item = &str> {
    let hostnames = view.attributes.iter().filter(|value| value.attribute == Attribute::Hostname);
    std::iter::once(view.name.as_str()).chain(hostnames.map(|value| value.value.as_str()))
}

/// What devices are called, the least different first.
fn closest(picture: &Picture, asked: &str) -> Vec<String> {
    let asked = asked.to_ascii_lowercase();
    let called = picture.devices.iter().flat_map(|view| {
        let addresses = view.device.addresses.keys().map(ToString::to_string);
        let macs = view.device.macs.iter().map(ToString::to_string);
        std::iter::once(inert(&view.name)).chain(addresses).chain(macs)
    });
    let mut ranked: Vec<(usize, String)> =
        called.map(|name| (difference(&asked, &name.to_ascii_lowercase()), name)).collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().map(|(_, name)| name).take(MAX_OFFERED).collect()
}

/// Characters to insert, delete or replace to make one text the other (Levenshtein 1965).
fn difference(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(MAX_COMPARED).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, from) in a.chars().take(MAX_COMPARED).enumerate() {
        let mut next = vec![line + 1];
        for ((to, pair), left) in b.iter().zip(row.windows(2)).zip(0..) {
            let (diagonal, above) = match pair {
                [diagonal, above] => (*diagonal, *above),
                _ => continue,
            };
            let replaced = diagonal + usize::from(from != *to);
            let before = next.get(left).copied().unwrap_or(usize::MAX - 1);
            next.push(replaced.min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn restrict(picture: &mut Picture, focus: Party) {
    picture.conversations.retain(|view| view.client == focus || view.server == focus);
    picture.findings.retain(|finding| finding.subject == focus || finding.peer == Some(focus));
    let ends = picture.conversations.iter().flat_map(|view| [view.client, view.server]);
    let about = picture.findings.iter().flat_map(|finding| [Some(finding.subject), finding.peer]);
    let kept: BTreeSet<Party> = ends.chain(about.flatten()).chain([focus]).collect();
    let places = renumber(picture, &kept);
    for view in &mut picture.conversations {
        (view.client, view.server) = (moved(view.client, &places), moved(view.server, &places));
    }
    for finding in &mut picture.findings {
        finding.subject = moved(finding.subject, &places);
        finding.peer = finding.peer.map(|peer| moved(peer, &places));
    }
    picture.internet.retain(|ip, _| kept.contains(&Party::Internet(*ip)));
}

/// Leaves out every device that is not kept; each one's old place with its new.
fn renumber(picture: &mut Picture, kept: &BTreeSet<Party>) -> BTreeMap<usize, usize> {
    let mut places = BTreeMap::new();
    let devices = std::mem::take(&mut picture.devices);
    for (index, view) in devices.into_iter().enumerate() {
        if kept.contains(&Party::Device(index)) {
            places.insert(index, picture.devices.len());
            picture.devices.push(view);
        }
    }
    places
}

fn moved(party: Party, places: &BTreeMap<usize, usize>) -> Party {
    match party {
        Party::Device(index) => Party::Device(places.get(&index).copied().unwrap_or(index)),
        Party::Internet(_) | Party::Group(_) | Party::Silent(_) => party,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_less_different_than_another() {
        for (a, b, expected) in
            [("", "", 0), ("plc1", "", 4), ("plc1", "plc7", 1), ("kitten", "sitting", 3), ("a", "ab", 1)]
        {
            assert_eq!(difference(a, b), expected, "{a} {b}");
            assert_eq!(difference(b, a), expected, "{b} {a}");
        }
    }
}
