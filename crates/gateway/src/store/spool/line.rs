//! A record as a line of a file: its number in front, what stands behind it in the chain at the end.
//!
//! `{"at":…}` becomes `{"seq":7,"at":…,"chain":"…"}`. The chain is that of the link ([`chained`]): over the number and the
//! record as it is uploaded, which has neither of the two fields.

use nullius_protocol::from_hex;
use nullius_protocol::link::{Hash, chained};

/// What stands between a record and the chain's value.
const CHAIN: &str = ",\"chain\":\"";

/// What ends a line.
const END: &str = "\"}";

/// What begins a line.
const SEQ: &str = "{\"seq\":";

/// No spool counts so far; whoever writes a greater number into a file stops no counting.
pub(super) const MAX_SEQ: u64 = 1 << 62;

/// The line of a record, a JSON object with at least one field; `chain` is what stands behind it.
pub(super) fn line(seq: u64, record: &str, chain: &Hash) -> Option<String> {
    let fields = record.strip_prefix('{')?.strip_suffix('}')?;
    Some(format!("{SEQ}{seq},{fields}{CHAIN}{chain}{END}"))
}

/// A line taken apart. What is not as it was written keeps its place and comes as it is, for whoever checks the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) seq: u64,
    pub(super) record: String,
    pub(super) chain: Hash,
}

/// Takes a line apart; `seq` and `before` stand in for what it does not say.
pub(super) fn open(line: &str, seq: u64, before: &Hash) -> Opened {
    match number(line).zip(line.strip_suffix(END).and_then(|rest| rest.rsplit_once(CHAIN))) {
        Some(((seq, _), (open, digits))) if let Some(chain) = hash(digits) => {
            let fields = number(open).map_or("", |(_, fields)| fields);
            Opened { seq, record: format!("{{{fields}}}"), chain }
        }
        _ => Opened { seq, record: line.to_owned(), chain: chained(before, seq, line.as_bytes()) },
    }
}

/// The number a line begins with, and what comes behind it.
pub(super) fn number(line: &str) -> Option<(u64, &str)> {
    let (digits, fields) = line.strip_prefix(SEQ)?.split_once(',')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|seq| plain && *seq < MAX_SEQ)?, fields))
}

pub(super) fn hash(digits: &str) -> Option<Hash> {
    Some(Hash(from_hex(digits)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_out_of_its_line_as_it_went_in() {
        for record in [r#"{"at":"x","text":"a \"chain\":\"b\"}"}"#, r#"{"chain":"c"}"#, r#"{"seq":9,"a":1}"#]
        {
            let chain = chained(&Hash::default(), 7, record.as_bytes());
            let opened = open(&line(7, record, &chain).unwrap(), 1, &Hash::default());
            assert_eq!(opened, Opened { seq: 7, record: record.to_owned(), chain });
        }
    }

    #[test]
    fn what_was_written_by_somebody_else_comes_as_it_is() {
        let before = Hash([1; 32]);
        for line in [
            "",
            "{}",
            r#"{"at":"x"}"#,
            r#"{"seq":,"chain":"00"}"#,
            r#"{"seq":1x,"#,
            "{\"seq\":9999999999999999999,",
        ] {
            let chain = chained(&before, 3, line.as_bytes());
            assert_eq!(open(line, 3, &before), Opened { seq: 3, record: line.to_owned(), chain }, "{line}");
        }
    }
}
