//! What can go wrong between us and the kernel, and what to do then.

use crate::netlink::SocketError;
use nix::errno::Errno;
use thiserror::Error;

/// Why the kernel does not have what it should.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// `CAP_NET_ADMIN` is missing in the network namespace.
    #[error(
        "the kernel refuses: rules need CAP_NET_ADMIN; run as root, or grant the capability to the service"
    )]
    NotPermitted,
    /// The kernel was built without what the rules need.
    #[error(
        "the kernel cannot do {what} (`{errno}`): it needs nf_tables with bridge support (CONFIG_NF_TABLES_BRIDGE)"
    )]
    Unsupported {
        /// What was refused.
        what: String,
        /// As the kernel said it.
        errno: Errno,
    },
    /// What is in the kernel is not what was left there: somebody changed it by hand.
    #[error("{what} is not as it was left (`{errno}`): read the rules back and replace them")]
    OutOfStep {
        /// What was refused.
        what: String,
        /// As the kernel said it.
        errno: Errno,
    },
    /// A set is full.
    #[error("{what} is full: fewer rules fit than are asked for")]
    Full {
        /// Which set.
        what: String,
    },
    /// A change is asked for before anything was installed or read.
    #[error("nothing is known of the rules in the kernel yet: replace them or read them back first")]
    NotRead,
    /// Somebody keeps changing the tables while they are read.
    #[error("the tables changed while they were read, again and again: is another program writing them?")]
    Unsteady,
    /// The kernel gives no answer.
    #[error(
        "the kernel gives no answer over netlink: nothing is known of the last change; read the rules back"
    )]
    Silent,
    /// Anything else.
    #[error("{what} failed (`{errno}`)")]
    System {
        /// What was tried.
        what: String,
        /// As the kernel said it.
        errno: Errno,
    },
}

impl From<SocketError> for Error {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Silent => Self::Silent,
            SocketError::System(errno) => Self::of(errno, "the netlink socket".to_owned()),
            SocketError::Refused { errno, what } => Self::of(errno, what),
        }
    }
}

impl Error {
    fn of(errno: Errno, what: String) -> Self {
        if matches!(errno, Errno::EPERM | Errno::EACCES) {
            Self::NotPermitted
        } else if matches!(errno, Errno::ENOENT | Errno::EEXIST) {
            Self::OutOfStep { what, errno }
        } else if matches!(errno, Errno::ENFILE) {
            Self::Full { what }
        } else if matches!(errno, Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT) {
            Self::Unsupported { what, errno }
        } else {
            Self::System { what, errno }
        }
    }
}
