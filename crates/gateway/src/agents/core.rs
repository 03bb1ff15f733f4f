//! The gateway's core, as the door asks it: one connection for what was proved, one that follows whom to trust.

use super::state::State;
use crate::link::local::LocalError;
use nullius_protocol::local::{Answer, Body, Command, Failure, MAX_LINE, Reply, Request, decode, encode};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// How long an answer may take: a proof is in the kernel by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long until a core that is gone is looked for again.
const AGAIN: Duration = Duration::from_millis(500);

/// The core's socket. Whoever proves waits for who proved before: a thousand at once are as many lines on one connection.
#[derive(Debug)]
pub(super) struct Core {
    socket: PathBuf,
    connection: Mutex<Option<BufReader<UnixStream>>>,
}

impl Core {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket, connection: Mutex::new(None) }
    }

    /// Asks, and says what it answers.
    pub(super) async fn ask(&self, command: Command) -> Result<Body, LocalError> {
        let mut connection = self.connection.lock().await;
        // one that was cut off, in whatever way, is not used again
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => BufReader::new(UnixStream::connect(&self.socket).await?),
        };
        let asked = async {
            say(&mut stream, command).await?;
            hear(&mut stream).await
        };
        let answer = timeout(PATIENCE, asked).await.map_err(|_| LocalError::Silent)??;
        *connection = Some(stream);
        match answer {
            Answer::Ok(body) => Ok(*body),
            Answer::Error(Failure { error, .. }) => Err(LocalError::Refused(error)),
        }
    }

    /// Follows whom to trust, for ever.
    pub(super) async fn follow(&self, state: &Arc<State>) {
        loop {
            // it is there again when it is; what it said last holds until then
            let _ = self.hear_changes(state).await;
            sleep(AGAIN).await;
        }
    }

    async fn hear_changes(&self, state: &Arc<State>) -> Result<(), LocalError> {
        let mut stream = BufReader::new(UnixStream::connect(&self.socket).await?);
        say(&mut stream, Command::WatchTrust).await?;
        loop {
            let Answer::Ok(body) = hear(&mut stream).await? else { return Err(LocalError::Misunderstood) };
            let Body::Trust(trust) = *body else { return Err(LocalError::Misunderstood) };
            state.trust(trust);
        }
    }
}

async fn say(stream: &mut BufReader<UnixStream>, command: Command) -> Result<(), LocalError> {
    let line = encode(&Request { id: None, command }).map_err(|_| LocalError::Misunderstood)?;
    Ok(stream.get_mut().write_all(&line).await?)
}

async fn hear(stream: &mut BufReader<UnixStream>) -> Result<Answer, LocalError> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    stream.take(limit).read_until(b'\n', &mut line).await?;
    let reply: Reply = decode(&line).map_err(|_| LocalError::Misunderstood)?;
    Ok(reply.answer)
}
