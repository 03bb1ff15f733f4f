//! The numbers that Prometheus gets, as OTLP wants them.
//!
//! They are read back from their text, which is ours: so there is one list of numbers, and both say the same.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One line: name, labels, number.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    number: f64,
}

/// The body of a request for metrics. Times are nanoseconds since 1970: since when counters count, and now.
pub(super) fn body(text: &str, since: u64, now: u64) -> Value {
    let kinds: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let samples: Vec<Sample<'_>> = text.lines().filter_map(Sample::read).collect();
    let times = json!({"startTimeUnixNano": since.to_string(), "timeUnixNano": now.to_string()});
    let metrics: Vec<Value> = kinds.iter().map(|(name, kind)| metric(name, kind, &samples, &times)).collect();
    json!({"resourceMetrics": [{
        "resource": super::resource(),
        "scopeMetrics": [{"scope": super::scope(), "metrics": metrics}],
    }]})
}

impl<'a> Sample<'a> {
    /// `name{a="b",c="d"} 7`. Labels are names and templates: none has a quote, a comma or an escape in it.
    fn read(line: &'a str) -> Option<Self> {
        let (series, number) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        let labels = labels.map(|(name, value)| (name, value.trim_matches('"'))).collect();
        Some(Self { name, labels, number: number.parse().ok()? })
    }

    fn attributes(&self) -> Value {
        let labels = self.labels.iter().filter(|(name, _)| *name != "le");
        labels.map(|(name, value)| json!({"key": name, "value": {"stringValue": value}})).collect()
    }

    fn point(&self, times: &Value) -> Value {
        point(times, [("attributes", self.attributes()), ("asDouble", json!(self.number))])
    }
}

/// A number at its time.
fn point(times: &Value, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut point = times.as_object().cloned().unwrap_or_default();
    point.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(point)
}

fn metric(name: &str, kind: &str, samples: &[Sample<'_>], times: &Value) -> Value {
    let named = |end: &str| {
        let wanted = format!("{name}{end}");
        samples.iter().filter(move |sample| sample.name == wanted)
    };
    match kind {
        // AGGREGATION_TEMPORALITY_CUMULATIVE is 2
        "counter" => {
            let points: Vec<Value> = named("_total").map(|sample| sample.point(times)).collect();
            json!({"name": name, "sum":
                {"dataPoints": points, "aggregationTemporality": 2, "isMonotonic": true}})
        }
        "histogram" => {
            let points = histograms(named("_bucket"), named("_sum"), times);
            json!({"name": name, "histogram": {"dataPoints": points, "aggregationTemporality": 2}})
        }
        _ => {
            let points: Vec<Value> = named("").map(|sample| sample.point(times)).collect();
            json!({"name": name, "gauge": {"dataPoints": points}})
        }
    }
}

/// Prometheus counts what is in a bucket and in all smaller ones, OTLP what is in the bucket alone.
fn histograms<'s>(
    buckets: impl Iterator<Item = &'s Sample<'s>>,
    sums: impl Iterator<Item = &'s Sample<'s>>,
    times: &Value,
) -> Vec<Value> {
    let mut series: BTreeMap<String, (Vec<f64>, Vec<f64>, Value)> = BTreeMap::new();
    for bucket in buckets {
        let attributes = bucket.attributes();
        let entry = series.entry(attributes.to_string()).or_insert((Vec::new(), Vec::new(), attributes));
        let bound = bucket.labels.iter().find(|(name, _)| *name == "le").and_then(|(_, le)| le.parse().ok());
        entry.0.extend(bound.filter(|bound: &f64| bound.is_finite()));
        entry.1.push(bucket.number);
    }
    let sums: BTreeMap<String, f64> = sums.map(|sum| (sum.attributes().to_string(), sum.number)).collect();
    series
        .into_iter()
        .map(|(key, (bounds, counts, attributes))| {
            let mut before = 0.0;
            let alone = counts.iter().map(|count| {
                let alone = count - before;
                before = *count;
                format!("{alone:.0}")
            });
            let alone: Vec<String> = alone.collect();
            let count = counts.last().copied().unwrap_or(0.0);
            let fields = [
                ("attributes", attributes),
                ("explicitBounds", json!(bounds)),
                ("bucketCounts", json!(alone)),
                ("count", json!(format!("{count:.0}"))),
                ("sum", json!(sums.get(&key).copied().unwrap_or(0.0))),
            ];
            point(times, fields)
        })
        .collect()
}
