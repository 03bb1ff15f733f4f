//! Giving up what the gateway never needs, so that whoever takes it over by a hostile frame gets little with it
//!
//!
//! Three walls, each of the kernel and each kept when another fails: capabilities (`capabilities`: what the kernel
//! lets us change), Landlock (`files`: which files there are), seccomp (`syscalls`: what may be asked at all).
//! It does not know what the gateway does with what is left; it knows no configuration but three paths.
//!
//! INVARIANT: all three bind a thread and the threads it starts later, never a thread that runs already. So
//! [`enter`] comes before the first thread, and refuses to pretend where it comes too late.

mod capabilities;
mod files;
mod syscalls;

use self::syscalls::Sockets;
use std::fmt;
use std::path::PathBuf;

pub use self::files::{FilesError, Landlock};
pub use self::syscalls::SyscallsError;

/// Where the gateway's files are. Everything named here exists before [`enter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// What is read later on; each must be there.
    pub read: Vec<PathBuf>,
    /// Policies, standing, audit, keys: read and written.
    pub state: PathBuf,
    /// The folder of the socket: sockets are made and removed.
    pub runtime: PathBuf,
}

/// Where the link's files are, and where it may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPaths {
    /// Its key and certificate: read and written.
    pub identity: PathBuf,
    /// TCP ports of the controller.
    pub ports: Vec<u16>,
}

/// Who sees to it that the process is confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confinement {
    /// The gateway itself, before its first thread.
    #[default]
    Gateway,
    /// Whoever starts it: a process that has threads already cannot be confined from inside.
    Caller,
}

/// What is enforced on this process from now on, for `nullius status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Capabilities that are left, in the kernel's spelling, in order.
    pub capabilities: Vec<String>,
    /// What Landlock holds back; depends on the kernel.
    pub landlock: Landlock,
    /// System calls that are left, out of some 370.
    pub syscalls: usize,
}

/// `CAP_NET_ADMIN CAP_NET_RAW, 107 system calls, files held back`: one line of a screen.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} system calls, {}", self.capabilities.join(" "), self.syscalls, self.landlock)
    }
}

/// Why the process is not confined. It must not go on: part of the walls may stand already.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A thread that runs already would stay outside.
    #[error("{0} threads run already, and those would stay unconfined")]
    Threads(usize),
    /// The threads of this process could not be counted.
    #[error("the threads of this process cannot be counted (is /proc mounted?)")]
    Uncounted(#[source] std::io::Error),
    /// The kernel refused a change of capabilities.
    #[error("capabilities cannot be given up")]
    Capabilities(#[from] caps::errors::CapsError),
    /// What the gateway cannot work without.
    #[error("{0} is missing: start the gateway as root, or with this capability")]
    Missing(&'static str),
    /// Files cannot be fenced in.
    #[error("files cannot be fenced in")]
    Files(#[from] FilesError),
    /// System calls cannot be filtered.
    #[error("system calls cannot be filtered")]
    Syscalls(#[from] SyscallsError),
}

/// Gives up everything the gateway does not need, for good.
///
/// The order matters: Landlock opens the paths it allows, and giving up capabilities takes system calls that the
/// filter forbids. What is read once and lies elsewhere (the boot id) is read before.
///
/// # Errors
/// See [`Error`]. A kernel without Landlock is no error but a line in the [`Report`].
pub fn enter(paths: &Paths) -> Result<Report, Error> {
    refuse_other_threads()?;
    let landlock = files::fence(paths)?;
    let capabilities = capabilities::give_up()?;
    let syscalls = syscalls::filter(Sockets::Gateway)?;
    Ok(Report { capabilities, landlock, syscalls })
}

/// Gives up everything the link does not need, for good: no capability, the network and the gateway's socket.
///
/// # Errors
/// As [`enter`].
pub fn enter_link(paths: &LinkPaths) -> Result<Report, Error> {
    refuse_other_threads()?;
    let landlock = files::fence_link(paths)?;
    capabilities::give_up_all()?;
    let syscalls = syscalls::filter(Sockets::Link)?;
    Ok(Report { capabilities: Vec::new(), landlock, syscalls })
}

fn refuse_other_threads() -> Result<(), Error> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(Error::Uncounted)?.count();
    match threads {
        1 => Ok(()),
        more => Err(Error::Threads(more)),
    }
}
