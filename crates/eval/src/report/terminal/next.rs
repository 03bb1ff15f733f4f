//! What to do with the report.

use super::page::{Cell, Page, Paint, Table};
use crate::report::summary::Summary;
use crate::run::{Evaluation, Source};

pub(super) fn write(page: &mut Page, evaluation: &Evaluation, summary: &Summary) {
    page.section("next", &Cell::new(""));
    let command = command(evaluation);
    let mut table = Table::default();
    let mut advise = |option: &str, why: &str| {
        table.row(vec![
            Cell::new(format!("{command} {option}")).paint(Paint::Bold),
            Cell::new(why).paint(Paint::Dim),
        ]);
    };
    advise("--report html", "everything, with a map, in one file to read or mail");
    advise("--json", "everything, for programs");
    if summary.conversations > 0 {
        advise("--draft DIR", "first zones and allow rules, for a person to go through");
    }
    page.table(&table);
    if summary.conversations > summary.ready {
        let text = "Most doubts end by looking longer: capture at least twice the plant's longest cycle and declare it, as `--cycle 8h`.";
        page.sentences(text, Paint::Plain);
    }
}

fn command(evaluation: &Evaluation) -> &'static str {
    match evaluation.source {
        Source::Files(_) => "nullius eval FILE",
        Source::Interface(_) => "nullius eval --iface IF",
    }
}
