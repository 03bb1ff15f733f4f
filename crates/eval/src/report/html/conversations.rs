//! Every conversation with its alphabet and whether that may be enforced.

use super::markup::{Html, PLAIN};
use super::overview::verb_class;
use super::page::{
    MAX_ENTRIES, MAX_ROWS, MAX_SYMBOLS, Page, cell, conversation_id, frames, more, number, table,
};
use crate::report::words;
use nullius_device::ConversationView;
use nullius_device::behaviour::symbol::SymbolRecord;
use nullius_model::{Direction, Protocol, Symbol};
use std::time::Duration;

/// Items of one symbol whose values are shown.
const MAX_VALUES: usize = 8;

/// All conversations. Each is a table body of its own, so that sorting keeps its alphabet with it.
pub(super) fn section(html: &mut Html, page: &Page<'_>) {
    html.element("section", &[("id", &"conversations")], |html| {
        html.leaf("h2", PLAIN, "Conversations");
        let views = &page.picture.conversations;
        if views.is_empty() {
            html.leaf("p", PLAIN, "Nobody spoke with anybody.");
            return;
        }
        let heads = [
            ("Client", false),
            ("Server", false),
            ("In", false),
            ("Messages", true),
            ("Symbols", true),
            ("Blocked", true),
            ("Ready?", false),
        ];
        let mut symbols_left = MAX_SYMBOLS;
        table(html, "Who speaks with whom, in what, and whether it may be enforced", &heads, |html| {
            for (at, view) in views.iter().enumerate().take(MAX_ROWS) {
                body(html, page, at, view, &mut symbols_left);
            }
        });
        more(html, views.len(), MAX_ROWS, "conversation");
    });
}

fn body(html: &mut Html, page: &Page<'_>, at: usize, view: &ConversationView, symbols_left: &mut usize) {
    html.element("tbody", &[("id", &conversation_id(at))], |html| {
        html.element("tr", PLAIN, |html| {
            html.element("td", PLAIN, |html| page.party(html, view.client));
            html.element("td", PLAIN, |html| page.party(html, view.server));
            html.leaf("td", &[("class", &"service")], words::service(view.protocol, view.unit));
            number(html, view.messages());
            number(html, view.alphabet.len() as u64);
            number(html, view.outside_messages());
            html.element("td", &[("data-value", &view.readiness.doubts.len())], |html| readiness(html, view));
        });
        if !view.alphabet.is_empty() {
            html.element("tr", &[("class", &"more")], |html| {
                html.element("td", &[("colspan", &"7")], |html| alphabet(html, view, symbols_left));
            });
        }
    });
}

/// Whether it may be enforced, and if not, every reason.
fn readiness(html: &mut Html, view: &ConversationView) {
    if view.readiness.is_ready() {
        html.leaf("span", &[("class", &"chip good")], "ready");
        return;
    }
    html.leaf("span", &[("class", &"chip warn")], "not ready");
    html.element("ul", &[("class", &"reasons")], |html| {
        for doubt in view.readiness.doubts.iter().take(MAX_ENTRIES) {
            html.leaf("li", PLAIN, doubt);
        }
    });
}

fn alphabet(html: &mut Html, view: &ConversationView, symbols_left: &mut usize) {
    let shown = view.alphabet.len().min(*symbols_left);
    *symbols_left -= shown;
    html.element("details", PLAIN, |html| {
        let what = words::count(view.alphabet.len() as u64, "symbol");
        html.leaf("summary", PLAIN, format_args!("Alphabet: {what}"));
        let heads = [
            ("Symbol", false),
            ("Class", false),
            ("Sent by", false),
            ("Times", true),
            ("Rhythm", false),
            ("Done", true),
            ("Refused", true),
            ("Values", false),
            ("Frames", true),
        ];
        table(html, "Every symbol of this conversation", &heads, |html| {
            html.element("tbody", PLAIN, |html| {
                for (sender, symbol, record) in view.alphabet.iter().take(shown) {
                    symbol_row(html, view.protocol, *sender, symbol, record);
                }
            });
        });
        more(html, view.alphabet.len(), shown, "symbol");
    });
}

fn symbol_row(
    html: &mut Html,
    protocol: Protocol,
    sender: Direction,
    symbol: &Symbol,
    record: &SymbolRecord,
) {
    html.element("tr", PLAIN, |html| {
        html.element("td", PLAIN, |html| {
            html.leaf("code", PLAIN, symbol);
            if record.learned == 0 && record.count > 0 {
                html.text(" ");
                html.leaf("span", &[("class", &"chip bad")], "blocked");
            }
        });
        html.element("td", PLAIN, |html| verb_class(html, symbol));
        cell(html, sender_name(sender));
        number(html, record.count);
        cell(html, rhythm(record));
        number(html, record.done);
        number(html, record.refused);
        html.leaf("td", &[("class", &"long")], values(protocol, record));
        frames(html, record.first, record.last);
    });
}

const fn sender_name(sender: Direction) -> &'static str {
    match sender {
        Direction::FromClient => "client",
        Direction::FromServer => "server",
    }
}

/// `every 100 ms ± 2 ms`, or how often where there is no rhythm.
fn rhythm(record: &SymbolRecord) -> String {
    match record.gaps.period() {
        Some(period) if period.is_regular() => {
            format!("every {} ± {}", words::duration(period.median), words::duration(period.deviation))
        }
        Some(_) | None => rate(record.count, record.last.at.since(record.first.at)),
    }
}

fn rate(times: u64, span: Duration) -> String {
    let gaps = times.saturating_sub(1);
    if times == 1 {
        return "once".to_owned();
    }
    if gaps == 0 || span.is_zero() {
        return String::new();
    }
    let a_second = gaps as f64 / span.as_secs_f64();
    match a_second {
        1.0.. => format!("{a_second:.1} a second"),
        0.016.. => format!("{:.1} a minute", a_second * 60.0),
        _ => format!("{:.1} an hour", a_second * 3_600.0),
    }
}

/// Smallest and largest value of each item. Modbus words and anybody's bits are whole; other numbers are kept in
/// thousandths.
fn values(protocol: Protocol, record: &SymbolRecord) -> String {
    let are_bits = record.envelopes.iter().all(|(least, most)| *least >= 0 && *most <= 1);
    let are_whole = protocol == Protocol::Modbus || are_bits;
    let number = |value: i64| if are_whole { value.to_string() } else { (value as f64 / 1e3).to_string() };
    let envelope = |(least, most): &(i64, i64)| {
        if least == most { number(*least) } else { format!("{} … {}", number(*least), number(*most)) }
    };
    let all: Vec<String> = record.envelopes.iter().map(envelope).collect();
    super::page::list(&all, MAX_VALUES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_in_the_unit_that_keeps_it_readable() {
        for (times, seconds, expected) in [
            (1, 0, "once"),
            (2, 0, ""),
            (101, 10, "10.0 a second"),
            (3, 20, "6.0 a minute"),
            (3, 3_600, "2.0 an hour"),
        ] {
            assert_eq!(rate(times, Duration::from_secs(seconds)), expected);
        }
    }
}
