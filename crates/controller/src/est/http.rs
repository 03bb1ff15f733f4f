//! The operations of EST, and the two of recovery.

use super::caller::Shown;
use super::issue::Asked;
use super::listener::Est;
use super::queue::{self, Told};
use super::refusal::About;
use super::{recover, trust, wire};
use crate::http::{Peer, Problem};
use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, RawPathParams, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use nullius_identity::{Request, cms};
use nullius_protocol::enrol::{EST_PATH, NONCE_PATH, RECOVER_PATH};

/// All operations. With a label (RFC 7030 §3.2.2) a device says of which site it is.
pub(super) fn routes() -> Router<Est> {
    let operations = || {
        Router::new()
            .route("/cacerts", get(cacerts))
            .route("/csrattrs", get(csrattrs))
            .route("/simpleenroll", post(simpleenroll))
            .route("/simplereenroll", post(simplereenroll))
            .route("/serverkeygen", post(serverkeygen))
    };
    Router::new()
        .route(NONCE_PATH, post(recover::nonce))
        .route(RECOVER_PATH, post(recover::recover))
        .nest(EST_PATH, operations())
        .nest(&format!("{EST_PATH}/{{site}}"), operations())
}

/// By what a device knows the controller and its gateways (RFC 7030 §4.1).
async fn cacerts(State(est): State<Est>) -> Response {
    match est.app().read(trust::anchors).await {
        Ok(anchors) => wire::certificates(&cms::certs_only(&anchors), None),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What a request should hold (RFC 7030 §4.5).
async fn csrattrs() -> Response {
    wire::attributes()
}

/// The first certificate of a device (RFC 7030 §4.2).
async fn simpleenroll(
    State(est): State<Est>,
    Extension(shown): Extension<Shown>,
    Extension(peer): Extension<Peer>,
    site: RawPathParams,
    headers: HeaderMap,
    body: Body,
) -> Response {
    enrol(&est, peer, (&shown, false), label(&site), (&headers, body)).await
}

/// Another certificate for who has one (RFC 7030 §4.2.2).
async fn simplereenroll(
    State(est): State<Est>,
    Extension(shown): Extension<Shown>,
    Extension(peer): Extension<Peer>,
    site: RawPathParams,
    headers: HeaderMap,
    body: Body,
) -> Response {
    enrol(&est, peer, (&shown, true), label(&site), (&headers, body)).await
}

/// Never: a key that travels is a key that others have had.
async fn serverkeygen() -> Response {
    let detail = "keys are made where they are used: make one on the device, and ask `simpleenroll`";
    Problem::new(StatusCode::NOT_IMPLEMENTED, "no-server-keys", detail).into_response()
}

async fn enrol(
    est: &Est,
    peer: Peer,
    (shown, renews): (&Shown, bool),
    site: Option<String>,
    (headers, body): (&HeaderMap, Body),
) -> Response {
    if let Err(problem) = est.app().guard().refusals(peer, est.app().now()) {
        return problem.into_response();
    }
    let read = async {
        let body = wire::body(headers, body).await?;
        wire::pkcs10(headers, &body)
    };
    let der = match read.await {
        Ok(der) => der,
        Err(refusal) => {
            let recorded = queue::record(est.app(), refusal.clone(), About::default()).await;
            return refused(est, peer, recorded.map_or_else(Told::Problem, |()| Told::Refused(refusal)));
        }
    };
    let asked = Asked { shown: shown.with(headers), renews, site, request: Request::read(&der) };
    match est.queue().ask(asked).await {
        Ok(issued) => wire::certificates(&cms::certs_only(&issued.chain), Some(issued.generation)),
        Err(told) => refused(est, peer, told),
    }
}

/// Who is refused pays for it: too often, and it is told to wait before it is looked at.
pub(super) fn refused(est: &Est, peer: Peer, told: Told) -> Response {
    match told {
        Told::Refused(refusal) => {
            est.app().guard().refused(peer, est.app().now());
            refusal.into_response()
        }
        Told::Problem(problem) => problem.into_response(),
    }
}

fn label(params: &RawPathParams) -> Option<String> {
    params.iter().find(|(name, _)| *name == "site").map(|(_, site)| site.to_owned())
}
