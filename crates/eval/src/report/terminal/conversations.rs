//! Who asks whom in which words, and whether those words may be enforced.

use super::page::{Cell, Page, Paint, Table};
use super::short;
use crate::report::summary::{Summary, carried};
use crate::report::words::{bytes, count, number, service};
use nullius_device::{ConversationView, Picture};
use std::time::Duration;

/// Conversations shown unless all are asked for; each takes two lines.
const SHOWN: usize = 14;

pub(super) fn write(page: &mut Page, picture: &Picture, summary: &Summary) {
    page.section(&count(summary.conversations, "conversation"), &readiness_of_all(summary));
    polled_share(page, picture);
    let views = &picture.conversations;
    let shown = page.shown(views.len(), SHOWN);
    let mut table = Table::default();
    for view in telling(views, shown) {
        let mut cells = vec![
            Cell::new(format!("{} → {}", short(picture, view.client), short(picture, view.server)))
                .paint(Paint::Bold),
            Cell::new(service(view.protocol, view.unit)),
            Cell::times(view.messages()),
        ];
        if view.tally.is_some() {
            cells.push(Cell::new(alphabet(view)));
            table.row_with(cells, readiness(view));
        } else {
            cells.push(Cell::new(unread(view)).paint(Paint::Dim));
            table.row(cells);
        }
    }
    page.table(&table);
    page.more(views.len() - shown, "conversation");
}

fn readiness_of_all(summary: &Summary) -> Cell {
    match (summary.ready, summary.conversations) {
        (_, 0) => Cell::new(""),
        (0, _) => Cell::new("✗ none ready to enforce").paint(Paint::Doubt),
        (ready, all) if ready == all => Cell::new("✓ all ready to enforce").paint(Paint::Good),
        (ready, all) => {
            Cell::new(format!("{} of {} ready to enforce", number(ready), number(all))).paint(Paint::Doubt)
        }
    }
}

/// How much of the reading is polling: what is polled can be told from what is not.
fn polled_share(page: &mut Page, picture: &Picture) {
    let alphabet = || picture.conversations.iter().flat_map(|view| &view.alphabet);
    let share = |seals: bool| {
        let mut kinds = [0_u64; 2];
        for (_, _, record) in alphabet().filter(|(_, symbol, _)| symbol.class.needs_seal() == seals) {
            if let Some(period) = record.gaps.period() {
                let [all, regular] = &mut kinds;
                *all += 1;
                *regular += u64::from(period.is_regular());
            }
        }
        kinds
    };
    let ([reads, polled], [writes, timed]) = (share(false), share(true));
    if reads + writes > 0 {
        let writers = if writes > 0 { format!(" and {timed} of {writes} that write") } else { String::new() };
        let text = format!(
            "Steady pace: {polled} of {reads} symbols that read{writers}, of those seen often enough."
        );
        page.sentences(&text, Paint::Dim);
    }
}

/// The industrial ones and those with most to say, in the picture's order.
fn telling(views: &[ConversationView], shown: usize) -> Vec<&ConversationView> {
    let mut ranked: Vec<(usize, &ConversationView)> = views.iter().enumerate().collect();
    let weight = |view: &ConversationView| (view.protocol.is_industrial(), view.messages(), carried(view));
    ranked.sort_by_key(|(index, view)| (std::cmp::Reverse(weight(view)), *index));
    ranked.truncate(shown);
    ranked.sort_by_key(|(index, _)| *index);
    ranked.into_iter().map(|(_, view)| view).collect()
}

/// `8 symbols: 5 every 1–2 s, 1 uneven, 2 write`: what reads by its pace, and how many write.
fn alphabet(view: &ConversationView) -> String {
    let (writes, reads): (Vec<_>, Vec<_>) =
        view.alphabet.iter().partition(|(_, symbol, _)| symbol.class.needs_seal());
    let mut polls: Vec<Duration> = reads
        .iter()
        .filter_map(|(_, _, record)| record.gaps.period())
        .filter(nullius_device::behaviour::period::Period::is_regular)
        .map(|period| period.median)
        .collect();
    polls.sort_unstable();
    let mut parts = Vec::new();
    if let (Some(shortest), Some(longest)) = (polls.first(), polls.last()) {
        parts.push(format!("{} every {}", polls.len(), pace(*shortest, *longest)));
    }
    let uneven = reads.len() - polls.len();
    if uneven > 0 {
        parts.push(format!("{uneven} uneven"));
    }
    match writes.len() {
        0 => {}
        1 => parts.push("1 writes".to_owned()),
        many => parts.push(format!("{many} write")),
    }
    let size = count(view.alphabet.len() as u64, "symbol");
    if parts.is_empty() { size } else { format!("{size}: {}", parts.join(", ")) }
}

/// `200 ms`, `1–2 s`: rounded to two figures, since a poll is never that exact.
fn pace(shortest: Duration, longest: Duration) -> String {
    let (from, unit) = rounded(shortest);
    let (to, unit_to) = rounded(longest);
    match (from == to && unit == unit_to, unit == unit_to) {
        (true, _) => format!("{to} {unit_to}"),
        (false, true) => format!("{from}–{to} {unit_to}"),
        (false, false) => format!("{from} {unit} – {to} {unit_to}"),
    }
}

fn rounded(duration: Duration) -> (String, &'static str) {
    let seconds = duration.as_secs_f64();
    let (value, unit) = match seconds {
        0.0..0.95 => (seconds * 1e3, "ms"),
        0.95..100.0 => (seconds, "s"),
        100.0..6_000.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3_600.0, "h"),
    };
    let text = format!("{:.1}", if value >= 9.95 { value.round() } else { value });
    (text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned), unit)
}

fn readiness(view: &ConversationView) -> Vec<Cell> {
    let doubts = &view.readiness.doubts;
    let Some(first) = doubts.first() else {
        return vec![Cell::new("✓ ready to enforce").paint(Paint::Good)];
    };
    let mut cells = vec![Cell::new("✗ ").paint(Paint::Doubt), Cell::new(first.to_string())];
    if doubts.len() > 1 {
        cells.push(Cell::new(format!("  +{} more", doubts.len() - 1)).paint(Paint::Dim));
    }
    cells
}

/// What is known of a flow whose messages nobody read.
fn unread(view: &ConversationView) -> String {
    let Some(channel) = &view.channel else { return "nothing said".to_owned() };
    let flows = count(channel.flows.max(1), "flow");
    if channel.answered == 0 && channel.from_server.frames == 0 {
        let how = if channel.refused > 0 { "refused" } else { "never answered" };
        return format!("not read: {flows}, {how}");
    }
    format!("not read: {flows}, {}", bytes(carried(view)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_as_a_person_would() {
        for (shortest, longest, expected) in [
            (200, 200, "200 ms"),
            (199, 201, "199–201 ms"),
            (998, 2_001, "1–2 s"),
            (250, 1_500, "250 ms – 1.5 s"),
            (59_900, 61_000, "60–61 s"),
            (600_000, 600_000, "10 min"),
        ] {
            let [shortest, longest] = [shortest, longest].map(Duration::from_millis);
            assert_eq!(pace(shortest, longest), expected);
        }
    }
}
