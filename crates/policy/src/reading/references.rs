//! What an inventory says across its tables: names that must be declared, groups that must not contain themselves.

use super::document::Sink;
use super::inventory::{Draft, Mention};
use nullius_model::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// How many groups stand above each other at most: every ancestor is carried by every request of its members.
const MAX_DEPTH: usize = 32;

pub(super) fn check(draft: &Draft<'_>) {
    for (sink, mentions) in &draft.mentioned {
        for mention in mentions {
            check_declared(draft, sink, mention);
        }
    }
    let mut heights = BTreeMap::new();
    for name in draft.inventory.groups.keys() {
        climb(draft, name, &mut Vec::new(), &mut heights);
    }
}

fn check_declared(draft: &Draft<'_>, sink: &Sink<'_>, mention: &Mention<'_>) {
    let inventory = &draft.inventory;
    match mention {
        Mention::Zone(name) if !inventory.zones.contains_key(name.value) => {
            undeclared(sink, "zone", name.value, name.offset, inventory.zones.keys().map(SmolStr::as_str));
        }
        Mention::Group(name) if !inventory.groups.contains_key(name.value) => {
            undeclared(sink, "group", name.value, name.offset, inventory.groups.keys().map(SmolStr::as_str));
        }
        Mention::Service(id) if inventory.service(&id.value).is_none() => {
            let message = format!("no device offers `{}`", id.value);
            sink.error(id.offset, message, "name a device and a service of this inventory");
        }
        Mention::Zone(_) | Mention::Group(_) | Mention::Service(_) => {}
    }
}

fn undeclared<'a>(
    sink: &Sink<'_>,
    what: &str,
    name: &str,
    offset: usize,
    declared: impl Iterator<Item = &'a str>,
) {
    let help = nearest(name, declared).map_or_else(
        || format!("declare it: [[{what}]] name = \"{}\"", name.escape_debug()),
        |near| format!("did you mean `{near}`? Otherwise declare it: [[{what}]]"),
    );
    sink.error(offset, format!("no {what} is called `{}`", name.escape_debug()), help);
}

/// The declared name that differs least, where it differs little: by up to two characters written too much, too little,
/// or wrong.
fn nearest<'a>(name: &str, declared: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: usize = 2;
    let close = declared.filter(|other| other.len().abs_diff(name.len()) <= NEAR);
    close
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= NEAR)
        .min()
        .map(|(_, near)| near)
}

/// Levenshtein's distance, in bytes. Names are at most 63 bytes long; what is mentioned is cut to that.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<u8> = right.bytes().take(63).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, left) in left.bytes().take(63).enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), index + 1);
        let mut before = index + 1;
        for (right, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let exchanged = diagonal + usize::from(left != *right);
            diagonal = *cell;
            *cell = exchanged.min(before + 1).min(*cell + 1);
            before = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// How many groups stand above `name`, followed no further than is allowed. A group met again on the way up, and a way
/// too long, are told once.
fn climb(
    draft: &Draft<'_>,
    name: &SmolStr,
    below: &mut Vec<SmolStr>,
    heights: &mut BTreeMap<SmolStr, usize>,
) -> usize {
    if let Some(height) = heights.get(name) {
        return *height;
    }
    if let Some(start) = below.iter().position(|group| group == name) {
        return cyclic(draft, below.iter().skip(start).chain([name]));
    }
    if below.len() > MAX_DEPTH {
        return 0;
    }
    below.push(name.clone());
    let parents = draft.inventory.groups.get(name).map(|group| &group.parents);
    let height = parents.into_iter().flatten().map(|parent| 1 + climb(draft, parent, below, heights)).max();
    below.pop();
    let height = height.unwrap_or(0);
    if height == MAX_DEPTH + 1 {
        let offset = draft.groups.get(name).copied().unwrap_or(0);
        let message = format!("more than {MAX_DEPTH} groups stand above `{name}`");
        draft.sink.error(offset, message, "take some of them out");
    }
    heights.insert(name.clone(), height);
    height
}

fn cyclic<'a>(draft: &Draft<'_>, cycle: impl Iterator<Item = &'a SmolStr>) -> usize {
    let names: Vec<&str> = cycle.map(SmolStr::as_str).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    let offset = unique.first().and_then(|first| draft.groups.get(*first)).copied().unwrap_or(0);
    let message = format!("the group is in itself: {}", names.join(" in "));
    draft.sink.error(offset, message, "take one of these `in` out");
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant() {
        let names = ["cell-a", "cell-b", "ops"];
        for (written, meant) in
            [("cel-a", Some("cell-a")), ("ops2", Some("ops")), ("office", None), ("", None)]
        {
            assert_eq!(nearest(written, names.into_iter()), meant, "{written}");
        }
    }
}
