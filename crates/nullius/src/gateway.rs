//! `nullius gateway`: one site made real.

use crate::Failure;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use nullius_gateway::config::default_identity;
use nullius_gateway::confine::Confinement;
use nullius_gateway::{Config, SystemClock, link};
use nullius_model::inert;
use std::io::Write as _;
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
    /// Carries bundles in and records out, between the gateway and its controller, until it is ended.
    Link(Which),
    /// Makes this gateway one of a controller's, with a token that works once.
    Join(Join),
}

#[derive(Debug, Args)]
struct Join {
    /// The controller: `https://HOST[:PORT]`.
    url: String,
    /// What the controller showed once for this gateway.
    #[arg(long, env = "NULLIUS_JOIN_TOKEN", hide_env_values = true)]
    token: String,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
struct Which {
    /// How the gateway is set up.
    #[arg(long, value_name = "FILE", default_value = "/etc/nullius/gateway.toml")]
    config: PathBuf,
}

/// Exit code 2 where the configuration is at fault, 1 for everything else.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (Act::Run(which) | Act::Load(which) | Act::Link(which) | Act::Join(Join { which, .. })) =
        &arguments.act;
    let clock = Arc::new(SystemClock);
    let config = match (Config::read(&which.config), &arguments.act) {
        (Ok(config), _) => config,
        (Err(error), Act::Run(_) | Act::Link(_) | Act::Join(_)) => {
            return Err(Failure { error: error.into(), code: 2 });
        }
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
    let ended = match &arguments.act {
        Act::Run(_) => nullius_gateway::run(&config, clock, Confinement::Gateway).context("the gateway"),
        Act::Load(_) => nullius_gateway::load(&config, clock).context("the gateway"),
        Act::Link(_) => nullius_gateway::link::run(&config, clock, Confinement::Gateway).context("the link"),
        Act::Join(join) => joined(&config, join),
    };
    ended.map_err(|error| Failure { error, code: 1 })
}

fn joined(config: &Config, join: &Join) -> anyhow::Result<()> {
    let identity =
        config.controller.as_ref().map_or_else(default_identity, |controller| controller.identity.clone());
    let joined = link::join(config, &identity, &join.url, &join.token).context("joining")?;
    let mut out = std::io::stdout().lock();
    let (site, name) = (inert(&joined.site), inert(&joined.gateway));
    writeln!(
        out,
        "this is gateway {name} of site {site} now; its identity is in {}",
        joined.identity.display()
    )?;
    if config.controller.is_none() {
        writeln!(out, "give gateway.toml a section [controller], and restart nullius-gateway")?;
    }
    Ok(writeln!(out, "then: systemctl enable --now nullius-link")?)
}
