//! `cargo xtask eval`: builds the product and reads a capture with it.

use std::path::Path;

use anyhow::Result;

use crate::shell::Root;
use crate::up;

/// The capture that is read when none is given.
pub(crate) const SAMPLE: &str = "samples/plant.pcap";

const REPORT: &str = "target/nullius-report.html";

/// Prints the report of `capture` (an absolute path) and says where to find the rest.
pub(crate) fn show(root: &Root, capture: &Path) -> Result<()> {
    let nullius = up::build(root)?;
    evaluate(root, &nullius, capture)?;
    println!("\nThe report as a page: {}", root.join(REPORT).display());
    println!("Your own capture:     cargo xtask eval path/to/capture.pcap");
    Ok(())
}

fn evaluate(root: &Root, nullius: &Path, capture: &Path) -> Result<()> {
    let program = root.program(nullius).arg("eval").arg(capture);
    program.args(["--report", "html", "--output", REPORT]).run()
}
