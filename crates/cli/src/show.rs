//! Answers as text: columns, quantities, and JSON.
//!
//! INVARIANT: nothing leaves here that moves a cursor or ends a line before its time.

use nullius_model::{inert, is_inert};
use nullius_protocol::local::Body;
use std::fmt::Write as _;
use std::io::Write;

use crate::Failure;

/// Rows in columns, the first row as the heading. Text is made inert; the last column is never padded.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let rows: Vec<[String; N]> =
        std::iter::once(&heading).chain(rows).map(|row| row.each_ref().map(|cell| inert(cell))).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    for (cell, &width) in row.iter().zip(widths) {
        // writing to a string never fails
        let _ = write!(line, "{cell:<width$}  ");
    }
    format!("{}\n", line.trim_end())
}

/// What stands where there is nothing to say.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    match text {
        Some(text) if !text.is_empty() => text.to_owned(),
        Some(_) | None => "-".to_owned(),
    }
}

/// `1 device`, `3 devices`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Seconds as a person says them: `45 s`, `2 min`, `3 h 5 min`, `2 days 4 h`.
pub(crate) fn span(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..3_600 => format!("{minutes} min"),
        3_600..172_800 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} days {} h", hours / 24, hours % 24),
    }
}

/// An RFC 3339 instant without what a person does not need: `2026-11-22 16:02`.
pub(crate) fn minute(instant: &str) -> String {
    inert(instant).chars().take(16).map(|character| if character == 'T' { ' ' } else { character }).collect()
}

/// An RFC 3339 instant within its day: `16:02:11`.
pub(crate) fn second_of_day(instant: &str) -> String {
    inert(instant).chars().skip(11).take(8).collect()
}

/// One line of JSON.
pub(crate) fn json(out: &mut dyn Write, body: &Body) -> Result<(), Failure> {
    let value = serde_json::to_value(body).map_err(std::io::Error::from)?;
    json_value(out, &value)
}

/// One line of JSON. Outside of strings JSON is plain ASCII, so what is not inert stands in a string and can be
/// written as an escape there.
pub(crate) fn json_value(out: &mut dyn Write, value: &serde_json::Value) -> Result<(), Failure> {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match is_inert(character) {
            true => line.push(character),
            false => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
        }
    }
    Ok(writeln!(out, "{line}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be_and_text_is_inert() {
        let rows = [["plc1".to_owned(), "a\u{1b}[2J".to_owned()], ["x".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "WHY"], &rows), "NAME  WHY\nplc1  a\\u{1b}[2J\nx\n");
    }

    #[test]
    fn times_read_as_a_person_says_them() {
        let spans = [0, 119, 120, 3_599, 3_600, 172_799, 172_800].map(span);
        assert_eq!(spans, ["0 s", "119 s", "2 min", "59 min", "1 h 0 min", "47 h 59 min", "2 days 0 h"]);
        assert_eq!(minute("2026-11-22T16:02:11.000000Z"), "2026-11-22 16:02");
        assert_eq!(second_of_day("2026-11-22T16:02:11.000000Z"), "16:02:11");
        assert_eq!(second_of_day("x"), "");
    }

    #[test]
    fn json_moves_no_cursor_and_reads_back() {
        let value = serde_json::json!({ "name": "a\u{1b}\u{9b}\u{202e}b" });
        let mut out = Vec::new();
        json_value(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.trim_end().chars().all(is_inert), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
