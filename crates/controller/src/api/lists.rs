//! What third parties need to check a certificate: the roots, lists of what was revoked, and an answerer.
//!
//! Open to everybody and of no secret. Served at the API's address, and without TLS where `[pki] distribution` says: who
//! checks a certificate cannot check another one for it (RFC 5280 §8).

use crate::App;
use crate::http::{Path, Problem};
use crate::pki::{self, CaError, answer, lists};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_identity::ocsp::{MAX_OCSP_REQUEST, NoAnswer, OcspRequest, refusal};
use nullius_identity::{BadAuthority, pem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(roots))
        .routes(routes!(list))
        .routes(routes!(ask))
        .routes(routes!(ask_by_address))
        .layer(DefaultBodyLimit::max(MAX_OCSP_REQUEST))
}

/// The roots in force and the issuing authorities under them, as PEM.
#[utoipa::path(
    get,
    path = "/pki/ca.pem",
    tag = "pki",
    responses((status = 200, description = "Certificates, roots first.", body = String,
        content_type = "application/pem-certificate-chain")),
    extensions(("x-permission" = json!("public")))
)]
async fn roots(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let anchors = app.read(|tx| pki::anchors(tx).map_err(Problem::from)).await?;
    let all: String = anchors.roots.iter().chain(&anchors.issuing).map(|der| pem(der)).collect();
    Ok(([(CONTENT_TYPE, "application/pem-certificate-chain")], all))
}

/// What an authority has revoked (RFC 5280 §5), as DER.
#[utoipa::path(
    get,
    path = "/pki/crl/{file}",
    tag = "pki",
    params(("file" = String, Path, description = "SHA-256 of the authority's certificate, and `.crl`.")),
    responses((status = 200, description = "The list.", body = Vec<u8>, content_type = "application/pkix-crl")),
    extensions(("x-permission" = json!("public")))
)]
async fn list(State(app): State<App>, Path(file): Path<String>) -> Result<impl IntoResponse, Problem> {
    let absent = || Problem::no_such("list");
    let id = file
        .strip_suffix(".crl")
        .filter(|id| id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let (id, config, at) = (id.ok_or_else(absent)?.to_owned(), app.config().clone(), app.now());
    let of = id.clone();
    let kept = app.read(move |tx| lists::kept(tx, &of, at)).await?;
    let list = match kept {
        Some(list) => Some(list),
        None => app.write(move |tx| lists::current(tx, &config, &id, at)).await?,
    };
    Ok(([(CONTENT_TYPE, "application/pkix-crl")], list.ok_or_else(absent)?))
}

/// Says whether certificates are revoked (OCSP, RFC 6960).
#[utoipa::path(
    post,
    path = "/pki/ocsp",
    tag = "pki",
    request_body(content = Vec<u8>, content_type = "application/ocsp-request"),
    responses((status = 200, description = "The answer.", body = Vec<u8>, content_type = "application/ocsp-response")),
    extensions(("x-permission" = json!("public")))
)]
async fn ask(State(app): State<App>, body: Bytes) -> impl IntoResponse {
    answered(app, body.to_vec()).await
}

/// The same, asked by an address that a cache understands (RFC 6960 appendix A.1).
#[utoipa::path(
    get,
    path = "/pki/ocsp/{request}",
    tag = "pki",
    params(("request" = String, Path, description = "The request, base64, escaped as a part of an address.")),
    responses((status = 200, description = "The answer.", body = Vec<u8>, content_type = "application/ocsp-response")),
    extensions(("x-permission" = json!("public")))
)]
async fn ask_by_address(State(app): State<App>, Path(request): Path<String>) -> impl IntoResponse {
    answered(app, STANDARD.decode(request).unwrap_or_default()).await
}

async fn answered(app: App, request: Vec<u8>) -> impl IntoResponse {
    let answer = match OcspRequest::read(&request) {
        Err(_) => refusal(NoAnswer::Malformed),
        Ok(request) => {
            let (config, at) = (app.config().clone(), app.now());
            app.read(move |tx| answer::answer(tx, &config, &request, at)).await.unwrap_or_else(failed)
        }
    };
    ([(CONTENT_TYPE, "application/ocsp-response")], answer)
}

#[expect(clippy::needless_pass_by_value, reason = "an error is given away")]
fn failed(error: CaError) -> Vec<u8> {
    tracing::error!(%error, "nobody was told whether a certificate is revoked");
    let is_away = matches!(error, CaError::Module(_) | CaError::Authority(BadAuthority::Signer(_)));
    refusal(if is_away { NoAnswer::TryLater } else { NoAnswer::Internal })
}
