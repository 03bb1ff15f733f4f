//! The init of the lab's process namespace: serves the control socket and buries the dead.

use super::SuperviseOptions;
use super::plant::Plant;
use crate::control::{MAX_LINE, Reply, Request, Status};
use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// How long a client may take to ask: one that hangs must not stop the others.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs until somebody asks for the end: over the socket, by a signal, or by giving up before the lab was wanted.
pub(super) fn run(mut plant: Plant, options: &SuperviseOptions) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    runtime.block_on(serve(&mut plant, options))
}

async fn serve(plant: &mut Plant, options: &SuperviseOptions) -> Result<()> {
    let listener = UnixListener::bind(options.state.socket()).context("no control socket")?;
    let mut terminated = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut children = signal(SignalKind::child()).context("signals cannot be received")?;
    let mut abandoned = watch_standard_input();
    bury(plant);
    report_up();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let asked = async { answer(accepted?.0, plant, options).await };
                // a client that hangs or talks nonsense has only itself to blame
                if matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(Next::End))) {
                    return Ok(());
                }
            }
            _ = children.recv() => bury(plant),
            _ = terminated.recv() => return Ok(()),
            Ok(()) = &mut abandoned => return Ok(()),
        }
    }
}

/// Whoever waits for the lab may have given up: then standard input says so.
fn report_up() {
    let mut out = std::io::stdout();
    let _ = std::io::Write::write_all(&mut out, b"!").and_then(|()| std::io::Write::flush(&mut out));
}

enum Next {
    GoOn,
    End,
}

async fn answer(mut client: UnixStream, plant: &mut Plant, options: &SuperviseOptions) -> Result<Next> {
    let mut line = String::new();
    let (from, mut to) = client.split();
    BufReader::new(from.take(MAX_LINE)).read_line(&mut line).await?;
    let request = serde_json::from_str(&line)?;
    let reply = obey(&request, plant, options);
    to.write_all(&serde_json::to_vec(&reply)?).await?;
    to.shutdown().await?;
    Ok(if request == Request::Down { Next::End } else { Next::GoOn })
}

fn obey(request: &Request, plant: &mut Plant, options: &SuperviseOptions) -> Reply {
    let done = match request {
        Request::Status => return Reply::Status(status(plant, options)),
        Request::Down => Ok(()),
        Request::Start { node } => plant.start(node),
        Request::Stop { node } => plant.stop(node),
        Request::Plug { node } => plant.plug(node, true),
        Request::Unplug { node } => plant.plug(node, false),
    };
    done.map_or_else(|error| Reply::Refused(format!("{error:#}")), |()| Reply::Done)
}

fn status(plant: &Plant, options: &SuperviseOptions) -> Status {
    let own = std::fs::read_link("/proc/self").ok();
    let supervisor = own.and_then(|pid| pid.to_str()?.parse().ok()).unwrap_or_default();
    Status { supervisor, gateway: !options.without_gateway, nodes: plant.status() }
}

/// Collects every process that ended; an init that does not fills its namespace with zombies.
fn bury(plant: &mut Plant) {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => plant.ended(number(pid), &format!("code {code}")),
            Ok(WaitStatus::Signaled(pid, signal, _)) => plant.ended(number(pid), signal.as_str()),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

fn number(pid: nix::unistd::Pid) -> u32 {
    pid.as_raw().unsigned_abs()
}

/// Fires when the pipe of whoever asked for the lab closes before a byte came through it.
fn watch_standard_input() -> oneshot::Receiver<()> {
    let (abandoned, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let wanted = std::io::Read::read(&mut std::io::stdin(), &mut [0]);
        if matches!(wanted, Ok(1)) {
            // the receiver must never see the sender go
            std::mem::forget(abandoned);
        } else {
            let _ = abandoned.send(());
        }
    });
    receiver
}
