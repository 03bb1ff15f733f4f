//! JSON whose strings are inert: a terminal that prints them neither moves its cursor nor turns a line around.
//!
//! JSON itself (RFC 8259 §7) escapes only what lies below U+0020. Terminals obey the C1 controls too, and editors the
//! characters that set the direction of text. They are written as `\u` escapes: a parser yields the original text.

use nullius_model::is_inert;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

pub(super) fn write(value: &impl Serialize, writer: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Inert)).map_err(io::Error::from)
}

struct Inert;

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for run in fragment.split_inclusive(|character| !is_inert(character)) {
            let last = run.chars().next_back().filter(|last| !is_inert(*last));
            let inert = run.get(..run.len() - last.map_or(0, char::len_utf8)).unwrap_or_default();
            writer.write_all(inert.as_bytes())?;
            if let Some(last) = last {
                let mut units = [0; 2];
                for unit in last.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_leaves_and_every_one_comes_back() {
        let text = "a\u{1b}[31m\u{9b}2J\u{7f}\r\n\u{202e}\u{feff}ü\"\\\u{2028}🦀";
        let mut bytes = Vec::new();
        write(&text, &mut bytes).unwrap();
        let written = String::from_utf8(bytes).unwrap();
        assert!(written.chars().all(is_inert), "{written}");
        assert!(written.contains("\\u009b2J\\u007f\\r\\n\\u202e\\ufeffü"), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
