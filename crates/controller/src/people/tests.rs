//! The doors, from outside.

use super::totp;
use crate::access::{ALL_SITES, Role};
use crate::testing::{Ask, Stage, Told};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";

/// A controller, its first admin, and the secret of their second factor.
async fn claimed() -> (Stage, String, Vec<u8>) {
    let stage = Stage::new();
    let code = stage.app.claim_code().await.unwrap().unwrap();
    let (told, secret) = set_up(&stage, &code, Some("anna")).await;
    assert_eq!(told.status, 204, "{:?}", told.body);
    (stage, told.cookie().unwrap(), secret)
}

async fn post(stage: &Stage, path: &str, body: Value) -> Told {
    stage.send(&Ask::new("POST", path).json(body)).await
}

async fn set_up(stage: &Stage, code: &str, name: Option<&str>) -> (Told, Vec<u8>) {
    let begun = post(stage, "/v1/setup", json!({"code": code, "name": name, "password": PASSWORD})).await;
    if begun.status != 200 {
        return (begun, Vec::new());
    }
    let secret = secret_of(begun.text("/totp"));
    let digits = digits(stage, &secret);
    let told =
        post(stage, "/v1/setup/finish", json!({"ceremony": begun.text("/ceremony"), "code": digits})).await;
    (told, secret)
}

/// As an authenticator reads it.
fn secret_of(uri: &str) -> Vec<u8> {
    let text = uri.split_once("secret=").unwrap().1.split('&').next().unwrap();
    let value = |letter: u8| u64::from(if letter >= b'A' { letter - b'A' } else { letter - b'2' + 26 });
    let chunks: Vec<_> = text.as_bytes().chunks(8).collect();
    chunks
        .iter()
        .flat_map(|chunk| {
            chunk.iter().fold(0, |sum, letter| sum << 5 | value(*letter)).to_be_bytes()[3..].to_vec()
        })
        .collect()
}

fn digits(stage: &Stage, secret: &[u8]) -> String {
    totp::code(secret, stage.app.now().as_secs() / 30)
}

async fn sign_in(stage: &Stage, name: &str, password: &str, code: &str) -> Told {
    post(stage, "/v1/session", json!({"name": name, "password": password, "code": code})).await
}

async fn me(stage: &Stage, cookie: &str) -> Told {
    stage.send(&Ask::new("GET", "/v1/session").session(cookie)).await
}

#[tokio::test]
async fn the_claim_code_makes_one_admin_and_opens_nothing_after() {
    let (stage, cookie, _) = claimed().await;
    let told = me(&stage, &cookie).await;
    assert_eq!(told.body["who"], "user:anna");
    assert_eq!(told.body["roles"], json!([{"site": "*", "role": "admin"}]));
    assert_eq!(stage.app.claim_code().await.unwrap(), None);
    assert!(stage.log().contains(&"user:anna controller.claim user/anna".to_owned()), "{:?}", stage.log());
}

#[tokio::test]
async fn a_claim_code_is_good_for_a_day_and_until_the_next_one() {
    let stage = Stage::new();
    let first = stage.app.claim_code().await.unwrap().unwrap();
    let second = stage.app.claim_code().await.unwrap().unwrap();
    assert_eq!(set_up(&stage, &first, Some("anna")).await.0.status, 401);
    stage.pass(Duration::from_secs(24 * 60 * 60));
    assert_eq!(set_up(&stage, &second, Some("anna")).await.0.status, 401);
    assert_eq!(set_up(&stage, "claim_", Some("anna")).await.0.status, 401);
}

#[tokio::test]
async fn of_two_who_claim_at_once_one_is_admin() {
    let stage = Stage::new();
    let code = stage.app.claim_code().await.unwrap().unwrap();
    let begin = json!({"code": code, "name": "anna", "password": PASSWORD});
    let (first, second) =
        (post(&stage, "/v1/setup", begin.clone()).await, post(&stage, "/v1/setup", begin).await);
    let finish = |begun: &Told| {
        let digits = digits(&stage, &secret_of(begun.text("/totp")));
        json!({"ceremony": begun.text("/ceremony"), "code": digits})
    };
    let told = (
        post(&stage, "/v1/setup/finish", finish(&first)).await,
        post(&stage, "/v1/setup/finish", finish(&second)).await,
    );
    assert_eq!((told.0.status, told.1.status), (204, 401));
}

#[tokio::test]
async fn a_password_and_a_code_sign_in_and_the_code_is_good_once() {
    let (stage, before, secret) = claimed().await;
    stage.pass(Duration::from_secs(60));
    let digits = digits(&stage, &secret);
    let told = sign_in(&stage, "anna", PASSWORD, &digits).await;
    assert_eq!(told.status, 204);
    let header = told.headers["set-cookie"].to_str().unwrap();
    for part in ["__Host-nullius=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(header.contains(part), "{header}");
    }
    assert_ne!(told.cookie().unwrap(), before);
    assert_eq!(me(&stage, &told.cookie().unwrap()).await.status, 200);
    assert_eq!(sign_in(&stage, "anna", PASSWORD, &digits).await.status, 401);
}

#[tokio::test]
async fn whoever_is_not_let_in_learns_nothing() {
    let (stage, cookie, secret) = claimed().await;
    stage.pass(Duration::from_secs(60));
    let good = digits(&stage, &secret);
    let created =
        stage.send(&Ask::new("POST", "/v1/users").session(&cookie).json(json!({"name": "ben"}))).await;
    assert_eq!(created.status, 201);
    let mut bodies = Vec::new();
    for (name, password, code) in [
        ("nobody", PASSWORD, good.as_str()),
        ("anna", "wrong horse battery", good.as_str()),
        ("anna", PASSWORD, "000000"),
        ("anna", PASSWORD, ""),
        ("ben", PASSWORD, "000000"),
    ] {
        let told = sign_in(&stage, name, password, code).await;
        assert_eq!(told.status, 401, "{name}");
        bodies.push(told.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    let log = stage.log();
    assert!(log.contains(&"system session.refuse user there is no such account".to_owned()), "{log:?}");
    assert!(log.contains(&"system session.refuse user/anna wrong code".to_owned()), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("nobody")), "what was typed is not written down");
}

#[tokio::test]
async fn an_account_is_locked_after_five_failures_and_opens_again() {
    let (stage, _, secret) = claimed().await;
    for _ in 0..5 {
        assert_eq!(sign_in(&stage, "anna", "wrong horse battery", "000000").await.status, 401);
    }
    stage.pass(Duration::from_secs(20));
    assert_eq!(sign_in(&stage, "anna", PASSWORD, &digits(&stage, &secret)).await.status, 401, "locked");
    stage.pass(Duration::from_secs(40));
    assert_eq!(sign_in(&stage, "anna", PASSWORD, &digits(&stage, &secret)).await.status, 204);
    let log = stage.log();
    assert!(log.contains(&"system user.lock user/anna".to_owned()), "{log:?}");
    assert!(log.contains(&"system session.refuse user/anna the account is locked".to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_session_ends_when_it_idles_when_it_is_old_and_when_its_owner_says_so() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[("lab", Role::Viewer)]);
    let cookie = stage.session(&anna);
    for _ in 0..24 {
        stage.pass(Duration::from_secs(29 * 60));
        assert_eq!(me(&stage, &cookie).await.status, 200);
    }
    stage.pass(Duration::from_secs(29 * 60));
    assert_eq!(me(&stage, &cookie).await.status, 401, "twelve hours");
    let idle = stage.session(&anna);
    stage.pass(Duration::from_secs(30 * 60));
    assert_eq!(me(&stage, &idle).await.status, 401, "half an hour");
    let ended = stage.session(&anna);
    assert_eq!(stage.send(&Ask::new("DELETE", "/v1/session").session(&ended)).await.status, 204);
    assert_eq!(me(&stage, &ended).await.status, 401, "replayed after sign-out");
}

#[tokio::test]
async fn a_new_password_takes_both_factors_and_ends_all_other_sessions() {
    let (stage, cookie, secret) = claimed().await;
    stage.pass(Duration::from_secs(60));
    let change = |password: &str, code: &str| {
        let body = json!({"password": password, "code": code, "new": "another horse battery"});
        Ask::new("PUT", "/v1/session/password").session(&cookie).json(body)
    };
    let code = digits(&stage, &secret);
    assert_eq!(stage.send(&change("wrong horse battery", &code)).await.status, 401);
    let told = stage.send(&change(PASSWORD, &code)).await;
    assert_eq!(told.status, 204);
    assert_eq!(me(&stage, &cookie).await.status, 401);
    assert_eq!(me(&stage, &told.cookie().unwrap()).await.status, 200);
}

#[tokio::test]
async fn an_admin_recovers_somebody_else_and_the_old_ways_in_are_closed() {
    let (stage, cookie, _) = claimed().await;
    let as_admin = |method: &str, path: &str| Ask::new(method, path).session(&cookie);
    let created = stage.send(&as_admin("POST", "/v1/users").json(json!({"name": "ben"}))).await;
    let (told, secret) = set_up(&stage, created.text("/setup_code"), None).await;
    assert_eq!(told.status, 204);
    let bens = told.cookie().unwrap();
    let recovered = stage.send(&as_admin("POST", "/v1/users/ben/recovery")).await;
    assert_eq!(recovered.status, 201);
    assert_eq!(me(&stage, &bens).await.status, 401);
    stage.pass(Duration::from_secs(60));
    assert_eq!(sign_in(&stage, "ben", PASSWORD, &digits(&stage, &secret)).await.status, 401);
    assert_eq!(set_up(&stage, created.text("/setup_code"), None).await.0.status, 401, "used up");
    assert_eq!(set_up(&stage, recovered.text("/setup_code"), None).await.0.status, 204);
    assert_eq!(stage.send(&as_admin("POST", "/v1/users/anna/recovery")).await.status, 403, "her own");
}

#[tokio::test]
async fn nobody_changes_their_own_roles_and_the_last_admin_stays() {
    let stage = Stage::new();
    stage.site("lab");
    let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
    let ben = stage.person("ben", &[("lab", Role::Admin)]);
    stage.person("carl", &[]);
    let (annas, bens) = (stage.session(&anna), stage.session(&ben));
    let give = |cookie: &str, user: &str, site: &str, role: &str| {
        let path = format!("/v1/users/{user}/roles/{site}");
        Ask::new("PUT", &path).session(cookie).json(json!({"role": role}))
    };
    for (cookie, user, site, role, status) in [
        (&annas, "anna", "*", "viewer", 403),
        (&bens, "ben", "lab", "engineer", 403),
        (&bens, "carl", "plant", "viewer", 404),
        (&bens, "carl", "*", "admin", 404),
        (&bens, "anna", "lab", "viewer", 204),
        (&bens, "carl", "lab", "operator", 204),
        (&bens, "dora", "lab", "operator", 404),
    ] {
        assert_eq!(stage.send(&give(cookie, user, site, role)).await.status, status, "{user} {site} {role}");
    }
    assert_eq!(me(&stage, &annas).await.status, 401, "a role changed: her sessions ended");
    let annas = stage.session(&anna);
    for (user, site, role, status) in
        [("carl", "lab", "emperor", 422), ("carl", "no site", "viewer", 404), ("carl", "*", "admin", 204)]
    {
        let path = site.replace(' ', "%20");
        assert_eq!(stage.send(&give(&annas, user, &path, role)).await.status, status, "{user} {site} {role}");
    }
    let carl = stage.write(|tx| nullius_store::people::by_name(tx, "carl")).unwrap().id;
    let carls = stage.session(&carl);
    assert_eq!(stage.send(&give(&carls, "anna", "*", "viewer")).await.status, 204, "carl is left");
    let dora = stage.person("dora", &[("lab", Role::Viewer)]);
    stage.session(&dora);
    let alone = give(&stage.session(&ben), "carl", "lab", "viewer");
    assert_eq!(stage.send(&alone).await.status, 204, "a role on a site is no role on all of them");
}

#[tokio::test]
async fn the_last_admin_is_neither_disabled_nor_made_less_by_a_program() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
    let ben = stage.person("ben", &[(ALL_SITES, Role::Admin)]);
    let bens = stage.session(&ben);
    let show = stage.send(&Ask::new("GET", "/v1/users/anna").session(&bens)).await;
    let tag = show.headers["etag"].to_str().unwrap().to_owned();
    let disable = |cookie: &str, user: &str, tag: &str| {
        let path = format!("/v1/users/{user}");
        Ask::new("PATCH", &path).session(cookie).with("if-match", tag).json(json!({"active": false}))
    };
    assert_eq!(stage.send(&disable(&bens, "anna", "\"99\"")).await.status, 412);
    let annas = stage.session(&anna);
    assert_eq!(stage.send(&disable(&bens, "anna", &tag)).await.status, 200);
    assert_eq!(me(&stage, &annas).await.status, 401);
    let all = [crate::access::Permission::RoleWrite, crate::access::Permission::UserWrite];
    let program = stage.token(&ben, &all, &[ALL_SITES]);
    let told = stage.send(&Ask::new("DELETE", "/v1/users/ben/roles/*").token(&program)).await;
    assert_eq!(told.status, 403, "his own, by his token");
    let carl = stage.person("carl", &[("lab", Role::Admin)]);
    assert_eq!(stage.send(&disable(&stage.session(&carl), "ben", &tag)).await.status, 403);
}

#[tokio::test]
async fn a_token_is_cut_down_shown_once_and_gone_when_it_is_revoked() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[("lab", Role::Engineer)]);
    let cookie = stage.session(&anna);
    let new = |name: &str, permissions: Value, sites: Value, days: u64| {
        let body = json!({"name": name, "permissions": permissions, "sites": sites, "days": days});
        Ask::new("POST", "/v1/tokens").session(&cookie).json(body)
    };
    for (permissions, sites, days, status) in [
        (json!(["device.read"]), json!(["plant"]), 1, 403),
        (json!(["user.write"]), json!(["*"]), 1, 403),
        (json!(["audit.read"]), json!(["lab"]), 1, 403),
        (json!(["everything"]), json!(["lab"]), 1, 422),
        (json!([]), json!(["lab"]), 1, 422),
        (json!(["device.read"]), json!(["lab"]), 367, 422),
        (json!(["device.read"]), json!(["lab"]), 0, 422),
    ] {
        assert_eq!(
            stage.send(&new("ci", permissions.clone(), sites, days)).await.status,
            status,
            "{permissions}"
        );
    }
    let made = stage.send(&new("ci", json!(["device.read"]), json!(["lab"]), 1)).await;
    assert_eq!(made.status, 201);
    assert_eq!(stage.send(&new("ci", json!(["device.read"]), json!(["lab"]), 1)).await.status, 409);
    let secret = made.text("/secret").to_owned();
    let told = stage.send(&Ask::new("GET", "/v1/session").token(&secret)).await;
    assert_eq!((told.status, told.text("/who")), (200, "token:ci"));
    assert_eq!(told.body["permissions"], json!(["device.read"]));
    let by_token = Ask::new("POST", "/v1/tokens").token(&secret);
    let more =
        by_token.json(json!({"name": "more", "permissions": ["device.read"], "sites": ["lab"], "days": 1}));
    assert_eq!(stage.send(&more).await.status, 403, "a token makes no tokens");
    let shown = format!("/v1/tokens/{}", made.text("/token/id"));
    assert!(!stage.send(&Ask::new("GET", &shown).session(&cookie)).await.body.to_string().contains(&secret));
    assert_eq!(stage.send(&Ask::new("DELETE", &shown).session(&cookie)).await.status, 204);
    assert_eq!(stage.send(&Ask::new("GET", "/v1/session").token(&secret)).await.status, 401);
    stage.pass(Duration::from_secs(15 * 60));
    let late = stage.send(&new("late", json!(["device.read"]), json!(["lab"]), 1)).await;
    assert_eq!((late.status, late.text("/code")), (401, "sign-in-again"));
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_with_its_owners_role() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[(ALL_SITES, Role::Admin)]);
    let secret = stage.token(&anna, &[crate::access::Permission::UserRead], &[ALL_SITES]);
    let list = Ask::new("GET", "/v1/users").token(&secret);
    assert_eq!(stage.send(&list).await.status, 200);
    stage.write(|tx| nullius_store::people::roles::drop_role(tx, &anna, ALL_SITES));
    assert_eq!(stage.send(&list).await.status, 403);
    stage.pass(Duration::from_secs(86_400));
    assert_eq!(stage.send(&list).await.status, 401);
}

#[tokio::test]
async fn two_people_open_the_glass_and_one_does_not() {
    let stage = Stage::new();
    let mut codes = Vec::new();
    for (name, role) in [("anna", Role::Engineer), ("ben", Role::Admin), ("carl", Role::Engineer)] {
        let id = stage.person(name, &[("lab", role)]);
        let ask = Ask::new("POST", "/v1/session/break-glass-code").session(&stage.session(&id));
        codes.push(stage.send(&ask).await.text("/code").to_owned());
        codes.push(id);
    }
    let viewer = stage.person("vera", &[("lab", Role::Viewer)]);
    let ask = Ask::new("POST", "/v1/session/break-glass-code").session(&stage.session(&viewer));
    assert_eq!(stage.send(&ask).await.status, 403);
    let open = |first: &str, second: &str| {
        Ask::new("POST", "/v1/session/break-glass")
            .json(json!({"first": first, "second": second, "reason": "the provider is down"}))
    };
    assert_eq!(stage.send(&open(&codes[0], &codes[0])).await.status, 401, "one person twice");
    assert_eq!(stage.send(&open(&codes[0], "glass_")).await.status, 401);
    stage.write(|tx| nullius_store::people::roles::drop_role(tx, &codes[5], "lab"));
    assert_eq!(stage.send(&open(&codes[0], &codes[4])).await.status, 401, "carl is nobody any more");
    let told = stage.send(&open(&codes[0], &codes[2])).await;
    assert_eq!(told.status, 204, "no code was used up by what failed");
    let cookie = told.cookie().unwrap();
    let who = me(&stage, &cookie).await;
    assert_eq!(who.text("/who"), "break-glass:anna+ben");
    let permissions = who.body["permissions"].to_string();
    assert!(permissions.contains("grant.approve") && !permissions.contains("policy.apply"), "{permissions}");
    assert_eq!(stage.send(&open(&codes[0], &codes[2])).await.status, 401, "used up");
    stage.pass(Duration::from_secs(29 * 60));
    assert_eq!(me(&stage, &cookie).await.status, 200);
    stage.pass(Duration::from_secs(29 * 60));
    assert_eq!(me(&stage, &cookie).await.status, 200);
    stage.pass(Duration::from_secs(2 * 60));
    assert_eq!(me(&stage, &cookie).await.status, 401, "an hour");
    let log = stage.log();
    let opened = "break-glass:anna+ben break-glass.open controller the provider is down";
    assert!(log.contains(&opened.to_owned()), "{log:?}");
}

#[tokio::test]
async fn two_proofs_at_once_are_none() {
    let stage = Stage::new();
    let anna = stage.person("anna", &[("lab", Role::Viewer)]);
    let cookie = stage.session(&anna);
    let both = Ask::new("GET", "/v1/session").session(&cookie).token("nullius_x");
    assert_eq!(stage.send(&both).await.status, 400);
    let twice = Ask::new("GET", "/v1/session").with("cookie", &format!("{cookie}; __Host-nullius=other"));
    assert_eq!(stage.send(&twice).await.status, 401);
    let in_address = Ask::new("GET", "/v1/session?access_token=nullius_x");
    assert_eq!(stage.send(&in_address).await.status, 401);
}
