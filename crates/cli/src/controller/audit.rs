//! `nullius audit`: the controller's log, for whoever does not take our word.

use clap::{Args, Subcommand};
use nullius_audit::{Checkpoint, VerifierKey, export};
use nullius_model::inert;
use std::fs;
use std::path::{Path, PathBuf};

use super::client::Client;
use super::signed_in;
use crate::{Failure, Outcome, World};

/// The controller's log.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Writes all of the log to a folder, for `nullius-verify` or any other program that reads tlog-tiles.
    Export {
        /// The folder; made where it is not there.
        folder: PathBuf,
    },
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let Act::Export { folder } = &arguments.act;
    let (client, _) = signed_in(world)?;
    let key = text(client.bytes("/v1/audit/key")?)?;
    let note = client.bytes("/v1/audit/checkpoint")?;
    let verifier = VerifierKey::parse(key.trim()).map_err(|error| Failure::Unable(error.to_string()))?;
    let checkpoint =
        Checkpoint::open(&note, &verifier).map_err(|error| Failure::Unable(error.to_string()))?;
    let read = |resource: nullius_audit::layout::Resource| match resource.path().as_str() {
        "checkpoint" => Ok(note.clone()),
        path => tile(&client, path),
    };
    export(checkpoint.size, read, |path, bytes| write(&folder.join(path), bytes))?;
    write(&folder.join("key"), key.as_bytes())?;
    let folder = folder.display().to_string();
    writeln!(world.out, "{} records are in {}; check them:", checkpoint.size, inert(&folder))?;
    writeln!(world.out, "  nullius-verify {0} --key {0}/key", inert(&folder))?;
    writeln!(world.out, "whoever got the key and a checkpoint another way is told more: --key, --anchor")?;
    Ok(Outcome::Positive)
}

fn tile(client: &Client, path: &str) -> Result<Vec<u8>, Failure> {
    client.bytes(&format!("/v1/audit/{path}"))
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::unable("the log's key is not understood"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, bytes));
    written.map_err(|error| Failure::Unable(format!("`{}` cannot be written: {error}", path.display())))
}
