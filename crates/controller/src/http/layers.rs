//! What every request passes through, from the outside in.
//!
//! panic caught → security headers → deadline → rate of the address → lengths → gate → handler

use super::guard::Peer;
use super::{Problem, body};
use crate::App;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Bytes of a body where the operation does not say more.
pub(crate) const BODY: usize = 1024 * 1024;

/// Bytes of a body that carries a revision of the policy: its files, escaped as JSON.
pub(crate) const POLICY_BODY: usize = 9 * 1024 * 1024;

/// Bytes of the longest body of all: a list of devices, or a whole site. It is read behind the gate, where the operation
/// has its own limit.
pub(crate) const LARGEST: usize = 64 * 1024 * 1024;

/// Bytes of path and query: what proxies pass on.
const ADDRESS: usize = 8 * 1024;

/// Longest time from the head of a request to the head of its answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// No page of ours loads anything, is shown in a frame, or is kept.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
];

/// Adds the headers that keep a browser from doing what nobody asked for.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Ends what takes too long.
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(body::paced(request))).await {
        Ok(response) => response,
        Err(_) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "took-too-long", "it took too long").into_response()
        }
    }
}

/// Holds an address to its rate and a request to its lengths, before anybody asks who it is.
pub(crate) async fn bounds(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = *request.extensions_mut().get_or_insert_with(|| Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    if let Err(problem) = app.guard().address(peer, app.now()).and_then(|()| lengths(&request)) {
        return problem.into_response();
    }
    next.run(request).await
}

fn lengths(request: &Request) -> Result<(), Problem> {
    if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > ADDRESS) {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "address-too-long", "the address is too long"));
    }
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > LARGEST) {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is too large"));
    }
    Ok(())
}

/// A handler panicked: the journal says where, the caller that it was not done.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "it was not done: something is broken")
        .into_response()
}
