//! Which system calls are left (`seccomp(2)`), on x86-64 and 64-bit ARM.
//!
//! What is not on the list ([`ALLOWED`]) fails with `EPERM`. It does not kill: a C library that one day asks for
//! something new must not stop the one program that can revoke a device, and every caller of the gateway's own code
//! handles an error. What no version of the gateway has any reason to ask for ([`FATAL`]) does kill, and the kernel
//! logs it: that is somebody else's code running. Rules in the kernel stay when the process dies, so a kill opens nothing.
//!
//! It does not know files (those are [`files`](super::files)) nor who may send what.

use nix::libc;
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter,
};
use std::collections::BTreeMap;

mod list;

use self::list::{ALLOWED, FATAL, IOCTLS};

/// Why no filter could be built or installed.
#[derive(Debug, thiserror::Error)]
pub enum SyscallsError {
    /// The filter does not compile; this machine's architecture may be one nobody wrote a filter for.
    #[error("the filter does not compile")]
    Compile(#[from] seccompiler::BackendError),
    /// The kernel refused it.
    #[error("the kernel refused the filter")]
    Install(#[from] seccompiler::Error),
}

/// Which sockets there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sockets {
    /// The API, rules and links, frames. No network socket: the gateway is no host of the plant.
    Gateway,
    /// The gateway's socket, the network, and which addresses there are.
    Link,
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Filters what the calling thread may ask, and returns how many system calls are left.
///
/// Three filters, because a filter has one answer for what is on its list; the kernel asks all and takes the strictest
/// answer. The one that allows comes last: it forbids installing another.
pub(super) fn filter(sockets: Sockets) -> Result<usize, SyscallsError> {
    install(unconditional(FATAL), SeccompAction::Allow, SeccompAction::KillProcess)?;
    install(unconditional(&[libc::SYS_clone3]), SeccompAction::Allow, missing())?;
    let allowed = allowed(sockets)?;
    let count = allowed.len();
    install(allowed, refused(), SeccompAction::Allow)?;
    Ok(count)
}

fn install(rules: Rules, mismatch: SeccompAction, matched: SeccompAction) -> Result<(), SyscallsError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(rules, mismatch, matched, architecture)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    Ok(apply_filter(&program)?)
}

fn refused() -> SeccompAction {
    SeccompAction::Errno(libc::EPERM.unsigned_abs())
}

/// What `clone3` asks lies behind a pointer, where no filter can look; told that there is no such call, the C library
/// falls back on `clone`, whose flags are judged.
fn missing() -> SeccompAction {
    SeccompAction::Errno(libc::ENOSYS.unsigned_abs())
}

fn unconditional(calls: &[i64]) -> Rules {
    calls.iter().map(|&call| (call, Vec::new())).collect()
}

fn allowed(kind: Sockets) -> Result<Rules, SyscallsError> {
    let mut rules = unconditional(ALLOWED);
    rules.insert(libc::SYS_clone3, Vec::new());
    rules.insert(libc::SYS_clone, vec![threads_only()?]);
    rules.insert(libc::SYS_socket, kind.rules()?);
    rules.insert(libc::SYS_socketpair, vec![rule([equals(0, libc::AF_UNIX)?])?]);
    rules.insert(libc::SYS_ioctl, one_of(1, IOCTLS)?);
    rules.insert(libc::SYS_prctl, one_of(0, &[i64::from(libc::PR_SET_NAME)])?);
    let ourselves = i64::from(std::process::id());
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        rules.insert(call, one_of(0, &[ourselves])?);
    }
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![never_executable()?]);
    }
    Ok(rules)
}

/// A new thread, never a new process and never a new namespace.
fn threads_only() -> Result<SeccompRule, SyscallsError> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    rule([masked(0, thread, thread)?])
}

impl Sockets {
    fn rules(self) -> Result<Vec<SeccompRule>, SyscallsError> {
        let netlink = |protocol| rule([equals(0, libc::AF_NETLINK)?, equals(2, protocol)?]);
        let family = |family| rule([equals(0, family)?]);
        let own = match self {
            Self::Gateway => [family(libc::AF_PACKET)?, netlink(libc::NETLINK_NETFILTER)?],
            Self::Link => [family(libc::AF_INET)?, family(libc::AF_INET6)?],
        };
        Ok([family(libc::AF_UNIX)?, netlink(libc::NETLINK_ROUTE)?].into_iter().chain(own).collect())
    }
}

/// No code comes into being after the start.
fn never_executable() -> Result<SeccompRule, SyscallsError> {
    rule([masked(2, u64::from(libc::PROT_EXEC.unsigned_abs()), 0)?])
}

fn one_of(argument: u8, values: &[i64]) -> Result<Vec<SeccompRule>, SyscallsError> {
    values
        .iter()
        .map(|&value| rule([condition(argument, SeccompCmpOp::Eq, value.cast_unsigned())?]))
        .collect()
}

fn equals(argument: u8, value: i32) -> Result<SeccompCondition, SyscallsError> {
    condition(argument, SeccompCmpOp::Eq, u64::from(value.unsigned_abs()))
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, SyscallsError> {
    condition(argument, SeccompCmpOp::MaskedEq(mask), value)
}

/// The kernel takes 32 bits of every argument that is judged here, so the upper half must not decide.
fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, SyscallsError> {
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?)
}

fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> Result<SeccompRule, SyscallsError> {
    Ok(SeccompRule::new(conditions.to_vec())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_fatal() {
        let allowed = allowed(Sockets::Gateway).unwrap();
        assert!(FATAL.iter().all(|call| !allowed.contains_key(call)));
        assert!(allowed.contains_key(&libc::SYS_futex));
    }

    #[test]
    fn the_filters_compile_for_both_architectures() {
        for architecture in [TargetArch::x86_64, TargetArch::aarch64] {
            let filter = SeccompFilter::new(
                allowed(Sockets::Gateway).unwrap(),
                refused(),
                SeccompAction::Allow,
                architecture,
            )
            .unwrap();
            let program: seccompiler::BpfProgram = filter.try_into().unwrap();
            assert!(!program.is_empty());
        }
    }
}
