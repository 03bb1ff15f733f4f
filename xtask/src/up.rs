//! `cargo xtask up`: builds the product and reads a capture with it, as a newcomer's first look.

use std::path::Path;

use anyhow::Result;

use crate::shell::Root;

/// The capture that is read when none is given.
pub(crate) const SAMPLE: &str = "samples/plant.pcap";

const REPORT: &str = "target/nullius-report.html";

/// Prints the report of `capture` (an absolute path) and says where to find the rest.
pub(crate) fn show(root: &Root, capture: &Path) -> Result<()> {
    root.cargo(["build", "--release", "--package", "nullius"]).run()?;
    evaluate(root, capture)?;
    println!("\nThe report as a page: {}", root.join(REPORT).display());
    println!("Your own capture:     cargo xtask up path/to/capture.pcap");
    Ok(())
}

fn evaluate(root: &Root, capture: &Path) -> Result<()> {
    let program = root.program(root.join("target/release/nullius")).arg("eval").arg(capture);
    program.args(["--report", "html", "--output", REPORT]).run()
}
