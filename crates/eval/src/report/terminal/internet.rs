//! What crosses the site's border.

use super::page::{Cell, Page, Paint, Table};
use crate::report::summary::{Summary, carried, crosses};
use crate::report::words::{bytes, count, party, service};
use nullius_device::{Party, Picture};
use nullius_model::FrameNumber;
use std::collections::{BTreeMap, BTreeSet};

/// Pairs shown unless all are asked for.
const SHOWN: usize = 8;

pub(super) fn write(page: &mut Page, picture: &Picture, summary: &Summary) {
    if summary.to_internet == 0 {
        return page.section("internet", &Cell::new("nothing crosses").paint(Paint::Good));
    }
    let pairs = pairs(picture);
    let hosts: BTreeSet<Party> = pairs.keys().flat_map(|(client, server)| [*client, *server]).collect();
    let hosts = hosts.iter().filter(|party| matches!(party, Party::Internet(_))).count() as u64;
    let glance = format!("{} with {}", count(summary.to_internet, "conversation"), count(hosts, "host"));
    page.section("internet", &Cell::new(glance).paint(Paint::Doubt));
    let mut ranked: Vec<_> = pairs.into_iter().collect();
    // from the internet first, then by how much flowed
    ranked.sort_by_key(|((client, _), pair)| {
        (!matches!(client, Party::Internet(_)), std::cmp::Reverse(pair.bytes), pair.first)
    });
    let shown = page.shown(ranked.len(), SHOWN);
    let mut table = Table::default();
    for ((client, server), pair) in ranked.iter().take(shown) {
        let services: Vec<&str> = pair.services.iter().map(String::as_str).collect();
        table.row(vec![
            Cell::new(format!("{} → {}", party(picture, *client), party(picture, *server))),
            Cell::new(services.join(", ")),
            Cell::new(bytes(pair.bytes)),
            Cell::new(format!("frame {}", pair.first)).paint(Paint::Dim),
        ]);
    }
    page.table(&table);
    page.more(ranked.len() - shown, "pair");
}

/// All that flowed between two parties.
struct Pair {
    services: BTreeSet<String>,
    bytes: u64,
    first: FrameNumber,
}

fn pairs(picture: &Picture) -> BTreeMap<(Party, Party), Pair> {
    let mut pairs = BTreeMap::new();
    for view in picture.conversations.iter().filter(|view| crosses(view)) {
        let first = view.first.frame;
        let pair = pairs.entry((view.client, view.server)).or_insert_with(|| Pair {
            services: BTreeSet::new(),
            bytes: 0,
            first,
        });
        // units of one protocol share their channel
        if pair.services.insert(service(view.protocol, view.unit)) {
            pair.bytes += carried(view);
        }
        pair.first = pair.first.min(first);
    }
    pairs
}
