//! What every section of the page needs to know: who is who, and where on the page.
//!
//! INVARIANT: a link is only written to a place that the page has.

use super::markup::{Html, PLAIN};
use crate::report::summary::Summary;
use crate::report::words;
use crate::run::Evaluation;
use nullius_device::risk::findings::{Finding, Severity};
use nullius_device::{ConversationView, DeviceView, Party, Picture};
use nullius_model::Seen;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Devices with a section of their own. An address flood makes tens of thousands, and a browser has to open the file.
pub(super) const MAX_DEVICES: usize = 500;
/// Rows of any other table.
pub(super) const MAX_ROWS: usize = 500;
/// Symbols listed over all conversations.
pub(super) const MAX_SYMBOLS: usize = 5_000;
/// Entries of a list within a device's section or a cell.
pub(super) const MAX_ENTRIES: usize = 50;

/// An evaluation, counted and indexed.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) picture: &'a Picture,
    pub(super) evaluation: &'a Evaluation,
    pub(super) summary: Summary,
    conversations: BTreeMap<usize, Vec<usize>>,
    findings: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Page<'a> {
    pub(super) fn of(evaluation: &'a Evaluation) -> Self {
        let picture = &evaluation.picture;
        let ends = |view: &ConversationView| [Some(view.client), Some(view.server)];
        let parties = |finding: &Finding| [Some(finding.subject), finding.peer];
        Self {
            picture,
            evaluation,
            summary: Summary::of(evaluation),
            conversations: by_device(picture.conversations.iter().map(ends)),
            findings: by_device(picture.findings.iter().map(parties)),
        }
    }

    /// Conversations of a device, with their places in the picture.
    pub(super) fn conversations_of(&self, device: usize) -> Vec<(usize, &'a ConversationView)> {
        let places = self.conversations.get(&device).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| Some((*at, self.picture.conversations.get(*at)?))).collect()
    }

    /// Findings that name a device, the worst first.
    pub(super) fn findings_of(&self, device: usize) -> Vec<&'a Finding> {
        let places = self.findings.get(&device).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.picture.findings.get(*at)).collect()
    }

    /// A party by its name, as a link where it has a section.
    pub(super) fn party(&self, html: &mut Html, party: Party) {
        let name = words::party(self.picture, party);
        match party {
            Party::Device(index) if index < MAX_DEVICES => {
                html.leaf("a", &[("href", &format_args!("#{}", device_id(index)))], name);
            }
            Party::Device(_) => html.text(name),
            Party::Internet(_) => html.leaf("span", &[("class", &"internet")], name),
            Party::Group(_) => html.leaf("span", &[("class", &"muted")], format_args!("{name} (group)")),
            Party::Silent(_) => html.leaf("span", &[("class", &"muted")], format_args!("{name} (silent)")),
        }
    }

    /// A conversation in one line, as a link where it has a row.
    pub(super) fn conversation(&self, html: &mut Html, index: usize, view: &ConversationView) {
        let name = words::conversation(self.picture, view).replacen(" -> ", " → ", 1);
        if index < MAX_ROWS {
            html.leaf("a", &[("href", &format_args!("#{}", conversation_id(index)))], name);
        } else {
            html.text(name);
        }
    }
}

fn by_device(parties: impl Iterator<Item = [Option<Party>; 2]>) -> BTreeMap<usize, Vec<usize>> {
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, ends) in parties.enumerate() {
        for end in ends {
            if let Some(Party::Device(device)) = end {
                let known = places.entry(device).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
    }
    places
}

/// Where a device's section is.
pub(super) fn device_id(index: usize) -> String {
    format!("d{}", index + 1)
}

/// Where a conversation's row is.
pub(super) fn conversation_id(index: usize) -> String {
    format!("c{}", index + 1)
}

/// The name, and beside it the address where the name is no address.
pub(super) fn addresses(device: &DeviceView) -> String {
    let ips = device.device.addresses.keys().map(ToString::to_string);
    let all: Vec<String> = ips.chain(device.device.macs.iter().map(ToString::to_string)).collect();
    list(&all, 3)
}

/// The first few, and how many more.
pub(super) fn list(all: &[String], most: usize) -> String {
    let shown = all.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What a device is, in one word.
pub(super) fn class(device: &DeviceView) -> &'static str {
    device.classification.class.map_or("unknown kind", |class| class.name())
}

/// A severity as a chip.
pub(super) fn severity(html: &mut Html, severity: Severity) {
    let class = match severity {
        Severity::High => "chip bad",
        Severity::Medium => "chip warn",
        Severity::Low => "chip",
    };
    html.leaf("span", &[("class", &class)], severity.name());
}

/// A table in a frame that scrolls sideways on a small screen, with its caption and column heads.
pub(super) fn table(
    html: &mut Html,
    caption: &'static str,
    heads: &[(&'static str, bool)],
    rows: impl FnOnce(&mut Html),
) {
    let frame: [(&str, &dyn Display); 4] =
        [("class", &"scroll"), ("tabindex", &"0"), ("role", &"region"), ("aria-label", &caption)];
    html.element("div", &frame, |html| {
        html.element("table", PLAIN, |html| {
            html.leaf("caption", PLAIN, caption);
            html.element("thead", PLAIN, |html| {
                html.element("tr", PLAIN, |html| {
                    for (head, is_number) in heads {
                        let class = if *is_number { "number" } else { "words" };
                        html.leaf("th", &[("scope", &"col"), ("class", &class)], head);
                    }
                });
            });
            rows(html);
        });
    });
}

/// A cell with a number; `data-value` is what sorting compares.
pub(super) fn number(html: &mut Html, number: u64) {
    html.leaf("td", &[("class", &"number"), ("data-value", &number)], words::number(number));
}

/// A cell with text.
pub(super) fn cell(html: &mut Html, text: impl Display) {
    html.leaf("td", PLAIN, text);
}

/// First and last frame as a cell.
pub(super) fn frames(html: &mut Html, first: Seen, last: Seen) {
    let attributes: [(&str, &dyn Display); 3] =
        [("class", &"number"), ("data-value", &first.frame), ("title", &first.at)];
    if first.frame == last.frame {
        html.leaf("td", &attributes, words::number(first.frame.0));
    } else {
        let (first, last) = (words::number(first.frame.0), words::number(last.frame.0));
        html.leaf("td", &attributes, format_args!("{first} – {last}"));
    }
}

/// Says what was left out, where something was.
pub(super) fn more(html: &mut Html, all: usize, shown: usize, what: &str) {
    if let Some(left) = all.checked_sub(shown).filter(|left| *left > 0) {
        let left = words::count(left as u64, &format!("more {what}"));
        html.leaf("p", &[("class", &"note")], format_args!("… and {left}: see --json."));
    }
}
