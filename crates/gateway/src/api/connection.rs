//! One client: a line in, a line out.

use super::delivery::{candidate, deliver, release};
use super::line::{self, Line};
use super::role::Role;
use crate::core::Core;
use nullius_engine::Actor;
use nullius_protocol::local::{
    Answer, Body, Command, Event, Failure, LineError, Question, Reply, Request, decode, encode,
};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::{spawn_blocking, spawn_local};
use tokio::time::timeout;

/// How long a client may take from one line to the end of the next.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a client may take to read an answer.
const READS_WITHIN: Duration = Duration::from_secs(10);

/// What every connection shares.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) core: Rc<RefCell<Core>>,
    /// Of whoever comes in here.
    pub(super) role: Role,
    pub(super) changed: Rc<Notify>,
    /// One turn, for whoever sends a long line.
    pub(super) turns: Arc<Semaphore>,
}

/// Answers line by line until the client is done, breaks off or takes too long.
pub(super) async fn run(stream: UnixStream, actor: Actor, shared: Shared) {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    while let Ok(Ok(line)) = timeout(PATIENCE, line::next(&mut from, &shared.turns)).await {
        let served = match line {
            Line::Whole { bytes, turn } => {
                let request = decode(&bytes);
                drop(bytes);
                one(request, turn, &actor, &shared, &mut from, &mut to).await
            }
            Line::TooLong => return refuse(&actor, &shared, &mut to).await,
            Line::End => return,
        };
        if served.is_err() {
            return;
        }
    }
}

/// Tells the client and everybody else, and hangs up: what comes next may be the rest of the line.
async fn refuse(actor: &Actor, shared: &Shared, to: &mut OwnedWriteHalf) {
    let failure = Failure { error: LineError::TooLong.to_string(), ..Failure::default() };
    shared.core.borrow_mut().note_refusal(&failure, &actor.0);
    let _ = send(to, None, Answer::Error(failure)).await;
}

/// `turn` is given back when the command is done, or begins to wait.
async fn one(
    request: Result<Request, LineError>,
    turn: Option<OwnedSemaphorePermit>,
    actor: &Actor,
    shared: &Shared,
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let Request { id, command } = match request {
        Ok(request) => request,
        Err(error) => {
            let failure = Failure { error: crate::chain(&error), ..Failure::default() };
            return send(to, None, Answer::Error(failure)).await;
        }
    };
    if !shared.role.may(&command) {
        let error = "this command is not for whoever comes in at this socket".to_owned();
        return send(to, id, Answer::Error(Failure { error, ..Failure::default() })).await;
    }
    if command == Command::Tail {
        drop(turn);
        return tail(id, shared, from, to).await;
    }
    if command == Command::WatchTrust {
        drop(turn);
        return watch_trust(id, shared, from, to).await;
    }
    let answer = answer(command, actor, shared).await;
    shared.changed.notify_one();
    drop(turn);
    send(to, id, answer).await
}

async fn answer(command: Command, actor: &Actor, shared: &Shared) -> Answer {
    if let Command::PolicyApply { bundle } = command {
        return apply(bundle, actor, shared).await;
    }
    if let Command::Handover { bundle } = command {
        return shared.core.borrow_mut().hand_over(bundle, &actor.0);
    }
    if let Command::Deliver { bundle } = command {
        return deliver(bundle, &shared.core).await;
    }
    let releases = matches!(command, Command::Hold { on: false, .. });
    if let Command::Why(question @ Question { at: Some(at), .. }) = command {
        let then = shared.core.borrow().then(at);
        let asked = move || then?.why(&question);
        return spawn_blocking(asked).await.unwrap_or_else(|_| Err(broken())).map_or_else(Answer::Error, ok);
    }
    let answer = shared.core.borrow_mut().answer(command, actor);
    if releases {
        let shared = shared.clone();
        spawn_local(async move {
            release(&shared.core).await;
            shared.changed.notify_one();
        });
    }
    answer
}

/// Verifies at once, prepares in a thread, adopts at once: the gateway goes on meanwhile.
async fn apply(bundle: Vec<u8>, actor: &Actor, shared: &Shared) -> Answer {
    let verified = shared.core.borrow_mut().verify(bundle, &actor.0);
    let verified = match verified {
        Ok(verified) => verified,
        Err(failure) => return Answer::Error(failure),
    };
    let prepared = candidate(verified, &shared.core).await;
    let mut core = shared.core.borrow_mut();
    match prepared {
        Ok(candidate) => core.adopt(candidate, &actor.0),
        Err(failure) => {
            core.note_refusal(&failure, &actor.0);
            Answer::Error(failure)
        }
    }
}

fn ok(body: Body) -> Answer {
    Answer::Ok(Box::new(body))
}

pub(super) fn broken() -> Failure {
    Failure { error: "the gateway could not finish this".to_owned(), ..Failure::default() }
}

/// Events as they come; whatever the client sends ends it.
async fn tail(
    id: Option<u64>,
    shared: &Shared,
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let mut events = shared.core.borrow().events();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = from.read_u8() => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        let event = match event {
            Ok(event) => event,
            Err(RecvError::Lagged(count)) => Event::Missed(count),
            Err(RecvError::Closed) => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        send(to, id, ok(Body::Event(event))).await?;
    }
}

/// Whom to let in, now and with every change; whatever the client sends ends it. Changes that come faster than they are
/// read are one.
async fn watch_trust(
    id: Option<u64>,
    shared: &Shared,
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let mut changes = shared.core.borrow().watch_trust();
    loop {
        changes.borrow_and_update();
        let trust = shared.core.borrow().trust();
        send(to, id, ok(Body::Trust(trust))).await?;
        let changed = tokio::select! {
            changed = changes.changed() => changed,
            _ = from.read_u8() => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        changed.map_err(|_| io::ErrorKind::ConnectionAborted)?;
    }
}

async fn send(to: &mut OwnedWriteHalf, id: Option<u64>, answer: Answer) -> io::Result<()> {
    let line = encode(&Reply { id, answer }).map_err(io::Error::other)?;
    timeout(READS_WITHIN, to.write_all(&line)).await?
}
