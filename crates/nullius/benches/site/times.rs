//! How long things took: the middle of many, and the slow ones.

use std::time::Duration;

/// In order of length.
pub(crate) fn sorted(taken: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut taken: Vec<_> = taken.collect();
    taken.sort_unstable();
    taken
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let behind =
        sorted.iter().enumerate().find(|(index, _)| *index as f64 >= (sorted.len() as f64 * share).floor());
    behind.map(|(_, taken)| *taken).or(sorted.last().copied()).unwrap()
}

/// What ninety-five of a hundred did not exceed.
pub(crate) fn p95(sorted: Vec<Duration>) -> Duration {
    quantile(&sorted, 0.95)
}

/// A line of the table.
pub(crate) fn print(what: &str, sorted: &[Duration]) {
    let [half, most, all] = [0.5, 0.95, 1.0].map(|share| quantile(sorted, share).as_secs_f64() * 1e3);
    println!("{what}: {half:.1} ms p50, {most:.1} ms p95, {all:.1} ms at most, of {}", sorted.len());
}
