//! A record and its place in the chain, as one line.
//!
//! A record is a JSON object whose first field is its number: `{"seq":7,"at":…}`. Its line has the chain's value as a last
//! field: SHA-256 over the value before and the record's bytes, as they are uploaded.

use aws_lc_rs::digest::{Context, SHA256};
use nullius_protocol::{from_hex, to_hex};
use std::fmt;

/// What stands between a record and the chain's value.
const CHAIN: &str = ",\"chain\":\"";

/// What ends a line.
const END: &str = "\"}";

/// What begins a record.
const SEQ: &str = "{\"seq\":";

/// The value of the chain after some record; zeros before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain([u8; 32]);

impl Chain {
    /// The value after `record`.
    pub(crate) fn after(self, record: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.update(record.as_bytes());
        Self(context.finish().as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(Self(from_hex(text)?.try_into().ok()?))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// A JSON object as the record of this number.
pub(super) fn record(seq: u64, json: &str) -> Option<String> {
    let fields = json.strip_prefix('{')?;
    let comma = if fields.starts_with('}') { "" } else { "," };
    Some(format!("{SEQ}{seq}{comma}{fields}"))
}

/// The line of a record; `chain` is the value after it.
pub(super) fn line(record: &str, chain: Chain) -> String {
    let open = record.strip_suffix('}').unwrap_or(record);
    format!("{open}{CHAIN}{chain}{END}")
}

/// A line taken apart. What is not as it was written keeps its place and comes as it is, for whoever checks the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The number it says it has.
    pub(super) seq: Option<u64>,
    pub(super) record: String,
    /// The value after it.
    pub(super) chain: Option<Chain>,
}

/// Takes a line apart.
pub(super) fn open(line: &str) -> Opened {
    let number = line.strip_prefix(SEQ).map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let seq = number.and_then(|digits| line.get(SEQ.len()..SEQ.len() + digits)?.parse().ok());
    let parts = line.strip_suffix(END).and_then(|rest| rest.rsplit_once(CHAIN));
    let chain = parts.and_then(|(_, digits)| Chain::parse(digits));
    let record = match (parts, chain) {
        (Some((open, _)), Some(_)) => format!("{open}}}"),
        _ => line.to_owned(),
    };
    Opened { seq, record, chain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_out_of_its_line_as_it_went_in() {
        for json in [r#"{"at":"x","text":"a \"chain\":\"b\"}"}"#, "{}", r#"{"chain":"c"}"#] {
            let record = record(7, json).unwrap();
            let chain = Chain::default().after(&record);
            let opened = open(&line(&record, chain));
            assert_eq!(opened, Opened { seq: Some(7), record, chain: Some(chain) }, "{json}");
        }
    }

    #[test]
    fn what_was_written_by_somebody_else_comes_as_it_is() {
        for line in ["", "{}", r#"{"at":"x"}"#, r#"{"seq":,"chain":"00"}"#, r#"{"seq":x"#] {
            assert_eq!(open(line), Opened { seq: None, record: line.to_owned(), chain: None }, "{line}");
        }
        assert_eq!(open(r#"{"seq":99999999999999999999}"#).seq, None);
    }
}
