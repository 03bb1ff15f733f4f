//! Lists of comma- or semicolon-separated values (RFC 4180), read as they come.

use super::Row;
use super::row::{MAX_FIELD, is_column};
use csv::{ByteRecord, ReaderBuilder, Trim};
use std::io::{self, BufRead, BufReader, Read};

/// Longest row, in bytes: a quote that nobody closes must not hold all that follows.
const MAX_ROW: usize = 16 * MAX_FIELD;

/// Mistakes of the list as a whole after which nothing is read any more.
const MAX_BROKEN: u32 = 100;

pub(super) fn read(from: impl Read, take: &mut dyn FnMut(Result<Row, String>)) {
    let mut from = BufReader::new(from);
    let delimiter = match delimiter(&mut from) {
        Ok(delimiter) => delimiter,
        Err(error) => return take(Err(error.to_string())),
    };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).flexible(true).from_reader(from);
    let columns = match reader.byte_headers().map(columns) {
        Ok(Ok(columns)) => columns,
        Ok(Err(error)) => return take(Err(error)),
        Err(error) => return take(Err(error.to_string())),
    };
    let mut record = ByteRecord::new();
    let mut broken = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => take(row(&columns, &record)),
            Ok(false) => return,
            Err(error) => {
                take(Err(error.to_string()));
                broken += 1;
                if broken >= MAX_BROKEN || error.is_io_error() {
                    return;
                }
            }
        }
    }
}

/// What separates the columns, as the first line shows; a byte order mark is passed over.
fn delimiter(from: &mut impl BufRead) -> io::Result<u8> {
    let start = from.fill_buf()?;
    let mark = if start.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|byte| **byte == separator).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    from.consume(mark);
    Ok(delimiter)
}

fn columns(header: &ByteRecord) -> Result<Vec<String>, String> {
    let mut columns: Vec<String> = Vec::new();
    for name in header {
        let name = text(name).map_err(|why| format!("the first line, which names the columns, {why}"))?;
        let name = name.to_lowercase();
        if !is_column(&name) {
            return Err(format!("no column is called `{}`", name.escape_debug()));
        }
        if columns.contains(&name) {
            return Err(format!("two columns are called `{name}`"));
        }
        columns.push(name);
    }
    Ok(columns)
}

fn row(columns: &[String], record: &ByteRecord) -> Result<Row, String> {
    if record.as_slice().len() > MAX_ROW {
        return Err(format!("longer than {MAX_ROW} bytes: is a quote not closed?"));
    }
    if record.len() != columns.len() {
        return Err(format!("{} fields, and {} columns", record.len(), columns.len()));
    }
    let fields = record.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    Row::of_fields(columns.iter().map(String::as_str).zip(fields))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "is no UTF-8: save the list in that encoding".to_owned())
}
