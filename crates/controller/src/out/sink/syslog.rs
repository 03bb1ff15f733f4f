//! Syslog: RFC 5424 messages over TLS (RFC 5425) or TCP (RFC 6587 §3.4.1), framed by counting octets.
//!
//! A syslog receiver confirms nothing. What the kernels of both ends hold when a connection breaks is lost, and which
//! records that were nobody says. So a record counts as taken only once so much was written after it that both kernels
//! can no longer hold it, once the connection lived on for longer than it could with unconfirmed bytes
//! (`TCP_USER_TIMEOUT`), or once the receiver has closed the connection with nothing unread. Everything younger is sent
//! again on the next connection; the receiver knows it by its id.

use super::Trouble;
use super::connection::{Connection, USER_TIMEOUT};
use crate::out::ocsf::Line;
use rustls::ClientConfig;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Facility 13: log audit (RFC 5424 §6.2.1).
const FACILITY: u8 = 13;

/// Longest message id (RFC 5424 §6).
const MAX_MSGID: usize = 32;

/// Bytes after which both kernels have let go of a record: more than the largest buffers that are usual.
const WINDOW: u64 = 16 << 20;

/// Time after which a connection that still stands has had its bytes confirmed.
const SETTLED: Duration = Duration::from_secs(USER_TIMEOUT.as_secs() + 5);

/// A syslog receiver.
#[derive(Debug)]
pub(crate) struct Syslog {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    connection: Option<Connection>,
    written: u64,
    /// What was written and may still be lost: the next record, bytes so far, when.
    unsettled: VecDeque<(u64, u64, Instant)>,
    settled: u64,
}

impl Syslog {
    /// A receiver, with TLS where there is somebody to trust.
    pub(crate) fn new(host: String, port: u16, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { host, port, tls, connection: None, written: 0, unsettled: VecDeque::new(), settled: 0 }
    }

    /// A new connection, on which `next` is the first record.
    pub(crate) async fn open(&mut self, next: u64) -> Result<(), Trouble> {
        self.connection = None;
        self.unsettled.clear();
        (self.written, self.settled) = (0, next);
        self.connection = Some(Connection::open(&self.host, self.port, self.tls.clone()).await?);
        Ok(())
    }

    pub(crate) async fn send(&mut self, lines: &[Line]) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        for line in lines {
            frame(&mut bytes, &message(line));
        }
        self.write(&bytes).await?;
        if let Some(last) = lines.last() {
            self.unsettled.push_back((last.sequence + 1, self.written, Instant::now()));
        }
        Ok(())
    }

    /// The first record that may have to be sent again.
    pub(crate) fn settled(&mut self) -> u64 {
        while let Some(&(next, written, at)) = self.unsettled.front() {
            if self.written - written < WINDOW && at.elapsed() < SETTLED {
                break;
            }
            self.settled = next;
            self.unsettled.pop_front();
        }
        self.settled
    }

    /// Ends when more records are settled, or when the receiver hung up.
    pub(crate) async fn rest(&mut self) -> Result<(), Trouble> {
        let due = self.unsettled.front().map(|&(_, _, at)| at + SETTLED);
        let settling = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let Some(connection) = &mut self.connection else { return Err(Trouble::new("not connected")) };
        tokio::select! {
            () = settling => Ok(()),
            trouble = connection.hung_up() => Err(trouble),
        }
    }

    /// The connection is over: what is known of the records that were under way?
    pub(crate) async fn close(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.was_read().await {
            self.settled = self.unsettled.back().map_or(self.settled, |&(next, ..)| next);
            self.unsettled.clear();
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let Some(connection) = &mut self.connection else { return Err(Trouble::new("not connected")) };
        connection.write(bytes).await?;
        self.written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// One message, framed: its length, a space, itself (RFC 5425 §4.3).
pub(crate) fn frame(into: &mut Vec<u8>, message: &str) {
    into.extend_from_slice(format!("{} ", message.len()).as_bytes());
    into.extend_from_slice(message.as_bytes());
}

/// One record as RFC 5424 wants it. What is no time and no name there becomes `-`.
pub(crate) fn message(line: &Line) -> String {
    let priority = FACILITY * 8 + syslog_severity(line.severity);
    let at = if is_time(&line.at) { &line.at } else { "-" };
    let id: String = line.what.chars().filter(char::is_ascii_graphic).take(MAX_MSGID).collect();
    let id = if id.is_empty() { "-" } else { &id };
    // RFC 5424 §7.3.1: from 1, and from 1 again after 2147483647
    let number = line.sequence % 2_147_483_647 + 1;
    format!("<{priority}>1 {at} - nullius - {id} [meta sequenceId=\"{number}\"] {}", line.json)
}

/// OCSF counts up, syslog down (RFC 5424 §6.2.1).
const fn syslog_severity(severity: u8) -> u8 {
    match severity {
        2 => 5,
        3 => 4,
        4 => 3,
        5 => 2,
        6 => 1,
        _ => 6,
    }
}

/// RFC 5424 §6.2.3: of RFC 3339, capitals, and at most six digits behind the second.
fn is_time(at: &str) -> bool {
    let digits = at.split_once('.').map_or(0, |(_, fraction)| fraction.len().saturating_sub(1));
    at.is_ascii()
        && at.contains('T')
        && at.ends_with('Z')
        && digits <= 6
        && at.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::ocsf;
    use proptest::prelude::*;

    #[test]
    fn a_record_is_a_message_of_rfc_5424() {
        let leaf =
            br#"{"at":"2026-11-22T20:16:26.123Z","who":"system","what":"device.revoke","object":"device/a"}"#;
        let message = message(&ocsf::line(0, leaf));
        let header = "<108>1 2026-11-22T20:16:26.123Z - nullius - device.revoke [meta sequenceId=\"1\"] {\"class_uid\":7004,";
        assert!(message.starts_with(header), "{message}");
        let mut framed = Vec::new();
        frame(&mut framed, "ab c");
        assert_eq!(framed, b"4 ab c");
    }

    proptest! {
        #[test]
        fn no_leaf_splits_or_ends_a_message(at in any::<String>(), what in any::<String>(), sequence in any::<u64>()) {
            let leaf = serde_json::json!({"at": at, "what": what}).to_string();
            let message = message(&ocsf::line(sequence, leaf.as_bytes()));
            prop_assert!(message.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            let fields: Vec<&str> = message.splitn(7, ' ').collect();
            prop_assert_eq!(fields.len(), 7);
            prop_assert!(fields[6].starts_with("[meta sequenceId=\""), "{}", message);
        }
    }
}
