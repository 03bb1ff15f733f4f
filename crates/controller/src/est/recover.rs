//! A device whose certificate ran out: a nonce, and a certificate for the signature over it (`nullius_identity::recovery`).
//!
//! Whoever asks gets a nonce, and whoever cannot sign by the key of a device's last certificate hears the same words,
//! whether there is such a device or not.
//!
//! INVARIANT: no more recoveries than are allowed between two renewals in good time; who comes with a generation that was
//! left behind freezes the device, since two have its key.

use super::NotIssued;
use super::issue::{self, Issued, Wanted};
use super::listener::Est;
use super::queue::{self, Told};
use super::refusal::{About, Refusal};
use super::{http, trust, wire};
use crate::Config;
use crate::http::{Peer, Problem};
use crate::secret::random;
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use nullius_identity::recovery::{self, Ask, Granted, Kept, NONCE_SECONDS, Refused};
use nullius_identity::{Protection, TrustDomain, pem};
use nullius_model::{DeviceName, Timestamp};
use nullius_protocol::enrol::{NonceAnswer, NonceRequest, RecoverAnswer, RecoverRequest, VERSION};
use nullius_store::credentials::{self, Credential, Enrolment, Status};
use nullius_store::{StoreError, Tx, secrets};

/// By what nonces are known again, by all controllers over this store.
const SECRET: &str = "est/nonce";

/// What a device signs (`POST /enrol/v1/nonce`).
pub(super) async fn nonce(
    State(est): State<Est>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked: NonceRequest = match read(&headers, body).await {
        Ok(asked) => asked,
        Err(refusal) => return refuse(&est, peer, refusal).await,
    };
    match secret(&est).await {
        Ok(secret) => {
            let nonce = recovery::nonce(&secret, &asked.site, &asked.device, est.app().now().as_secs());
            let seconds = u32::try_from(NONCE_SECONDS).unwrap_or(u32::MAX);
            Json(NonceAnswer { version: VERSION, nonce: nonce.to_vec(), seconds }).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// A certificate for the signature (`POST /enrol/v1/recover`).
pub(super) async fn recover(
    State(est): State<Est>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Err(problem) = est.app().guard().refusals(peer, est.app().now()) {
        return problem.into_response();
    }
    let ask = match read::<RecoverRequest>(&headers, body).await.and_then(ask) {
        Ok(ask) => ask,
        Err(refusal) => return refuse(&est, peer, refusal).await,
    };
    match recovered(&est, ask).await {
        Ok(answer) => Json(answer).into_response(),
        Err(told) => http::refused(&est, peer, told),
    }
}

async fn refuse(est: &Est, peer: Peer, refusal: Refusal) -> Response {
    let recorded = queue::record(est.app(), refusal.clone(), About::default()).await;
    http::refused(est, peer, recorded.map_or_else(Told::Problem, |()| Told::Refused(refusal)))
}

async fn read<T: Versioned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    let bytes = wire::body(headers, body).await?;
    let asked: T =
        serde_json::from_slice(&bytes).map_err(|_| Refusal::Form("not the JSON of this operation"))?;
    if asked.version() == VERSION { Ok(asked) } else { Err(Refusal::Form("of another version")) }
}

fn ask(asked: RecoverRequest) -> Result<Ask, Refusal> {
    let name = DeviceName::new(&asked.device).map_err(|_| Refusal::Signature)?;
    let nonce = asked.nonce.try_into().map_err(|_| Refusal::Nonce)?;
    Ok(Ask {
        site: asked.site,
        name: name.as_str().to_owned(),
        generation: asked.generation,
        nonce,
        request: asked.csr,
        key: asked.key,
        signature: asked.signature,
    })
}

async fn secret(est: &Est) -> Result<[u8; 32], Problem> {
    let made = est.app().read(|tx| secrets::find(tx, SECRET)).await?;
    let known = |secret: &nullius_store::Secret| <[u8; 32]>::try_from(secret.expose()).ok();
    if let Some(secret) = made.as_ref().and_then(known) {
        return Ok(secret);
    }
    est.app()
        .write(move |tx| {
            // another controller may have been first
            if let Some(secret) = secrets::find(tx, SECRET)?.as_ref().and_then(known) {
                return Ok(secret);
            }
            let secret = random::<32>()?;
            secrets::put(tx, SECRET, &secret)?;
            Ok::<_, Problem>(secret)
        })
        .await
}

async fn recovered(est: &Est, ask: Ask) -> Result<RecoverAnswer, Told> {
    let secret = secret(est).await.map_err(Told::Problem)?;
    let (config, at) = (est.app().config().clone(), est.app().now());
    let done = est.app().write(move |tx| {
        let mut about = About { means: "recovery", ..About::default() };
        match carry_out(tx, &config, (&ask, &secret), &mut about, at) {
            Ok(issued) => Ok(Ok((issued, trust::roots(tx)?))),
            Err(NotIssued::Refused(refusal)) => {
                queue::keep(tx, &refusal, &about, at)?;
                Ok(Err(refusal))
            }
            Err(NotIssued::Failed(problem)) => Err(problem),
        }
    });
    let (issued, anchors) = done.await.map_err(Told::Problem)?.map_err(Told::Refused)?;
    let text = |all: &[Vec<u8>]| all.iter().map(|der| pem(der)).collect::<String>();
    let Issued { chain, generation } = issued;
    Ok(RecoverAnswer { version: VERSION, generation, chain: text(&chain), anchors: text(&anchors) })
}

fn carry_out(
    tx: &mut Tx<'_>,
    config: &Config,
    (ask, secret): (&Ask, &[u8; 32]),
    about: &mut About,
    at: Timestamp,
) -> Result<Issued, NotIssued> {
    let domain =
        TrustDomain::new(&config.link.trust_domain).map_err(|error| Refusal::Carried(error.to_string()))?;
    let (site, name) = (ask.site.as_str(), ask.name.as_str());
    let (enrolment, last, asked) = kept(tx, ask)?;
    let judged = Kept {
        last: issued(&last)?,
        asked: asked.as_ref().map(issued).transpose()?,
        recoveries: small(enrolment.recoveries),
        allowed: small(config.est.recoveries.saturating_add(enrolment.allowed)),
        frozen: enrolment.frozen.is_some(),
    };
    let granted = recovery::judge(ask, &domain, secret, &judged, at.as_secs());
    if !matches!(granted, Err(Refused::Request(_) | Refused::Nonce | Refused::Proof)) {
        // it has proved who it is: the record may name it
        about.site = Some(site.to_owned());
        about.device = Some(name.to_owned());
    }
    let Granted { request, generation, again } = granted.map_err(|refused| refusal(refused, &enrolment))?;
    let (device, enrolment) = issue::standing(tx, site, name)?;
    if again && let Some(again) = issue::again(tx, ask.generation, (site, name), &enrolment, &request)? {
        return Ok(again);
    }
    let same = last.key == request.key_hash();
    let protection = if same { judged.last.protection } else { Protection::Software };
    let next = Enrolment { generation, recoveries: enrolment.recoveries.saturating_add(1), ..enrolment };
    let wanted = Wanted { device: &device, site, means: "recovery", protection, enrolment: next };
    let profile = wanted.check(tx, config, &request)?;
    wanted.issue(tx, config, (&profile, &request), at)
}

/// What there is of a device that asks: how far it is, its last credential, and the one that it asks with.
fn kept(tx: &mut Tx<'_>, ask: &Ask) -> Result<(Enrolment, Credential, Option<Credential>), NotIssued> {
    let (site, name) = (ask.site.as_str(), ask.name.as_str());
    if site.contains('\0') {
        return Err(Refusal::Signature.into());
    }
    let enrolment = credentials::enrolment(tx, site, name)?;
    let last = credentials::of_generation(tx, site, name, enrolment.generation)?;
    let last = last.ok_or(Refusal::Signature)?;
    let asked = credentials::of_generation(tx, site, name, ask.generation.min(enrolment.generation))?;
    Ok((enrolment, last, asked.filter(|asked| asked.generation == ask.generation)))
}

fn issued(row: &Credential) -> Result<recovery::Issued, NotIssued> {
    let damaged = || StoreError::Damaged("a credential without a key".to_owned());
    Ok(recovery::Issued {
        generation: row.generation,
        key: row.key.as_slice().try_into().map_err(|_| damaged())?,
        protection: Protection::parse(&row.protection).ok_or_else(damaged)?,
        revoked: row.status == Status::Revoked,
    })
}

fn refusal(refused: Refused, enrolment: &Enrolment) -> Refusal {
    match refused {
        Refused::Request(error) => Refusal::Request(error),
        Refused::Nonce => Refusal::Nonce,
        Refused::Proof => Refusal::Signature,
        Refused::Revoked => Refusal::Revoked,
        Refused::Frozen => Refusal::Frozen(enrolment.frozen.clone().unwrap_or_default()),
        Refused::TooOften { allowed } => Refusal::TooManyRecoveries(allowed),
        Refused::SameKey => Refusal::SameKey,
        Refused::Clone { asked, last } => Refusal::Clone { seen: asked, last },
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What says of which version it is.
trait Versioned: serde::de::DeserializeOwned {
    fn version(&self) -> u32;
}

impl Versioned for NonceRequest {
    fn version(&self) -> u32 {
        self.version
    }
}

impl Versioned for RecoverRequest {
    fn version(&self) -> u32 {
        self.version
    }
}
