//! The numbers as text, read when somebody asks.

use super::{Gateway, Gauges, Receiver};
use crate::App;
use nullius_store::sinks::{self, Kind, Place};
use nullius_store::{StoreError, Tx, audit, gateways, sites};

/// Most gateways whose state is told one by one.
const MAX_GATEWAYS: usize = 10_000;

/// What is read from the store.
struct Read {
    records: u64,
    receivers: Vec<(&'static str, Place)>,
    gateways: Vec<(Gateway, u64)>,
}

/// All numbers, as OpenMetrics text.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn text(app: &App) -> Result<String, StoreError> {
    let read: Read = app.read(read).await?;
    let metrics = app.metrics();
    show(&metrics.gauges, &read);
    metrics.gauges.links.set(signed(u64::try_from(app.links().count()).unwrap_or(u64::MAX)));
    metrics.gauges.memory.set(signed(resident().unwrap_or(0)));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &metrics.registry)
        .map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(text)
}

fn read(tx: &mut Tx<'_>) -> Result<Read, StoreError> {
    let records = audit::size(tx)?;
    let mut receivers = Vec::new();
    for (word, kind) in [("sink", Kind::Sink), ("witness", Kind::Witness)] {
        receivers.extend(sinks::all(tx, kind)?.into_iter().map(|place| (word, place)));
    }
    let mut found = Vec::new();
    for site in sites::all(tx)? {
        for gateway in gateways::of_site(tx, &site.name)? {
            let same_term = gateway.taken.term == site.last.term;
            let taken = if same_term { gateway.taken.counter } else { 0 };
            let labels = Gateway { site: gateway.site, gateway: gateway.name };
            found.push((labels, site.last.counter.saturating_sub(taken)));
        }
    }
    found.truncate(MAX_GATEWAYS);
    Ok(Read { records, receivers, gateways: found })
}

/// Anew each time: what is no more does not stay.
fn show(gauges: &Gauges, read: &Read) {
    gauges.records.set(signed(read.records));
    gauges.behind.clear();
    gauges.failing.clear();
    gauges.epochs.clear();
    for (kind, place) in &read.receivers {
        let labels = Receiver { kind, name: place.name.clone() };
        gauges.behind.get_or_create(&labels).set(signed(read.records.saturating_sub(place.next)));
        gauges.failing.get_or_create(&labels).set(i64::from(place.error.is_some()));
    }
    for (labels, behind) in &read.gateways {
        gauges.epochs.get_or_create(labels).set(signed(*behind));
    }
}

/// From the kernel, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
