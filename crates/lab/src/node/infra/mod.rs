//! What a device needs before anybody knows it: an address and names. Answers honestly, and only about the plant.

mod dhcp;
mod dns;

use anyhow::Result;

/// Serves for good.
pub(super) async fn run() -> Result<()> {
    tokio::try_join!(dhcp::run(), dns::run()).map(|((), ())| ())
}
