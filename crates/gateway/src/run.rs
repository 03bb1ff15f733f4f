//! The event loop: one thread, one `select`.
//!
//! What can happen: a station speaks, a link changes, the kernel denies, time passes, the kernel is read back, a client
//! asks (in a task of its own), somebody ends the program. The rules stay in the kernel when the loop ends, however it
//! ends.

use crate::api::Role;
use crate::clock::Clock;
use crate::config::{Config, Controller};
use crate::confine::{self, Confinement};
use crate::core::Core;
use crate::drift::{self, Found};
use crate::ports::{Ear, Links, Listener, Sighting, Tapped, Taps, readable};
use crate::{Error, api};
use nullius_model::{PortName, Seed, Uptime};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use tokio::task::{LocalSet, spawn_local};

/// Sightings that may wait; a port that sends faster is heard again later.
const SIGHTINGS: usize = 4096;

/// Messages under grants that may wait; what finds no room is counted as lost.
const TAPPED: usize = 4096;

/// The longest sleep: the clock that leases are measured in goes on while the machine sleeps, the loop's does not.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How often it is tried again to listen to the kernel's denials where somebody else does.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// What the loop hears.
struct Inputs {
    sightings: mpsc::Receiver<Sighting>,
    found: mpsc::Receiver<Found>,
    tapped: mpsc::Receiver<Tapped>,
    links: AsyncFd<Links>,
    denials: Ear,
}

/// Runs the gateway until it is told to end.
pub(crate) fn run(
    config: &Config,
    clock: Arc<dyn Clock>,
    seed: Seed,
    confinement: Confinement,
) -> Result<(), Error> {
    let mut core = Core::start(config, Arc::clone(&clock))?;
    let access = api::Access::new(config.group.as_deref()).map_err(Error::NoSuchGroup)?;
    let socket = api::bind(&config.socket, &access)?;
    let link = config.controller.as_ref().map(listen_to_link).transpose()?;
    match confinement {
        Confinement::Gateway => core.note_confined(confine::enter(&paths(config))?),
        Confinement::Caller => {}
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
    let result = LocalSet::new().block_on(&runtime, async {
        let core = Rc::new(RefCell::new(core));
        let changed = Rc::new(Notify::new());
        let listener = UnixListener::from_std(socket).map_err(Error::System)?;
        let serve = |listener, access, role| {
            spawn_local(api::serve(listener, Rc::clone(&core), access, role, Rc::clone(&changed)));
        };
        serve(listener, access, Role::Operator);
        if let Some((socket, access)) = link {
            serve(UnixListener::from_std(socket).map_err(Error::System)?, access, Role::Link);
        }
        let held = Rc::clone(&core);
        // a release that a crash interrupted
        spawn_local(async move { api::release(&held).await });
        attend(config, clock, seed, &core, &changed).await
    });
    let sockets = config.controller.iter().map(|controller| &controller.socket).chain([&config.socket]);
    for socket in sockets {
        let _ = std::fs::remove_file(socket);
    }
    result
}

/// The socket that the link comes in at.
fn listen_to_link(controller: &Controller) -> Result<(std::os::unix::net::UnixListener, api::Access), Error> {
    let access = api::Access::new(controller.group.as_deref()).map_err(Error::NoSuchGroup)?;
    Ok((api::bind(&controller.socket, &access)?, access))
}

/// The configuration was read, and is not read again.
fn paths(config: &Config) -> confine::Paths {
    let folder = config.socket.parent().filter(|folder| !folder.as_os_str().is_empty());
    let runtime = folder.unwrap_or(Path::new(".")).to_owned();
    confine::Paths { read: Vec::new(), state: config.state.clone(), runtime }
}

async fn attend(
    config: &Config,
    clock: Arc<dyn Clock>,
    seed: Seed,
    core: &RefCell<Core>,
    changed: &Notify,
) -> Result<(), Error> {
    let (tell, sightings) = mpsc::channel(SIGHTINGS);
    let listeners = listen(config, seed, &tell).map_err(Error::System)?;
    let (found_by, found) = mpsc::channel(1);
    let uptime = {
        let clock = Arc::clone(&clock);
        move || clock.now().uptime
    };
    drift::watch(crate::core::layout(config), core.borrow().changes(), uptime, found_by)
        .map_err(Error::System)?;
    let links = readable(Links::open().map_err(Error::System)?);
    let (tap, tapped) = mpsc::channel(TAPPED);
    let mut taps = Taps::new(seed, tap);
    let mut inputs = Inputs {
        sightings,
        found,
        tapped,
        links: links.map_err(Error::System)?,
        denials: Ear::new(config.nflog_group),
    };
    ask_links(core);
    let mut end = signal(SignalKind::terminate()).map_err(Error::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::System)?;
    let mut listen_again = tokio::time::interval(LISTEN_AGAIN);
    loop {
        let sleep = until(core.borrow().poll_timeout(), clock.now().uptime);
        tokio::select! {
            biased;
            _ = end.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            Some(found) = inputs.found.recv() => core.borrow_mut().handle_found(&found),
            _ = changed.notified() => {}
            () = links_changed(&mut inputs.links, core, &listeners) => {}
            () = tokio::time::sleep(sleep) => core.borrow_mut().handle_timeout(),
            Some(sighting) = inputs.sightings.recv() => core.borrow_mut().handle_sighting(&sighting),
            heard = inputs.denials.hear() => core.borrow_mut().handle_denials(&heard),
            _ = listen_again.tick() => listen_to_denials(&mut inputs.denials, core),
            // last: a flood under a grant must not keep anything else waiting
            Some(tapped) = inputs.tapped.recv() => core.borrow_mut().handle_tapped(tapped),
        }
        listen_under_grants(&mut taps, core);
    }
}

fn listen(
    config: &Config,
    seed: Seed,
    tell: &mpsc::Sender<Sighting>,
) -> std::io::Result<BTreeMap<PortName, Listener>> {
    let ports = config.port.keys();
    ports.map(|port| Ok((port.0.clone(), Listener::start(port.0.clone(), seed, tell.clone())?))).collect()
}

fn until(at: Option<Uptime>, now: Uptime) -> Duration {
    at.map_or(LONGEST_SLEEP, |at| at.since(now).min(LONGEST_SLEEP))
}

/// How all links are, where only that is known.
fn ask_links(core: &RefCell<Core>) {
    let Ok(links) = Links::all() else { return };
    let mut core = core.borrow_mut();
    for port in core.ports_of_ours() {
        core.handle_link(&port, links.get(&port).copied().unwrap_or_default());
    }
}

async fn links_changed(
    links: &mut AsyncFd<Links>,
    core: &RefCell<Core>,
    listeners: &BTreeMap<PortName, Listener>,
) {
    let Ok(mut ready) = links.readable_mut().await else { return pending().await };
    let changes = ready.get_inner_mut().changes();
    if !ready.get_inner().has_more() {
        ready.clear_ready();
    }
    match changes {
        None => {
            ask_links(core);
            // who was unplugged meanwhile stands in the answer
            let _ = links.get_ref().ask();
        }
        Some(changes) => {
            for change in changes {
                if let (Some(listener), false) = (listeners.get(&change.port), change.up) {
                    listener.forget();
                }
                core.borrow_mut().handle_link(&change.port, change.up);
            }
        }
    }
}

/// What is said under grants is written down, while there are any.
fn listen_under_grants(taps: &mut Taps, core: &RefCell<Core>) {
    let wanted = core.borrow().conversations();
    if wanted.is_empty() && taps.is_idle() {
        return;
    }
    if let Err(why) = taps.want(wanted) {
        core.borrow_mut().note_impaired("receipts", format!("no receipts can be made: {why}"));
    }
}

fn listen_to_denials(denials: &mut Ear, core: &RefCell<Core>) {
    if let Err(why) = denials.open() {
        core.borrow_mut().note_impaired("deaf", format!("what the kernel denies cannot be heard: {why}"));
    }
}
