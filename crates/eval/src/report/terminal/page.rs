//! A page of text: sections, tables, wrapped sentences.
//!
//! It knows columns and colours, and nothing of devices. Text is made inert here, once, as it comes in.

use super::Style;
use crate::report::words;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Narrower terminals get lines this long and wrap them as they like.
const MIN_WIDTH: usize = 40;
/// Wider ones get no longer lines: eyes lose them.
const MAX_WIDTH: usize = 160;
/// Columns of a table are not made narrower than this.
const MIN_COLUMN: usize = 5;
/// Blanks between two columns.
const GAP: usize = 2;

/// What colour a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Good,
    Doubt,
    Bad,
}

impl Paint {
    /// The colour's number in "select graphic rendition" (ECMA-48 §8.3.117).
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Doubt => "33",
            Self::Bad => "31",
        }
    }
}

/// A text in one colour.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    paint: Paint,
    right: bool,
}

impl Cell {
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        Self { text: nullius_model::inert(text.as_ref()), paint: Paint::Plain, right: false }
    }

    /// How often something was seen, in a column of such.
    pub(super) fn times(number: u64) -> Self {
        Self { right: true, ..Self::new(format!("{}×", words::number(number))) }
    }

    pub(super) fn paint(self, paint: Paint) -> Self {
        Self { paint, ..self }
    }
}

/// Lines of cells that stand under each other, each with lines of its own beneath it.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<(Vec<Cell>, Vec<Cell>)>,
}

impl Table {
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push((cells, Vec::new()));
    }

    /// A row with one more line beneath it, of texts that follow each other.
    pub(super) fn row_with(&mut self, cells: Vec<Cell>, beneath: Vec<Cell>) {
        self.rows.push((cells, beneath));
    }

    /// How wide each column is, so that a line of `room` holds all: the widest gives way first.
    fn widths(&self, room: usize) -> Vec<usize> {
        let columns = self.rows.iter().map(|(cells, _)| cells.len()).max().unwrap_or(0);
        let natural = |column: usize| {
            let cells = self.rows.iter().filter_map(|(cells, _)| cells.get(column));
            cells.map(|cell| cell.text.width()).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(natural).collect();
        let room = room.saturating_sub(GAP * columns.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            match widths.iter_mut().max() {
                Some(widest) if *widest > MIN_COLUMN => *widest -= 1,
                Some(_) | None => break,
            }
        }
        widths
    }
}

/// The text so far.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    colour: bool,
    width: usize,
    all: bool,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        let width = style.width.clamp(MIN_WIDTH, MAX_WIDTH);
        Self { text: String::new(), colour: style.colour, width, all: style.all }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// How many of `count` things are shown where `usual` is enough.
    pub(super) const fn shown(&self, count: usize, usual: usize) -> usize {
        // one line more costs as much as the line that says there is one more
        if self.all || count <= usual + 1 { count } else { usual }
    }

    /// Begins a section: a rule with its title, and what to know of it at a glance.
    pub(super) fn section(&mut self, title: &str, glance: &Cell) {
        let title = cut(&format!("── {title}"), self.width);
        let glance =
            Cell { text: cut(&glance.text, self.width.saturating_sub(title.width() + 6)), ..glance.clone() };
        let tail = if glance.text.is_empty() { 0 } else { glance.text.width() + 4 };
        let rule = "─".repeat(self.width.saturating_sub(title.width() + 1 + tail));
        self.text.push('\n');
        self.push(&title, Paint::Bold);
        self.push(&if rule.is_empty() { rule } else { format!(" {rule}") }, Paint::Dim);
        if tail > 0 {
            self.push(&format!(" {} ", glance.text), glance.paint);
            self.push("──", Paint::Dim);
        }
        self.text.push('\n');
    }

    /// Rows of columns.
    pub(super) fn table(&mut self, table: &Table) {
        let widths = table.widths(self.width.saturating_sub(2));
        for (cells, beneath) in &table.rows {
            self.row(cells, &widths);
            if !beneath.is_empty() {
                self.line(4, beneath);
            }
        }
    }

    /// Texts one after the other on a line, cut where it ends.
    pub(super) fn line(&mut self, indent: usize, cells: &[Cell]) {
        self.text.push_str(&" ".repeat(indent));
        let mut room = self.width.saturating_sub(indent);
        for cell in cells {
            let text = cut(&cell.text, room);
            room = room.saturating_sub(text.width());
            self.push(&text, cell.paint);
        }
        self.end_line();
    }

    /// Sentences, broken between words.
    pub(super) fn sentences(&mut self, text: &str, paint: Paint) {
        self.hanging("", text, paint);
    }

    /// Sentences behind a mark that later lines keep clear.
    pub(super) fn hanging(&mut self, mark: &str, text: &str, paint: Paint) {
        let indent = 2 + mark.width();
        let room = self.width.saturating_sub(indent);
        let text = nullius_model::inert(text);
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if line.width() + 1 + word.width() <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(_) | None => lines.push(cut(word, room)),
            }
        }
        for (number, line) in lines.iter().enumerate() {
            let start = if number == 0 { format!("  {mark}") } else { " ".repeat(indent) };
            self.push(&format!("{start}{line}"), paint);
            self.text.push('\n');
        }
    }

    /// Says that a list was cut, and how to see the rest.
    pub(super) fn more(&mut self, left: usize, noun: &str) {
        if left > 0 {
            let more = words::count(left as u64, &format!("more {noun}"));
            self.line(4, &[Cell::new(format!("… and {more} (--all shows them)")).paint(Paint::Dim)]);
        }
    }

    fn row(&mut self, cells: &[Cell], widths: &[usize]) {
        self.text.push_str("  ");
        let last = cells.len().saturating_sub(1);
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let text = cut(&cell.text, *width);
            let blank = " ".repeat(width.saturating_sub(text.width()));
            if cell.right {
                self.text.push_str(&blank);
            }
            self.push(&text, cell.paint);
            if column < last {
                self.text.push_str(if cell.right { "" } else { &blank });
                self.text.push_str(&" ".repeat(GAP));
            }
        }
        self.end_line();
    }

    /// Without the blanks that only kept columns apart.
    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    fn push(&mut self, text: &str, paint: Paint) {
        if self.colour && paint != Paint::Plain && !text.is_empty() {
            self.text.push_str(&format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code()));
        } else {
            self.text.push_str(text);
        }
    }
}

/// The text, or as much of it as fits with an ellipsis behind.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        short.push(character);
    }
    if room > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_the_columns_it_takes() {
        for (text, room, expected) in [
            ("plc7", 4, "plc7"),
            ("plc77", 4, "plc…"),
            ("制御盤", 5, "制御…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, room), expected);
        }
    }

    #[test]
    fn the_widest_column_gives_way_first() {
        let mut table = Table::default();
        table.row(vec![Cell::new("a".repeat(10)), Cell::new("b".repeat(60)), Cell::times(7)]);
        assert_eq!(table.widths(200), [10, 60, 2]);
        assert_eq!(table.widths(54), [10, 38, 2]);
        assert_eq!(table.widths(10), [5, 5, 2], "and none goes below what can be read");
    }

    #[test]
    fn a_hostile_cell_stays_text_and_colours_only_where_asked() {
        let style = Style { colour: true, width: 60, all: false };
        for (colour, escapes) in [(true, 2), (false, 0)] {
            let mut page = Page::new(Style { colour, ..style });
            page.line(0, &[Cell::new("\u{1b}[2J").paint(Paint::Bad)]);
            assert_eq!(page.into_text().matches('\u{1b}').count(), escapes);
        }
    }

    #[test]
    fn sentences_break_between_words() {
        let mut page = Page::new(Style { colour: false, width: 40, all: false });
        page.hanging("• ", "one two three four five six seven eight nine ten", Paint::Plain);
        assert_eq!(page.into_text(), "  • one two three four five six seven\n    eight nine ten\n");
    }
}
