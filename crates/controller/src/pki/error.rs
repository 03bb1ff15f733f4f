//! Why nothing was signed, and what a caller hears of it.

use crate::http::Problem;
use axum::http::StatusCode;
use nullius_identity::{BadAuthority, BadHost, BadName, BadRequest};
use nullius_store::StoreError;
use std::path::PathBuf;

/// Why there is no authority, or it signed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    /// Key, certificate or what was to be signed.
    #[error(transparent)]
    Authority(#[from] BadAuthority),
    /// The trust domain of the configuration.
    #[error("the trust domain: {0}")]
    Domain(#[from] BadName),
    /// The hosts of the configuration.
    #[error("`[pki] names`: {0}")]
    Names(#[from] BadHost),
    /// A request for a certificate.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// Nobody signs.
    #[error("there is no certificate authority: start the controller, or `nullius pki recover`")]
    None,
    /// The store is of the time when one key signed everything.
    #[error(
        "the store holds an authority of one tier, under which no issuing one can be: `nullius pki init --replace` \
         forgets it and makes two; every gateway joins again then"
    )]
    OneTier,
    /// An authority is no holder of a certificate that is signed here.
    #[error("authorities are signed by their root")]
    NoHolder,
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
    /// The hardware module, or its token, is not there.
    #[error("{0}")]
    Module(String),
    /// A key file cannot be read or written.
    #[error("`{}`: {reason}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It cannot be done as things stand.
    #[error("{0}")]
    Not(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CaError> for Problem {
    fn from(error: CaError) -> Self {
        match error {
            CaError::Store(error) => Self::from(error),
            CaError::Authority(BadAuthority::Profile(error)) => Self::wrong("name", error.to_string()),
            CaError::Authority(BadAuthority::Signer(_)) | CaError::Module(_) => {
                tracing::error!(%error, "the issuing key does not sign");
                let detail = "nothing was issued: the key of the issuing authority cannot be used now";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "hsm", detail).with_help(
                    "is the token of the hardware module plugged in? It is used again when it is back",
                )
            }
            CaError::Not(detail) => Self::conflict("not-now", detail),
            error => {
                tracing::error!(%error, "the authority failed");
                let detail = "it was not done: the certificate authority failed";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ca", detail)
            }
        }
    }
}
