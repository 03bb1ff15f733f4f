//! Gateways that break the contract, or are only half there; and what one costs that has nothing to say.

use super::gateway::Gateway;
use super::plant::{Plant, SITE, policy};
use nullius_protocol::link::{Hello, MAX_TO_CONTROLLER, PING_SECONDS, Report, ToController, ToGateway};
use nullius_protocol::local::Device;
use nullius_store::gateways;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_frame_that_is_too_long_or_says_too_much_ends_the_stream() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let surplus = b"\xa1\x65renew\xa2\x63csr\x40\x65force\xf5";
    let surplus = [&u32::try_from(surplus.len()).unwrap().to_be_bytes()[..], surplus].concat();
    let long = u32::try_from(MAX_TO_CONTROLLER + 1).unwrap().to_be_bytes().to_vec();
    for (bytes, why) in [(long, "frame of"), (surplus, "unknown"), (vec![0, 0, 0, 1, 0xff], "not understood")]
    {
        let (mut link, _) = gateway.come(&plant).await.unwrap();
        link.raw(bytes).await;
        let (reason, retry_after) = link.end().await.unwrap();
        assert!(reason.contains(why) && retry_after == 3600, "{reason}");
    }
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    link.say(&ToController::Hello(gateway.hello())).await;
    assert!(link.end().await.unwrap().0.contains("once"));
}

#[tokio::test]
async fn a_stream_opens_with_a_hello_of_this_version() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    for first in [ToController::Ping, ToController::Hello(Hello { version: 2, ..gateway.hello() })] {
        let mut link = gateway.dial(&plant).await.unwrap();
        link.say(&first).await;
        assert!(link.end().await.is_some());
    }
    assert_eq!(plant.app.links().connected(SITE).len(), 0);
}

#[tokio::test]
async fn who_is_silent_is_gone_and_who_pings_is_not() {
    let plant = Plant::new().await;
    let (one, two) = (Gateway::joined(&plant, "gw1").await, Gateway::joined(&plant, "gw2").await);
    let (mut silent, _) = one.come(&plant).await.unwrap();
    let (mut pinging, _) = two.come(&plant).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        pinging.say(&ToController::Ping).await;
        assert_eq!(pinging.hear().await, Some(ToGateway::Pong));
        // half a frame is not one
        silent.raw(vec![0]).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(silent.end().await.is_some());
    assert_eq!(plant.app.links().connected(SITE), ["gw2".to_owned()].into());
}

#[tokio::test]
async fn who_does_not_read_holds_up_nobody_else() {
    let plant = Plant::new().await;
    let (one, mut two) = (Gateway::joined(&plant, "gw1").await, Gateway::joined(&plant, "gw2").await);
    let (deaf, _) = one.come(&plant).await.unwrap();
    let last = plant.issue(policy(&[("large", &"x".repeat(4 << 20))])).await;
    let (mut link, _) = two.come(&plant).await.unwrap();
    two.follow(&mut link, last).await;
    assert_eq!(two.policy, last);
    drop(deaf);
}

#[tokio::test]
async fn what_a_gateway_reports_is_kept_and_not_faster_than_it_should_come() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    let report = |names: [&str; 2]| {
        let devices = names.map(|name| Device { name: name.into(), ..Device::default() }).to_vec();
        ToController::Report(Box::new(Report { devices, ..Report::default() }))
    };
    link.say(&report(["plc1", "../../etc"])).await;
    link.say(&report(["plc2", "plc3"])).await;
    link.say(&ToController::Ping).await;
    assert_eq!(link.hear().await, Some(ToGateway::Pong));
    let told = |device: &'static str| plant.app.read(move |tx| gateways::sightings(tx, SITE, device));
    let plc1: Vec<(String, Vec<u8>, u64)> = told("plc1").await.unwrap();
    assert_eq!((plc1.len(), plc1[0].0.as_str()), (1, "gw1"));
    let view: Device = serde_json::from_slice(&plc1[0].1).unwrap();
    assert_eq!(view.name, "plc1");
    let none: Result<Vec<_>, nullius_store::StoreError> = told("../../etc").await;
    assert!(none.unwrap().is_empty());
    assert!(plant.app.read(|tx| gateways::report(tx, SITE, "gw1")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_link_with_nothing_to_say_costs_less_than_10_kb_a_minute() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    // a minute of an idle gateway is so many pings and their answers; an hour of it, without the waiting
    let (minutes, pings) = (60, 60 / PING_SECONDS);
    let before = link.bytes.load(Ordering::Relaxed);
    for _ in 0..minutes * pings {
        link.say(&ToController::Ping).await;
        assert_eq!(link.hear().await, Some(ToGateway::Pong));
    }
    let bytes = (link.bytes.load(Ordering::Relaxed) - before) / minutes;
    // what TCP and IP add: at most four packets a ping, of 52 bytes before their content
    let with_packets = bytes + pings * 4 * 52;
    assert!(with_packets <= 10_000, "{bytes} bytes a minute, {with_packets} with the headers of its packets");
}
