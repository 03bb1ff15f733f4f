//! Witnesses that keep, that count, and that object.

use super::*;
use crate::out::tests::Site;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_audit::{Checkpoint, Hash, VerifierKey, proof};
use nullius_store::sinks::{self, Kind};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

impl Site {
    fn witness(&self, name: &str, to: Destination) -> tokio::task::JoinHandle<()> {
        let desk = Desk::new(self.app.clone(), Kind::Witness, name, "this".into());
        tokio::spawn(run(desk, Receiver { name: name.to_owned(), to }))
    }

    async fn key(&self) -> VerifierKey {
        let key: Result<_, StoreError> = self.app.read(audit::verifier).await;
        key.expect("a store").expect("a key")
    }

    async fn seen(&self, size: u64) -> sinks::Place {
        loop {
            let all: Result<_, StoreError> = self.app.read(|tx| sinks::all(tx, Kind::Witness)).await;
            if let Some(place) = all.expect("places").pop().filter(|place| place.next >= size) {
                return place;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_file_keeps_every_checkpoint_for_whoever_asks_later() {
    let site = Site::new("witness-file");
    site.happen(3).await;
    let path = site.folder.join("checkpoints");
    let to = Destination::File { path: path.clone(), rotate: 1 << 20 };
    let first = site.witness("file", to.clone());
    site.seen(3).await;
    first.abort();
    site.happen(4).await;
    let _second = site.witness("file", to);
    site.seen(7).await;
    let kept = std::fs::read_to_string(&path).unwrap();
    let opened = Checkpoint::open_all(&kept, &site.key().await).unwrap();
    assert_eq!(opened.iter().map(|checkpoint| checkpoint.size).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_witness_that_cannot_be_told_is_an_alarm_once() {
    let site = Site::new("witness-away");
    site.happen(1).await;
    let url = "http://127.0.0.1:9/".parse().unwrap();
    let _task = site.witness("away", Destination::Http { url, ca: None, token_file: None });
    sleep(Duration::from_millis(3_500)).await;
    let leaves: Result<_, StoreError> = site.app.read(|tx| audit::leaves(tx, 1, 10)).await;
    let leaves = leaves.unwrap();
    assert_eq!(leaves.len(), 1, "{leaves:?}");
    assert!(leaves[0].record.contains("\"what\":\"witness.fail\",\"object\":\"witness/away\""), "{leaves:?}");
}

/// What a witness of C2SP's kind remembers: the size it saw last, and its root.
#[derive(Default)]
struct Memory {
    seen: Mutex<(u64, Option<Hash>)>,
    key: Mutex<Option<VerifierKey>>,
}

async fn add_checkpoint(State(memory): State<Arc<Memory>>, body: String) -> (StatusCode, String) {
    let (head, note) = body.split_once("\n\n").expect("two parts");
    let mut lines = head.lines();
    let old: u64 = lines.next().and_then(|line| line.strip_prefix("old ")?.parse().ok()).expect("a size");
    let hash = |line: &str| Hash(STANDARD.decode(line).expect("base64").try_into().expect("a hash"));
    let hashes: Vec<Hash> = lines.map(hash).collect();
    let key = memory.key.lock().expect("a lock").clone().expect("a key");
    let checkpoint = Checkpoint::open(note.as_bytes(), &key).expect("a checkpoint");
    let mut seen = memory.seen.lock().expect("a lock");
    if old != seen.0 {
        return (StatusCode::CONFLICT, format!("{}\n", seen.0));
    }
    if let Some(root) = seen.1 {
        let (before, after) = ((old, root), (checkpoint.size, checkpoint.root));
        if !proof::extends(before, after, &hashes) {
            return (StatusCode::UNPROCESSABLE_ENTITY, String::new());
        }
    }
    *seen = (checkpoint.size, Some(checkpoint.root));
    (StatusCode::OK, "\u{2014} witness c2lnbmF0dXJl\n".to_owned())
}

#[tokio::test]
async fn a_witness_gets_the_proof_that_the_log_only_grew() {
    let site = Site::new("witness-http");
    site.happen(5).await;
    let memory = Arc::new(Memory::default());
    *memory.key.lock().unwrap() = Some(site.key().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let path = axum::routing::post(add_checkpoint);
    let router = axum::Router::new().route("/prefix/add-checkpoint", path).with_state(memory.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url: reqwest::Url = format!("http://127.0.0.1:{port}/prefix/").parse().unwrap();
    let to = Destination::Http { url, ca: None, token_file: None };
    let first = site.witness("http", to.clone());
    site.seen(5).await;
    first.abort();
    // it was told meanwhile by somebody else: it says how far it is
    site.happen(300).await;
    let again = site.witness("other", to.clone());
    loop {
        let seen = memory.seen.lock().unwrap().0;
        if seen == 305 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    again.abort();
    // and one that has seen more than there is objects
    memory.seen.lock().unwrap().0 = 1_000_000;
    site.happen(1).await;
    let _task = site.witness("http", to);
    loop {
        let all: Result<_, StoreError> = site.app.read(|tx| sinks::all(tx, Kind::Witness)).await;
        let http = all.unwrap().into_iter().find(|place| place.name == "http").unwrap();
        if let Some(error) = http.error {
            assert_eq!(error, "it has seen 1000000 records, but the log has 306");
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
}
