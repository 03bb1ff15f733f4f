//! Against a provider in this process, which lies where a test tells it to.

use super::{GroupRole, Provider};
use crate::access::{ALL_SITES, Role};
use crate::testing::{Ask, Stage, Told};
use crate::{Config, Rate, Rates};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use nullius_model::Timestamp;
use nullius_store::testing::sqlite;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const CLIENT: &str = "nullius";
const SECRET: &str = "what proves us";

/// What the provider does next.
struct Script {
    issuer: String,
    key: Signer,
    /// What it says beside or instead of the truth.
    claims: Value,
    /// How it signs.
    sign: Sign,
    /// Claims it issues: nonce and challenge by code.
    begun: BTreeMap<String, (String, String)>,
    now: Timestamp,
    description: Value,
    asked_for_keys: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Right,
    WithAnother,
    NotAtAll,
    WithOurSecret,
}

struct Signer {
    id: String,
    der: Vec<u8>,
    point: Vec<u8>,
}

impl Signer {
    fn new(id: &str) -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let der = der.map(|der| der.as_ref().to_vec()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
        Self { id: id.to_owned(), der, point: pair.public_key().as_ref().to_vec() }
    }

    fn jwk(&self) -> Value {
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(&self.point[from..from + 32]);
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id, "x": coordinate(1), "y": coordinate(33)})
    }
}

type Shared = Arc<Mutex<Script>>;

struct Play {
    stage: Stage,
    script: Shared,
    server: JoinHandle<()>,
}

impl Play {
    async fn begin(methods: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script {
            issuer: issuer.clone(),
            key: Signer::new("first"),
            claims: json!({}),
            sign: Sign::Right,
            begun: BTreeMap::new(),
            now: Timestamp::ZERO,
            description: json!({}),
            asked_for_keys: 0,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/elsewhere", get(|| async { (StatusCode::FOUND, [("location", "/keys")]) }))
            .with_state(Arc::clone(&script));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let plenty = Rate { burst: 1e9, refill: 1e9 };
        let config = Config {
            provider: Some(provider(issuer, methods)),
            rates: Rates { address: plenty, sign_in: plenty, caller: plenty, refusal: plenty },
            ..Config::default()
        };
        Self { stage: Stage::over(sqlite(), config), script, server }
    }

    /// To the provider; where it was sent, and with which cookie.
    async fn go(&self) -> (BTreeMap<String, String>, String) {
        let told = self.stage.send(&Ask::new("GET", "/v1/session/oidc")).await;
        assert_eq!(told.status, 303, "{:?}", told.body);
        let to = reqwest::Url::parse(told.headers["location"].to_str().unwrap()).unwrap();
        (to.query_pairs().into_owned().collect(), told.cookie().unwrap())
    }

    /// Signs in there, and comes back.
    async fn sign_in(&self) -> Told {
        let (sent, cookie) = self.go().await;
        self.back(&self.login(&sent), &sent["state"], &cookie).await
    }

    /// The provider lets somebody in: the code it sends them back with.
    fn login(&self, sent: &BTreeMap<String, String>) -> String {
        assert_eq!((sent["response_type"].as_str(), sent["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(sent["code_challenge_method"], "S256");
        assert_eq!(sent["redirect_uri"], "https://localhost:8443/v1/session/oidc/callback");
        let mut script = self.script.lock().unwrap();
        script.now = self.stage.app.now();
        let code = format!("code{}", script.begun.len());
        script.begun.insert(code.clone(), (sent["nonce"].clone(), sent["code_challenge"].clone()));
        code
    }

    async fn back(&self, code: &str, state: &str, cookie: &str) -> Told {
        let path = format!("/v1/session/oidc/callback?code={code}&state={state}");
        self.stage.send(&Ask::new("GET", &path).with("cookie", cookie)).await
    }

    fn say(&self, claims: Value) {
        self.script.lock().unwrap().claims = claims;
    }

    fn why(&self) -> String {
        self.stage.log().last().cloned().unwrap_or_default()
    }
}

fn provider(issuer: String, methods: &[&str]) -> Provider {
    let rule =
        |group: &str, site: &str, role| GroupRole { group: group.to_owned(), site: site.to_owned(), role };
    Provider {
        issuer,
        client: CLIENT.to_owned(),
        secret: Some(SECRET.to_owned()),
        authorities: None,
        scopes: "groups".to_owned(),
        name_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        roles: vec![
            rule("plant-engineers", "plant", Role::Engineer),
            rule("everybody", "plant", Role::Viewer),
            rule("admins", ALL_SITES, Role::Admin),
        ],
    }
}

async fn description(State(script): State<Shared>) -> Json<Value> {
    let script = script.lock().unwrap();
    let issuer = &script.issuer;
    let mut told = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
    });
    merge(&mut told, &script.description);
    Json(told)
}

async fn keys(State(script): State<Shared>) -> Json<Value> {
    let mut script = script.lock().unwrap();
    script.asked_for_keys += 1;
    Json(json!({"keys": [script.key.jwk()]}))
}

async fn token(
    State(script): State<Shared>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, StatusCode> {
    let form = reqwest::Url::parse(&format!("http://form/?{body}")).unwrap();
    let form: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
    let mut script = script.lock().unwrap();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    let (nonce, challenge) = script.begun.remove(&form["code"]).ok_or(StatusCode::BAD_REQUEST)?;
    let verified = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == challenge;
    if headers["authorization"].to_str().unwrap() != basic || !verified {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let now = script.now.as_secs();
    let mut claims = json!({
        "iss": script.issuer, "sub": "248289761001", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
        "preferred_username": "Anna.Example", "groups": ["plant-engineers", "everybody", "golf"], "amr": ["pwd"],
    });
    merge(&mut claims, &script.claims);
    Ok(Json(
        json!({"id_token": signed(&script, &claims), "token_type": "Bearer", "access_token": "not for us"}),
    ))
}

fn signed(script: &Script, claims: &Value) -> String {
    let header = |algorithm| Header { kid: Some(script.key.id.clone()), ..Header::new(algorithm) };
    let with = |signer: &Signer| {
        encode(&header(Algorithm::ES256), claims, &EncodingKey::from_ec_der(&signer.der)).unwrap()
    };
    match script.sign {
        Sign::Right => with(&script.key),
        Sign::WithAnother => with(&Signer::new("first")),
        Sign::WithOurSecret => {
            encode(&header(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
        }
        Sign::NotAtAll => {
            let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(json!({"alg": "none", "kid": "first"})), part(claims.clone()))
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        into[name] = value.clone();
    }
}

fn session(told: &Told) -> String {
    let cookies = told.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies
        .filter(|cookie| cookie.starts_with("__Host-nullius="))
        .map(|cookie| cookie.split(';').next().unwrap())
        .collect()
}

async fn me(stage: &Stage, cookie: &str) -> Told {
    stage.send(&Ask::new("GET", "/v1/session").with("cookie", cookie)).await
}

#[tokio::test]
async fn a_provider_signs_somebody_in_with_the_roles_of_their_groups() {
    let play = Play::begin(&[]).await;
    let told = play.sign_in().await;
    assert_eq!(told.status, 303, "{:?}", told.body);
    let who = me(&play.stage, &session(&told)).await;
    assert_eq!(who.text("/who"), "user:anna.example");
    assert_eq!(
        who.body["roles"],
        json!([{"site": "plant", "role": "engineer"}]),
        "the first rule of a site counts"
    );
    play.say(json!({"groups": ["everybody"]}));
    let again = play.sign_in().await;
    assert_eq!(
        me(&play.stage, &session(&told)).await.status,
        401,
        "a role went: what was opened with it is closed"
    );
    let who = me(&play.stage, &session(&again)).await;
    assert_eq!(who.body["roles"], json!([{"site": "plant", "role": "viewer"}]));
    play.say(json!({"groups": ["golf"]}));
    assert_eq!(play.sign_in().await.status, 403);
    assert_eq!(me(&play.stage, &session(&again)).await.status, 401);
}

#[tokio::test]
async fn what_a_provider_says_counts_only_when_all_of_it_is_right() {
    let play = Play::begin(&[]).await;
    let now = play.stage.app.now().as_secs();
    for claims in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"aud": [CLIENT, "another"]}),
        json!({"aud": [CLIENT, "another"], "azp": "another"}),
        json!({"azp": "another"}),
        json!({"aud": []}),
        json!({"aud": null}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"iat": now + 61}),
        json!({"iat": now - 661, "exp": now + 300}),
        json!({"nbf": now + 61}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"sub": "x".repeat(256)}),
    ] {
        play.say(claims.clone());
        let told = play.sign_in().await;
        assert_eq!((told.status, session(&told).as_str()), (401, ""), "{claims}");
    }
    for claims in [
        json!({"aud": [CLIENT]}),
        json!({"aud": [CLIENT, "another"], "azp": CLIENT}),
        json!({"exp": now - 59}),
    ] {
        play.say(claims.clone());
        assert_eq!(play.sign_in().await.status, 303, "{claims}: {}", play.why());
    }
}

#[tokio::test]
async fn only_the_providers_own_signature_counts() {
    let play = Play::begin(&[]).await;
    for sign in [Sign::NotAtAll, Sign::WithOurSecret, Sign::WithAnother] {
        play.script.lock().unwrap().sign = sign;
        assert_eq!(play.sign_in().await.status, 401);
    }
    play.script.lock().unwrap().sign = Sign::Right;
    assert_eq!(play.sign_in().await.status, 303);
}

#[tokio::test]
async fn a_new_key_is_asked_for_at_most_once_a_minute() {
    let play = Play::begin(&[]).await;
    assert_eq!(play.sign_in().await.status, 303);
    let asked = || play.script.lock().unwrap().asked_for_keys;
    assert_eq!(asked(), 1);
    play.script.lock().unwrap().key = Signer::new("second");
    assert_eq!(play.sign_in().await.status, 401);
    assert_eq!(asked(), 1, "not a minute ago");
    play.stage.pass(Duration::from_secs(61));
    assert_eq!(play.sign_in().await.status, 303);
    assert_eq!(asked(), 2);
    play.script.lock().unwrap().key = Signer::new("third");
    for _ in 0..5 {
        assert_eq!(play.sign_in().await.status, 401);
    }
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn the_way_back_is_of_one_browser_and_taken_once() {
    let play = Play::begin(&[]).await;
    let (sent, cookie) = play.go().await;
    let (other_sent, other_cookie) = play.go().await;
    let code = play.login(&sent);
    assert_eq!(play.back(&code, "made-up", &cookie).await.status, 401);
    assert_eq!(play.back(&code, &other_sent["state"], &cookie).await.status, 401, "another browser's state");
    assert_eq!(play.back(&code, &sent["state"], &cookie).await.status, 303);
    assert_eq!(play.back(&code, &sent["state"], &cookie).await.status, 401, "taken");
    assert_eq!(
        play.back(&code, &other_sent["state"], &other_cookie).await.status,
        401,
        "taken by the wrong browser"
    );
    let (late, cookie) = play.go().await;
    play.stage.pass(Duration::from_secs(601));
    assert_eq!(play.back(&play.login(&late), &late["state"], &cookie).await.status, 401, "too late");
    let (sent, cookie) = play.go().await;
    let denied = format!("/v1/session/oidc/callback?error=access_denied&state={}", sent["state"]);
    assert_eq!(play.stage.send(&Ask::new("GET", &denied).with("cookie", &cookie)).await.status, 401);
    let (sent, cookie) = play.go().await;
    let mixed = format!("/v1/session/oidc/callback?code=x&state={}&iss=https://evil.example", sent["state"]);
    assert_eq!(play.stage.send(&Ask::new("GET", &mixed).with("cookie", &cookie)).await.status, 401);
}

#[tokio::test]
async fn no_name_opens_an_account_that_was_there_before() {
    let play = Play::begin(&[]).await;
    play.stage.person("anna.example", &[(ALL_SITES, Role::Admin)]);
    let told = play.sign_in().await;
    let who = me(&play.stage, &session(&told)).await;
    assert!(who.text("/who").starts_with("user:anna.example-"), "{}", who.body);
    assert_eq!(who.body["roles"], json!([{"site": "plant", "role": "engineer"}]));
    play.say(json!({"sub": "2", "preferred_username": "\u{202e}\u{0}/../"}));
    let who = me(&play.stage, &session(&play.sign_in().await)).await;
    assert!(who.text("/who").starts_with("user:user-"), "{}", who.body);
}

#[tokio::test]
async fn who_is_disabled_here_stays_out_whatever_the_provider_says() {
    let play = Play::begin(&[]).await;
    assert_eq!(play.sign_in().await.status, 303);
    play.stage.write(|tx| {
        let mut person = nullius_store::people::by_name(tx, "anna.example")?.unwrap();
        person.active = false;
        nullius_store::people::update(tx, &person)
    });
    assert_eq!(play.sign_in().await.status, 403);
}

#[tokio::test]
async fn a_second_factor_can_be_asked_of_the_provider() {
    let play = Play::begin(&["mfa", "hwk"]).await;
    assert_eq!(play.sign_in().await.status, 401);
    play.say(json!({"amr": ["pwd", "mfa"]}));
    assert_eq!(play.sign_in().await.status, 303);
}

#[tokio::test]
async fn while_the_provider_is_down_nobody_new_comes_and_who_is_in_stays() {
    let play = Play::begin(&[]).await;
    let cookie = session(&play.sign_in().await);
    let (sent, waiting) = play.go().await;
    play.server.abort();
    assert_eq!(play.back("code", &sent["state"], &waiting).await.status, 503);
    play.stage.pass(Duration::from_secs(25 * 60));
    assert_eq!(me(&play.stage, &cookie).await.status, 200);
    play.stage.pass(Duration::from_secs(25 * 60));
    assert_eq!(me(&play.stage, &cookie).await.status, 200, "to the end of the session");
    play.stage.pass(Duration::from_secs(25 * 60));
    let told = play.stage.send(&Ask::new("GET", "/v1/session/oidc")).await;
    assert_eq!((told.status, told.text("/code")), (503, "provider-down"));
}

#[tokio::test]
async fn a_provider_leads_us_nowhere() {
    for description in [
        json!({"issuer": "https://evil.example"}),
        json!({"jwks_uri": "http://192.0.2.1/keys"}),
        json!({"jwks_uri": "file:///etc/shadow"}),
        json!({"token_endpoint": "http://169.254.169.254/token"}),
        json!({"token_endpoint": "https://user:password@idp.example/token"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
    ] {
        let play = Play::begin(&[]).await;
        play.script.lock().unwrap().description = description.clone();
        assert_eq!(play.stage.send(&Ask::new("GET", "/v1/session/oidc")).await.status, 503, "{description}");
    }
    let play = Play::begin(&[]).await;
    let elsewhere = format!("{}/elsewhere", play.script.lock().unwrap().issuer);
    play.script.lock().unwrap().description = json!({"jwks_uri": elsewhere});
    assert_eq!(
        play.stage.send(&Ask::new("GET", "/v1/session/oidc")).await.status,
        503,
        "no redirect is followed"
    );
    assert_eq!(play.script.lock().unwrap().asked_for_keys, 0);
}
