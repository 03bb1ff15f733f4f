//! Tokens and what they are good for.

use super::gateway::{Gateway, request};
use super::plant::{Plant, SITE, policy};
use crate::join::{MAX_LIFE, invite};
use nullius_identity::PinnedRoot;
use nullius_protocol::link::{JOIN_PATH, JoinToken};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_token_makes_a_gateway_once() {
    let plant = Plant::new().await;
    let made = plant.invite("gw1").await;
    let (token, secret) = (made.to_string(), nullius_protocol::to_hex(&made.secret));
    let csr = request(&KeyPair::generate().unwrap());
    let answer = plant.join(&token, &csr).await.unwrap();
    assert_eq!((answer.site.as_str(), answer.gateway.as_str(), answer.policy), (SITE, "gw1", vec![]));
    assert_eq!(plant.join(&token, &csr).await, Err(401));
    assert_eq!(plant.count("gateway.join").await, 1);
    // it is nowhere in what was written down
    assert!(plant.log().await.iter().all(|entry| !format!("{entry:?}").contains(&secret)));
}

#[tokio::test]
async fn a_token_that_is_wrong_or_expired_makes_nobody_a_gateway() {
    let plant = Plant::new().await;
    let token = plant.invite("gw1").await;
    let csr = request(&KeyPair::generate().unwrap());
    let other = JoinToken { secret: [0; 32], ..token.clone() };
    let unknown = JoinToken { id: [0; 8], ..token.clone() };
    for wrong in [other.to_string(), unknown.to_string(), String::new(), "nlj1-00-00-00".to_owned()] {
        assert_eq!(plant.join(&wrong, &csr).await, Err(401), "{wrong}");
    }
    plant.pass(601);
    assert_eq!(plant.join(&token.to_string(), &csr).await, Err(401));
    assert_eq!(plant.count("gateway.join").await, 0);
}

#[tokio::test]
async fn a_newer_token_takes_the_place_of_an_older_one() {
    let plant = Plant::new().await;
    let (older, newer) = (plant.invite("gw1").await, plant.invite("gw1").await);
    let csr = request(&KeyPair::generate().unwrap());
    assert_eq!(plant.join(&older.to_string(), &csr).await, Err(401));
    assert!(plant.join(&newer.to_string(), &csr).await.is_ok());
}

#[tokio::test]
async fn a_request_that_proves_no_key_of_ours_uses_no_token_up() {
    let plant = Plant::new().await;
    let token = plant.invite("gw1").await.to_string();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut forged = request(&KeyPair::generate().unwrap());
    *forged.last_mut().unwrap() ^= 1;
    for csr in [request(&rsa), forged, vec![], vec![0x30; 20 << 10]] {
        assert_eq!(plant.join(&token, &csr).await, Err(422));
    }
    assert!(plant.join(&token, &request(&KeyPair::generate().unwrap())).await.is_ok());
}

#[tokio::test]
async fn a_body_is_bounded_and_says_nothing_more_than_it_may() {
    let plant = Plant::new().await;
    assert_eq!(plant.post(vec![b' '; 100 << 10]).await, Err(413));
    let token = plant.invite("gw1").await;
    let surplus = format!(r#"{{"version":1,"token":"{token}","csr":"","site":"other"}}"#);
    assert_eq!(plant.post(surplus.into_bytes()).await, Err(422));
    assert_eq!(plant.post(b"{".to_vec()).await, Err(400));
}

#[tokio::test]
async fn a_token_is_for_a_site_that_exists_and_a_name_that_can_be_one() {
    let plant = Plant::new().await;
    for (site, name, seconds) in [
        ("other", "gw1", 60),
        (SITE, "a/b", 60),
        (SITE, "..", 60),
        (SITE, "gw1", 0),
        (SITE, "gw1", MAX_LIFE + 1),
    ] {
        let at = plant.app.now();
        let made = plant.app.write(move |tx| invite(tx, (site, name), "user:anna", seconds, at)).await;
        assert!(made.is_err(), "{site} {name} {seconds}");
    }
}

#[tokio::test]
async fn who_joins_gets_the_policy_in_force_signed() {
    let plant = Plant::new().await;
    let epoch = plant.issue(policy(&[("inventory.toml", "format = 1\n")])).await;
    let token = plant.invite("gw1").await.to_string();
    let answer = plant.join(&token, &request(&KeyPair::generate().unwrap())).await.unwrap();
    let mut gateway = Gateway::joined(&plant, "gw2").await;
    gateway.take(&answer.policy);
    assert_eq!((gateway.policy, gateway.files.len()), (epoch, 1));
}

#[tokio::test]
async fn the_api_is_known_by_the_root_that_stands_in_the_token() {
    let plant = Plant::new().await;
    let tls = crate::Tls::new(&plant.app).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = crate::router(&plant.app);
    let limits = plant.app.config().limits;
    tokio::spawn(crate::serve(router, listener, Some(tls.api.into()), limits, std::future::pending()));
    let token = plant.invite("gw1").await;
    for (root, known) in [(token.root.0, true), ([0; 32], false)] {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = PinnedRoot::new(root, provider).client().unwrap();
        config.time_provider = Arc::new(super::Standing(plant.clock.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let connected = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await;
        assert_eq!(connected.is_ok(), known);
        let Ok(mut stream) = connected else { continue };
        let head = format!(
            "POST {JOIN_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    }
}
