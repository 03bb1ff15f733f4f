//! A receiver that is down for an hour, with a sixtieth of the 2,000 events a second of the requirement. All of
//! them are measured by `cargo bench -p nullius-controller --bench outage`.

use super::*;
use std::sync::atomic::Ordering;

const SECONDS: u64 = 3_600;
const RECORDS_A_SECOND: usize = 2_000_usize.div_ceil(60);

/// Virtual time, real disk: the hour passes on the clocks, and every leaf is written and flushed.
#[tokio::test]
async fn an_hour_without_a_receiver_loses_nothing() {
    let site = Site::new("outage");
    let place = receivers::away();
    let task = site.start("siem", syslog(place.local_addr().unwrap().port()));
    tokio::time::pause();
    for _ in 0..SECONDS / 60 {
        site.happen(RECORDS_A_SECOND * 60).await;
        site.hand.0.fetch_add(60, Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    let reached = site.place("siem").await.unwrap();
    assert_eq!(reached.next, 0);
    assert!(reached.error.unwrap().contains("connecting to it"));
    tokio::time::resume();
    let count = u64::try_from(RECORDS_A_SECOND).unwrap() * SECONDS;
    let receiver = Collector::back(place);
    receiver.has(usize::try_from(count).unwrap()).await;
    assert_eq!(receiver.sequences(), all(count));
    assert_eq!(receiver.frames(), count, "nothing is sent twice to a receiver that is well");
    assert!(site.place("siem").await.unwrap().error.is_none());
    task.abort();
}
