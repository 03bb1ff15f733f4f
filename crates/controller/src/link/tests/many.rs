//! Fifty gateways whose links break at random come to the same end.

use super::gateway::Gateway;
use super::plant::{Plant, policy, restore, revoke};
use nullius_model::Epoch;
use nullius_protocol::link::{ToController, ToGateway};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const GATEWAYS: usize = 50;

/// Numbers that are the same in every run (Lehmer, Park and Miller 1988).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 % below
    }
}

/// Follows with breaks until it has the last epoch.
async fn wander(
    plant: Arc<Plant>,
    mut gateway: Gateway,
    seed: u64,
    mut goal: watch::Receiver<Option<Epoch>>,
) -> Gateway {
    let mut numbers = Numbers(seed);
    loop {
        let Ok((mut link, _)) = gateway.come(&plant).await else { panic!("not let in") };
        let mut left = numbers.next(8);
        loop {
            if goal.borrow_and_update().is_some_and(|goal| gateway.taken >= goal) {
                return gateway;
            }
            let Some(frame) = link.hear_for(Duration::from_millis(200)).await else { continue };
            let Some(ToGateway::Bundle { bytes }) = frame else { break };
            let ack = gateway.take(&bytes.0);
            // a link that breaks loses acks and all that was on its way
            if left == 0 && goal.borrow().is_none() {
                break;
            }
            left = left.saturating_sub(1);
            link.say(&ToController::Ack(ack)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_gateways_converge_after_random_partitions() {
    let plant = Arc::new(Plant::new().await);
    let (goal, reached) = watch::channel(None);
    let mut gateways = Vec::new();
    for number in 0..GATEWAYS {
        let name: &'static str = Box::leak(format!("gw{number}").into_boxed_str());
        let gateway = Gateway::joined(&plant, name).await;
        let seed = number as u64 + 1;
        gateways.push(tokio::spawn(wander(Arc::clone(&plant), gateway, seed, reached.clone())));
    }
    let mut numbers = Numbers(7);
    let (mut expected, mut text) = (BTreeSet::new(), String::new());
    for number in 0..60 {
        let device = format!("cam{}", numbers.next(12));
        match numbers.next(3) {
            0 => {
                text = number.to_string();
                plant.issue(policy(&[("a", &text), ("b", &"x".repeat(2000))])).await;
            }
            1 => {
                plant.order(revoke(&device)).await;
                expected.insert(device);
            }
            _ => {
                plant.order(restore(&device)).await;
                expected.remove(&device);
            }
        }
    }
    let last = plant.order(revoke("last")).await;
    expected.insert("last".to_owned());
    goal.send(Some(last)).unwrap();
    for gateway in gateways {
        let gateway = tokio::time::timeout(Duration::from_secs(60), gateway).await.unwrap().unwrap();
        assert_eq!(gateway.revoked, expected);
        assert_eq!(gateway.files.get("a"), Some(&text));
    }
}
