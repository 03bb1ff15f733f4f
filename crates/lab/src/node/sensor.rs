//! A temperature, published every two seconds.

use super::historian::{address_of, again};
use super::mqtt;
use crate::plant::{Node, Role};
use anyhow::Result;
use std::time::Duration;

/// Time between two values.
const EVERY: Duration = Duration::from_secs(2);

/// Publishes for good.
pub(super) async fn run(node: &Node) -> Result<()> {
    let topic = format!("plant/{}/temperature", node.name);
    again("broker", async || {
        mqtt::publish(address_of(Role::Broker)?, node.name, &topic, EVERY, temperature).await
    })
    .await;
    Ok(())
}

/// A day in ten minutes: 18 to 24 degrees and back.
fn temperature(number: u64) -> String {
    let step = number % 120;
    let tenths = if step < 60 { 180 + step } else { 300 - step };
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temperature_goes_up_and_comes_back() {
        assert_eq!([0, 59, 60, 119, 120].map(temperature), ["18.0", "23.9", "24.0", "18.1", "18.0"]);
    }
}
