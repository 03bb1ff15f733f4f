//! Frames over the two bodies of one request.

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use nullius_protocol::link::{
    FrameError, Frames, MAX_TO_CONTROLLER, MAX_TO_GATEWAY, ToController, ToGateway, frame,
};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Frames that wait to be read by the gateway at most; the sender waits then.
const WAITING: usize = 4;

/// Longest wait for a gateway to read what is sent to it: a frame of the largest size has to pass in it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why a session ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The gateway hung up, or its connection broke.
    #[error("the connection ended")]
    Closed,
    /// Nothing came from it.
    #[error("nothing was heard for too long")]
    Silent,
    /// It does not read.
    #[error("what was sent was not read")]
    Slow,
    /// Not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame where it has no business.
    #[error("{0}")]
    Contract(&'static str),
    /// It is turned away.
    #[error("the gateway may not come: it was turned away, or its certificate was made before it joined")]
    TurnedAway,
    /// Another connection of the same gateway.
    #[error("another connection of this gateway took its place")]
    Replaced,
    /// A late one has what it came for.
    #[error("the certificate is new: come again with it")]
    Renewed,
    /// Something failed here.
    #[error("{0}")]
    Here(String),
}

/// What comes from a gateway.
#[derive(Debug)]
pub(super) struct Reader {
    body: Incoming,
    frames: Frames<ToController>,
}

impl Reader {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, frames: Frames::new(MAX_TO_CONTROLLER) }
    }

    /// The next frame. May be given up and asked again: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<ToController, End> {
        loop {
            if let Some(frame) = self.frames.next()? {
                return Ok(frame);
            }
            let piece = self.body.frame().await.ok_or(End::Closed)?.map_err(|_| End::Closed)?;
            if let Some(bytes) = piece.data_ref() {
                self.frames.push(bytes);
            }
        }
    }
}

/// What goes to a gateway.
#[derive(Clone, Debug)]
pub(super) struct Writer(mpsc::Sender<Bytes>);

impl Writer {
    /// The writer, and the body that carries what it writes.
    pub(super) fn new() -> (Self, Outgoing) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Outgoing(receiver))
    }

    /// Sends a frame; waits while the gateway does not read.
    pub(super) async fn send(&self, what: &ToGateway) -> Result<(), End> {
        let bytes = Bytes::from(frame(what, MAX_TO_GATEWAY)?);
        match timeout(PATIENCE, self.0.send(bytes)).await {
            Ok(sent) => sent.map_err(|_| End::Closed),
            Err(_) => Err(End::Slow),
        }
    }

    /// Sends a last frame if there is room for it.
    pub(super) fn try_send(&self, what: &ToGateway) {
        if let Ok(bytes) = frame(what, MAX_TO_GATEWAY) {
            let _ = self.0.try_send(Bytes::from(bytes));
        }
    }
}

/// The body of the answer.
#[derive(Debug)]
pub(super) struct Outgoing(mpsc::Receiver<Bytes>);

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
