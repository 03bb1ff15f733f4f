//! The report of one minute: text for a terminal.
//!
//! Each section is a file and writes onto one `page::Page`, which knows widths, colours and cutting. What is long is
//! cut to the most telling lines, and it is said how many more there are.
//!
//! INVARIANT: all text passes through `nullius_model::inert` on the page, so nothing a device says reaches the terminal as
//! control characters; and the same evaluation gives the same text.

mod blocked;
mod conversations;
mod devices;
mod findings;
mod header;
mod internet;
mod next;
mod page;

use super::summary::Summary;
use crate::run::Evaluation;
use nullius_device::{Party, Picture};
use page::Page;

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Columns of the terminal; taken as at least 40.
    pub width: usize,
    /// Nothing is left out.
    pub all: bool,
}

/// The whole report.
pub fn render(evaluation: &Evaluation, style: Style) -> String {
    let summary = Summary::of(evaluation);
    let mut page = Page::new(style);
    header::write(&mut page, evaluation, &summary);
    if evaluation.picture.first.is_none() {
        return page.into_text();
    }
    devices::write(&mut page, &evaluation.picture);
    conversations::write(&mut page, &evaluation.picture, &summary);
    internet::write(&mut page, &evaluation.picture, &summary);
    findings::write(&mut page, &evaluation.picture);
    blocked::write(&mut page, evaluation, &summary);
    next::write(&mut page, evaluation, &summary);
    page.into_text()
}

/// What a party is called where lines are short: a host of the internet by its name alone.
fn short(picture: &Picture, party: Party) -> String {
    let name = match party {
        Party::Internet(ip) => picture.internet.get(&ip).and_then(|host| host.names.first()),
        Party::Device(_) | Party::Group(_) | Party::Silent(_) => None,
    };
    name.map_or_else(|| super::words::party(picture, party), ToString::to_string)
}
