//! A device behind a gateway speaks TLS with the door of devices, through frames.

use super::Standing;
use super::gateway::{Gateway, Link};
use super::plant::Plant;
use crate::Tls;
use crate::est::Est;
use nullius_protocol::link::{
    Blob, MAX_RELAY_BYTES, MAX_RELAY_PART, Relay, RelayPart, ToController, ToGateway,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::io::{Read as _, Write as _};
use std::sync::Arc;

async fn door(plant: &Plant) {
    let tls = Tls::new(&plant.app).await.unwrap();
    plant.app.open_est(Est::new(&plant.app, tls.est(&plant.app).unwrap()));
}

fn open(id: u64) -> ToController {
    part(id, RelayPart::Open { port: "lan1".into(), mac: "02:00:00:00:00:01".into() })
}

fn part(id: u64, part: RelayPart) -> ToController {
    ToController::Relay(Relay { id, part })
}

async fn heard(link: &mut Link) -> Relay {
    loop {
        match link.hear().await {
            Some(ToGateway::Relay(relay)) => return relay,
            Some(_) => {}
            None => panic!("the link ended"),
        }
    }
}

async fn refused(link: &mut Link, id: u64) -> String {
    match heard(link).await {
        Relay { id: of, part: RelayPart::End { reason: Some(reason) } } if of == id => reason,
        other => panic!("{other:?}"),
    }
}

fn device(plant: &Plant, gateway: &Gateway) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(gateway.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let time = Arc::new(Standing(plant.clock.clone()));
    let config = ClientConfig::builder_with_details(provider, time);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

/// Says what the device has to say.
async fn say(link: &mut Link, id: u64, device: &mut ClientConnection) {
    let mut bytes = Vec::new();
    while device.wants_write() {
        device.write_tls(&mut bytes).unwrap();
    }
    for bytes in bytes.chunks(MAX_RELAY_PART) {
        link.say(&part(id, RelayPart::Data(Blob(bytes.to_vec())))).await;
    }
}

#[tokio::test]
async fn a_device_behind_a_gateway_reaches_the_door() {
    let plant = Plant::new().await;
    door(&plant).await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    let mut device = device(&plant, &gateway);
    link.say(&open(1)).await;
    let ask = "GET /.well-known/est/cacerts HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    device.writer().write_all(ask.as_bytes()).unwrap();
    let mut answer = Vec::new();
    loop {
        say(&mut link, 1, &mut device).await;
        match heard(&mut link).await.part {
            RelayPart::Data(Blob(bytes)) => {
                let mut bytes = bytes.as_slice();
                while !bytes.is_empty() {
                    device.read_tls(&mut bytes).unwrap();
                    device.process_new_packets().unwrap();
                }
                let mut read = vec![0; 1 << 16];
                if let Ok(length) = device.reader().read(&mut read) {
                    answer.extend_from_slice(&read[..length]);
                }
            }
            RelayPart::End { reason } => {
                assert_eq!(reason, None);
                break;
            }
            RelayPart::Open { .. } => panic!("a controller opens nothing"),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn a_gateway_that_relays_too_much_is_told_and_keeps_its_link() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    link.say(&open(1)).await;
    assert!(refused(&mut link, 1).await.contains("enrols no devices"));
    door(&plant).await;
    link.say(&open(2)).await;
    link.say(&open(2)).await;
    assert!(refused(&mut link, 2).await.contains("once"));
    // what is no TLS ends the flow, and a flood ends it sooner
    let flood = vec![0x16; MAX_RELAY_PART];
    for _ in 0..=MAX_RELAY_BYTES / MAX_RELAY_PART {
        link.say(&part(2, RelayPart::Data(Blob(flood.clone())))).await;
    }
    assert!(matches!(heard(&mut link).await, Relay { id: 2, .. }));
    link.say(&ToController::Ping).await;
    loop {
        match link.hear().await {
            Some(ToGateway::Pong) => break,
            Some(ToGateway::Relay(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
