//! `nullius gateway`: one site made real.

use crate::Failure;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use nullius_gateway::confine::Confinement;
use nullius_gateway::{Config, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;

/// Enforces the site's policy on this machine's ports.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Enforces, listens and answers until it is ended; the rules stay in the kernel.
    Run(Which),
    /// Puts the last known good policy into the kernel and ends: for the boot, before the network is up.
    Load(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// How the gateway is set up.
    #[arg(long, value_name = "FILE", default_value = "/etc/nullius/gateway.toml")]
    config: PathBuf,
}

/// Exit code 2 where the configuration is at fault, 1 for everything else.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (Act::Run(which) | Act::Load(which)) = &arguments.act;
    let clock = Arc::new(SystemClock);
    let config = match (Config::read(&which.config), &arguments.act) {
        (Ok(config), _) => config,
        (Err(error), Act::Run(_)) => return Err(Failure { error: error.into(), code: 2 }),
        // at boot the next step is the network: without a configuration nothing passes
        (Err(error), Act::Load(_)) => {
            let denied = nullius_gateway::deny_all(&*clock);
            let word = match &denied {
                Ok(()) => "everything is denied",
                Err(_) => "and the kernel takes no rules either",
            };
            return Err(Failure { error: anyhow::Error::from(error).context(word), code: 2 });
        }
    };
    let ended = match arguments.act {
        Act::Run(_) => nullius_gateway::run(&config, clock, Confinement::Gateway),
        Act::Load(_) => nullius_gateway::load(&config, clock),
    };
    ended.context("the gateway").map_err(|error| Failure { error, code: 1 })
}
