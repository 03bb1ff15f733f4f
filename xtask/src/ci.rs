//! `cargo xtask test`: everything that must hold before a change lands, on a machine that has only Rust and gcc.
//!
//! The steps are a table; each is announced, timed, and the first that fails ends the run. What compiles is ordered
//! so that no step throws away the artefacts of another: the workspace is always selected whole for tests, because
//! selecting one package changes the features of its dependencies and builds them anew.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::shell::{Root, timed};
use crate::{deny, install, tidy};

struct Step {
    name: &'static str,
    run: fn(&Root) -> Result<()>,
}

const STEPS: [Step; 8] = [
    Step { name: "install", run: |root| install::install(root, install::Need::Tests) },
    Step { name: "fmt", run: fmt },
    Step { name: "tidy", run: tidy::check },
    Step { name: "clippy", run: clippy },
    Step { name: "deny", run: deny::check },
    Step { name: "doc", run: doc },
    Step { name: "test", run: test },
    Step { name: "fuzz replay", run: replay },
];

/// Off by default: modules in hardware, which the tests play in software.
const FEATURES: [&str; 2] =
    ["--features", "nullius-store/pkcs11,nullius-controller/pkcs11,nullius-agent/pkcs11,nullius-agent/tpm"];

/// Runs every step in order and stops at the first that fails.
pub(crate) fn pass_everything(root: &Root) -> Result<()> {
    pass(&STEPS, root)
}

fn pass(steps: &[Step], root: &Root) -> Result<()> {
    let mut durations = Vec::new();
    let outcome = steps.iter().try_for_each(|step| {
        println!("\n=== {} ===", step.name);
        let (result, duration) = timed(|| (step.run)(root));
        durations.push((step.name, duration));
        result.with_context(|| format!("step `{}` failed", step.name))
    });
    println!("\n{}", table(&durations));
    outcome?;
    println!("all {} steps passed", steps.len());
    Ok(())
}

fn table(durations: &[(&str, Duration)]) -> String {
    let total: Duration = durations.iter().map(|(_, duration)| duration).sum();
    let rows = durations.iter().copied().chain([("total", total)]);
    rows.map(|(name, duration)| format!("{name:<12}{:>8.1} s\n", duration.as_secs_f64())).collect()
}

/// The fuzzer is no member of the workspace.
fn fmt(root: &Root) -> Result<()> {
    root.cargo(["fmt", "--all", "--check"]).run()?;
    root.cargo(["fmt", "--manifest-path", "fuzz/libfuzzer/Cargo.toml", "--check"]).run()
}

/// The whole workspace at once, with the features the tests have. Each package alone would also show a feature that it
/// forgot to ask for, and took seven minutes of the run: every package has its own features of tokio and built it anew.
fn clippy(root: &Root) -> Result<()> {
    root.cargo(["clippy", "--workspace", "--all-targets"]).args(FEATURES).args(["--", "-D", "warnings"]).run()
}

fn doc(root: &Root) -> Result<()> {
    let words = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    root.cargo(words).env("RUSTDOCFLAGS", "-D warnings").run()
}

fn test(root: &Root) -> Result<()> {
    root.cargo(["test", "--workspace", "--exclude", "nullius-fuzz"]).args(FEATURES).run()
}

/// Every committed corpus through its target. The whole workspace is selected for the sake of its features; only
/// the fuzz package has a test of this name.
fn replay(root: &Root) -> Result<()> {
    root.cargo(["test", "--workspace", "--test", "corpus_replay"]).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failing_step_ends_the_run_and_is_named() {
        let steps = [
            Step { name: "fine", run: |_| Ok(()) },
            Step { name: "broken", run: |_| anyhow::bail!("it rains") },
            Step { name: "never", run: |_| panic!("a step ran after one that failed") },
        ];
        let error = pass(&steps, &Root::find().unwrap()).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `broken` failed: it rains");
    }

    #[test]
    fn the_table_ends_with_the_sum() {
        let durations = [("fmt", Duration::from_millis(1_500)), ("test", Duration::from_secs(60))];
        let expected = "fmt              1.5 s\ntest            60.0 s\ntotal           61.5 s\n";
        assert_eq!(table(&durations), expected);
    }
}
