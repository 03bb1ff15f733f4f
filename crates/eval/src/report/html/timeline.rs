//! A strip of time: what was learned, what was tried, and where something new came.

use super::markup::{Html, PLAIN};
use super::page::Page;
use crate::report::words;
use nullius_device::ConversationView;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

/// Width of the strip in its own units; also the most ticks it can show apart from each other.
const WIDTH: u64 = 1_000;

/// Draws it, where there is a learned part and a rest.
pub(super) fn draw(html: &mut Html, page: &Page<'_>) {
    let (Some(first), Some(until)) = (page.picture.first, page.evaluation.learn_until) else { return };
    let covered = page.summary.covered;
    if covered.is_zero() {
        return;
    }
    let place = |at: Duration| (WIDTH as f64 * at.as_secs_f64() / covered.as_secs_f64()).min(WIDTH as f64);
    let learned = place(until.since(first.at));
    let outside = page.picture.conversations.iter().flat_map(ConversationView::outside);
    let ticks: BTreeSet<u64> =
        outside.map(|(_, _, record)| tick(record.first.at.since(first.at), covered)).collect();
    html.element("figure", &[("class", &"timeline")], |html| {
        strip(html, learned, &ticks);
        html.element("figcaption", PLAIN, |html| {
            key(html, "learned", format_args!("learned: {}", words::duration(until.since(first.at))));
            key(html, "rest", format_args!("tried: {}", words::duration(page.picture.last.at.since(until))));
            key(html, "new", "a symbol nobody had shown before");
        });
    });
}

fn strip(html: &mut Html, learned: f64, ticks: &BTreeSet<u64>) {
    let frame: [(&str, &dyn Display); 4] = [
        ("viewBox", &format_args!("0 0 {WIDTH} 26")),
        ("preserveAspectRatio", &"none"),
        ("role", &"img"),
        ("aria-labelledby", &"timeline-title"),
    ];
    html.element("svg", &frame, |html| {
        let title = format!("What was learned, what was tried, and {} at which something new came", {
            words::count(ticks.len() as u64, "instant")
        });
        html.leaf("title", &[("id", &"timeline-title")], title);
        rectangle(html, "rest", 0.0, WIDTH as f64);
        rectangle(html, "learned", 0.0, learned);
        for tick in ticks {
            let line: [(&str, &dyn Display); 5] =
                [("class", &"new"), ("x1", tick), ("x2", tick), ("y1", &"2"), ("y2", &"24")];
            html.void("line", &line);
        }
    });
}

fn rectangle(html: &mut Html, class: &'static str, from: f64, width: f64) {
    let attributes: [(&str, &dyn Display); 5] = [
        ("class", &class),
        ("x", &format_args!("{from:.1}")),
        ("y", &"6"),
        ("width", &format_args!("{width:.1}")),
        ("height", &"14"),
    ];
    html.void("rect", &attributes);
}

fn key(html: &mut Html, class: &'static str, text: impl Display) {
    html.element("span", PLAIN, |html| {
        html.leaf("i", &[("class", &class)], "");
        html.text(text);
    });
}

/// Instants this close to each other share a tick, so that a flood of symbols draws a bounded strip.
fn tick(at: Duration, covered: Duration) -> u64 {
    let place = at.as_nanos() * u128::from(WIDTH) / covered.as_nanos().max(1);
    u64::try_from(place).unwrap_or(WIDTH).min(WIDTH)
}
