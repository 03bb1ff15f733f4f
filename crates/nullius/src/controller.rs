//! `nullius controller`: one record, one API, one log, for the gateways of many sites.

use crate::Failure;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use nullius_controller::{Exporter, Ready, RunError, Settings, SystemClock};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Holds the record of devices, tells gateways what to enforce, and keeps the log.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,

    /// How the controller is set up.
    #[arg(long, value_name = "FILE", default_value = "/etc/nullius/controller.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Serves people, programs and gateways until it is ended.
    Run,
    /// Prints how others know this controller: SHA-256 of its root certificate.
    Root,
    /// Writes all of the store to a new file. The controller may run meanwhile.
    Backup(Sealed),
    /// Makes a store of a backup, where there is none.
    Restore(Sealed),
    /// Seals all secrets anew, under keys that nobody has seen.
    ChangeKeys,
    /// Puts the store under the key that another configuration names; the old one opens it no more.
    ChangeKek {
        /// The configuration with the new key.
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Sealed {
    /// The backup.
    file: PathBuf,

    /// Where its passphrase is; without one it is sealed under the store's own key.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Exit code 2 where the configuration is at fault, 1 for everything else.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = read(&arguments.config)?;
    let done = match &arguments.act {
        Act::Run => serve(&settings),
        Act::Root => {
            nullius_controller::root(&settings, Arc::new(SystemClock)).map_err(Into::into).and_then(say)
        }
        Act::Backup(sealed) => back_up(&settings, sealed),
        Act::Restore(sealed) => restore(&settings, sealed),
        Act::ChangeKeys => {
            let sealed = nullius_controller::change_keys(&settings, &SystemClock, &crate::site::who());
            sealed.map_err(Into::into).and_then(|sealed| say(format!("{sealed} secrets are sealed anew")))
        }
        Act::ChangeKek { to } => {
            let new = read(to)?;
            let changed = nullius_controller::change_kek(&settings, &new, &SystemClock, &crate::site::who());
            changed
                .map_err(Into::into)
                .and_then(|()| say(format!("the store is under the key of {}", to.display())))
        }
    };
    done.context("the controller").map_err(|error| Failure { error, code: 1 })
}

pub(crate) fn read(path: &Path) -> Result<Settings, Failure> {
    Settings::read(path).map_err(|error| Failure { error: error.into(), code: 2 })
}

/// The journal, and spans to the collector where there is one: what sends them.
pub(crate) fn begin_journal(settings: &Settings) -> Option<Exporter> {
    let telemetry = settings.telemetry.clone();
    let collector = telemetry.map(|to| nullius_controller::telemetry(to, Arc::new(SystemClock)));
    let (spans, exporter) = collector.unzip();
    crate::journal::begin(spans);
    exporter
}

fn serve(settings: &Settings) -> anyhow::Result<()> {
    let exporter = begin_journal(settings);
    let ready = |ready: &Ready| {
        announce(ready);
        if let Some(exporter) = exporter {
            ready.export(exporter);
        }
    };
    Ok(nullius_controller::run(settings, Arc::new(SystemClock), ready, crate::end::asked())?)
}

/// What whoever starts it needs to know.
pub(crate) fn announce(ready: &Ready) {
    let mut out = std::io::stdout().lock();
    // nobody is left to tell where even this fails
    let _ = writeln!(out, "people and programs: {} (port {})", ready.app.config().origin, ready.api.port());
    let _ = writeln!(out, "gateways: port {}", ready.links.port());
    let _ = writeln!(out, "root: {}", ready.root);
    if let Some(claim) = &ready.claim {
        let url = &ready.app.config().origin;
        let _ = writeln!(out, "nobody has an account yet; make the first, within a day:");
        let _ = writeln!(out, "  nullius login {url} --root {} --code {claim}", ready.root);
    }
    if let Some(recovery) = &ready.recovery {
        let folder = recovery.folder.display();
        let _ = writeln!(
            out,
            "the root's key is in {folder}: carry that folder away, and its passphrase elsewhere;"
        );
        let _ = writeln!(out, "it is shown this once:");
        let _ = writeln!(out, "  {}", recovery.passphrase);
    }
    let _ = out.flush();
}

fn back_up(settings: &Settings, sealed: &Sealed) -> anyhow::Result<()> {
    let passphrase = passphrase(sealed)?;
    let who = crate::site::who();
    let contents = nullius_controller::back_up(settings, &SystemClock, &sealed.file, passphrase, &who)?;
    say(format!("{} rows of {} tables are in {}", contents.rows, contents.tables, sealed.file.display()))
}

fn restore(settings: &Settings, sealed: &Sealed) -> anyhow::Result<()> {
    let passphrase = passphrase(sealed)?;
    let who = crate::site::who();
    let contents = nullius_controller::restore(settings, &SystemClock, &sealed.file, passphrase, &who)?;
    say(format!(
        "{} rows of {} tables are restored; start the controller, and gateways tell it what was revoked since",
        contents.rows, contents.tables
    ))
}

fn passphrase(sealed: &Sealed) -> Result<Option<nullius_controller::Secret>, RunError> {
    sealed.passphrase_file.as_deref().map(nullius_controller::passphrase).transpose().map_err(Into::into)
}

pub(crate) fn say(line: String) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
