//! Which files there are for the gateway, and that it opens no TCP connection and signals no other process
//! (Landlock, kernel documentation `userspace-api/landlock`).
//!
//! It does not know what is in the files. What is open already stays open.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort, PathBeneath,
    PathFd, PathFdError, RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{LinkPaths, Paths};

/// What is asked of the kernel: files, devices, TCP, abstract sockets and signals (Linux 6.12). An older kernel does
/// what it can, and the report says so.
const WANTED: ABI = ABI::V6;

/// The kernel's own view of its links and of this process's network, to be read.
const KERNEL: [&str; 2] = ["/proc/net", "/sys/class/net"];

/// Who is called what: the audit names people. Both are readable for everybody.
const USERS: [&str; 2] = ["/etc/nsswitch.conf", "/etc/passwd"];

/// What names are looked up with. What a name service writes anew lies in a folder.
const NAMES: [&str; 8] = [
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/run/NetworkManager",
];

/// Answers that do not fit a datagram come by TCP (RFC 7766).
const DNS: u16 = 53;

/// How much of what was asked for this kernel enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Landlock {
    /// Nothing: the kernel has no Landlock, or it is switched off.
    #[default]
    Absent,
    /// A part: the kernel is older than Linux 6.12.
    Partial,
    /// All.
    Full,
}

impl fmt::Display for Landlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "FILES NOT HELD BACK: no Landlock",
            Self::Partial => "files held back in part",
            Self::Full => "files held back",
        })
    }
}

/// Why no fence could be built.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A path that is to be allowed cannot be opened.
    #[error("a path cannot be opened")]
    Path(#[from] PathFdError),
    /// The kernel refused the rules.
    #[error("the kernel refused the rules")]
    Rules(#[from] RulesetError),
}

/// Fences the calling thread in.
pub(super) fn fence(paths: &Paths) -> Result<Landlock, FilesError> {
    let mut rules = everything_forbidden()?;
    for path in paths.read.iter().map(PathBuf::as_path).chain(present(&USERS)) {
        rules = allow(rules, path, AccessFs::ReadFile)?;
    }
    rules = allow(rules, &paths.state, storing())?;
    rules = allow(rules, &paths.runtime, listening())?;
    for path in present(&KERNEL) {
        rules = allow(rules, path, AccessFs::from_read(WANTED) & !AccessFs::Execute)?;
    }
    Ok(Landlock::from(rules.restrict_self()?))
}

/// Fences the link in: its own directory, what names are looked up with, and the ports of the controller.
pub(super) fn fence_link(paths: &LinkPaths) -> Result<Landlock, FilesError> {
    let mut rules = everything_forbidden()?;
    rules = allow(rules, &paths.identity, storing())?;
    for path in present(&NAMES) {
        let access =
            if path.is_dir() { AccessFs::ReadFile | AccessFs::ReadDir } else { AccessFs::ReadFile.into() };
        rules = allow(rules, path, access)?;
    }
    for &port in paths.ports.iter().chain([&DNS]) {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    Ok(Landlock::from(rules.restrict_self()?))
}

/// A machine may lack some of them; a path that cannot be opened cannot be misused either.
fn present<'p>(paths: &'p [&'p str]) -> impl Iterator<Item = &'p Path> {
    paths.iter().map(Path::new).filter(|path| path.exists())
}

fn everything_forbidden() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: impl Into<BitFlags<AccessFs>>,
) -> Result<RulesetCreated, FilesError> {
    Ok(rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?)
}

/// Ordinary files and folders, and nothing that could be started or be a device.
fn storing() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

fn listening() -> BitFlags<AccessFs> {
    AccessFs::ReadDir | AccessFs::MakeSock | AccessFs::RemoveFile
}

impl From<RestrictionStatus> for Landlock {
    fn from(status: RestrictionStatus) -> Self {
        match status.ruleset {
            RulesetStatus::FullyEnforced => Self::Full,
            RulesetStatus::PartiallyEnforced => Self::Partial,
            RulesetStatus::NotEnforced => Self::Absent,
        }
    }
}
