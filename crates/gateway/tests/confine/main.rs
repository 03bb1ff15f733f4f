//! What is left of a process that went through [`confine::enter`](nullius_gateway::confine::enter), seen from
//! outside and tried from inside.
//!
//! There is no test harness here, because confinement is for good and comes before the first thread: each case is a
//! process of its own, this program started again with the name of the case. The parent knows what the child must end
//! with, and reads from `/proc` what the kernel says of it.

mod child;

use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// What a forbidden call that no gateway makes ends with.
const SIGSYS: i32 = 31;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--child", case, folder] => child::run(case, Path::new(folder)),
        _ => pass_all(),
    }
}

fn pass_all() -> Result<()> {
    for (case, _) in child::CASES {
        must_succeed(case)?;
    }
    for (case, _) in child::FATAL {
        must_be_killed(case)?;
    }
    the_kernel_says_what_is_left()
}

fn must_succeed(case: &str) -> Result<()> {
    let status = start(case)?.wait()?;
    ensure!(status.success(), "{case}: {status}");
    announce(case);
    Ok(())
}

fn must_be_killed(case: &str) -> Result<()> {
    let status: ExitStatus = start(case)?.wait()?;
    ensure!(status.signal() == Some(SIGSYS), "{case}: {status}");
    announce(case);
    Ok(())
}

/// Threads that start later are looked at too: `/proc/PID/task/*/status`.
fn the_kernel_says_what_is_left() -> Result<()> {
    let mut child = start("wait")?;
    let output = child.stdout.take().context("a pipe")?;
    let mut ready = String::new();
    BufReader::new(output).read_line(&mut ready)?;
    let tasks: Vec<_> = std::fs::read_dir(format!("/proc/{}/task", child.id()))?.collect::<Result<_, _>>()?;
    ensure!(tasks.len() == 2, "the child has a second thread: {tasks:?}");
    for task in tasks {
        let status = std::fs::read_to_string(task.path().join("status"))?;
        for (field, expected) in [
            // CAP_NET_ADMIN is 12, CAP_NET_RAW is 13
            ("CapEff", "0000000000003000"),
            ("CapPrm", "0000000000003000"),
            ("CapInh", "0000000000000000"),
            ("CapBnd", "0000000000000000"),
            ("CapAmb", "0000000000000000"),
            ("NoNewPrivs", "1"),
            ("Seccomp", "2"),
            ("Seccomp_filters", "3"),
        ] {
            ensure!(value(&status, field) == Some(expected), "{field} is not {expected}:\n{status}");
        }
    }
    drop(child.stdin.take());
    ensure!(child.wait()?.success(), "the child ends well");
    announce("the_kernel_says_what_is_left");
    Ok(())
}

fn value<'a>(status: &'a str, field: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).map(str::trim)
}

#[expect(clippy::disallowed_methods, reason = "a test starts itself again to be confined alone")]
fn start(case: &str) -> Result<Child> {
    let folder = folder(case)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--child").arg(case).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().with_context(|| format!("{case} did not start"))
}

fn folder(case: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("confine").join(case);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => bail!(error),
        _ => std::fs::create_dir_all(&folder)?,
    }
    Ok(folder)
}

#[expect(clippy::print_stdout, reason = "a test program says what passed")]
fn announce(case: &str) {
    println!("test {case} ... ok");
}
