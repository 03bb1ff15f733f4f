//! `cargo xtask bench`: what the product costs, beside its peers in the same run.

use anyhow::Result;

use crate::install::{self, Need};
use crate::shell::Root;

/// Installs the peers and runs the benches, which print their tables and fail where a gate is missed.
pub(crate) fn run(root: &Root) -> Result<()> {
    install::install(root, Need::Tests)?;
    install::install(root, Need::Benches)?;
    // a program of another package, which cargo builds for no bench: one of them starts it on a device
    root.cargo(["build", "--release", "--package", "nullius-agent"]).run()?;
    let packages = [
        "nullius",
        "nullius-controller",
        "nullius-policy",
        "nullius-engine",
        "nullius-enforce",
        "nullius-store",
        "nullius-gateway",
    ];
    packages.iter().try_for_each(|package| root.cargo(["bench", "--package", package]).run())
}
