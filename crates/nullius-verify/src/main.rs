//! Checks an exported audit log without trusting who wrote it.
//!
//! For an auditor: of our code it uses the crate `nullius-audit` alone, which reads no clock and no network. It reads the
//! files below one folder and those that are named as anchors, and says what it found in plain sentences. The exit code is
//! 0 where the log is whole, 1 where a record or a file is bad, 2 where nothing can be said.

mod folder;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser;
use folder::Folder;
use nullius_audit::verify::{Reason, Report, verify};
use nullius_audit::{Checkpoint, KeyError, VerifierKey};
use nullius_model::inert;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Bytes of a file of anchors at most: some hundred thousand of them.
const MAX_ANCHORS: usize = 64 << 20;

/// Bytes of a file with a key at most.
const MAX_KEY: usize = 4_096;

/// Exit code where a record or a file is bad.
const BAD: u8 = 1;

/// Exit code where nothing can be said.
const UNUSABLE: u8 = 2;

/// Checks an exported audit log: that every record is the one that was signed, and at its place.
///
/// Exit codes: 0 the log is whole, 1 a record or a file is bad, 2 nothing can be said.
#[derive(Debug, Parser)]
#[command(name = "nullius-verify", version)]
struct Arguments {
    /// Folder of the exported log: where the file `checkpoint` lies
    folder: PathBuf,
    /// The log's verifier key, NAME+ID+KEY, or a file that holds it. Have it from somebody else than the log's owner
    #[arg(long, value_name = "KEY")]
    key: String,
    /// File with checkpoints that were kept elsewhere; without one, a tail that was cut off is not noticed
    #[arg(long = "anchor", value_name = "FILE")]
    anchors: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => {
            let code = if report.fault.is_some() { ExitCode::from(BAD) } else { ExitCode::SUCCESS };
            say(&mut std::io::stdout(), &told(&report, &arguments), code)
        }
        Err(error) => {
            // names of files may hold anything, which is not for a terminal
            let line = inert(&format!("nullius-verify: {error:#}"));
            say(&mut std::io::stderr(), &line, ExitCode::from(UNUSABLE))
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report> {
    let key = key(&arguments.key).context("the key")?;
    let mut anchors = Vec::new();
    for path in &arguments.anchors {
        anchors.extend(opened(path, &key).with_context(|| format!("the anchor {}", path.display()))?);
    }
    let report = verify(&mut Folder::new(&arguments.folder), &key, &anchors);
    report.with_context(|| arguments.folder.display().to_string())
}

fn key(text: &str) -> Result<VerifierKey> {
    match VerifierKey::parse(text) {
        Err(KeyError::Form) if Path::new(text).is_file() => {
            let bytes = folder::read(Path::new(text), MAX_KEY)?.unwrap_or_default();
            Ok(VerifierKey::parse(&String::from_utf8_lossy(&bytes))?)
        }
        parsed => Ok(parsed?),
    }
}

fn opened(path: &Path, key: &VerifierKey) -> Result<Vec<Checkpoint>> {
    let bytes = folder::read(path, MAX_ANCHORS)?.context("there is no such file")?;
    if bytes.len() > MAX_ANCHORS {
        bail!("it is longer than {MAX_ANCHORS} bytes: give a part of it");
    }
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("it is no text"))?;
    let opened = Checkpoint::open_all(&text, key);
    let opened = opened
        .map_err(|(place, error)| anyhow!("checkpoint {place} in it is not to be believed: {error}"))?;
    if opened.is_empty() { Err(anyhow!("there is no checkpoint in it")) } else { Ok(opened) }
}

fn told(report: &Report, arguments: &Arguments) -> String {
    let Report { checkpoint, agreeing, times, fault } = report;
    let mut text = format!("Log {}, {} records", inert(&checkpoint.origin), checkpoint.size);
    if let Some((first, last)) = times {
        let _ = write!(text, ", from {first} to {last}");
    }
    let _ = writeln!(text, ".\nRoot {}.", checkpoint.root);
    let _ = match fault {
        Some(fault) if matches!(fault.reason, Reason::Tile(_)) => writeln!(text, "BAD: {fault}."),
        Some(fault) => writeln!(text, "BAD: {fault}. Records before {} are whole.", fault.first),
        None => writeln!(text, "WHOLE: every record is the one that the log signed, and at its place."),
    };
    let _ = if arguments.anchors.is_empty() {
        write!(
            text,
            "No anchor was given: nobody notices without one when the tail is cut off, or written anew by who has the key."
        )
    } else {
        write!(text, "Of the checkpoints that were kept elsewhere, {agreeing} agree with these records.")
    };
    text
}

fn say(to: &mut impl std::io::Write, text: &str, code: ExitCode) -> ExitCode {
    match writeln!(to, "{text}") {
        Ok(()) => code,
        // whoever asked did not hear the answer, and must not take silence for a good one
        Err(_) => ExitCode::from(UNUSABLE),
    }
}
