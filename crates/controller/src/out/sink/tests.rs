//! Receivers that are well, away, slow, broken and hostile, over real sockets and a real disk.

mod outage;
mod receivers;

use super::*;
use crate::out::tests::Site;
use nullius_store::sinks::{self, Kind};
use receivers::{Collector, Manner};
use std::collections::BTreeSet;

impl Site {
    fn start(&self, name: &str, to: Destination) -> tokio::task::JoinHandle<()> {
        let desk = Desk::new(self.app.clone(), Kind::Sink, name, "this".into());
        tokio::spawn(run(desk, Receiver { name: name.to_owned(), to }))
    }

    async fn place(&self, name: &'static str) -> Option<sinks::Place> {
        let all: Result<_, StoreError> = self.app.read(|tx| sinks::all(tx, Kind::Sink)).await;
        all.expect("places").into_iter().find(|place| place.name == name)
    }

    /// Waits until the receiver of that name is so far.
    async fn reaches(&self, name: &'static str, next: u64) {
        while self.place(name).await.is_none_or(|place| place.next < next) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn syslog(port: u16) -> Destination {
    Destination::Syslog { host: "127.0.0.1".to_owned(), port, ca: None }
}

fn all(count: u64) -> BTreeSet<u64> {
    (0..count).collect()
}

#[tokio::test]
async fn every_receiver_gets_every_record_however_often_it_fails() {
    let site = Site::new("every");
    site.happen(700).await;
    let syslog_receiver = Collector::start(Manner::BreakTwice(90)).await;
    let http_receiver = receivers::Web::start().await;
    let path = site.folder.join("events.jsonl");
    let url = format!("http://127.0.0.1:{}/in", http_receiver.port).parse().unwrap();
    let _tasks = [
        site.start("siem", syslog(syslog_receiver.port)),
        site.start("lake", Destination::Http { url, ca: None, token_file: None }),
        site.start("disk", Destination::File { path: path.clone(), rotate: 1 << 30 }),
    ];
    site.reaches("disk", 700).await;
    site.happen(50).await;
    site.reaches("disk", 750).await;
    site.reaches("lake", 750).await;
    syslog_receiver.has(750).await;
    assert_eq!(syslog_receiver.sequences(), all(750));
    assert_eq!(http_receiver.sequences(), all(750));
    let lines = std::fs::read_to_string(path).unwrap();
    let sequences: Vec<u64> = lines.lines().map(receivers::sequence).collect();
    assert_eq!(sequences, all(750).into_iter().collect::<Vec<_>>());
}

/// Balancers close what is idle, and receivers are restarted: nobody would get further if all of it were sent again.
#[tokio::test]
async fn what_a_receiver_read_before_it_closed_is_not_sent_again() {
    let site = Site::new("close");
    site.happen(300).await;
    let receiver = Collector::start(Manner::CloseWhenIdle).await;
    let _task = site.start("siem", syslog(receiver.port));
    site.reaches("siem", 300).await;
    site.happen(300).await;
    site.reaches("siem", 600).await;
    assert_eq!((receiver.sequences(), receiver.frames()), (all(600), 600));
}

#[tokio::test]
async fn a_receiver_that_reads_a_byte_a_second_stalls_only_itself() {
    let site = Site::new("slow");
    let slow = Collector::start(Manner::ByteASecond).await;
    let well = Collector::start(Manner::Well).await;
    let _tasks = [site.start("slow", syslog(slow.port)), site.start("well", syslog(well.port))];
    let started = Instant::now();
    for _ in 0..20 {
        site.happen(500).await;
    }
    let appended = started.elapsed();
    well.has(10_000).await;
    assert_eq!(well.sequences(), all(10_000));
    assert!(slow.received() < 1_000, "{}", slow.received());
    assert!(appended < Duration::from_secs(10), "{appended:?}");
}

#[tokio::test]
async fn a_receiver_is_believed_only_with_the_configured_authority() {
    let site = Site::new("tls");
    site.happen(20).await;
    let tls = receivers::Authority::new();
    let (ours, other) = (site.folder.join("ours.pem"), site.folder.join("other.pem"));
    std::fs::write(&ours, tls.pem()).unwrap();
    std::fs::write(&other, receivers::Authority::new().pem()).unwrap();
    let receiver = Collector::start_tls(&tls).await;
    let to = |ca| Destination::Syslog { host: "localhost".to_owned(), port: receiver.port, ca: Some(ca) };
    let wrong = site.start("wrong", to(other));
    while site.place("wrong").await.is_none_or(|place| place.error.is_none()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = site.place("wrong").await.unwrap().error.unwrap();
    assert!(error.contains("TLS with it") && error.contains("certificate"), "{error}");
    assert_eq!(receiver.received(), 0);
    wrong.abort();
    let _task = site.start("right", to(ours));
    receiver.has(20).await;
    assert_eq!(receiver.sequences(), all(20));
}
