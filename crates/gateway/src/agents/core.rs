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

type Stream = BufReader<UnixStream>;

/// The core's socket. Whoever proves waits for who proved before: a thousand at once are as many lines on one connection.
#[derive(Debug)]
pub(super) struct Core {
    socket: PathBuf,
    connection: Mutex<Option<Stream>>,
}

impl Core {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket, connection: Mutex::new(None) }
    }

    /// Asks, and says what it answers.
    pub(super) async fn ask(&self, command: Command) -> Result<Body, LocalError> {
        let mut connection = self.connection.lock().await;
        // one that was cut off, in whatever way, is not used again
        let kept = connection.take();
        let (answer, stream) =
            timeout(PATIENCE, self.exchange(kept, command)).await.map_err(|_| LocalError::Silent)??;
        *connection = Some(stream);
        match answer {
            Answer::Ok(body) => Ok(*body),
            Answer::Error(Failure { error, .. }) => Err(LocalError::Refused(error)),
        }
    }

    /// By the connection that was kept, or by a new one: the core lets go of one that was silent for a minute, which between
    /// two proofs is usual, and no command of the door's does more when it is carried out twice.
    async fn exchange(&self, kept: Option<Stream>, command: Command) -> Result<(Answer, Stream), LocalError> {
        if let Some(stream) = kept
            && let Ok(asked) = asked(stream, command.clone()).await
        {
            return Ok(asked);
        }
        asked(BufReader::new(UnixStream::connect(&self.socket).await?), command).await
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

async fn asked(mut stream: Stream, command: Command) -> Result<(Answer, Stream), LocalError> {
    say(&mut stream, command).await?;
    Ok((hear(&mut stream).await?, stream))
}

async fn say(stream: &mut Stream, command: Command) -> Result<(), LocalError> {
    let line = encode(&Request { id: None, command }).map_err(|_| LocalError::Misunderstood)?;
    Ok(stream.get_mut().write_all(&line).await?)
}

async fn hear(stream: &mut Stream) -> Result<Answer, LocalError> {
    let mut line = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    stream.take(limit).read_until(b'\n', &mut line).await?;
    let reply: Reply = decode(&line).map_err(|_| LocalError::Misunderstood)?;
    Ok(reply.answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread::{JoinHandle, spawn};

    /// A core that answers one request a connection, and hangs up.
    fn core(socket: &std::path::Path, connections: usize) -> JoinHandle<()> {
        use std::io::{BufRead as _, BufReader, Write as _};
        let listener = UnixListener::bind(socket).unwrap();
        spawn(move || {
            for stream in listener.incoming().take(connections) {
                let mut stream = BufReader::new(stream.unwrap());
                stream.read_line(&mut String::new()).unwrap();
                let reply = Reply { id: None, answer: Answer::Ok(Box::new(Body::Leased { seconds: 7 })) };
                stream.get_mut().write_all(&encode(&reply).unwrap()).unwrap();
            }
        })
    }

    #[tokio::test]
    async fn a_core_that_hung_up_meanwhile_is_asked_anew() {
        let directory = std::env::temp_dir().join(format!("nullius-door-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let socket = directory.join("core.sock");
        let core = (core(&socket, 3), Core::new(socket));
        for _ in 0..3 {
            let leased = core.1.ask(Command::LinkState { trouble: String::new() }).await;
            assert!(matches!(leased, Ok(Body::Leased { seconds: 7 })), "{leased:?}");
        }
        core.0.join().unwrap();
        std::fs::remove_dir_all(directory).unwrap();
    }
}
