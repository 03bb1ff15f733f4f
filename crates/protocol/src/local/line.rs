//! Lines: how long they may be, and how one is read without trusting its sender.

use crate::bundle::MAX_BUNDLE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, Read as _};

/// Longest line in bytes, its end included: the largest bundle as hexadecimal digits, and some room. A client that sends
/// no line end could otherwise fill memory.
pub const MAX_LINE: usize = 2 * MAX_BUNDLE + 4096;

/// Most records of the audit that are handed out at once.
pub const MAX_SPOOL_READ: usize = 1024;

/// Why a line is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other side cannot be read.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// More than [`MAX_LINE`] bytes without an end.
    #[error("a line has at most {MAX_LINE} bytes")]
    TooLong,
    /// Not the JSON that was expected.
    #[error("not understood")]
    Json(#[from] serde_json::Error),
}

/// The next line without its end; `None` where the other side is done. A line that was cut off counts as none.
pub fn read_line(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, LineError> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    from.take(limit).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() + 1 >= MAX_LINE => Err(LineError::TooLong),
        Some(_) | None => Ok(None),
    }
}

/// A line as what it says.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, LineError> {
    Ok(serde_json::from_slice(line)?)
}

/// What is to be said as a line, its end included.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, LineError> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Body, Command, Denial, Failure, Protection, Reply, Request, Trust};
    use super::*;
    use crate::link::{Blob, Hash};

    fn request(line: &str) -> Result<Request, String> {
        decode(line.as_bytes()).map_err(|error: LineError| match error {
            LineError::Json(error) => error.to_string(),
            LineError::Io(_) | LineError::TooLong => error.to_string(),
        })
    }

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let revoke = Command::Revoke { device: "cam1".into(), reason: "scans".into() };
        let apply = Command::PolicyApply { bundle: vec![0xd2, 0x84] };
        let proven = Command::Proven {
            device: "plc1".into(),
            key: Hash([0xab; 32]),
            serial: "01".into(),
            protection: Protection::Hardware,
            port: "lan1".into(),
            mac: "02:00:00:00:00:11".into(),
            addresses: vec!["fe80::1".parse().unwrap()],
            seconds: 300,
            plugged: 7_000,
        };
        let trust = Command::WatchTrust;
        for command in [Command::Status, revoke, apply, proven, trust, Command::PolicyFetch { epoch: None }] {
            let request = Request { id: Some(7), command };
            let line = encode(&request).unwrap();
            assert_eq!(decode::<Request>(line.trim_ascii_end()).unwrap(), request);
        }
    }

    #[test]
    fn a_denial_of_an_older_gateway_reads_without_the_level_of_its_sender() {
        let line = br#"{"last":"","reason":"policy","only_counted":false,"port":null,"subject":"plc1","object":"cam1",
            "verb":"tcp/80","packets":3,"because":[]}"#;
        let denial: Denial = decode(line).unwrap();
        assert_eq!((denial.subject.as_str(), denial.assurance.as_str(), denial.packets), ("plc1", "", 3));
        assert!(!String::from_utf8(encode(&denial).unwrap()).unwrap().contains("assurance"));
    }

    #[test]
    fn the_form_of_a_line_is_what_scripts_may_rely_on() {
        let line = r#"{"id":1,"command":{"policy_fetch":{"epoch":"1.42"}}}"#;
        let read = request(line).unwrap();
        assert_eq!(encode(&read).unwrap().trim_ascii_end(), line.as_bytes());
        assert_eq!(request(r#"{"command":"status"}"#).unwrap().command, Command::Status);
        let failure = Failure { error: "no such device".into(), ..Failure::default() };
        let reply = Reply { id: None, answer: Answer::Error(failure) };
        let line = String::from_utf8(encode(&reply).unwrap()).unwrap();
        assert_eq!(line, "{\"answer\":{\"error\":{\"error\":\"no such device\",\"help\":\"\"}}}\n");
        let reply = Reply { id: Some(2), answer: Answer::Ok(Box::new(Body::Done)) };
        assert_eq!(encode(&reply).unwrap(), b"{\"id\":2,\"answer\":{\"ok\":\"done\"}}\n");
        let trust = Trust { epoch: 3, anchors: vec![Blob(vec![0x30, 0x82])], ..Trust::default() };
        let reply = Reply { id: None, answer: Answer::Ok(Box::new(Body::Trust(trust))) };
        let line = encode(&reply).unwrap();
        assert_eq!(decode::<Reply>(line.trim_ascii_end()).unwrap(), reply);
        assert!(String::from_utf8(line).unwrap().contains(r#""anchors":["3082"],"cross":[]"#));
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        for line in [
            r#"{"command":"status","user":"root"}"#,
            r#"{"command":{"device":{"device":"plc1","force":true}}}"#,
            r#"{"command":"format_disk"}"#,
            r#"{"command":{"policy_fetch":{"epoch":"1.042"}}}"#,
            r#"{"command":{"policy_apply":{"bundle":"0"}}}"#,
            r#"{"command":"status"} {}"#,
            r#"{"command":{"unproven":{"device":"a","key":"ab","reason":""}}}"#,
        ] {
            assert!(request(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_held_in_memory() {
        let endless = io::repeat(b'x');
        let result = read_line(&mut io::BufReader::new(endless));
        assert!(matches!(result, Err(LineError::TooLong)));
    }

    #[test]
    fn lines_come_one_by_one_and_a_rest_is_no_line() {
        let mut from = io::Cursor::new(b"one\n\ntwo");
        assert_eq!(read_line(&mut from).unwrap(), Some(b"one".to_vec()));
        assert_eq!(read_line(&mut from).unwrap(), Some(Vec::new()));
        assert_eq!(read_line(&mut from).unwrap(), None);
    }
}
