//! Connections of devices: over a socket, or as bytes that a gateway relays.

use super::caller::Shown;
use super::http;
use super::queue::Queue;
use crate::App;
use crate::http::{Limits, Peer, Seats, plain, requests};
use axum::Router;
use axum::extract::Request;
use rustls::ServerConfig;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Time for the handshake.
const PATIENCE: Duration = Duration::from_secs(15);

/// After an accept that failed: the machine is out of descriptors, and asking again at once frees none.
const PAUSE: Duration = Duration::from_millis(100);

/// The door of devices. Clones are the same door.
#[derive(Clone)]
pub(crate) struct Est(Arc<Inner>);

struct Inner {
    app: App,
    queue: Queue,
    tls: TlsAcceptor,
    limits: Limits,
}

impl Est {
    /// Opens it; called where tasks can be started.
    pub(crate) fn new(app: &App, tls: Arc<ServerConfig>) -> Self {
        let (queue, limits) = (Queue::start(app.clone()), app.config().limits);
        Self(Arc::new(Inner { app: app.clone(), queue, tls: TlsAcceptor::from(tls), limits }))
    }

    pub(super) fn app(&self) -> &App {
        &self.0.app
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Serves devices until `stop`.
    pub(crate) async fn listen(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(self.0.limits.connections));
        let seats = Seats::new(self.0.limits.of_one_address);
        let mut stop = pin!(stop);
        loop {
            let next = crate::http::accept(&listener, Arc::clone(&room));
            let accepted = tokio::select! {
                () = &mut stop => return,
                accepted = next => accepted,
            };
            let Ok((stream, peer, place)) = accepted else {
                sleep(PAUSE).await;
                continue;
            };
            let Some(seat) = Seats::take(&seats, peer.ip()) else { continue };
            let est = self.clone();
            tokio::spawn(async move {
                est.serve(stream, Peer(peer.ip())).await;
                drop((seat, place));
            });
        }
    }

    /// Serves one device to the end of its connection.
    pub(crate) async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
    ) {
        let Ok(Ok(stream)) = timeout(PATIENCE, self.0.tls.accept(stream)).await else { return };
        let shown = shown(&stream);
        let mark = move |request: &mut Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(shown.clone());
        };
        requests(self.router(), stream, mark).await;
    }

    fn router(&self) -> Router {
        plain(&self.0.app, http::routes().with_state(self.clone()))
    }
}

fn shown<S>(stream: &TlsStream<S>) -> Shown {
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default();
    let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
    Shown { chain: Arc::new(chain), ..Shown::default() }
}

impl std::fmt::Debug for Est {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Est")
    }
}
