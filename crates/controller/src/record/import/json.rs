//! Lists in JSON: one array of objects, or one object a line, read as they come.

use super::Row;
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// Longest line and element, in bytes.
const MAX_ROW: u64 = 256 << 10;

pub(super) fn read(from: impl Read, take: &mut dyn FnMut(Result<Row, String>)) {
    let mut from = BufReader::new(from);
    match first(&mut from) {
        Ok(b'[') => array(from, take),
        Ok(_) => lines(from, take),
        Err(error) => take(Err(error.to_string())),
    }
}

/// The first byte that is no blank.
fn first(from: &mut impl BufRead) -> std::io::Result<u8> {
    loop {
        let (blank, next) = {
            let bytes = from.fill_buf()?;
            let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            (blank, bytes.get(blank).copied().or_else(|| bytes.is_empty().then_some(b'{')))
        };
        from.consume(blank);
        if let Some(next) = next {
            return Ok(next);
        }
    }
}

fn lines(mut from: impl BufRead, take: &mut dyn FnMut(Result<Row, String>)) {
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut from).take(MAX_ROW).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(read) if read as u64 >= MAX_ROW && !line.ends_with(b"\n") => {
                return take(Err(format!("longer than {MAX_ROW} bytes; nothing after it was read")));
            }
            Ok(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Ok(_) => take(std::str::from_utf8(&line).map_err(|error| error.to_string()).and_then(row)),
            Err(error) => return take(Err(error.to_string())),
        }
    }
}

fn array(from: impl BufRead, take: &mut dyn FnMut(Result<Row, String>)) {
    let mut json = serde_json::Deserializer::from_reader(from);
    let read = json.deserialize_seq(Rows(take));
    if let Err(error) = read.and_then(|()| json.end()) {
        take(Err(error.to_string()));
    }
}

struct Rows<'t>(&'t mut dyn FnMut(Result<Row, String>));

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of devices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        // as text first, so that a mistake in one is a mistake of its row
        while let Some(element) = rows.next_element::<Box<RawValue>>()? {
            (self.0)(row(element.get()));
        }
        Ok(())
    }
}

fn row(text: &str) -> Result<Row, String> {
    if text.len() as u64 > MAX_ROW {
        return Err(format!("longer than {MAX_ROW} bytes"));
    }
    serde_json::from_str::<Row>(text).map_err(|error| error.to_string()).and_then(Row::plain)
}
