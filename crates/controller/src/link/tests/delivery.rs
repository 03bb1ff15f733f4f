//! What gateways are told, in which order, and what is known of it afterwards.

use super::gateway::Gateway;
use super::plant::{Plant, SITE, policy, restore, revoke};
use crate::bundles;
use crate::link::{AskError, ask};
use nullius_audit::Phase;
use nullius_model::Epoch;
use nullius_protocol::link::{Ack, Answered, Hash, Outcome, Revoked, ToController, ToGateway};
use nullius_protocol::local::{Answer, Body, Command};
use nullius_protocol::order::Order;
use std::time::Duration;

const fn epoch(term: u64, counter: u64) -> Epoch {
    Epoch { term, counter }
}

#[tokio::test]
async fn a_gateway_is_told_what_is_in_force_in_order_and_the_log_knows_what_became_of_it() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    plant.issue(policy(&[("a", "1")])).await;
    plant.order(revoke("cam1")).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, epoch(1, 2)).await;
    // one that is decided while the link is up
    let last = plant.order(restore("cam1")).await;
    gateway.follow(&mut link, last).await;
    assert_eq!((gateway.policy, gateway.taken, gateway.revoked.len()), (epoch(1, 1), epoch(1, 3), 0));
    settled(&plant, "bundle.applied", 3).await;
    let log = plant.log().await;
    let applied: Vec<_> = log.iter().filter(|entry| entry.phase == Phase::Applied).collect();
    for entry in applied {
        let decided = &log[usize::try_from(entry.of.unwrap()).unwrap()];
        assert_eq!((decided.phase, decided.epoch), (Phase::Decided, entry.epoch));
        assert_eq!(entry.who, "gateway:gw1");
    }
}

/// Waits until the log holds so many records of a kind.
async fn settled(plant: &Plant, what: &str, count: usize) {
    for _ in 0..200 {
        if plant.count(what).await >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(plant.count(what).await, count, "{what}");
}

#[tokio::test]
async fn a_cut_of_a_day_ends_with_how_things_stand_and_not_with_all_that_happened() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let first = plant.issue(policy(&[("a", "1")])).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, first).await;
    drop(link);
    for hour in 0..23_u32 {
        plant.pass(3600);
        gateway.note(&format!("hour {hour}"));
        plant.order(if hour % 2 == 0 { revoke("cam1") } else { restore("cam1") }).await;
        plant.issue(policy(&[("a", "1"), ("b", &hour.to_string())])).await;
    }
    let last = plant.order(revoke("cam2")).await;
    let (mut link, welcome) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, last).await;
    assert_eq!(gateway.orders, [revoke("cam1"), revoke("cam2")]);
    assert_eq!(gateway.files.get("b").map(String::as_str), Some("22"));
    assert_eq!(gateway.upload(&mut link, &welcome).await, 23);
    assert_eq!(plant.count("alarm").await, 23);
}

#[tokio::test]
async fn a_small_change_of_a_large_policy_goes_as_a_change_and_now_and_then_in_full() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let large = "x".repeat(100_000);
    let mut last = plant.issue(policy(&[("large", &large), ("b", "0")])).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, last).await;
    let mut in_full = Vec::new();
    for number in 1..=20 {
        last = plant.issue(policy(&[("large", &large), ("b", &number.to_string())])).await;
        gateway.follow(&mut link, last).await;
        if gateway.deltas == 0 {
            in_full.push(number);
        }
    }
    assert_eq!((in_full, gateway.files.get("b").map(String::as_str)), (vec![17], Some("20")));
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_followed_by_the_whole() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let large = "x".repeat(10_000);
    let first = plant.issue(policy(&[("large", &large)])).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, first).await;
    gateway.files.clear();
    let last = plant.issue(policy(&[("large", &large), ("b", "1")])).await;
    gateway.follow(&mut link, last).await;
    assert_eq!((gateway.policy, gateway.files.len(), gateway.deltas), (last, 2, 0));
    settled(&plant, "bundle.applied", 2).await;
    assert_eq!(plant.count("bundle.refused").await, 0);
}

#[tokio::test]
async fn many_orders_come_without_waiting_and_a_policy_alone() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    for number in 0..100 {
        plant.order(revoke(&format!("cam{number}"))).await;
    }
    plant.issue(policy(&[("a", "1")])).await;
    let last = plant.order(revoke("last")).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    let mut unacked = Vec::new();
    while let Some(frame) = link.hear_for(Duration::from_millis(500)).await {
        let Some(ToGateway::Bundle { bytes }) = frame else { panic!("{frame:?}") };
        unacked.push(gateway.take(&bytes.0));
    }
    assert_eq!(unacked.len(), super::super::delivery::WINDOW);
    for ack in unacked {
        link.say(&ToController::Ack(ack)).await;
    }
    gateway.follow(&mut link, last).await;
    assert_eq!(gateway.orders.len(), 101);
}

#[tokio::test]
async fn what_is_refused_or_held_is_told_once_and_does_not_stop_what_follows() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let (refused, held) = (plant.order(revoke("cam1")).await, plant.order(revoke("cam2")).await);
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    for result in [
        Outcome::Refused { reason: "no such device\u{1b}[2J".into() },
        Outcome::Held { reason: "shift change".into() },
    ] {
        let Some(ToGateway::Bundle { .. }) = link.hear().await else { panic!() };
        let epoch = if matches!(result, Outcome::Refused { .. }) { refused } else { held };
        for _ in 0..2 {
            link.say(&ToController::Ack(Ack { epoch, result: result.clone() })).await;
        }
    }
    gateway.taken = held;
    let last = plant.order(revoke("cam3")).await;
    gateway.follow(&mut link, last).await;
    let result = Outcome::Applied { kernel_digest: Hash([1; 32]) };
    link.say(&ToController::Ack(Ack { epoch: held, result })).await;
    settled(&plant, "bundle.applied", 2).await;
    assert_eq!((plant.count("bundle.refused").await, plant.count("bundle.held").await), (1, 1));
    let log = plant.log().await;
    let failed = log.iter().find(|entry| entry.phase == Phase::Failed).unwrap();
    assert!(!failed.why.contains('\u{1b}'), "{}", failed.why);
}

#[tokio::test]
async fn a_question_is_answered_by_the_gateway_and_an_act_is_none() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    assert_eq!(ask(&plant.app, SITE, "gw1", Command::Stages).await, Err(AskError::NotConnected));
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    let app = plant.app.clone();
    let answer = tokio::spawn(async move { ask(&app, SITE, "gw1", Command::Denials).await });
    let Some(ToGateway::Ask(asked)) = link.hear().await else { panic!() };
    assert_eq!(asked.command, Command::Denials);
    // an answer that nobody asked for is let go
    let said = || Answer::Ok(Box::new(Body::Denials(vec![])));
    link.say(&ToController::Answer(Answered { id: 999, answer: said() })).await;
    link.say(&ToController::Answer(Answered { id: asked.id, answer: said() })).await;
    assert_eq!(answer.await.unwrap(), Ok(said()));
    let forget = Command::Forget { device: "plc1".into() };
    assert_eq!(ask(&plant.app, SITE, "gw1", forget).await, Err(AskError::NotAQuestion));
    assert_eq!(plant.app.links().connected(SITE).len(), 1);
}

#[tokio::test]
async fn gateways_of_a_restored_controller_bring_back_what_it_forgot() {
    let plant = Plant::new().await;
    let (mut one, mut two) = (Gateway::joined(&plant, "gw1").await, Gateway::joined(&plant, "gw2").await);
    plant.issue(policy(&[("a", "kept")])).await;
    plant.order(revoke("cam1")).await;
    plant.order(restore("cam1")).await;
    plant.order(Order::Mode { mode: "maintenance".into(), zone: None, reason: "x".into() }).await;
    // gw1 saw what came after the backup: other epochs, and a revocation
    (one.taken, one.policy) = (epoch(3, 70), epoch(3, 69));
    one.revoked = ["cam1".to_owned(), "cam9".to_owned()].into();
    one.revoked_at = super::plant::START + 5;
    let (mut link, _) = one.come(&plant).await.unwrap();
    one.follow(&mut link, epoch(4, 4)).await;
    assert_eq!(one.files.get("a").map(String::as_str), Some("kept"));
    assert_eq!(one.revoked.len(), 2);
    // gw2 hears of both, though it knew of neither
    let (mut link, _) = two.come(&plant).await.unwrap();
    two.follow(&mut link, epoch(4, 4)).await;
    assert_eq!(two.revoked, one.revoked);
    assert_eq!(plant.count("site.term").await, 1);
}

#[tokio::test]
async fn a_restoration_on_its_way_is_not_undone_by_the_revocation_it_answers() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    let revoked = plant.order(revoke("cam1")).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, revoked).await;
    drop(link);
    gateway.revoked_at = super::plant::START;
    plant.pass(10);
    let restored = plant.order(restore("cam1")).await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, restored).await;
    assert!(gateway.revoked.is_empty());
    drop(link);
    // by hand, at the gateway, afterwards
    plant.pass(10);
    gateway.revoked.insert("cam1".into());
    gateway.revoked_at = super::plant::START + 20;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    gateway.follow(&mut link, epoch(1, 3)).await;
    assert_eq!(gateway.revoked.len(), 1);
}

#[tokio::test]
async fn a_revocation_at_a_gateway_goes_to_the_others_while_the_link_is_up() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let mut other = Gateway::joined(&plant, "gw2").await;
    let (mut link, _) = gateway.come(&plant).await.unwrap();
    let (mut beside, _) = other.come(&plant).await.unwrap();
    let told = Revoked { device: "cam1".into(), at: 1, by: "anna".into(), reason: "stolen".into() };
    link.say(&ToController::Revoked(vec![told.clone(), told])).await;
    other.follow(&mut beside, epoch(1, 1)).await;
    assert!(other.revoked.contains("cam1"));
    assert_eq!(plant.count("device.revoke").await, 1, "it is one revocation");
}

#[tokio::test]
async fn a_revocation_is_adopted_whatever_is_written_beside_it() {
    let plant = Plant::new().await;
    let gateway = Gateway::joined(&plant, "gw1").await;
    let mut hello = gateway.hello();
    let hostile = "\u{1b}[2J\0\u{202e}".repeat(1000);
    for device in ["cam1", "../cam2", ""] {
        let (by, reason) = (hostile.clone(), hostile.clone());
        hello.revoked.push(Revoked { device: device.into(), at: 1, by, reason });
    }
    let mut link = gateway.dial(&plant).await.unwrap();
    link.say(&ToController::Hello(hello)).await;
    assert!(matches!(link.hear().await, Some(ToGateway::Welcome(_))));
    assert_eq!(plant.count("device.revoke").await, 1);
}

#[tokio::test]
async fn a_term_beyond_reach_is_nobodys_to_open() {
    let plant = Plant::new().await;
    let mut gateway = Gateway::joined(&plant, "gw1").await;
    gateway.taken = epoch(1 << 40, 1);
    assert!(gateway.come(&plant).await.is_err());
    let at = plant.app.now();
    let next = plant.app.write(move |tx| {
        let order = revoke("cam1");
        bundles::issue(
            tx,
            SITE,
            nullius_protocol::bundle::Body::Order { key: order.key(), order },
            "x",
            "",
            at,
        )
    });
    assert_eq!(next.await.unwrap(), epoch(1, 1));
}
