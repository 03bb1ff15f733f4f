//! The gateway's socket: a request and its replies.
//!
//! It does not know what is asked. A gateway that falls silent is an error after [`PATIENCE`], never a program that hangs.

use nullius_protocol::local::{Answer, Body, Command, LineError, Reply, Request, decode, encode, read_line};
use std::io::{BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::Failure;

/// Longest wait for an answer. A policy of thousands of devices is compiled and loaded in a fraction of it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Connection {
    stream: BufReader<UnixStream>,
    asked: u64,
}

impl Connection {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let stream = UnixStream::connect(path).map_err(|error| unreachable_gateway(path, &error))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), asked: 0 })
    }

    /// The answer to `command`; a refusal is a failure.
    pub(crate) fn ask(&mut self, command: Command) -> Result<Body, Failure> {
        self.send(command)?;
        self.receive()?.ok_or_else(hung_up)
    }

    /// One body after another, however long each takes; ends when the gateway does.
    pub(crate) fn follow(
        mut self,
        command: Command,
    ) -> Result<impl Iterator<Item = Result<Body, Failure>>, Failure> {
        self.send(command)?;
        self.stream.get_ref().set_read_timeout(None)?;
        Ok(std::iter::from_fn(move || self.receive().transpose()))
    }

    fn send(&mut self, command: Command) -> Result<(), Failure> {
        self.asked += 1;
        let line =
            encode(&Request { id: Some(self.asked), command }).map_err(|error| misunderstood(&error))?;
        self.stream.get_mut().write_all(&line).map_err(|error| misunderstood(&LineError::Io(error)))
    }

    fn receive(&mut self) -> Result<Option<Body>, Failure> {
        let Some(line) = read_line(&mut self.stream).map_err(|error| misunderstood(&error))? else {
            return Ok(None);
        };
        let reply: Reply = decode(&line).map_err(|error| misunderstood(&error))?;
        if reply.id.is_some_and(|id| id != self.asked) {
            return Err(Failure::unable("the gateway answered another question than the one that was asked"));
        }
        match reply.answer {
            Answer::Ok(body) => Ok(Some(*body)),
            Answer::Error(failure) => Err(failure.into()),
        }
    }
}

/// An answer to another command than the one that was given.
pub(crate) fn unexpected(body: &Body) -> Failure {
    let debug = format!("{body:?}");
    let kind = debug.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    Failure::unable(format!(
        "the gateway answered with {kind}, which is not what was asked: compare `nullius --version`"
    ))
}

fn unreachable_gateway(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    let advice = "start one (`systemctl start nullius-gateway`) or name its socket with --socket";
    let is = |kind| error.kind() == kind;
    Failure::Unable(if is(ErrorKind::PermissionDenied) {
        format!("you may not use `{path}`: become root, or a member of the group that gateway.toml names")
    } else if is(ErrorKind::NotFound) || is(ErrorKind::ConnectionRefused) {
        format!("no gateway listens at `{path}`: {advice}")
    } else {
        format!("`{path}` cannot be used ({error}): {advice}")
    })
}

fn hung_up() -> Failure {
    Failure::unable("the gateway hung up: `journalctl -u nullius-gateway` says why")
}

fn misunderstood(error: &LineError) -> Failure {
    Failure::Unable(match error {
        LineError::Io(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            format!(
                "the gateway did not answer within {} s: `journalctl -u nullius-gateway` says why",
                PATIENCE.as_secs()
            )
        }
        LineError::Io(_) => return hung_up(),
        LineError::TooLong => "the gateway's answer has no end".to_owned(),
        LineError::Json(error) => {
            format!(
                "the gateway's answer is not understood ({error}): compare `nullius --version` with its own"
            )
        }
    })
}
