//! The top of the page: what was looked at, and the answer.

use super::markup::{Html, PLAIN};
use super::page::{MAX_ROWS, Page, cell, more, number, table};
use super::timeline;
use crate::report::words::{self, count};
use nullius_device::ConversationView;
use nullius_device::behaviour::symbol::SymbolRecord;
use nullius_device::risk::findings::Severity;
use nullius_model::Symbol;
use std::fmt::Display;

/// Blocked symbols in plain sight; the others open on demand.
const FIRST_BLOCKED: usize = 10;

/// The name of the page: a browser offers it as the file's name when it prints to PDF.
pub(super) fn title(page: &Page<'_>) -> String {
    let day = page.picture.first.map(|first| words::instant(first.at)).unwrap_or_default();
    let day = day.split(' ').next().unwrap_or_default();
    format!("Nullius evaluation {day}").trim_end().to_owned()
}

/// What was looked at.
pub(super) fn header(html: &mut Html, page: &Page<'_>) {
    let summary = &page.summary;
    html.element("header", PLAIN, |html| {
        html.element("p", &[("class", &"brand")], |html| {
            html.leaf("strong", PLAIN, "Nullius");
            html.text(" network evaluation");
        });
        html.element("h1", PLAIN, |html| {
            let (devices, conversations) = (summary.devices, summary.conversations);
            html.text(count(devices, "device"));
            html.text(" in ");
            html.text(count(conversations, "conversation"));
        });
        html.leaf("p", &[("class", &"lead")], looked_at(page));
        html.element("dl", &[("class", &"facts")], |html| {
            fact(html, "Time covered", words::duration(summary.covered));
            fact(html, "Frames", words::number(page.picture.frames));
            fact(html, "On the wire", words::bytes(page.picture.bytes));
            fact(html, "Messages read", words::number(summary.messages));
            fact(html, "Symbols", words::number(summary.symbols));
        });
        partial(html, page);
    });
}

fn looked_at(page: &Page<'_>) -> String {
    let Some(first) = page.picture.first else { return "No frame was seen.".to_owned() };
    let what = if page.evaluation.ring.is_some() { "Heard live" } else { "Read from a capture" };
    let (first, last) = (words::instant(first.at), words::instant(page.picture.last.at));
    format!("{what}, {first} to {last}. Nothing was sent to any device.")
}

fn fact(html: &mut Html, name: &'static str, value: String) {
    html.element("div", PLAIN, |html| {
        html.leaf("dt", PLAIN, name);
        html.leaf("dd", PLAIN, value);
    });
}

/// Why the page shows less than what happened. Streams that were open before are no reason to mistrust it.
fn partial(html: &mut Html, page: &Page<'_>) {
    let reasons = &page.summary.partial;
    if reasons.is_empty() {
        return;
    }
    let is_whole = page.picture.quality.is_whole() && page.evaluation.notes.is_empty();
    let (class, word) =
        if is_whole { ("banner", "Good to know:") } else { ("banner warn", "This report is partial:") };
    html.element("div", &[("class", &class), ("role", &"note")], |html| {
        html.leaf("strong", PLAIN, word);
        html.element("ul", PLAIN, |html| {
            for reason in reasons.iter().take(MAX_ROWS) {
                html.leaf("li", PLAIN, reason);
            }
        });
    });
}

/// The answer: what default deny would have blocked, and how much else there is to worry about.
pub(super) fn answer(html: &mut Html, page: &Page<'_>) {
    html.element("section", &[("id", &"answer")], |html| {
        html.leaf("h2", PLAIN, "What would default deny have blocked?");
        html.leaf("p", &[("class", &"verdict")], verdict(page));
        figures(html, page);
        timeline::draw(html, page);
    });
    blocked(html, page);
}

fn verdict(page: &Page<'_>) -> String {
    let outside = page.summary.outside;
    let (Some(first), Some(until)) = (page.picture.first, page.evaluation.learn_until) else {
        return "Everything was learned, so nothing is left to try default deny on: learn less, for example --learn 50%."
            .to_owned();
    };
    let learned = words::duration(until.since(first.at));
    let rest = words::duration(page.picture.last.at.since(until));
    if outside.messages == 0 {
        return format!(
            "Nothing. After learning the first {learned}, default deny would have let all {} of the next {rest} through.",
            count(outside.of, "message")
        );
    }
    format!(
        "{} of the {} that came in the {rest} after learning the first {learned}: {} nobody had shown before, {} of them \
         changing something.",
        words::number(outside.messages),
        count(outside.of, "message"),
        count(outside.symbols, "symbol"),
        words::number(outside.writing_symbols),
    )
}

fn figures(html: &mut Html, page: &Page<'_>) {
    let summary = &page.summary;
    let findings = &page.picture.findings;
    let high = findings.iter().filter(|finding| finding.severity == Severity::High).count() as u64;
    let tone = |is_bad: bool, bad: &'static str| if is_bad { bad } else { "good" };
    html.element("div", &[("class", &"figures")], |html| {
        let outside = summary.outside;
        let of = format!("of {} after learning", count(outside.of, "message"));
        figure(html, tone(outside.messages > 0, "bad"), outside.messages, "would have been blocked", &of);
        let of = format!("of {}, as learned so far", count(summary.conversations, "conversation"));
        let waits = summary.ready < summary.conversations;
        figure(html, tone(waits, "warn"), summary.ready, "ready to be enforced", &of);
        let of = format!("of {}", count(summary.conversations, "conversation"));
        figure(
            html,
            tone(summary.to_internet > 0, "warn"),
            summary.to_internet,
            "crossing to the internet",
            &of,
        );
        let of = format!("of {}", count(findings.len() as u64, "finding"));
        figure(html, tone(high > 0, "bad"), high, "of high severity", &of);
    });
}

fn figure(html: &mut Html, tone: &'static str, value: u64, what: &'static str, of: &str) {
    html.element("div", &[("class", &format_args!("figure {tone}"))], |html| {
        html.leaf("div", &[("class", &"value")], words::number(value));
        html.leaf("div", &[("class", &"what")], what);
        html.leaf("div", &[("class", &"of")], of);
    });
}

/// A symbol that default deny would have blocked.
type Blocked<'a> = (usize, &'a ConversationView, &'a Symbol, &'a SymbolRecord);

fn blocked(html: &mut Html, page: &Page<'_>) {
    let views = page.picture.conversations.iter().enumerate();
    let mut all: Vec<Blocked<'_>> = views
        .flat_map(|(at, view)| view.outside().map(move |(_, symbol, record)| (at, view, symbol, record)))
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, _, symbol, record)| (!symbol.class.needs_seal(), record.first));
    html.element("section", &[("id", &"blocked")], |html| {
        html.leaf("h2", PLAIN, "What would have been blocked");
        let (first, rest) = all.split_at(FIRST_BLOCKED.min(all.len()));
        blocked_table(
            html,
            page,
            "Symbols nobody had shown while learning: first those that change something",
            first,
        );
        if !rest.is_empty() {
            html.element("details", PLAIN, |html| {
                let more = words::count(rest.len() as u64, "more symbol");
                html.leaf("summary", PLAIN, format_args!("Show {more}"));
                blocked_table(html, page, "The other symbols nobody had shown while learning", rest);
            });
        }
        more(html, rest.len(), MAX_ROWS, "symbol");
    });
}

fn blocked_table(html: &mut Html, page: &Page<'_>, caption: &'static str, blocked: &[Blocked<'_>]) {
    let heads = [
        ("Conversation", false),
        ("Symbol", false),
        ("Class", false),
        ("Times", true),
        ("First frame", true),
    ];
    table(html, caption, &heads, |html| {
        html.element("tbody", PLAIN, |html| {
            for (at, view, symbol, record) in blocked.iter().take(MAX_ROWS) {
                html.element("tr", PLAIN, |html| {
                    html.element("td", PLAIN, |html| page.conversation(html, *at, view));
                    html.element("td", PLAIN, |html| html.leaf("code", PLAIN, symbol));
                    html.element("td", PLAIN, |html| verb_class(html, symbol));
                    number(html, record.count);
                    let when: [(&str, &dyn Display); 3] = [
                        ("class", &"number"),
                        ("data-value", &record.first.frame),
                        ("title", &record.first.at),
                    ];
                    html.leaf("td", &when, words::number(record.first.frame.0));
                });
            }
        });
    });
}

/// The class of a symbol as a chip, louder where it changes something.
pub(super) fn verb_class(html: &mut Html, symbol: &Symbol) {
    let class = if symbol.class.needs_seal() { "chip write" } else { "chip" };
    html.leaf("span", &[("class", &class)], symbol.class);
}

/// Everything said, by what it does.
pub(super) fn classes(html: &mut Html, page: &Page<'_>) {
    if page.summary.by_class.is_empty() {
        return;
    }
    html.element("section", &[("id", &"classes")], |html| {
        html.leaf("h2", PLAIN, "What was said");
        let total = page.summary.by_class.values().sum::<u64>().max(1);
        let heads = [("Class", false), ("Messages", true), ("Share", false)];
        table(html, "Messages by what they do", &heads, |html| {
            html.element("tbody", PLAIN, |html| {
                for (class, messages) in &page.summary.by_class {
                    html.element("tr", PLAIN, |html| {
                        cell(html, class);
                        number(html, *messages);
                        html.element("td", PLAIN, |html| bar(html, *messages, total));
                    });
                }
            });
        });
    });
}

/// A bar as long as a share of a whole.
fn bar(html: &mut Html, part: u64, whole: u64) {
    let percent = part as f64 * 100.0 / whole as f64;
    let frame: [(&str, &dyn Display); 3] =
        [("class", &"bar"), ("viewBox", &"0 0 100 6"), ("preserveAspectRatio", &"none")];
    html.element("svg", &frame, |html| {
        html.leaf("title", PLAIN, format_args!("{percent:.1} %"));
        let bar: [(&str, &dyn Display); 2] = [("width", &format_args!("{percent:.2}")), ("height", &"6")];
        html.void("rect", &bar);
    });
    html.leaf("span", &[("class", &"percent")], format_args!("{percent:.1} %"));
}
