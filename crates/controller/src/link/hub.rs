//! Which gateways are connected here, and questions to them.

use super::delivery::Changes;
use crate::App;
use crate::http::Problem;
use axum::http::StatusCode;
use nullius_protocol::link::is_question;
use nullius_protocol::local::{Answer, Command};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Questions that wait for a gateway's session at most: more are answered that it is busy.
const WAITING: usize = 16;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which gateways are connected here. Clones are the same hub.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: AtomicU64,
    seats: Mutex<BTreeMap<Name, Taken>>,
    changes: Arc<Changes>,
}

/// Site and gateway.
type Name = (String, String);

#[derive(Debug)]
struct Taken {
    number: u64,
    questions: mpsc::Sender<Question>,
    /// Dropped when somebody else takes the seat.
    _leave: oneshot::Sender<()>,
}

/// A question to a gateway.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) command: Command,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// A session's place: given up when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Hub,
    name: Name,
    number: u64,
    pub(super) questions: mpsc::Receiver<Question>,
    /// Ends when another session of the same gateway begins.
    pub(super) left: oneshot::Receiver<()>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// It is not connected to this controller.
    #[error("the gateway is not connected to this controller")]
    NotConnected,
    /// It does not answer.
    #[error("the gateway does not answer")]
    NoAnswer,
    /// Not something that is asked.
    #[error("a gateway is told to do things by signed orders, not by questions")]
    NotAQuestion,
}

/// Asks a gateway that is connected here.
///
/// # Errors
/// [`AskError`].
pub(crate) async fn ask(app: &App, site: &str, gateway: &str, command: Command) -> Result<Answer, AskError> {
    if !is_question(&command) {
        return Err(AskError::NotAQuestion);
    }
    let questions = app.links().questions(site, gateway).ok_or(AskError::NotConnected)?;
    let (answer, answered) = oneshot::channel();
    questions.try_send(Question { command, answer }).map_err(|_| AskError::NoAnswer)?;
    match timeout(PATIENCE, answered).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => Err(AskError::NoAnswer),
    }
}

impl Hub {
    /// The gateways of a site that are connected here.
    pub(crate) fn connected(&self, site: &str) -> BTreeSet<String> {
        self.seats().keys().filter(|(of, _)| of == site).map(|(_, name)| name.clone()).collect()
    }

    /// How many gateways are connected here.
    pub(crate) fn count(&self) -> usize {
        self.seats().len()
    }

    /// Ends every session: whoever may, comes again.
    pub(crate) fn clear(&self) {
        self.seats().clear();
    }

    /// Changes of policies that were worked out of late.
    pub(super) fn changes(&self) -> Arc<Changes> {
        Arc::clone(&self.0.changes)
    }

    /// Takes the seat of a gateway, from whoever has it.
    pub(super) fn enter(&self, site: &str, gateway: &str) -> Seat {
        let name = (site.to_owned(), gateway.to_owned());
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, questions) = mpsc::channel(WAITING);
        let (leave, left) = oneshot::channel();
        self.seats().insert(name.clone(), Taken { number, questions: sender, _leave: leave });
        Seat { hub: self.clone(), name, number, questions, left }
    }

    fn questions(&self, site: &str, gateway: &str) -> Option<mpsc::Sender<Question>> {
        self.seats().get(&(site.to_owned(), gateway.to_owned())).map(|taken| taken.questions.clone())
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<Name, Taken>> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.hub.seats();
        if seats.get(&self.name).is_some_and(|taken| taken.number == self.number) {
            seats.remove(&self.name);
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let (status, code) = match error {
            AskError::NotConnected => (StatusCode::SERVICE_UNAVAILABLE, "not-connected"),
            AskError::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no-answer"),
            AskError::NotAQuestion => (StatusCode::BAD_REQUEST, "not-a-question"),
        };
        Self::new(status, code, error.to_string())
    }
}
