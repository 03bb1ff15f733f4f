//! What default deny, learned on the first part, would have blocked in the rest.

use super::page::{Cell, Page, Paint, Table};
use super::short;
use crate::report::summary::Summary;
use crate::report::words::{count, duration, number, service};
use crate::run::Evaluation;
use nullius_device::{ConversationView, Picture};
use std::cmp::Reverse;
use std::time::Duration;

/// Conversations shown unless all are asked for, and symbols of each.
const SHOWN: usize = 4;
const SYMBOLS_SHOWN: usize = 4;

pub(super) fn write(page: &mut Page, evaluation: &Evaluation, summary: &Summary) {
    let picture = &evaluation.picture;
    let outside = summary.outside;
    let glance = match outside.messages {
        0 => Cell::new("nothing").paint(Paint::Good),
        blocked => Cell::new(count(blocked, "message")).paint(Paint::Bad),
    };
    let Some((learned, rest)) = parts(evaluation) else {
        page.section("default deny", &Cell::new("not tried"));
        return page.sentences(
            "Everything was learned, so there was no rest to try it on: `--learn 50%` or `--learn 60s` keeps some back.",
            Paint::Plain,
        );
    };
    page.section("what default deny would have blocked", &glance);
    let learned_messages = summary.messages - outside.of;
    let start = format!(
        "Learned on the first {} ({}), it would have blocked",
        duration(learned),
        count(learned_messages, "message")
    );
    let rest = format!("in the remaining {}", duration(rest));
    if outside.messages == 0 {
        let of = number(outside.of);
        return page.sentences(&format!("{start} 0 of {of} messages {rest}."), Paint::Good);
    }
    let text = format!(
        "{start} {} of {} {rest}: {}, {}.",
        number(outside.messages),
        count(outside.of, "message"),
        count(outside.symbols, "new symbol"),
        match outside.writing_symbols {
            0 => "none of which changes anything".to_owned(),
            1 => "1 of which changes something".to_owned(),
            many => format!("{} of them change something", number(many)),
        }
    );
    page.sentences(&text, Paint::Bold);
    if outside.new_conversations > 0 {
        let text = format!("{} only began after learning.", count(outside.new_conversations, "conversation"));
        page.sentences(&text, Paint::Plain);
    }
    list(page, picture);
}

/// How long was learned and how long tried; nothing where nothing was kept back.
fn parts(evaluation: &Evaluation) -> Option<(Duration, Duration)> {
    let (first, until) = (evaluation.picture.first?.at, evaluation.learn_until?);
    let last = evaluation.picture.last.at;
    (until <= last).then(|| (until.since(first), last.since(until)))
}

/// By conversation: the one that would have lost most first, and of each what changes something first.
fn list(page: &mut Page, picture: &Picture) {
    let mut views: Vec<&ConversationView> =
        picture.conversations.iter().filter(|view| view.outside().next().is_some()).collect();
    views.sort_by_key(|view| Reverse((writing(view), view.outside_messages())));
    let shown = page.shown(views.len(), SHOWN);
    for view in views.iter().take(shown) {
        page.line(
            2,
            &[
                Cell::new(format!("{} → {} ", short(picture, view.client), short(picture, view.server)))
                    .paint(Paint::Bold),
                Cell::new(format!(
                    "{}: {} in {}{}",
                    service(view.protocol, view.unit),
                    count(view.outside().count() as u64, "new symbol"),
                    count(view.outside_messages(), "message"),
                    match writing(view) {
                        0 => String::new(),
                        1 => ", 1 changes something".to_owned(),
                        many => format!(", {many} change something"),
                    }
                )),
            ],
        );
        symbols(page, view);
    }
    page.more(views.len() - shown, "conversation");
}

fn writing(view: &ConversationView) -> usize {
    view.outside().filter(|(_, symbol, _)| symbol.class.needs_seal()).count()
}

fn symbols(page: &mut Page, view: &ConversationView) {
    let mut blocked: Vec<_> = view.outside().collect();
    blocked.sort_by_key(|(_, symbol, record)| (!symbol.class.needs_seal(), record.first));
    let shown = page.shown(blocked.len(), SYMBOLS_SHOWN);
    let mut table = Table::default();
    for (_, symbol, record) in blocked.iter().take(shown) {
        let paint = if symbol.class.needs_seal() { Paint::Bad } else { Paint::Plain };
        table.row(vec![
            Cell::new(format!("  {}", symbol.class.name())).paint(paint),
            Cell::new(symbol.to_string()),
            Cell::times(record.count),
            Cell::new(format!("frame {}", record.first.frame)).paint(Paint::Dim),
        ]);
    }
    page.table(&table);
    page.more(blocked.len() - shown, "symbol");
}
