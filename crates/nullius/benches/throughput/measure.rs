//! What a program costs: CPU time and peak memory of a child process.

#![expect(
    clippy::disallowed_methods,
    reason = "starting the programs to be measured is what this file is for"
)]

use nix::sys::resource::{Usage, UsageWho, getrusage};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Largest resident size of any child so far.
    pub(crate) peak_bytes: u64,
}

/// Runs a command to its end; its output is thrown away.
pub(crate) fn cost(command: &[String]) -> Cost {
    let (program, arguments) = command.split_first().unwrap();
    let before = cpu(&children());
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status =
        status.unwrap_or_else(|error| panic!("`{program}` does not start: {error}; run `cargo xtask bench`"));
    assert!(status.success(), "`{}` failed: {status}", command.join(" "));
    let usage = children();
    Cost {
        cpu: cpu(&usage).saturating_sub(before),
        peak_bytes: u64::try_from(usage.max_rss()).unwrap() * 1024,
    }
}

/// The middle one.
pub(crate) fn median(costs: &[Cost]) -> Duration {
    let mut times: Vec<Duration> = costs.iter().map(|cost| cost.cpu).collect();
    times.sort_unstable();
    *times.get(times.len() / 2).unwrap()
}

fn children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap()
}

fn cpu(usage: &Usage) -> Duration {
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_micros(u64::try_from(value.tv_sec() * 1_000_000 + value.tv_usec()).unwrap())
    };
    time(usage.user_time()) + time(usage.system_time())
}
