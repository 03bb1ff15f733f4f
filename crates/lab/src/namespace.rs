//! Entering and leaving namespaces, one thread at a time.

use anyhow::{Context as _, Result};
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Where the calling thread's network namespace can be opened from outside, for as long as the thread lives.
pub(crate) fn here() -> Result<PathBuf> {
    let thread = fs::read_link("/proc/thread-self").context("/proc is not mounted")?;
    Ok(Path::new("/proc").join(thread).join("ns/net"))
}

/// The calling thread, and what it starts from now on, is alone in a new network namespace.
pub(crate) fn leave_network() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET).context("a network namespace cannot be made")
}

/// The calling process becomes root of a user namespace of its own. Its only thread must be the calling one.
pub(crate) fn become_root_inside() -> Result<()> {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER).context(
        "this system lets nobody but root make namespaces; run as root, or allow it: \
         sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 \
         (Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0)",
    )?;
    // a group map may be written only once setgroups is given up
    fs::write("/proc/self/setgroups", "deny").context("setgroups cannot be given up")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1")).context("the user cannot be mapped")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1")).context("the group cannot be mapped")
}

/// Children of the calling process live in a process namespace: the first is its init, and with it all others end.
pub(crate) fn contain_processes() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWPID).context("a process namespace cannot be made")
}

/// The calling thread enters the network namespace at `path`.
pub(crate) fn enter_network(path: &Path) -> Result<()> {
    let namespace = File::open(path).with_context(|| format!("no namespace at {}", path.display()))?;
    setns(namespace, CloneFlags::CLONE_NEWNET).context("the namespace cannot be entered")
}

/// The calling process enters the user namespace of process `pid`, unless it is in it already. Its only thread must
/// be the calling one.
pub(crate) fn enter_user(pid: u32) -> Result<()> {
    let path = format!("/proc/{pid}/ns/user");
    let (theirs, ours) = (fs::read_link(&path), fs::read_link("/proc/self/ns/user"));
    if theirs.context("the lab's user namespace cannot be seen: is it somebody else's?")? == ours? {
        return Ok(());
    }
    let namespace = File::open(&path).context("the lab's user namespace cannot be opened")?;
    setns(namespace, CloneFlags::CLONE_NEWUSER).context("the lab's user namespace cannot be entered")
}
