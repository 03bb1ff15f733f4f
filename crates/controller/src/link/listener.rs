//! Connections of gateways: TLS with a certificate of ours, and one request that stays open.

use super::session;
use super::wire::{Reader, Writer};
use crate::App;
use axum::body::Bytes;
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use nullius_identity::{GatewayIdentity, TrustDomain, Verified, assertion};
use nullius_protocol::link::{MEDIA_TYPE, STREAM_PATH};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at once, those included that have proved nothing yet. A gateway has one.
const CONNECTIONS: usize = 1024;

/// Time for the handshake, and for the request after it.
const PATIENCE: Duration = Duration::from_secs(10);

/// After an accept that failed: the machine is out of descriptors, and asking again at once frees none.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes that a gateway may send ahead of being read.
const WINDOW: u32 = 256 << 10;

/// Bytes of headers.
const HEAD: u32 = 8 << 10;

/// Serves gateways until `stop`.
pub async fn serve(app: App, listener: TcpListener, tls: Arc<ServerConfig>, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let acceptor = TlsAcceptor::from(tls);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = accept(&listener, Arc::clone(&room)) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                tokio::spawn(connection(app.clone(), stream, acceptor.clone(), place));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    room: Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = room.acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn connection(app: App, stream: TcpStream, acceptor: TlsAcceptor, place: OwnedSemaphorePermit) {
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    match identity(&stream, &app.config().link.trust_domain) {
        Ok(peer) => requests(app, stream, peer).await,
        Err(error) => tracing::warn!(%error, "a peer of the link is no gateway"),
    }
    drop(place);
}

/// Of the leaf whose key the handshake just proved.
fn identity(stream: &TlsStream<TcpStream>, domain: &str) -> Result<Verified<GatewayIdentity>, String> {
    let domain = TrustDomain::new(domain).map_err(|error| error.to_string())?;
    let (_, connection) = stream.get_ref();
    let leaf = connection.peer_certificates().and_then(|chain| chain.first()).ok_or("no certificate")?;
    assertion(leaf, &domain).map_err(|error| error.to_string())
}

/// One request opens the session; the connection ends with it.
async fn requests(app: App, stream: TlsStream<TcpStream>, peer: Verified<GatewayIdentity>) {
    let (begun, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let service = service_fn(|request| {
        let first = !begun.swap(true, Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(answer(request, first, &app, &peer, &ended)))
    });
    let connection = builder().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let idle = async {
        sleep(PATIENCE).await;
        if begun.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    };
    tokio::select! {
        _ = connection.as_mut() => return,
        () = ended.notified() => {}
        () = idle => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(PATIENCE, connection).await;
}

type Answer = Response<Either<super::wire::Outgoing, Empty<Bytes>>>;

fn answer(
    request: Request<Incoming>,
    first: bool,
    app: &App,
    peer: &Verified<GatewayIdentity>,
    ended: &Arc<Notify>,
) -> Answer {
    let known = request.uri().path() == STREAM_PATH && request.method() == Method::POST;
    if !known || !first {
        let mut response = Response::new(Either::Right(Empty::new()));
        *response.status_mut() = if known { StatusCode::CONFLICT } else { StatusCode::NOT_FOUND };
        ended.notify_one();
        return response;
    }
    let (writer, outgoing) = Writer::new();
    let (app, peer, ended) = (app.clone(), peer.clone(), Arc::clone(ended));
    tokio::spawn(async move {
        session::run(app, peer, Reader::new(request.into_body()), writer).await;
        ended.notify_one();
    });
    let mut response = Response::new(Either::Left(outgoing));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(1)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(HEAD)
        .max_send_buf_size(256 << 10);
    builder
}
