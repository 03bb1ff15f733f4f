//! Enrolment, renewal and recovery, as the device asks for them (RFC 7030, `docs/enrolment.md`).
//!
//! One connection, one question, one answer, within a time and a length. Whether the way leads to the controller
//! directly or through a gateway makes no difference: the TLS that counts ends at the controller.

mod answer;
mod http;
mod reach;

pub(crate) use answer::Issued;
pub use answer::Refusal;
pub use http::HttpError;
pub use reach::ReachError;
pub(crate) use reach::{Reach, Server};

use answer::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Question;
use nullius_protocol::enrol::{
    EST_PATH, EnrolToken, NONCE_PATH, NonceAnswer, NonceRequest, RECOVER_PATH, RecoverAnswer, RecoverRequest,
    VERSION,
};
use rustls::ClientConfig;
use std::time::Duration;

/// How long a question may take, the handshake included: a TPM signs in it, and the controller makes it durable.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EstError {
    /// Nobody was reached, or somebody else.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The exchange.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It took too long.
    #[error("the controller did not answer within {} seconds", PATIENCE.as_secs())]
    Silent,
    /// The controller does not want to.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It said something else.
    #[error("the controller's answer is not understood ({0})")]
    Answer(&'static str),
}

/// The controller's enrolment listener, and how it is asked.
#[derive(Debug)]
pub(crate) struct Est<'r> {
    pub(crate) reach: &'r Reach,
    pub(crate) tls: ClientConfig,
}

impl Est<'_> {
    /// A first certificate, for a token that works once.
    pub(crate) async fn enrol(&self, token: &EnrolToken, csr: &[u8]) -> Result<Issued, EstError> {
        let basic = STANDARD.encode(format!("{}:{}", token.user(), token.password()));
        let question = Question {
            authorization: Some(format!("Basic {basic}")),
            ..Question::est(format!("{EST_PATH}/simpleenroll"), csr)
        };
        self.ask(question).await?.issued()
    }

    /// Another certificate, for the one that is shown in the handshake.
    pub(crate) async fn renew(&self, csr: &[u8]) -> Result<Issued, EstError> {
        self.ask(Question::est(format!("{EST_PATH}/simplereenroll"), csr)).await?.issued()
    }

    /// The trust anchors in force, and how older ones vouch for newer ones (DER).
    pub(crate) async fn anchors(&self) -> Result<Vec<Vec<u8>>, EstError> {
        self.ask(Question::get(format!("{EST_PATH}/cacerts"))).await?.certificates()
    }

    /// Something to sign, for a device whose certificate ran out.
    pub(crate) async fn nonce(&self, site: &str, device: &str) -> Result<Vec<u8>, EstError> {
        let request = NonceRequest { version: VERSION, site: site.to_owned(), device: device.to_owned() };
        let answer: NonceAnswer = self.ask(Question::json(NONCE_PATH, &request)?).await?.json()?;
        Ok(answer.nonce)
    }

    /// Another certificate, for the signature of the last one's key.
    pub(crate) async fn recover(&self, request: &RecoverRequest) -> Result<Issued, EstError> {
        let answer: RecoverAnswer = self.ask(Question::json(RECOVER_PATH, request)?).await?.json()?;
        Issued::recovered(&answer)
    }

    async fn ask(&self, question: Question) -> Result<Answer, EstError> {
        let asked = async {
            let (stream, host) = self.reach.connect(self.tls.clone()).await?;
            Ok(Answer(http::exchange(stream, &host, question).await?))
        };
        tokio::time::timeout(PATIENCE, asked).await.map_err(|_| EstError::Silent)?
    }
}
