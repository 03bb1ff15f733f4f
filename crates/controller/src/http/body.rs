//! Bodies that come too slowly (slow-loris) or not at all.
//!
//! A body may pause for [`PATIENCE`] in all, and must bring [`PACE`] bytes for every further second.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a body may bring nothing, in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes a second that a slow line brings: 64 kbit/s.
const PACE: u64 = 8 * 1024;

/// The body came too slowly.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

struct Paced {
    body: Body,
    begun: Instant,
    came: u64,
    deadline: Pin<Box<Sleep>>,
}

/// The same request with a body that fails when it comes too slowly.
pub(crate) fn paced(request: Request) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let begun = Instant::now();
        let deadline = Box::pin(sleep_until(begun + PATIENCE));
        Body::new(Paced { body, begun, came: 0, deadline }.map_err(axum::Error::new))
    })
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            return self.deadline.as_mut().poll(context).map(|()| Some(Err(axum::Error::new(TooSlow))));
        };
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.came = self.came.saturating_add(data.len() as u64);
            let deadline = self.begun + PATIENCE + Duration::from_secs(self.came / PACE);
            self.deadline.as_mut().reset(deadline);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
