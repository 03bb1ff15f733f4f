//! `nullius policy`: a folder of policies, from the first draft to what is in force.
//!
//! What needs no gateway (check, test, explain, simulate) is done here, by the code the gateway will judge with.

mod assumed;
mod change;
mod folder;
mod force;
mod judged;
mod question;
mod trial;

use clap::{Args, Subcommand};
use nullius_model::{DeviceName, Epoch};
use std::path::PathBuf;

use crate::{Failure, Outcome, Site, World};
use assumed::Assumed;
use folder::Folder;

/// Policies: check, test, plan, apply, roll back, and find out what one would do.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The policy in force, and which ones are kept.
    Status,
    /// Reads a folder of policies and says everything that is wrong with it.
    Check(Here),
    /// The same, and runs its tests one by one.
    Test(Here),
    /// What would change if the folder were applied. Changes nothing.
    Plan(Here),
    /// Checks, tests, signs and puts a folder of policies in force.
    Apply {
        #[command(flatten)]
        here: Here,
        #[command(flatten)]
        key: Key,
    },
    /// Puts an earlier policy in force again: under a new number, or where a controller signs, as it was.
    Rollback {
        /// Which one, as `1.41`; the one before the present one where this is not given.
        #[arg(value_parser = epoch)]
        epoch: Option<Epoch>,
        /// Why, for the audit, where a controller signs.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
    /// Why a folder would allow or deny something: `nullius policy explain DIR hmi1 to plc1/modbus write`.
    Explain {
        #[command(flatten)]
        here: Here,
        /// SRC to DST/SERVICE VERB.
        #[arg(required = true, num_args = 1.., value_name = "QUESTION")]
        question: Vec<String>,
        #[command(flatten)]
        assumed: Assumed,
    },
    /// What of a recorded past a folder would have refused.
    Simulate {
        #[command(flatten)]
        here: Here,
        /// The past: a folder that `nullius eval --draft` wrote.
        #[arg(long, value_name = "DRAFT")]
        past: PathBuf,
        #[command(flatten)]
        assumed: Assumed,
    },
    /// What changes from one folder to another, in devices and conversations.
    Diff {
        /// The folder as it was.
        old: PathBuf,
        /// The folder as it will be.
        new: PathBuf,
    },
    /// What a folder allows and a recorded past did not use.
    Slack {
        #[command(flatten)]
        here: Here,
        /// The past: a folder that `nullius eval --draft` wrote.
        #[arg(long, value_name = "DRAFT")]
        past: PathBuf,
        #[command(flatten)]
        assumed: Assumed,
    },
    /// How far somebody gets who takes over a device.
    Blast {
        #[command(flatten)]
        here: Here,
        /// The device.
        #[arg(value_parser = DeviceName::new)]
        device: DeviceName,
        /// Over how many devices.
        #[arg(long, default_value_t = 3)]
        hops: u32,
        #[command(flatten)]
        assumed: Assumed,
    },
    /// Makes a folder of policies to start from.
    New {
        /// The folder to make; it must not hold anything yet.
        folder: PathBuf,
        /// A folder that `nullius eval --draft` wrote: what was seen there is allowed, and no more.
        #[arg(long, value_name = "DRAFT")]
        from_draft: PathBuf,
    },
}

/// A folder of policies.
#[derive(Debug, Args)]
struct Here {
    /// The folder: inventory.toml, policies/*.cedar, tests/*.toml.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Here {
    fn read(&self) -> Result<Folder, Failure> {
        Folder::read(&self.folder)
    }
}

/// The key that the gateway trusts.
#[derive(Debug, Args)]
struct Key {
    /// The key that the gateway trusts [default: the one it made at its first start].
    #[arg(long = "key", value_name = "FILE")]
    path: Option<PathBuf>,
}

fn epoch(text: &str) -> Result<Epoch, String> {
    nullius_protocol::parse_epoch(text).ok_or_else(|| "a policy's number is written `1.42`".to_owned())
}

pub(crate) fn run(arguments: &Arguments, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let site = &arguments.site;
    match &arguments.action {
        Action::Status => force::status(site, world),
        Action::Check(here) => judged::check(&here.read()?, site.json, world),
        Action::Test(here) => judged::test(&here.read()?, site.json, world),
        Action::Plan(here) => force::plan(&here.read()?, site, world),
        Action::Apply { here, key } => force::apply(&here.read()?, key.path.as_deref(), site, world),
        Action::Rollback { epoch, reason, key } => {
            force::rollback(*epoch, reason, key.path.as_deref(), site, world)
        }
        Action::Explain { here, question, assumed } => {
            trial::explain(&here.read()?, question, assumed, site.json, world)
        }
        Action::Simulate { here, past, assumed } => {
            trial::simulate(&here.read()?, past, assumed, site.json, world)
        }
        Action::Diff { old, new } => {
            change::compare(&Folder::read(old)?, &Folder::read(new)?, site.json, world)
        }
        Action::Slack { here, past, assumed } => trial::slack(&here.read()?, past, assumed, site.json, world),
        Action::Blast { here, device, hops, assumed } => {
            trial::blast(&here.read()?, device, *hops, assumed, site.json, world)
        }
        Action::New { folder, from_draft } => folder::make(folder, from_draft, world),
    }
}

/// The files of a repository in a folder, path to text.
///
/// # Errors
/// Where it is none, cannot be read, or is too large.
pub fn repository_files(path: &std::path::Path) -> Result<nullius_policy::Files, Failure> {
    folder::Folder::read(path).map(|folder| folder.files)
}
