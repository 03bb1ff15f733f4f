//! How a gateway becomes one of a site: a token that a person carried there, once.
//!
//! Site and name come from the token's row and the public key from the request; nothing the asker writes names anybody.
//! Of a token that does not fit it is not said why.

use crate::http::{Json, Problem};
use crate::pki::{self, CaError};
use crate::secret::random;
use crate::{App, Config, bundles};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use nullius_audit::{Entry, Phase};
use nullius_identity::{Profile, RequestedKey, Validity, gateway_name, pem};
use nullius_model::Timestamp;
use nullius_protocol::link::{Hash, JoinAnswer, JoinRequest, JoinToken, VERSION};
use nullius_store::{Tx, audit, bundles as kept, gateways, join_tokens, sites};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest body, in bytes: a token and the largest certificate request as digits.
const BODY: usize = 64 << 10;

/// Longest life of a token, in seconds: as long as a gateway may be on its way to its plant.
pub(crate) const MAX_LIFE: u64 = 14 * 86_400;

/// A token for one gateway of one site. Earlier ones for it are of no use from here on.
///
/// # Errors
/// 404 for a site that is not there, 422 for a name that cannot be one or a life beyond [`MAX_LIFE`].
pub(crate) fn invite(
    tx: &mut Tx<'_>,
    (site, gateway): (&str, &str),
    by: &str,
    seconds: u64,
    at: Timestamp,
) -> Result<JoinToken, Problem> {
    gateway_name(gateway).map_err(|error| Problem::wrong("name", error.to_string()))?;
    if seconds == 0 || seconds > MAX_LIFE {
        return Err(Problem::wrong("too-long", format!("a token lives for 1 to {MAX_LIFE} seconds")));
    }
    sites::find(tx, site)?.ok_or_else(|| Problem::no_such("site"))?;
    let root = Hash(pki::fingerprint(tx)?);
    let token = JoinToken { id: random()?, secret: random()?, root };
    let row = join_tokens::JoinToken {
        id: token.id.to_vec(),
        hash: Sha256::digest(token.secret).to_vec(),
        site: site.to_owned(),
        gateway: gateway.to_owned(),
        made_by: by.to_owned(),
        expires: at.as_secs().saturating_add(seconds),
        used: false,
    };
    join_tokens::add(tx, &row)?;
    let entry = Entry::new(Phase::Decided, at, by, "gateway.invite", format!("gateway/{gateway}"));
    audit::append(tx, &entry.site(site).detail("expires", row.expires))?;
    Ok(token)
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(join)).layer(DefaultBodyLimit::max(BODY))
}

/// What a gateway asks; `docs/gateway-link.md` says more.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct Asked(JoinRequest);

/// What it gets.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct Joined(JoinAnswer);

/// Makes whoever has the token a gateway of its site.
#[utoipa::path(
    post,
    path = "/gateway/v1/join",
    tag = "gateways",
    request_body = Asked,
    responses(
        (status = 200, description = "It is a gateway of the site now.", body = Joined),
        (status = 401, description = "The token is wrong, used, or expired.", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("public")))
)]
async fn join(State(app): State<App>, Json(Asked(asked)): Json<Asked>) -> Result<Json<Joined>, Problem> {
    if asked.version != VERSION {
        return Err(Problem::wrong(
            "version",
            format!("this controller speaks version {VERSION} of the link"),
        ));
    }
    let token = JoinToken::parse(&asked.token).map_err(|_| refused())?;
    let key = RequestedKey::from_request(&asked.csr);
    let key = key.map_err(|error| Problem::wrong("certificate-request", error.to_string()))?;
    let (config, at) = (app.config().clone(), app.now());
    let answer = app.write(move |tx| admit(tx, &config, &token, &key, at)).await?;
    Ok(Json(Joined(answer)))
}

fn admit(
    tx: &mut Tx<'_>,
    config: &Config,
    token: &JoinToken,
    key: &RequestedKey,
    at: Timestamp,
) -> Result<JoinAnswer, Problem> {
    let row = join_tokens::find(tx, &token.id)?.ok_or_else(refused)?;
    let hash = Sha256::digest(token.secret);
    verify_slices_are_equal(&hash, &row.hash).map_err(|_| refused())?;
    if !join_tokens::use_up(tx, &token.id, at.as_secs())? {
        return Err(refused());
    }
    let signer = bundles::signer(tx, &row.site)?.public().to_string();
    let (chain, root) = certificates(tx, config, (&row.site, &row.gateway), key, at)?;
    gateways::join(tx, &row.site, &row.gateway, at.as_secs())?;
    let who = format!("gateway:{}", row.gateway);
    let entry = Entry::new(Phase::Observed, at, who, "gateway.join", format!("gateway/{}", row.gateway));
    audit::append(tx, &entry.site(row.site.as_str()).detail("invited_by", row.made_by.as_str()))?;
    let policy = kept::of_key(tx, &row.site, kept::POLICY)?.map(|bundle| bundle.bytes).unwrap_or_default();
    let links = config.link.urls.clone();
    Ok(JoinAnswer {
        version: VERSION,
        site: row.site,
        gateway: row.gateway,
        chain,
        root,
        signer,
        links,
        policy,
    })
}

fn certificates(
    tx: &mut Tx<'_>,
    config: &Config,
    (site, gateway): (&str, &str),
    key: &RequestedKey,
    at: Timestamp,
) -> Result<(String, String), CaError> {
    let issuing = pki::issuing(tx, config)?;
    let profile = Profile::Gateway { site: site.to_owned(), name: gateway.to_owned() };
    let issued = issuing.issue(tx, &profile, key, validity(config, at))?;
    let chain = issued.chain.iter().map(|certificate| pem(certificate)).collect();
    Ok((chain, pem(issuing.root())))
}

/// From now on: what was made before a gateway joined or was turned away is of no use, to the second.
pub(crate) fn validity(config: &Config, at: Timestamp) -> Validity {
    let from = at.as_secs();
    Validity { from, until: from.saturating_add(config.link.certificate_hours.max(1).saturating_mul(3600)) }
}

fn refused() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "token", "the token is wrong, used, or expired")
        .with_help("ask for another one: `nullius site invite`")
}
