//! Dialling, for ever: one address after the other, with pauses that nobody can foresee.

use super::LinkError;
use super::ending::Ended;
use super::identity::Identity;
use super::local::Local;
use super::session;
use crate::agents::Ties;
use crate::clock::Clock;
use crate::config::Controller;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// The first pause after every address failed; twice as long after each round.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// And at most.
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Longest pause that a controller may ask for.
const LONGEST_BYE: Duration = Duration::from_secs(3600);

pub(super) async fn run(
    controller: &Controller,
    clock: Arc<dyn Clock>,
    urls: Vec<Url>,
    ties: Ties,
) -> Result<(), LinkError> {
    let mut end = signal(SignalKind::terminate()).map_err(LinkError::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(LinkError::System)?;
    tokio::select! {
        _ = end.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = dial(controller, clock, urls, &ties) => Ok(()),
    }
}

async fn dial(controller: &Controller, clock: Arc<dyn Clock>, urls: Vec<Url>, ties: &Ties) {
    let local = Local(controller.socket.clone());
    let mut pause = FIRST_PAUSE;
    for (number, url) in urls.iter().enumerate().cycle() {
        let ended = match Identity::read(&controller.identity) {
            Ok(identity) => {
                let of = session::Of { controller, local: &local, ties };
                session::run(url, identity, of, Arc::clone(&clock)).await
            }
            Err(error) => Ended::failed(crate::chain(&error)),
        };
        // a gateway that is not there is told when it is
        let _ = local.state(ended.trouble).await;
        if ended.welcomed {
            pause = FIRST_PAUSE;
        }
        if let Some(wait) = ended.wait {
            sleep(jittered(wait.min(LONGEST_BYE).max(FIRST_PAUSE))).await;
        } else if ended.welcomed || number + 1 == urls.len() {
            sleep(jittered(pause)).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}

/// Between half of it and all of it: a thousand gateways that lost one controller must not come back at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // without randomness they come at once, which is no reason not to come
    let _ = aws_lc_rs::rand::fill(&mut byte);
    let [byte] = byte;
    pause / 2 + pause / 512 * u32::from(byte)
}
