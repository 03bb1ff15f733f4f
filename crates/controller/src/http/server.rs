//! Connections: accepted as long as there is room, and closed when they idle.
//!
//! INVARIANT: at most [`Limits::connections`] connections cost memory; whoever comes then waits in the kernel's queue.

use super::guard::Peer;
use super::layers::{self, BODY};
use super::prompt::Prompt;
use super::{Gate, pass};
use crate::{App, api};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// Time to say who one is and what one wants: TLS handshake, head of a request, and the pause between two.
const PATIENCE: Duration = Duration::from_secs(15);

/// Bytes of the head of a request.
const HEAD: usize = 16 * 1024;

/// Fields of the head of a request.
const FIELDS: usize = 64;

/// Requests at once on one connection.
const STREAMS: u32 = 32;

/// Longest life of a connection; a caller opens another.
const AGE: Duration = Duration::from_secs(3_600);

/// After an accept that failed: the machine is out of descriptors, and asking again at once frees none.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections there are at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From everybody. About 100 kB each at most.
    pub connections: usize,
    /// From one address.
    pub of_one_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_024, of_one_address: 64 }
    }
}

/// The API with all that stands around it.
pub fn router(app: &App) -> Router {
    surrounded(app, api::routes())
}

/// Operations with all that stands around them.
fn surrounded(app: &App, operations: OpenApiRouter<App>) -> Router {
    let (routes, document) = operations.split_for_parts();
    let gate = Gate::new(app.clone(), &document);
    routes
        .fallback(|| async { super::Problem::no_such("address") })
        .layer(from_fn_with_state(gate, pass))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(app.clone(), layers::bounds))
        .layer(from_fn(layers::deadline))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(app.clone(), crate::out::metrics::measure))
        .layer(from_fn(layers::headers))
        .with_state(app.clone())
}

/// Operations of another protocol, which asks in its own way who calls, with what stands around all of them.
pub(crate) fn plain(app: &App, routes: Router) -> Router {
    routes
        .fallback(|| async { super::Problem::no_such("address") })
        .layer(from_fn_with_state(app.clone(), layers::bounds))
        .layer(from_fn(layers::deadline))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn(layers::headers))
}

/// Serves `router` until `stop`; without `tls` in the clear, which is for tests.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let seats = Seats::new(limits.of_one_address);
    let mut stop = pin!(stop);
    loop {
        let next = accept(&listener, Arc::clone(&room));
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = next => accepted,
        };
        let Ok((stream, peer, place)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let Some(seat) = Seats::take(&seats, peer.ip()) else { continue };
        let (router, tls) = (router.clone(), tls.clone());
        tokio::spawn(async move {
            connection(router, stream, peer, tls).await;
            drop((seat, place));
        });
    }
}

/// Room first, then the next connection: what there is no room for stays with the kernel.
pub(crate) async fn accept(
    listener: &TcpListener,
    room: Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = room.acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

async fn connection(router: Router, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
    let mark = move |request: &mut Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
    };
    let Some(tls) = tls else { return requests(router, stream, mark).await };
    if let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await {
        requests(router, stream, mark).await;
    }
}

/// The requests of one connection, each marked with what is known of whoever is at its other end.
pub(crate) async fn requests(
    router: Router,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mark: impl Fn(&mut Request<Incoming>) + Clone + Send + Sync + 'static,
) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        mark(&mut request);
        request.map(axum::body::Body::new)
    });
    let builder = builder();
    let mut connection = pin!(
        builder
            .serve_connection(TokioIo::new(Prompt::new(stream, PATIENCE)), TowerToHyperService::new(service))
    );
    let ended = timeout(AGE, connection.as_mut()).await;
    if ended.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(PATIENCE, connection).await;
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .max_headers(FIELDS)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(PATIENCE)
        .keep_alive_timeout(PATIENCE);
    builder
}

/// Connections of each address.
#[derive(Debug)]
pub(crate) struct Seats {
    most: usize,
    taken: Mutex<BTreeMap<IpAddr, usize>>,
}

/// One connection's seat; given back when it ends.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A seat for a connection from this address; none where it has as many as it may.
    pub(crate) fn take(seats: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut taken = seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_insert(0);
        if *count >= seats.most {
            return None;
        }
        *count += 1;
        Some(Seat { seats: Arc::clone(seats), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
