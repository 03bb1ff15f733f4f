//! The agent of a device: arguments, wiring and exit codes. What it does is in `nullius-agent-core`.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use nullius_agent_core::{Clock, Config, Enrolling, Seen, Status, SystemClock};
use nullius_model::inert;
use nullius_protocol::enrol::EnrolToken;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Where the package puts the configuration.
const PACKAGED: &str = "/etc/nullius/agent.toml";

/// Characters of a token that is read from a file or a pipe, at most.
const MAX_TOKEN: u64 = 4_096;

/// Threads that wait for a key beside the one that does everything else.
const SIGNING_THREADS: usize = 1;

/// Keeps this device's identity: a key, a certificate, and the proof of both to the gateway.
#[derive(Debug, Parser)]
#[command(name = "nullius-agent", version)]
struct Arguments {
    /// The configuration [default: /etc/nullius/agent.toml, if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gets this device its first certificate
    Enrol {
        /// The token that the controller made, or `-` to read it from standard input, where no other user sees it
        #[arg(long)]
        token: String,
        /// The controller's enrolment address, `https://HOST:PORT`; without it the way leads through the gateway
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        /// Replaces what this device is enrolled as
        #[arg(long)]
        again: bool,
    },
    /// Proves the key to the gateway and renews the certificate, until it is ended
    Run,
    /// How the agent is
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = run(&arguments);
    let (text, code) = match done {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(error) => {
            // names of files and words of a controller may hold anything, which is not for a terminal
            let line = inert(&format!("nullius-agent: {error:#}"));
            let _ = writeln!(std::io::stderr(), "{line}");
            return ExitCode::FAILURE;
        }
    };
    match text.is_empty() || writeln!(std::io::stdout(), "{text}").is_ok() {
        true => code,
        false => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments) -> Result<String> {
    let config = config(arguments.config.as_deref())?;
    let clock = Arc::new(SystemClock);
    match &arguments.command {
        Command::Status { json } => {
            let status = nullius_agent_core::status(&config, clock)?;
            if *json { Ok(serde_json::to_string(&status)?) } else { Ok(told(&status)) }
        }
        Command::Enrol { token, server, again } => {
            let token = EnrolToken::parse(&read(token)?)?;
            let enrolling = Enrolling { token, server: server.clone(), again: *again };
            let who = runtime()?.block_on(nullius_agent_core::enrol(&config, &enrolling, clock))?;
            Ok(format!("This device is {who}. The agent keeps it so: systemctl enable --now nullius-agent"))
        }
        Command::Run => runtime()?.block_on(serve(&config, clock)).map(|()| String::new()),
    }
}

fn config(given: Option<&Path>) -> Result<Config> {
    let packaged = Some(Path::new(PACKAGED)).filter(|path| path.exists());
    match given.or(packaged) {
        None => Ok(Config::default()),
        Some(path) => Ok(Config::read(path)?),
    }
}

fn read(token: &str) -> Result<String> {
    if token != "-" {
        return Ok(token.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().take(MAX_TOKEN).read_to_string(&mut text).context("the token")?;
    Ok(text)
}

/// One thread for everything, and one for a key that takes its time.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(SIGNING_THREADS).enable_all().build().context("no runtime")
}

async fn serve(config: &Config, clock: Arc<dyn Clock>) -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_ansi(false).init();
    let mut end = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = end.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        ended = nullius_agent_core::run(config, clock) => Ok(ended?),
    }
}

fn told(status: &Status) -> String {
    let Status { site, device, domain, generation, until, now, failures, anchors, seen, .. } = status;
    let mut text = format!("{device} of site {site} (spiffe://{domain}/site/{site}/device/{device})");
    let _ = match until.checked_sub(*now) {
        Some(left) => write!(text, "\nCertificate {generation}, good for another {}", span(left)),
        None => write!(text, "\nCertificate {generation} RAN OUT {} ago", span(now - until)),
    };
    if *failures > 0 {
        let tries = if *failures == 1 { "try" } else { "tries" };
        let _ = write!(text, "; {failures} {tries} to renew it failed");
    }
    let _ = write!(text, "\nTrusts {anchors} root{}", if *anchors == 1 { "" } else { "s" });
    let _ = match seen {
        None => write!(text, "\nThe agent does not run: systemctl start nullius-agent"),
        Some(seen) => write!(text, "\n{}", connection(seen, *now)),
    };
    text
}

fn connection(seen: &Seen, now: u64) -> String {
    let mut text = match (&seen.gateway, &seen.interface) {
        (Some(gateway), Some(interface)) => format!("Gateway {} behind {}", inert(gateway), inert(interface)),
        _ => format!("No gateway: {}", inert(seen.lost.as_deref().unwrap_or("none has answered yet"))),
    };
    if let Some(left) = seen.leased_until.and_then(|until| until.checked_sub(now)) {
        let _ = write!(text, ", which took the last proof for another {}", span(left));
    }
    if let Some(problem) = &seen.problem {
        let _ = write!(text, "\nPROBLEM: {}", inert(problem));
    }
    text
}

/// A time in the unit that people would take.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_can_be_read() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_status_says_what_a_person_wants_to_know() {
        let seen = Seen {
            gateway: Some("gw1".to_owned()),
            interface: Some("eth0".to_owned()),
            leased_until: Some(1_290),
            ..Seen::default()
        };
        let status = Status {
            site: "lab".to_owned(),
            device: "cam1".to_owned(),
            domain: "plant.example".to_owned(),
            generation: 3,
            from: 0,
            until: 1_000 + 20 * 86_400,
            now: 1_000,
            failures: 0,
            asking: false,
            anchors: 1,
            seen: Some(seen),
        };
        let expected = "cam1 of site lab (spiffe://plant.example/site/lab/device/cam1)\n\
            Certificate 3, good for another 20 days\nTrusts 1 root\n\
            Gateway gw1 behind eth0, which took the last proof for another 4 min";
        assert_eq!(told(&status), expected);
        let late = Status { until: 500, failures: 2, seen: None, ..status };
        let text = told(&late);
        assert!(text.contains("RAN OUT 8 min ago; 2 tries to renew it failed"), "{text}");
        assert!(text.ends_with("The agent does not run: systemctl start nullius-agent"), "{text}");
    }
}
