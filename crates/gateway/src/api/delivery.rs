//! Bundles on their way from the link into force, and those that were held back.

use super::connection::broken;
use crate::core::{Candidate, Core, Step, prepare};
use crate::store::Verified;
use nullius_protocol::local::{Answer, Body, Delivered, Failure};
use std::cell::RefCell;
use tokio::task::spawn_blocking;

/// Who brought it, as alarms name it.
const LINK: &str = "the controller's link";

/// Verifies at once, prepares a policy in a thread, adopts at once: the gateway goes on meanwhile.
pub(super) async fn deliver(bytes: Vec<u8>, core: &RefCell<Core>) -> Answer {
    let step = core.borrow_mut().deliver(bytes, LINK);
    let delivered = match step {
        Ok(step) => finish(step, core).await,
        Err(failure) => Err(failure),
    };
    match delivered {
        Ok(delivered) => Answer::Ok(Box::new(Body::Delivered(delivered))),
        Err(failure) => Answer::Error(failure),
    }
}

/// Carries out what was held back, the oldest first, now that nobody holds it. What cannot be concluded stays, and is
/// tried again at the next start.
pub(crate) async fn release(core: &RefCell<Core>) {
    let mut last = None;
    loop {
        let Some(verified) = core.borrow_mut().next_held() else { return };
        // one that cannot be taken off the disk is not carried out for ever
        if last.replace(verified.bundle.epoch) == Some(verified.bundle.epoch) {
            return;
        }
        let step = core.borrow_mut().carry_out(verified, LINK);
        let delivered = match step {
            Ok(step) => finish(step, core).await,
            Err(failure) => Err(failure),
        };
        let Ok(delivered) = delivered else { return };
        core.borrow_mut().conclude(delivered);
    }
}

async fn finish(step: Step, core: &RefCell<Core>) -> Result<Delivered, Failure> {
    let verified = match step {
        Step::Done(delivered) => return Ok(delivered),
        Step::Prepare(verified) => verified,
    };
    let epoch = verified.bundle.epoch;
    let prepared = candidate(*verified, core).await;
    core.borrow_mut().adopt_delivered(epoch, prepared)
}

/// A verified policy, compiled and tested in a thread of its own.
pub(super) async fn candidate(verified: Verified, core: &RefCell<Core>) -> Result<Candidate, Failure> {
    let draft = core.borrow().draft(verified);
    spawn_blocking(move || prepare(draft)).await.unwrap_or_else(|_| Err(broken()))
}
