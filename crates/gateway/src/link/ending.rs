//! How a stream ends, and what people are told of it.

use super::IdentityError;
use super::local::LocalError;
use nullius_protocol::link::{Bye, FrameError};
use std::time::Duration;

/// Longest reason of a controller that is repeated, in characters.
const MAX_REASON: usize = 256;

/// How a stream ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Why, for people; empty where nothing is wrong.
    pub(super) trouble: String,
    /// The controller had taken it.
    pub(super) welcomed: bool,
    /// How long the controller wants to be left alone.
    pub(super) wait: Option<Duration>,
}

impl Ended {
    pub(super) fn failed(trouble: String) -> Self {
        Self { trouble, ..Self::default() }
    }
}

/// Why a stream is let go.
#[derive(Debug, thiserror::Error)]
pub(super) enum Let {
    #[error("the controller cannot be reached")]
    Http(#[from] reqwest::Error),
    #[error("the controller cannot be spoken to")]
    Tls(#[from] rustls::Error),
    #[error("the controller answers with {0}")]
    Status(reqwest::StatusCode),
    #[error("the controller is silent")]
    Silent,
    #[error("the controller ended the stream")]
    Closed,
    #[error("the controller does not keep to the contract: {0}")]
    Contract(&'static str),
    #[error("the controller sent what is no frame")]
    Frame(#[from] FrameError),
    #[error("the controller says goodbye: {}", .0.escape_debug())]
    Bye(String, Duration),
    #[error("the gateway")]
    Local(#[from] LocalError),
    #[error("the identity")]
    Identity(#[from] IdentityError),
    #[error("the gateway counts its records anew")]
    Renumbered,
}

impl From<&Let> for Ended {
    fn from(error: &Let) -> Self {
        let wait = if let Let::Bye(_, wait) = error { Some(*wait) } else { None };
        Self { trouble: crate::chain(error), welcomed: false, wait }
    }
}

impl From<Bye> for Let {
    fn from(bye: Bye) -> Self {
        Self::Bye(bye.reason.chars().take(MAX_REASON).collect(), Duration::from_secs(bye.retry_after))
    }
}
