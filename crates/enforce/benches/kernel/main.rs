//! What the rules cost: to load, to change, and for each packet. Needs root, `nft` and `ip`.
//!
//! `cargo bench --package nullius-enforce` prints the tables and fails where a gate is missed.

#[expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared with the tests, where a failure is the answer"
)]
#[path = "../../tests/kernel/node.rs"]
mod node;

mod forwarding;
mod loading;
mod rules;

use std::error::Error;

/// What a part of the bench hands back: gates that were missed, as sentences.
pub(crate) type Outcome = Result<Vec<String>, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --all-targets` runs benches too, to see that they build
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut missed = loading::bench()?;
    missed.extend(forwarding::bench()?);
    match missed.is_empty() {
        true => println!("\nall gates met"),
        false => return Err(missed.join("; ").into()),
    }
    Ok(())
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 50)
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn percentile(values: &mut [f64], hundredths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = values.len().saturating_mul(hundredths) / 100;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
