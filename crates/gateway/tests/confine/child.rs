//! The cases: each runs in a process of its own. It does not know what the parent makes of how it ends.

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nullius_capture::PortSocket;
use nullius_gateway::confine::{Error, Landlock, LinkPaths, Paths, Report, enter, enter_link};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::time::Duration;

type Case = (&'static str, fn(&Paths) -> Result<()>);

/// Must end well.
pub(crate) const CASES: &[Case] = &[
    ("the_report_names_what_is_left", report),
    ("the_state_folder_is_read_and_written", state),
    ("the_configuration_is_read_and_never_written", configuration),
    ("the_socket_is_served", serving),
    ("frames_rules_and_links_stay_reachable", kernel),
    ("an_event_loop_runs", event_loop),
    ("no_other_file_opens", files),
    ("no_network_socket_opens", network),
    ("no_program_starts", programs),
    ("a_thread_that_starts_later_is_confined_too", threads),
    ("a_thread_that_runs_already_is_an_error", late),
    ("a_path_that_is_not_there_is_an_error", missing),
    ("the_link_reaches_its_ports_and_nothing_else", link),
];

/// Must be killed by the kernel.
pub(crate) const FATAL: &[Case] = &[
    ("another_program_in_our_place_is_fatal", replace),
    ("another_process_under_our_hand_is_fatal", trace),
    ("mounting_is_fatal", mount),
    ("a_new_namespace_is_fatal", namespace),
];

pub(crate) fn run(name: &str, folder: &Path) -> Result<()> {
    let paths = Paths {
        read: vec![folder.join("gateway.toml")],
        state: folder.join("state"),
        runtime: folder.join("run"),
    };
    std::fs::write(folder.join("gateway.toml"), "format = 1\n")?;
    std::fs::create_dir(&paths.state)?;
    std::fs::create_dir(&paths.runtime)?;
    let waiting: Case = ("wait", wait);
    let mut cases = CASES.iter().chain(FATAL).chain([&waiting]);
    let (_, case) = cases.find(|(known, _)| *known == name).context("no such case")?;
    case(&paths)
}

/// One port of this machine is the controller's, and its socket the gateway's.
fn link(paths: &Paths) -> Result<()> {
    let (listener, elsewhere) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (there, other) = (listener.local_addr()?, elsewhere.local_addr()?);
    let socket = paths.runtime.join("link.sock");
    let gateway = UnixListener::bind(&socket)?;
    // hears nothing: its filter ends where it begins
    let deaf = || PortSocket::open("lo", &[(6, 0, 0, 0)], 4096);
    let port = deaf()?;
    let confined = LinkPaths { identity: paths.state.clone(), ports: vec![there.port()] };
    let Report { capabilities, landlock, .. } = enter_link(&confined)?;
    ensure!(capabilities.is_empty() && landlock == Landlock::Full, "{capabilities:?} {landlock:?}");
    TcpStream::connect(there).context("the controller")?;
    UnixStream::connect(&socket).context("the gateway")?;
    drop(gateway);
    std::fs::write(paths.state.join("identity.json"), "{}").context("its own file")?;
    for denied in [
        TcpStream::connect(other).map(drop),
        std::fs::read(paths.runtime.join("..").join("gateway.toml")).map(drop),
        std::fs::read("/etc/shadow").map(drop),
        UdpSocket::bind("127.0.0.1:0").and_then(|_| TcpListener::bind("127.0.0.1:0")).map(drop),
    ] {
        let denied = denied.err().map(|error| error.kind());
        ensure!(denied == Some(ErrorKind::PermissionDenied), "{denied:?}");
    }
    let packet = socket_of(AddressFamily::Packet);
    ensure!(packet == Err(nix::errno::Errno::EPERM), "{packet:?}");
    // what was opened at a port before goes on
    let heard = port.receive(&mut [0; 64]).map_err(|error| error.kind());
    ensure!(heard == Err(ErrorKind::WouldBlock) && deaf().is_err(), "{heard:?}");
    Ok(())
}

fn socket_of(family: AddressFamily) -> nix::Result<()> {
    socket(family, SockType::Raw, SockFlag::empty(), None::<SockProtocol>).map(drop)
}

fn report(paths: &Paths) -> Result<()> {
    let Report { capabilities, landlock, syscalls } = enter(paths)?;
    ensure!(capabilities == ["CAP_NET_ADMIN", "CAP_NET_RAW"], "{capabilities:?}");
    ensure!(landlock == Landlock::Full, "{landlock:?}");
    ensure!((80..140).contains(&syscalls), "{syscalls}");
    Ok(())
}

fn state(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let [new, current] = ["standing.new", "standing.json"].map(|name| paths.state.join(name));
    let mut file = std::fs::File::create(&new)?;
    file.write_all(b"{}")?;
    file.sync_all()?;
    std::fs::rename(&new, &current)?;
    std::fs::File::open(&paths.state)?.sync_all()?;
    std::fs::create_dir(paths.state.join("bundles"))?;
    ensure!(std::fs::read(&current)? == b"{}");
    ensure!(std::fs::read_dir(&paths.state)?.count() == 2);
    Ok(std::fs::remove_file(&current)?)
}

fn configuration(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let config = paths.read.first().context("a configuration")?;
    ensure!(std::fs::read_to_string(config)? == "format = 1\n");
    refused(std::fs::write(config, ""))
}

fn serving(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let path = paths.runtime.join("gateway.sock");
    let listener = UnixListener::bind(&path)?;
    let client = std::thread::spawn({
        let path = path.clone();
        move || UnixStream::connect(path)?.write_all(b"status\n")
    });
    let mut text = String::new();
    listener.accept()?.0.read_to_string(&mut text)?;
    ensure!(text == "status\n");
    client.join().ok().context("the client ends")??;
    Ok(std::fs::remove_file(path)?)
}

fn kernel(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let open = |family, kind, protocol| socket(family, kind, SockFlag::SOCK_CLOEXEC, protocol);
    open(AddressFamily::Packet, SockType::Raw, None)?;
    open(AddressFamily::Netlink, SockType::Raw, Some(SockProtocol::NetlinkNetFilter))?;
    open(AddressFamily::Netlink, SockType::Raw, Some(SockProtocol::NetlinkRoute))?;
    std::fs::read_to_string("/proc/net/dev").context("/proc/net/dev")?;
    std::fs::read_dir("/sys/class/net").context("/sys/class/net")?;
    Ok(())
}

fn event_loop(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let _terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let listener = tokio::net::UnixListener::bind(paths.runtime.join("gateway.sock"))?;
        let waiting = tokio::time::timeout(Duration::from_millis(10), listener.accept());
        ensure!(waiting.await.is_err(), "nobody called");
        let count = tokio::task::spawn_blocking(|| 7).await?;
        ensure!(count == 7);
        Ok(())
    })
}

fn files(paths: &Paths) -> Result<()> {
    enter(paths)?;
    for path in ["/etc/shadow", "/etc/group", "/proc/1/environ", "/dev/zero", "/usr"] {
        refused(std::fs::File::open(path)).context(path)?;
    }
    let parent = paths.state.parent().context("a folder")?;
    refused(std::fs::write(parent.join("elsewhere"), ""))
}

fn network(paths: &Paths) -> Result<()> {
    enter(paths)?;
    refused(std::net::UdpSocket::bind("127.0.0.1:0"))?;
    refused(std::net::TcpListener::bind("127.0.0.1:0"))?;
    refused(std::net::TcpStream::connect("127.0.0.1:1"))?;
    let audit =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkAudit);
    refused(audit.map_err(std::io::Error::from))
}

#[expect(clippy::disallowed_methods, reason = "shows that no program starts")]
fn programs(paths: &Paths) -> Result<()> {
    enter(paths)?;
    refused(std::process::Command::new("/bin/true").spawn())?;
    let signalled = nix::sys::signal::kill(nix::unistd::getppid(), None);
    refused(signalled.map_err(std::io::Error::from))
}

fn threads(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let opened = std::thread::spawn(|| std::fs::File::open("/etc/shadow")).join();
    refused(opened.ok().context("the thread ends")?)
}

fn late(paths: &Paths) -> Result<()> {
    let (_keep, hold) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || hold.recv());
    match enter(paths) {
        Err(Error::Threads(2)) => Ok(()),
        other => bail!("{other:?}"),
    }
}

fn missing(paths: &Paths) -> Result<()> {
    match enter(&Paths { state: paths.state.join("none"), ..paths.clone() }) {
        Err(Error::Files(_)) => Ok(()),
        other => bail!("{other:?}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "shows that no program starts")]
fn replace(paths: &Paths) -> Result<()> {
    enter(paths)?;
    bail!(std::process::Command::new("/bin/true").exec())
}

fn trace(paths: &Paths) -> Result<()> {
    enter(paths)?;
    Ok(nix::sys::ptrace::traceme()?)
}

fn mount(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let nothing: Option<&str> = None;
    let flags = nix::mount::MsFlags::empty();
    Ok(nix::mount::mount(Some("none"), &paths.state, Some("tmpfs"), flags, nothing)?)
}

fn namespace(paths: &Paths) -> Result<()> {
    enter(paths)?;
    Ok(nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET)?)
}

/// Stands still with a second thread until the parent has looked.
fn wait(paths: &Paths) -> Result<()> {
    enter(paths)?;
    let (_keep, hold) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || hold.recv());
    std::io::stdout().write_all(b"ready\n")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn refused<T>(result: std::io::Result<T>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error).context("refused, but not for this reason"),
        Ok(_) => bail!("nothing refused this"),
    }
}
