//! Who may come: certificates that run out, gateways that are turned away, and a second connection.

use super::gateway::{Gateway, dial, request};
use super::plant::{Plant, SITE, revoke};
use nullius_identity::{Authority, KeyInMemory, Profile, RequestedKey, TrustDomain, Validity};
use nullius_protocol::link::{Blob, ToController, ToGateway};
use nullius_store::gateways;
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;

async fn renewed(gateway: &mut Gateway, plant: &Plant) -> super::gateway::Link {
    let (mut link, _) = gateway.come(plant).await.unwrap();
    let key = KeyPair::generate().unwrap();
    link.say(&ToController::Renew { csr: Blob(request(&key)) }).await;
    let Some(ToGateway::Renewed { chain }) = link.hear().await else { panic!("not renewed") };
    gateway.chain = chain.into_iter().map(|Blob(der)| CertificateDer::from(der)).collect();
    gateway.key = key;
    link
}

#[tokio::test]
async fn a_certificate_is_renewed_over_the_link_with_a_new_key() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    plant.pass(12 * 3600);
    let mut link = renewed(&mut gateway, &plant).await;
    // another one at once is not signed, and nothing that its key did not sign
    link.say(&ToController::Renew { csr: Blob(request(&gateway.key)) }).await;
    assert!(matches!(link.hear().await, Some(ToGateway::NotRenewed { .. })));
    plant.pass(23 * 3600);
    assert!(gateway.come(&plant).await.is_ok());
    assert_eq!(plant.count("gateway.renew").await, 1);
}

#[tokio::test]
async fn a_certificate_that_ran_out_is_good_for_renewing_and_for_nothing_else() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    gateway.note("meanwhile");
    let last = plant.order(revoke("cam1")).await;
    plant.pass(3 * 86_400);
    let mut link = renewed(&mut gateway, &plant).await;
    assert_eq!(link.end().await, Some(("the certificate is new: come again with it".to_owned(), 0)));
    assert_eq!(plant.count("alarm").await, 0);
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, last).await;
    drop(link);
    plant.pass(32 * 86_400);
    assert!(gateway.come(&plant).await.is_err());
}

#[tokio::test]
async fn a_connection_is_worth_no_more_than_its_certificate() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    plant.pass(25 * 3600);
    plant.order(revoke("cam1")).await;
    assert!(link.hear_for(Duration::from_millis(500)).await.is_none(), "told something");
    link.say(&ToController::Renew { csr: Blob(request(&gateway.key)) }).await;
    assert!(matches!(link.hear().await, Some(ToGateway::Renewed { .. })));
    assert_eq!(link.end().await.map(|(_, retry_after)| retry_after), Some(0));
}

#[tokio::test]
async fn a_gateway_that_is_turned_away_is_dropped_and_stays_out_until_it_joins_anew() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    plant.pass(60);
    let unused = plant.invite("gw1").await.to_string();
    assert!(plant.app.write(|tx| gateways::revoke(tx, SITE, "gw1")).await.unwrap());
    assert_eq!(plant.join(&unused, &request(&gateway.key)).await, Err(401));
    assert!(link.end().await.unwrap().0.contains("turned away"));
    assert!(gateway.come(&plant).await.is_err());
    let again = Gateway::joined(&plant, "gw1").await;
    assert!(again.come(&plant).await.is_ok());
    // what was made before is of no use
    assert!(gateway.come(&plant).await.is_err());
}

#[tokio::test]
async fn a_second_connection_takes_the_place_of_the_first() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut first, _) = gateway.come(&plant).await.unwrap();
    let (mut second, _) = gateway.come(&plant).await.unwrap();
    assert!(first.end().await.unwrap().0.contains("took its place"));
    second.say(&ToController::Ping).await;
    assert_eq!(second.hear().await, Some(ToGateway::Pong));
    assert_eq!(plant.app.links().connected(SITE).len(), 1);
}

#[tokio::test]
async fn who_has_no_certificate_of_ours_for_a_gateway_does_not_get_in() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let key = KeyPair::generate().unwrap();
    let validity = Validity { from: super::plant::START, until: super::plant::START + 3600 };
    let foreign = TrustDomain::new("nullius").unwrap();
    let signer = KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap();
    let foreign = Authority::root(foreign, Box::new(signer), [1; 16], validity).unwrap();
    let leaf_key = KeyPair::generate().unwrap();
    let requested = RequestedKey::from_request(&request(&leaf_key)).unwrap();
    let profile = Profile::Gateway { site: SITE.into(), name: "gw1".into() };
    let leaf = foreign.issue(&profile, &requested, [2; 16], validity).unwrap();
    let mut stranger = Gateway::joined(&plant, "gw2").await;
    stranger.chain = vec![leaf.into(), foreign.certificate().to_vec().into()];
    stranger.key = leaf_key;
    assert!(stranger.come(&plant).await.is_err(), "another authority");
    let mut roots = RootCertStore::empty();
    roots.add(gateway.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(super::Standing(plant.clock.clone())));
    let config = config.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(dial(&plant, config).await.is_err(), "no certificate");
}

#[tokio::test]
async fn another_sites_gateway_and_one_that_never_joined_do_not_get_in() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    for (site, name) in [("other", "gw1"), (SITE, "gw9")] {
        let (config, at) = (plant.app.config().clone(), plant.app.now());
        let requested = RequestedKey::from_request(&request(&gateway.key)).unwrap();
        let sign = move |tx: &mut nullius_store::Tx<'_>| {
            let profile = Profile::Gateway { site: site.into(), name: name.into() };
            crate::pki::issue(tx, &config, &profile, &requested, crate::join::validity(&config, at))
        };
        let issued = plant.app.write(sign).await.unwrap();
        gateway.chain = issued.chain.into_iter().map(Into::into).collect();
        assert!(gateway.come(&plant).await.is_err(), "{site} {name}");
    }
    // a controller's own certificate is for no gateway
    let (config, at) = (plant.app.config().clone(), plant.app.now());
    let requested = RequestedKey::from_request(&request(&gateway.key)).unwrap();
    let server = move |tx: &mut nullius_store::Tx<'_>| {
        let profile = Profile::ControllerServer(vec!["localhost".into()]);
        crate::pki::issue(tx, &config, &profile, &requested, crate::join::validity(&config, at))
    };
    let issued = plant.app.write(server).await.unwrap();
    gateway.chain = issued.chain.into_iter().map(Into::into).collect();
    assert!(gateway.come(&plant).await.is_err());
}
