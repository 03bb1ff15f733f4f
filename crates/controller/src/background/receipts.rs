//! What gateways say was done with a grant is kept with it: their records are read from the log, in order.

use crate::App;
use crate::http::Problem;
use crate::record::grants;
use nullius_store::{Tx, audit, readers};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Under which name its place in the log is kept.
const READER: &str = "receipts";

/// Records read at once.
const A_PAGE: u32 = 200;

/// What a gateway's record of a grant's end is called.
const RECEIPT: &str = "grant.receipt";

/// Of a record, what matters here.
#[derive(Debug, Deserialize)]
struct Record {
    site: Option<String>,
    who: String,
    what: String,
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
            keep(tx, &record)?;
        }
    }
    if let Some(last) = leaves.last() {
        readers::advance(tx, READER, last.number.saturating_add(1))?;
    }
    Ok(u64::try_from(leaves.len()).unwrap_or(u64::MAX) >= u64::from(A_PAGE))
}

fn keep(tx: &mut Tx<'_>, record: &Record) -> Result<(), Problem> {
    let (Some(site), Some(gateway)) = (&record.site, record.who.strip_prefix("gateway:")) else {
        return Ok(());
    };
    let Some(id) = record.data.get("grant").and_then(Value::as_str).filter(|_| record.what == RECEIPT) else {
        return Ok(());
    };
    let mut receipt = record.data.clone();
    receipt.insert("gateway".to_owned(), Value::from(gateway));
    grants::keep_receipt(tx, site, id, &Value::Object(receipt).to_string())
}
