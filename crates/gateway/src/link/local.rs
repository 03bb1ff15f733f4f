//! The gateway's socket, from the link's side.

use nullius_protocol::local::{
    Answer, Body, Command, Failure, LinkState, MAX_LINE, Reply, Request, Trust, decode, encode,
};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long a quick answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a policy may take until it is in force.
const DELIVERS_WITHIN: Duration = Duration::from_secs(600);

/// Why the gateway gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    /// The socket.
    #[error("the gateway's socket cannot be used")]
    Io(#[from] std::io::Error),
    /// It took too long.
    #[error("the gateway does not answer")]
    Silent,
    /// It hung up, or answered with something else.
    #[error("the gateway's answer is not understood")]
    Misunderstood,
    /// It did not do it.
    #[error("{0}")]
    Refused(String),
}

/// Where the gateway listens. Each request has a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Local(pub(super) PathBuf);

impl Local {
    /// Where the gateway stands; `trouble` says why the controller cannot be reached.
    pub(super) async fn state(&self, trouble: String) -> Result<LinkState, LocalError> {
        let body = self.ask(Command::LinkState { trouble }).await?;
        if let Body::Link(state) = body { Ok(state) } else { Err(LocalError::Misunderstood) }
    }

    /// Whom to trust, as the controller's orders said last.
    pub(super) async fn trust(&self) -> Result<Trust, LocalError> {
        let body = self.ask(Command::Trust).await?;
        if let Body::Trust(trust) = body { Ok(trust) } else { Err(LocalError::Misunderstood) }
    }

    pub(super) async fn ask(&self, command: Command) -> Result<Body, LocalError> {
        let patience = if matches!(command, Command::Deliver { .. }) { DELIVERS_WITHIN } else { PATIENCE };
        match timeout(patience, self.answer(command)).await.map_err(|_| LocalError::Silent)?? {
            Answer::Ok(body) => Ok(*body),
            Answer::Error(Failure { error, .. }) => Err(LocalError::Refused(error)),
        }
    }

    /// The answer as it is, in the time that a quick one takes.
    pub(super) async fn relay(&self, command: Command) -> Result<Answer, LocalError> {
        timeout(PATIENCE, self.answer(command)).await.map_err(|_| LocalError::Silent)?
    }

    async fn answer(&self, command: Command) -> Result<Answer, LocalError> {
        let mut stream = BufReader::new(UnixStream::connect(&self.0).await?);
        let line = encode(&Request { id: None, command }).map_err(|_| LocalError::Misunderstood)?;
        stream.get_mut().write_all(&line).await?;
        let mut line = Vec::new();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        stream.take(limit).read_until(b'\n', &mut line).await?;
        let reply: Reply = decode(&line).map_err(|_| LocalError::Misunderstood)?;
        Ok(reply.answer)
    }
}
