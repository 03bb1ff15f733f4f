//! `tshark` as the referee: every number of the JSON report on the plant that it can give, derived from its fields.
//!
//! What it cannot give, and is therefore not compared: vendor, class and reasons, findings, sentences. Periods are
//! compared where the report keeps every gap.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken fixture must fail the test"
)]

mod counted;
#[path = "../support/mod.rs"]
mod support;
mod tshark;

use counted::Counted;
use nullius_eval::{Learn, report::json};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use support::{PLANT, look_at, workspace};

#[test]
fn every_number_of_the_report_on_the_plant_is_that_of_tshark() {
    let capture = workspace(PLANT);
    let frames = tshark::frames(&capture);
    for learned in [None, Some(21), Some(64)] {
        let learn = learned.map_or(Learn::Everything, |seconds| Learn::For(Duration::from_secs(seconds)));
        let until = learned.map_or(u64::MAX, |seconds| frames[0].at + seconds * 1_000_000_000);
        let told = report(&capture, learn);
        let counted = Counted::of(&frames, until);
        let summary = counted.summary();
        compare(&told["capture"], &counted.capture());
        compare(&told["summary"], &summary);
        compare(&told["quality"], &counted.quality());
        compare(&told["devices"], &counted.devices());
        compare(&told["conversations"], &counted.conversations());
        assert_eq!(summary["messages"], 7_990);
    }
}

/// Whatever the referee says must be in the report, at the same place; lists are as long.
fn compare(told: &Value, counted: &Value) {
    match (told, counted) {
        (Value::Object(told), Value::Object(counted)) => {
            counted.iter().for_each(|(name, value)| compare(&told[name], value));
        }
        (Value::Array(told), Value::Array(counted)) => {
            assert_eq!(told.len(), counted.len(), "{counted:?}");
            told.iter().zip(counted).for_each(|(told, counted)| compare(told, counted));
        }
        _ => assert_eq!(told, counted),
    }
}

fn report(capture: &Path, learn: Learn) -> Value {
    let mut bytes = Vec::new();
    json::to_writer(&look_at(capture, learn), &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
