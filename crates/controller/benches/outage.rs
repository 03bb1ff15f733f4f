//! A receiver of events is away for an hour in which 2,000 things a second happen, and comes back.
//!
//! The hour is virtual, the disk is real: 7.2 million records are appended and flushed second by second, while a
//! controller tries to reach its receiver. Then the receiver listens, and must get every sequence number.
//! `OUTAGE_SECONDS` shortens the hour. `cargo xtask bench` runs this.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "the bench times what it does")]
#![expect(clippy::cast_precision_loss, reason = "rates are for people")]

use nullius_audit::{Entry, Phase};
use nullius_controller::{Settings, SystemClock};
use nullius_model::Timestamp;
use nullius_store::{Store, StoreError, audit};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const SECONDS: u64 = 3_600;
const A_SECOND: u64 = 2_000;

fn main() {
    let seconds = std::env::var("OUTAGE_SECONDS").map_or(SECONDS, |text| text.parse().expect("a number"));
    let folder = std::env::temp_dir().join(format!("nullius-outage-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    measure(&folder, seconds);
    fs::remove_dir_all(folder).unwrap();
}

fn measure(folder: &Path, seconds: u64) {
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = folder.join("controller.toml");
    let text = format!(
        "names = ['localhost']\ntrust_domain = 'bench'\nlisten = '127.0.0.1:0'\nlinks = '127.0.0.1:0'\n\
         est.listen = '127.0.0.1:0'\n\
         state = '{}'\n[[sink]]\nname = 'siem'\nto = 'syslog+tcp://{place}'\n",
        folder.display()
    );
    fs::write(&file, text).unwrap();
    let settings = Settings::read(&file).unwrap();
    let (ready, is_ready) = mpsc::channel();
    let controller = {
        let settings = settings.clone();
        move || {
            let told = |_: &_| ready.send(()).unwrap();
            nullius_controller::run(&settings, std::sync::Arc::new(SystemClock), told, std::future::pending())
        }
    };
    std::thread::spawn(controller);
    is_ready.recv().unwrap();
    let store = Store::open(&settings.location().unwrap(), settings.kek().unwrap()).unwrap();
    let before = size(&store);
    let appending = append(&store, seconds);
    let count = size(&store);
    assert_eq!(count, before + seconds * A_SECOND);
    let bytes = fs::metadata(folder.join("controller.db")).unwrap().len();
    let listener = TcpListener::bind(place).unwrap();
    let back = Instant::now();
    let received = collect(&listener, count);
    let took = back.elapsed();
    println!("records                 {count}");
    println!("appended                {:.0} a second", (count - before) as f64 / appending.as_secs_f64());
    println!("store                   {} bytes a record", bytes / count);
    println!(
        "received after {took:.0?}, {:.0} a second once connected",
        count as f64 / received.since_first.as_secs_f64()
    );
    println!("sequence numbers missing {}, twice {}", received.missing, received.twice);
    assert_eq!(received.missing, 0, "a record is missing");
}

fn size(store: &Store) -> u64 {
    store.read(audit::size).unwrap()
}

/// A second of the hour is a transaction.
fn append(store: &Store, seconds: u64) -> Duration {
    let started = Instant::now();
    for second in 0..seconds {
        let at = Timestamp::from_secs(1_795_366_874 + second);
        let entry = |number| {
            let entry = Entry::new(Phase::Observed, at, "gateway:gw1", "denied", "gateway/gw1").site("plant");
            let text = format!(
                "{at} epoch 1.7: denied plc{number} -> hmi1 tcp/502 (policy), 1 packets: none permits it"
            );
            entry.detail("seq", number).detail("text", text)
        };
        let entries: Vec<Entry> = (0..A_SECOND).map(entry).collect();
        let appended: Result<u64, StoreError> = store.write(|tx| audit::append_all(tx, &entries));
        appended.unwrap();
    }
    started.elapsed()
}

struct Received {
    missing: u64,
    twice: u64,
    since_first: Duration,
}

/// Reads until every number below `count` was there.
fn collect(listener: &TcpListener, count: u64) -> Received {
    let mut seen = vec![false; usize::try_from(count).unwrap()];
    let (mut missing, mut twice, mut first) = (count, 0, None);
    while missing > 0 {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::with_capacity(1 << 20, stream);
        while let Some(sequence) = next(&mut stream) {
            first.get_or_insert_with(Instant::now);
            match seen.get_mut(usize::try_from(sequence).unwrap()) {
                Some(seen) if !*seen => {
                    *seen = true;
                    missing -= 1;
                }
                Some(_) | None => twice += 1,
            }
            if missing == 0 {
                break;
            }
        }
    }
    Received { missing, twice, since_first: first.unwrap().elapsed() }
}

/// Octet counting: a length, a space, a message.
fn next(stream: &mut BufReader<TcpStream>) -> Option<u64> {
    let mut length = Vec::new();
    stream.read_until(b' ', &mut length).ok().filter(|read| *read > 0)?;
    let length: usize = std::str::from_utf8(&length).unwrap().trim_end().parse().unwrap();
    let mut message = vec![0; length];
    stream.read_exact(&mut message).ok()?;
    let message = std::str::from_utf8(&message).unwrap();
    let (_, rest) = message.split_once("\"sequence\":").unwrap();
    Some(rest.split(',').next().unwrap().parse().unwrap())
}
