//! `nullius up`: controller, gateway and the link between them in one process, for one site on one machine.
//!
//! The gateway comes first and ends last. What goes wrong with the controller or the link is told, and the gateway goes
//! on: no packet needs them.

use crate::Failure;
use anyhow::{Context as _, anyhow};
use clap::Args;
use nullius_controller::{Exporter, Ready, Settings};
use nullius_gateway::config::Controller;
use nullius_gateway::confine::Confinement;
use nullius_gateway::{Config, link};
use nullius_model::inert;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long the token is good that the gateway of this process joins with, in seconds.
const TOKEN: u64 = 300;

/// How long the link waits before it tries to join again.
const AGAIN: Duration = Duration::from_secs(5);

/// Longest wait for the controller's end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Enforces on this machine's ports, with a controller of its own: one site on one machine.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How the gateway is set up.
    #[arg(long, value_name = "FILE", default_value = "/etc/nullius/gateway.toml")]
    config: PathBuf,

    /// How the controller is set up; on this machine alone, in the gateway's state directory, where left out.
    #[arg(long, value_name = "FILE")]
    controller: Option<PathBuf>,

    /// What the site is called.
    #[arg(long, value_name = "NAME", default_value = "site")]
    site: String,

    /// A folder of policies to begin with, on a site that has none.
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,

    /// What the gateway is called.
    #[arg(long, value_name = "NAME", default_value = "gateway")]
    gateway: String,
}

/// Exit code 2 where a configuration is at fault, 1 for everything else.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let at_fault = |error: anyhow::Error| Failure { error, code: 2 };
    let mut config = Config::read(&arguments.config).map_err(|error| at_fault(error.into()))?;
    let settings = match &arguments.controller {
        Some(path) => Settings::read(path),
        None => Settings::of_one_machine(&config.state.join("controller")),
    };
    let settings = settings.map_err(|error| at_fault(error.into()))?;
    let policy = arguments.policy.as_deref().map(nullius_cli::repository).transpose();
    let policy = policy.map_err(|failure| at_fault(anyhow!("{failure}")))?;
    let own = own(&config, &settings);
    let controller = config.controller.get_or_insert(own).clone();
    let exporter = crate::controller::begin_journal(&settings);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, ready) = mpsc::channel();
    let serving = begin("controller", move || serve(&settings, exporter, &tell, stopped));
    let (of_link, names) = (config.clone(), (arguments.site.clone(), arguments.gateway.clone()));
    let _linking = begin("link", move || keep_link(&of_link, &controller, &names, policy.as_ref(), &ready));
    let ended = nullius_gateway::run(&config, Arc::new(nullius_gateway::SystemClock), Confinement::Caller);
    drop(stop);
    if let Ok(serving) = serving {
        wait(&serving);
    }
    ended.context("the gateway").map_err(|error| Failure { error, code: 1 })
}

/// Where the gateway of this process finds the controller of this process.
fn own(config: &Config, settings: &Settings) -> Controller {
    Controller {
        urls: vec![format!("https://localhost:{}", settings.links.port())],
        identity: config.state.join("identity"),
        socket: config.socket.with_file_name("link.sock"),
        group: None,
        spool: nullius_gateway::config::DEFAULT_SPOOL,
    }
}

fn begin(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    let begun = thread::Builder::new().name(name.to_owned()).spawn(work);
    begun.inspect_err(|error| complain(&format!("no {name}: {error}")))
}

fn serve(
    settings: &Settings,
    exporter: Option<Exporter>,
    tell: &mpsc::Sender<Ready>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let announce = |ready: &Ready| {
        crate::controller::announce(ready);
        if let Some(exporter) = exporter {
            ready.export(exporter);
        }
        // the link is gone: it has said why
        let _ = tell.send(ready.clone());
    };
    let stop = async {
        let _ = stopped.await;
    };
    let ran = nullius_controller::run(settings, Arc::new(nullius_controller::SystemClock), announce, stop);
    if let Err(error) = ran {
        complain(&format!("the controller: {:#}; the gateway enforces what it has", anyhow!(error)));
    }
}

/// Joins where that was not done yet, and keeps the link.
fn keep_link(
    config: &Config,
    controller: &Controller,
    (site, gateway): &(String, String),
    policy: Option<&nullius_cli::Files>,
    ready: &mpsc::Receiver<Ready>,
) {
    let Ok(ready) = ready.recv() else { return };
    while !link::has_joined(&controller.identity) {
        match join(config, controller, (site, gateway), &ready) {
            Ok(()) => break,
            Err(error) => complain(&format!("the gateway has not joined yet: {error:#}")),
        }
        thread::sleep(AGAIN);
    }
    if let Some(files) = policy
        && let Err(error) = nullius_controller::first_policy(&ready, site, files, &crate::site::who())
    {
        complain(&format!("{error:#}"));
    }
    let clock = Arc::new(nullius_gateway::SystemClock);
    if let Err(error) = link::run(config, clock, Confinement::Caller) {
        complain(&format!("the link: {:#}", anyhow!(error)));
    }
}

fn join(config: &Config, controller: &Controller, names: (&str, &str), ready: &Ready) -> anyhow::Result<()> {
    let token = nullius_controller::invite(ready, names.0, names.1, TOKEN)?;
    let url = format!("https://localhost:{}", ready.api.port());
    link::join(config, &controller.identity, &url, &token.to_string())?;
    Ok(())
}

fn wait(serving: &JoinHandle<()>) {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while !serving.is_finished() && waited < PATIENCE {
        thread::sleep(step);
        waited += step;
    }
}

fn complain(line: &str) {
    // nobody is left to tell where even this fails
    let _ = writeln!(std::io::stderr(), "nullius: {}", inert(line));
}
