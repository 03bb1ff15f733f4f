//! The terminal report at every width, with and without colour.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

mod support;

use nullius_eval::report::terminal::{Style, render};
use nullius_eval::{Evaluation, Learn};
use std::time::Duration;
use support::{PLANT, look_at, workspace};
use unicode_width::UnicodeWidthStr as _;

const STYLE: Style = Style { colour: false, width: 100, all: false };

fn plant() -> Evaluation {
    look_at(&workspace(PLANT), Learn::For(Duration::from_secs(21)))
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let evaluation = plant();
    for width in [40, 60, 79, 80, 100, 132, 160] {
        for all in [false, true] {
            let text = render(&evaluation, Style { width, all, ..STYLE });
            let widest = text.lines().max_by_key(|line| line.width()).unwrap();
            assert!(widest.width() <= width, "{width}: {widest}");
            assert!(text.lines().all(|line| line.trim_end() == line), "{width}: blanks at an end");
        }
    }
    let narrow = render(&evaluation, Style { width: 0, ..STYLE });
    assert_eq!(narrow, render(&evaluation, Style { width: 40, ..STYLE }));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let evaluation = plant();
    let coloured = render(&evaluation, Style { colour: true, ..STYLE });
    let mut plain = String::new();
    for (number, part) in coloured.split('\u{1b}').enumerate() {
        plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_ne!(plain, coloured);
    assert_eq!(plain, render(&evaluation, STYLE));
}

#[test]
fn the_report_is_read_in_a_minute_and_all_of_it_where_asked() {
    let evaluation = plant();
    let short = render(&evaluation, STYLE);
    assert!(short.lines().count() <= 80, "{} lines", short.lines().count());
    assert!(short.contains("… and 30 more symbols (--all shows them)"));
    let all = render(&evaluation, Style { all: true, ..STYLE });
    assert!(!all.contains("--all shows them"));
    assert_eq!(all.matches("frame ").count() - short.matches("frame ").count(), 41 - 8);
}
