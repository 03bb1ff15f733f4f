//! What a provider says of somebody, and whether it counts (OpenID Connect Core 1.0, §3.1.3.7).

use super::Provider;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use nullius_model::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Seconds by which clocks differ.
const DRIFT: u64 = 60;

/// Seconds for which a token is fresh: it was made for this sign-in.
const FRESH: u64 = 600;

/// Groups looked at: somebody is in a thousand of them in a large directory.
const MOST_GROUPS: usize = 4_096;

/// Signatures that only the provider can make. With HS256 our own secret would do, with `none` nothing at all.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256, Algorithm::RS256];

/// Somebody, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) groups: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Told {
    iss: String,
    sub: String,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    nonce: String,
    aud: Audience,
    azp: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why what a provider says does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// We do not have the key, and may ask again for the keys.
    UnknownKey,
    /// Anything else, for the log.
    Because(&'static str),
}

/// Reads a token.
pub(super) fn read(
    token: &str,
    keys: &JwkSet,
    provider: &Provider,
    nonce: &str,
    now: Timestamp,
) -> Result<Claims, Wrong> {
    let header = decode_header(token).map_err(|_| Wrong::Because("the token is not understood"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Wrong::Because("the token is signed in a way we do not take"));
    }
    let key = key(keys, header.kid.as_deref()).ok_or(Wrong::UnknownKey)?;
    let key =
        DecodingKey::from_jwk(key).map_err(|_| Wrong::Because("the provider's key is not understood"))?;
    let told = decode::<Told>(token, &key, &validation(header.alg, provider))
        .map_err(|_| Wrong::Because("the token's signature, issuer or audience is wrong"))?;
    check(&told.claims, provider, nonce, now.as_secs()).map_err(Wrong::Because)?;
    claims(told.claims, provider).ok_or(Wrong::Because("the token does not say who it is"))
}

/// The key of that id; without an id, the only one there is.
fn key<'k>(keys: &'k JwkSet, id: Option<&str>) -> Option<&'k Jwk> {
    match (id, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id),
        (None, [key]) => Some(key),
        (None, _) => None,
    }
}

/// Times are checked against our own clock, in [`check`].
fn validation(algorithm: Algorithm, provider: &Provider) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[&provider.issuer]);
    validation.set_audience(&[&provider.client]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn check(told: &Told, provider: &Provider, nonce: &str, now: u64) -> Result<(), &'static str> {
    let others = match &told.aud {
        Audience::One(audience) => *audience != provider.client,
        Audience::Many(audiences) => audiences.iter().any(|audience| *audience != provider.client),
    };
    let ours = told.azp.as_ref().map_or(!others, |party| *party == provider.client);
    let after = |instant: u64| now > instant.saturating_add(DRIFT);
    let before = |instant: u64| now.saturating_add(DRIFT) < instant;
    let proved =
        provider.methods.is_empty() || told.amr.iter().any(|method| provider.methods.contains(method));
    for (fits, why) in [
        (ours, "the token is for somebody else too"),
        (told.nonce == nonce, "the token answers another question"),
        (!after(told.exp), "the token is over"),
        (!before(told.iat) && !after(told.iat.saturating_add(FRESH)), "the token was not made now"),
        (told.nbf.is_none_or(|from| !before(from)), "the token is not good yet"),
        (proved, "the provider did not ask for a second factor"),
    ] {
        if !fits {
            return Err(why);
        }
    }
    Ok(())
}

fn claims(told: Told, provider: &Provider) -> Option<Claims> {
    if told.sub.is_empty() || told.sub.len() > 255 {
        return None;
    }
    let name = told.more.get(&provider.name_claim).and_then(Value::as_str).unwrap_or(&told.sub).to_owned();
    let groups = match told.more.get(&provider.groups_claim) {
        Some(Value::Array(groups)) => groups.iter().take(MOST_GROUPS).filter_map(Value::as_str).collect(),
        Some(Value::String(group)) => vec![group.as_str()],
        _ => Vec::new(),
    };
    let groups = groups.into_iter().map(str::to_owned).collect();
    Some(Claims { issuer: told.iss, subject: told.sub, name, groups })
}
