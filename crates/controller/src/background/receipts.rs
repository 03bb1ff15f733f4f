//! What gateways say was done with a grant is kept with it: their records are read from the log, in order.

use crate::App;
use crate::http::Problem;
use crate::record::grants::{self, Receipt};
use nullius_model::{inert, is_inert};
use nullius_store::{Tx, audit, readers};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Under which name its place in the log is kept.
const READER: &str = "receipts";

/// Records read at once.
const A_PAGE: u32 = 200;

/// How a gateway's record of what was done with a grant begins: `receipt of grant-7 of vendor for plc1/modbus: …`.
const RECEIPT: &str = "receipt of ";

/// Of a record, what matters here.
#[derive(Debug, Deserialize)]
struct Record {
    site: Option<String>,
    who: String,
    #[serde(default)]
    data: Map<String, Value>,
}

/// Keeps receipts as they come, for as long as the controller runs.
pub(crate) async fn run(app: App) {
    let mut changes = app.changes();
    loop {
        match sweep(&app).await {
            Ok(true) => {}
            Ok(false) => {
                if changes.changed().await.is_err() {
                    return;
                }
            }
            Err(problem) => {
                tracing::error!(code = problem.code(), "receipts were not kept");
                tokio::time::sleep(std::time::Duration::from_secs(10)).await;
            }
        }
    }
}

/// Reads on; whether there is more.
///
/// # Errors
/// What the store fails with.
pub(crate) async fn sweep(app: &App) -> Result<bool, Problem> {
    let ahead = app.read(|tx| Ok::<_, Problem>(readers::next(tx, READER)? < audit::size(tx)?)).await?;
    if ahead { app.write(read_on).await } else { Ok(false) }
}

fn read_on(tx: &mut Tx<'_>) -> Result<bool, Problem> {
    let next = readers::next(tx, READER)?;
    let leaves = audit::leaves(tx, next, A_PAGE)?;
    for leaf in &leaves {
        if let Ok(record) = serde_json::from_str::<Record>(&leaf.record) {
            keep(tx, &record, leaf.number)?;
        }
    }
    if let Some(last) = leaves.last() {
        readers::advance(tx, READER, last.number.saturating_add(1))?;
    }
    Ok(u64::try_from(leaves.len()).unwrap_or(u64::MAX) >= u64::from(A_PAGE))
}

fn keep(tx: &mut Tx<'_>, record: &Record, number: u64) -> Result<(), Problem> {
    let (Some(site), Some(gateway)) = (&record.site, record.who.strip_prefix("gateway:")) else {
        return Ok(());
    };
    let text = record.data.get("text").and_then(Value::as_str).unwrap_or_default();
    let Some(pair) = pair(text) else { return Ok(()) };
    let receipt = Receipt { gateway: gateway.to_owned(), record: number, text: inert(text) };
    grants::keep_receipt(tx, site, pair, receipt)
}

/// Whose receipt it is, and for what.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.strip_prefix(RECEIPT)?.split_once(" of ")?;
    let (subject, rest) = rest.split_once(" for ")?;
    let (object, _) = rest.split_once(':')?;
    Some((subject, object)).filter(|pair| [pair.0, pair.1].iter().all(|text| text.chars().all(is_inert)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_says_whose_it_is() {
        let text = "receipt of grant-7 of vendor for plc1/modbus: read holding 0-9 12 times; digest 00";
        assert_eq!(pair(text), Some(("vendor", "plc1/modbus")));
        for other in ["grant-7 of vendor for plc1/modbus: x", "receipt of x", "receipt of a of b for c", ""] {
            assert_eq!(pair(other), None, "{other}");
        }
    }
}
