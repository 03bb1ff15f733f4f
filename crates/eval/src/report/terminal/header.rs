//! What was read, how much of it there was, and whether it was all.

use super::page::{Cell, Page, Paint};
use crate::report::summary::Summary;
use crate::report::words::{bytes, count, duration, instant, number};
use crate::run::{Evaluation, Source};

pub(super) fn write(page: &mut Page, evaluation: &Evaluation, summary: &Summary) {
    page.line(0, &[Cell::new("nullius eval  ").paint(Paint::Bold), Cell::new(source(&evaluation.source))]);
    let picture = &evaluation.picture;
    let Some(first) = picture.first else {
        page.sentences("No frame to look at.", Paint::Doubt);
        return quality(page, evaluation, summary);
    };
    page.line(
        2,
        &[Cell::new(format!(
            "{}, {} · {} · {}",
            instant(first.at),
            duration(summary.covered),
            count(picture.frames, "frame"),
            bytes(picture.bytes)
        ))],
    );
    if let Some(ring) = evaluation.ring {
        let dropped = if ring.dropped == 0 { "none".to_owned() } else { number(ring.dropped) };
        let text = format!("live: {} received, {dropped} dropped, none sent", count(ring.received, "frame"));
        page.line(2, &[Cell::new(text)]);
    }
    for scope in &evaluation.scope {
        page.hanging("only ", scope, Paint::Doubt);
    }
    quality(page, evaluation, summary);
}

fn source(source: &Source) -> String {
    match source {
        Source::Interface(name) => format!("interface {name}"),
        Source::Files(paths) => {
            let names = paths.iter().map(|path| path.file_name().unwrap_or(path.as_os_str()));
            names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>().join(", ")
        }
    }
}

fn quality(page: &mut Page, evaluation: &Evaluation, summary: &Summary) {
    let whole = evaluation.notes.is_empty() && evaluation.picture.quality.is_whole();
    if whole {
        page.line(2, &[Cell::new("whole").paint(Paint::Good), Cell::new(": nothing is missing")]);
    } else {
        let text = Cell::new(": this report shows less, or other, than what happened");
        page.line(2, &[Cell::new("PARTIAL").paint(Paint::Doubt), text]);
    }
    for reason in &summary.partial {
        page.hanging("• ", reason, if whole { Paint::Dim } else { Paint::Plain });
    }
}
