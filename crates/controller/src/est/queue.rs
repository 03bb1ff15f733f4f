//! One writer for all who ask at once: their certificates and records go to the disk together.
//!
//! A transaction waits for the disk once, however much is in it, so that who comes while one is under way shares the next.

use super::NotIssued;
use super::issue::{self, Asked, Issued};
use super::refusal::{About, Refusal};
use crate::App;
use crate::http::Problem;
use axum::http::StatusCode;
use nullius_store::{Tx, audit};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Those who wait at most: the next is told to come again.
const WAITING: usize = 512;

/// Those who share a transaction at most, so that nobody else who writes waits long.
const TOGETHER: usize = 64;

/// Where certificates are asked for. Clones are the same queue.
#[derive(Clone, Debug)]
pub(super) struct Queue(mpsc::Sender<Job>);

#[derive(Debug)]
struct Job {
    asked: Arc<Asked>,
    answer: oneshot::Sender<Answer>,
}

/// What came of it: nothing is there that is not on the disk.
pub(super) type Answer = Result<Issued, Told>;

/// Why there is nothing.
#[derive(Debug)]
pub(super) enum Told {
    /// Refused, and recorded.
    Refused(Refusal),
    /// Not done.
    Problem(Problem),
}

impl Queue {
    /// Starts the writer; it ends when the last queue is gone.
    pub(super) fn start(app: App) -> Self {
        let (sender, jobs) = mpsc::channel(WAITING);
        tokio::spawn(run(app, jobs));
        Self(sender)
    }

    /// A certificate, once it is on the disk.
    pub(super) async fn ask(&self, asked: Asked) -> Answer {
        let (answer, answered) = oneshot::channel();
        let job = Job { asked: Arc::new(asked), answer };
        self.0.try_send(job).map_err(|_| Told::Problem(busy()))?;
        answered.await.unwrap_or_else(|_| Err(Told::Problem(busy())))
    }
}

async fn run(app: App, mut jobs: mpsc::Receiver<Job>) {
    let mut some = Vec::new();
    while jobs.recv_many(&mut some, TOGETHER).await > 0 {
        serve(&app, std::mem::take(&mut some)).await;
    }
}

/// Together, or one by one where one of them failed half way.
async fn serve(app: &App, jobs: Vec<Job>) {
    let asked: Arc<Vec<Arc<Asked>>> = Arc::new(jobs.iter().map(|job| Arc::clone(&job.asked)).collect());
    match together(app, asked).await {
        Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answer)| job.tell(answer)),
        Err(problem) if jobs.len() == 1 => {
            let answer = failed(app, problem).await;
            jobs.into_iter().for_each(|job| job.tell(Err(answer.clone().into())));
        }
        Err(_) => {
            for job in jobs {
                let answer = match together(app, Arc::new(vec![Arc::clone(&job.asked)])).await {
                    Ok(mut answers) => answers.pop().unwrap_or_else(|| Err(Told::Problem(busy()))),
                    Err(problem) => Err(failed(app, problem).await.into()),
                };
                job.tell(answer);
            }
        }
    }
}

/// Whom a transaction could not be finished for, with what stood in its way.
#[derive(Clone, Debug)]
enum Failed {
    Refused(Refusal),
    Problem(Problem),
}

impl From<Failed> for Told {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refusal) => Self::Refused(refusal),
            Failed::Problem(problem) => Self::Problem(problem),
        }
    }
}

/// What the record of the device does not allow is a refusal too, and has its record.
async fn failed(app: &App, problem: Problem) -> Failed {
    if problem.status().is_server_error() {
        return Failed::Problem(problem);
    }
    let refusal = Refusal::Carried(problem.detail().to_owned());
    match record(app, refusal.clone(), About::default()).await {
        Ok(()) => Failed::Refused(refusal),
        Err(problem) => Failed::Problem(problem),
    }
}

async fn together(app: &App, asked: Arc<Vec<Arc<Asked>>>) -> Result<Vec<Answer>, Problem> {
    let (config, at) = (app.config().clone(), app.now());
    app.write(move |tx| {
        let each = |asked: &Arc<Asked>| {
            let mut about = About::default();
            match issue::enrol(tx, &config, asked, &mut about, at) {
                Ok(issued) => Ok(Ok(issued)),
                Err(NotIssued::Refused(refusal)) => {
                    keep(tx, &refusal, &about, at)?;
                    Ok(Err(Told::Refused(refusal)))
                }
                Err(NotIssued::Failed(problem)) => Err(problem),
            }
        };
        asked.iter().map(each).collect()
    })
    .await
}

/// A record of a refusal.
///
/// # Errors
/// Where the store fails: then nobody is told anything either.
pub(super) async fn record(app: &App, refusal: Refusal, about: About) -> Result<(), Problem> {
    let at = app.now();
    app.write(move |tx| keep(tx, &refusal, &about, at)).await
}

/// Writes down a refusal, and freezes the device where two have its key.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    refusal: &Refusal,
    about: &About,
    at: nullius_model::Timestamp,
) -> Result<(), Problem> {
    audit::append(tx, &refusal.entry(about, at))?;
    if let (true, Some(site), Some(device)) = (refusal.alarms(), &about.site, &about.device) {
        crate::record::credentials::freeze(tx, (site, device), ("system", &refusal.to_string()), at)?;
    }
    Ok(())
}

impl Job {
    fn tell(self, answer: Answer) {
        // whoever asked may have hung up: the certificate is in the record all the same
        let _ = self.answer.send(answer);
    }
}

fn busy() -> Problem {
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many devices enrol at once");
    problem.with_help("come again in some seconds")
}
