//! What a gateway wrote down, into the log: once each, in order, all of a frame or nothing.
//!
//! A record that is missing or does not fit the chain is told by a record of our own, and the rest is taken: what a
//! gateway saw is worth more than a reason to refuse it.

use super::arrival::cut;
use super::wire::End;
use crate::record::credentials;
use nullius_audit::{Entry, Phase};
use nullius_identity::{GatewayIdentity, Verified};
use nullius_model::{DeviceName, Epoch, Timestamp};
use nullius_protocol::link::{Hash, Record, Records, chained};
use nullius_protocol::local::AuditLine;
use nullius_store::gateways::{self, Gateway};
use nullius_store::{StoreError, Tx, audit, devices};

/// What a gateway calls a key in two places.
const CLONE: &str = "clone";

/// Longest line that is kept of a record nobody can read, in bytes.
const MAX_LINE: usize = 16 << 10;

/// Writes what is new of them; the number of the last one that is in the log now.
///
/// # Errors
/// [`End`]; nothing was written then.
pub(super) fn record(
    tx: &mut Tx<'_>,
    peer: &Verified<GatewayIdentity>,
    records: &Records,
    at: Timestamp,
) -> Result<u64, End> {
    let mut gateway = super::arrival::admitted(tx, peer)?;
    if records.spool != gateway.spool.id {
        return Err(End::Contract("these records are of another spool than the one that was announced"));
    }
    let mut entries = Vec::new();
    let mut cloned = Vec::new();
    for record in &records.records {
        if record.seq > gateway.spool.recorded {
            check(&gateway, record, at, &mut entries);
            entries.push(entry(&gateway, record, at));
            cloned.extend(clone(record));
            gateway.spool.recorded = record.seq;
            gateway.spool.chain = record.chain.0.to_vec();
        }
    }
    if !entries.is_empty() {
        audit::append_all(tx, &entries)?;
        for device in &cloned {
            freeze(tx, &gateway, device, at)?;
        }
        gateway.seen = at.as_secs();
        gateways::recorded(tx, &gateway)?;
    }
    Ok(gateway.spool.recorded)
}

/// The device that a record says to be doubted: a key lives in two places.
fn clone(record: &Record) -> Option<DeviceName> {
    let line: AuditLine = serde_json::from_str(&record.line).ok()?;
    if line.what == CLONE { DeviceName::new(&line.device).ok() } else { None }
}

/// Nothing more is issued to a device whose key lives in two places, until a person has looked at it: whoever has the key
/// would get the next one too.
fn freeze(tx: &mut Tx<'_>, gateway: &Gateway, device: &DeviceName, at: Timestamp) -> Result<(), StoreError> {
    let site = gateway.site.as_str();
    if devices::find(tx, site, device.as_str())?.is_none() {
        return Ok(());
    }
    let why = format!("gateway {} saw a key of it in two places", gateway.name);
    credentials::freeze(tx, (site, device.as_str()), (&who(gateway), &why), at).map(drop)
}

/// What is wrong with a record's place, if anything.
fn check(gateway: &Gateway, record: &Record, at: Timestamp, entries: &mut Vec<Entry>) {
    let next = gateway.spool.recorded.saturating_add(1);
    if record.seq > next {
        let gap = observed(gateway, at, "gateway.records-missing").why("the gateway had no room for them");
        entries.push(gap.detail("first", next).detail("last", record.seq.saturating_sub(1)));
        return;
    }
    let before = Hash(gateway.spool.chain.as_slice().try_into().unwrap_or_default());
    if chained(&before, record.seq, record.line.as_bytes()) != record.chain {
        let broken =
            observed(gateway, at, "gateway.records-changed").why("the chain over its records breaks here");
        entries.push(broken.detail("seq", record.seq));
    }
}

fn entry(gateway: &Gateway, record: &Record, at: Timestamp) -> Entry {
    let Ok(line) = serde_json::from_str::<AuditLine>(&record.line) else {
        let end = record.line.floor_char_boundary(MAX_LINE);
        let text = record.line.get(..end).unwrap_or_default();
        return observed(gateway, at, "gateway.record").detail("seq", record.seq).detail("line", text);
    };
    let mut entry = observed(gateway, at, &line.what)
        .why(line.why)
        .detail("seq", record.seq)
        .detail("at", cut(&line.at))
        .detail("uptime_ms", line.uptime)
        .detail("by", cut(&line.who))
        .detail("text", line.text);
    if line.epoch != Epoch::default() {
        entry = entry.epoch(line.epoch);
    }
    entry
}

fn observed(gateway: &Gateway, at: Timestamp, what: &str) -> Entry {
    Entry::new(Phase::Observed, at, who(gateway), what, format!("gateway/{}", gateway.name))
        .site(gateway.site.as_str())
}

/// As the log names a gateway.
fn who(gateway: &Gateway) -> String {
    format!("gateway:{}", gateway.name)
}
