//! What gateways wrote down comes into the log, once, whatever happens on the way.

use super::gateway::Gateway;
use super::plant::Plant;
use nullius_audit::Phase;
use nullius_protocol::link::{Records, ToController, ToGateway};

#[tokio::test]
async fn records_are_resumed_and_none_is_there_twice() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    for number in 0..5 {
        gateway.note(&number.to_string());
    }
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!((welcome.recorded, gateway.upload(&mut link, &welcome).await), (0, 5));
    // the answer was lost: all of it comes again, and some more
    gateway.note("after");
    assert_eq!(gateway.upload(&mut link, &welcome).await, 6);
    drop(link);
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!(welcome.recorded, 6);
    gateway.note("again");
    assert_eq!(gateway.upload(&mut link, &welcome).await, 7);
    let log = plant.log().await;
    let records: Vec<_> = log.iter().filter(|entry| entry.what == "alarm").collect();
    let numbers: Vec<_> = records.iter().map(|entry| entry.data["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert!(records.iter().all(|entry| entry.who == "gateway:gw1" && entry.phase == Phase::Observed));
}

#[tokio::test]
async fn a_record_that_was_changed_or_left_out_is_told_and_the_rest_is_kept() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    for number in 0..6 {
        gateway.note(&number.to_string());
    }
    gateway.records[1].line = gateway.records[1].line.replace("\"1\"", "\"forged\"");
    gateway.records.remove(4);
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!(gateway.upload(&mut link, &welcome).await, 6);
    let log = plant.log().await;
    let told = |what: &str| log.iter().find(|entry| entry.what == what).unwrap().data.clone();
    assert_eq!(told("gateway.records-changed")["seq"], 2);
    let missing = told("gateway.records-missing");
    assert_eq!((missing["first"].as_u64(), missing["last"].as_u64()), (Some(5), Some(5)));
    assert_eq!(plant.count("alarm").await, 5);
}

#[tokio::test]
async fn a_gateway_that_was_set_up_anew_counts_from_one_and_that_is_told() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    gateway.note("old");
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    gateway.upload(&mut link, &welcome).await;
    drop(link);
    gateway.spool = "another".into();
    gateway.records.clear();
    gateway.note("new");
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!(welcome.recorded, 0);
    assert_eq!(gateway.upload(&mut link, &welcome).await, 1);
    assert_eq!((plant.count("alarm").await, plant.count("gateway.spool").await), (2, 2));
    // records of a spool that was not announced
    let records = vec![gateway.records[0].clone()];
    link.say(&ToController::Records(Records { spool: "third".into(), records })).await;
    assert!(link.end().await.unwrap().0.contains("another spool"));
}

#[tokio::test]
async fn a_line_that_nobody_can_read_is_kept_as_it_is() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    gateway.note("x");
    let line = format!("{{\"what\":\"\u{1b}[2J\",{}", "y".repeat(100_000));
    let chain = nullius_protocol::link::chained(&gateway.records[0].chain, 2, line.as_bytes());
    gateway.records.push(nullius_protocol::link::Record { seq: 2, line, chain });
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    assert_eq!(gateway.upload(&mut link, &welcome).await, 2);
    let log = plant.log().await;
    let kept = log.iter().find(|entry| entry.what == "gateway.record").unwrap();
    assert!(kept.data["line"].as_str().unwrap().starts_with("{\"what\":\"\\u{1b}"));
}

#[tokio::test]
async fn recorded_is_said_after_the_records_are_in_the_store() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    for number in 1..=20_u64 {
        gateway.note("x");
        let records = vec![gateway.records.last().unwrap().clone()];
        link.say(&ToController::Records(Records { spool: gateway.spool.clone(), records })).await;
        let Some(ToGateway::Recorded { through, .. }) = link.hear().await else { panic!() };
        // by another opening of the same store
        let other = plant.second().await;
        assert_eq!((through, other.count("alarm").await as u64), (number, number));
        other.close();
    }
}
