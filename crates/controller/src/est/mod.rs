//! How devices get certificates: EST (RFC 7030, RFC 8951), and recovery after a certificate ran out.
//!
//! TLS 1.3 with or without a client's certificate (`tls`), HTTP around it (`listener`, `http`, `wire`), who asks
//! (`caller`), what speaks against it and what goes with it (`issue`, `recover`), and one writer that takes all who wait
//! into one transaction (`queue`). Bytes that a gateway relays come to the same door (`Est::serve`).
//!
//! INVARIANT: what is answered is on the disk before. Whatever is refused is refused for a reason of its own, and the log
//! has it; a source that is refused too often is told to wait, and fills no log.

mod caller;
mod http;
mod issue;
mod listener;
mod queue;
mod recover;
mod refusal;
mod settings;
mod tls;
mod trust;
mod wire;

pub(crate) use listener::Est;
pub use settings::{ClassProfile, EstSettings};
pub(crate) use tls::AnyClient;
pub(crate) use trust::of_maker;

use crate::http::Problem;
use crate::pki::CaError;
use nullius_store::StoreError;
use refusal::Refusal;

/// Why there is no certificate.
#[derive(Debug)]
pub(crate) enum NotIssued {
    /// It is the asker's: nothing was written.
    Refused(Refusal),
    /// It failed here, perhaps half way: nothing of it may be kept.
    Failed(Problem),
}

impl From<Refusal> for NotIssued {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Problem> for NotIssued {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<StoreError> for NotIssued {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CaError> for NotIssued {
    fn from(error: CaError) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests;
