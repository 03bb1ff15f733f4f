//! How many records a second the audit log takes, on the disk that holds temporary files.

use nullius_audit::{Entry, Phase};
use nullius_model::Timestamp;
use nullius_store::{Kek, Location, Store, StoreError, audit};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

/// Twice what a site with 2,000 events a second needs: it catches up after an hour without a controller.
const GATE: f64 = 4_000.0;

/// Records in the log before anything is measured.
const BEFORE: u32 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("nullius-bench-audit-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = measure(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let location = Location::Sqlite(folder.join("store.db"));
    let store = Store::open(&location, Kek::file(&folder.join("kek")))?;
    append(&store, BEFORE, 1_000)?;
    let (mut out, mut fastest) = (io::stdout().lock(), 0.0_f64);
    for (records, batch) in [(20_000, 1_000), (5_000, 100), (300, 1)] {
        let began = now();
        append(&store, records, batch)?;
        let rate = f64::from(records) / began.elapsed().as_secs_f64();
        writeln!(out, "{batch:>5} records a transaction: {rate:>8.0} records/s")?;
        fastest = fastest.max(rate);
    }
    if fastest < GATE { Err(format!("{fastest:.0} records/s; the gate is {GATE}").into()) } else { Ok(()) }
}

fn append(store: &Store, records: u32, batch: u32) -> Result<(), StoreError> {
    for first in (0..records).step_by(usize::try_from(batch).unwrap_or(1)) {
        let entries: Vec<_> = (first..first + batch).map(entry).collect();
        store.write(|tx| audit::append_all(tx, &entries))?;
    }
    Ok(())
}

/// Some 400 bytes, as most are.
fn entry(number: u32) -> Entry {
    let at = Timestamp::from_secs(1_795_378_920 + u64::from(number));
    Entry::new(Phase::Observed, at, "gateway:gw1", "flow.denied", format!("device/cam{}", number % 100))
        .site("lab")
        .why("no policy permits it")
        .detail("channel", "tcp/502")
        .detail("peer", "device/plc1")
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}
