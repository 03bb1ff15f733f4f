//! Devices enrol with tokens, each over a connection of its own: how many a second, durably logged.
//!
//! The controller runs as it does in a plant, over SQLite on a disk, with its issuing key sealed in the store; the
//! devices run beside it on the same processors. `openssl speed` says in the same run how often those sign. Fails below
//! [`GATE`]. `cargo xtask bench` runs this.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot run must say so at once")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::disallowed_methods, reason = "the bench times what it does, beside what the machine can")]
#![expect(clippy::cast_precision_loss, reason = "rates are for people")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_controller::{App, Ready, Settings, SystemClock};
use nullius_model::lifecycle::{Author, Event, Lifecycle};
use nullius_protocol::to_hex;
use nullius_store::devices::Device;
use nullius_store::enrol_tokens::EnrolToken;
use nullius_store::{StoreError, devices, enrol_tokens};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Enrolments a second.
const GATE: f64 = 200.0;

/// Devices.
const DEVICES: usize = 2_000;

/// Devices at once.
const AT_ONCE: usize = 32;

const SITE: &str = "lab";

fn main() {
    let folder = std::env::temp_dir().join(format!("nullius-est-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let rate = measure(&folder);
    fs::remove_dir_all(folder).unwrap();
    let (signs, verifies) = openssl();
    println!("enrolments              {rate:.0} a second, {DEVICES} devices, {AT_ONCE} at once");
    println!("openssl, one processor  {signs:.0} signatures, {verifies:.0} verifications a second (P-256)");
    println!("ratio                   one enrolment for {:.0} signatures of `openssl speed`", signs / rate);
    assert!(rate >= GATE, "{rate:.0} enrolments a second are below {GATE}");
}

fn measure(folder: &Path) -> f64 {
    let file = folder.join("controller.toml");
    let text = format!(
        "names = ['localhost']\ntrust_domain = 'bench'\nlisten = '127.0.0.1:0'\nlinks = '127.0.0.1:0'\n\
         est.listen = '127.0.0.1:0'\nstate = '{}'\n[limits]\nof_one_address = 1000\nrequests_per_second = 1000000\n",
        folder.display()
    );
    fs::write(&file, text).unwrap();
    let settings = Settings::read(&file).unwrap();
    let (tell, ready) = mpsc::channel::<Ready>();
    std::thread::spawn(move || {
        let told = |ready: &Ready| tell.send(ready.clone()).unwrap();
        nullius_controller::run(&settings, Arc::new(SystemClock), told, std::future::pending())
    });
    let ready = ready.recv().unwrap();
    nullius_controller::invite(&ready, SITE, "gw1", 60).unwrap();
    let root = root(ready.est);
    let work = Arc::new(prepare(&ready.app));
    let (next, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (next, work, tls, door) = (Arc::clone(&next), Arc::clone(&work), client(&root), ready.est);
            std::thread::spawn(move || {
                while let Some(request) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    enrol(&tls, door, request);
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    DEVICES as f64 / started.elapsed().as_secs_f64()
}

/// Devices at work, a token for each, and what each will say.
fn prepare(app: &App) -> Vec<String> {
    let rows: Vec<(Device, EnrolToken, String)> = (0..DEVICES).map(device).collect();
    let (kept, now) = (rows.clone(), app.now().as_secs());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let written: Result<(), StoreError> = runtime.block_on(app.write(move |tx| {
        for (device, token, _) in &kept {
            devices::insert(tx, SITE, device)?;
            enrol_tokens::add(tx, &EnrolToken { expires: now + 3_600, ..token.clone() })?;
        }
        Ok(())
    }));
    written.unwrap();
    rows.into_iter().map(|(_, _, request)| request).collect()
}

fn device(number: usize) -> (Device, EnrolToken, String) {
    let name = format!("dev{number}");
    let id = (number as u64).to_be_bytes();
    let secret: [u8; 32] = Sha256::digest(id).into();
    let token = EnrolToken {
        id: id.to_vec(),
        hash: Sha256::digest(secret).to_vec(),
        site: SITE.to_owned(),
        device: name.clone(),
        hardware: false,
        made_by: "bench".to_owned(),
        made: 0,
        expires: 0,
        used: false,
    };
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let csr = params.serialize_request(&key).unwrap();
    let body = STANDARD.encode(csr.der());
    let basic = STANDARD.encode(format!("{}:{}", to_hex(&id), to_hex(&secret)));
    let request = format!(
        "POST /.well-known/est/simpleenroll HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/pkcs10\r\nauthorization: Basic {basic}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    (row(name), token, request)
}

fn row(name: String) -> Device {
    let mut life = Lifecycle::new();
    let credential = Sha256::digest(&name).into();
    for event in [Event::Claim { owner: "bench".into() }, Event::Enrol { credential }, Event::Activate] {
        life.handle(event, life.version(), Author::Person("bench".into()), "bench".into()).unwrap();
    }
    Device {
        name,
        life,
        declaration: String::new(),
        zone: "cell".to_owned(),
        shard: 0,
        vouched: Vec::new(),
        ia: 0,
        gateway: None,
        seen: None,
        search: String::new(),
        changed: 0,
    }
}

/// The controller's root, as it shows it.
fn root(door: SocketAddr) -> CertificateDer<'static> {
    let shown = Command::new("openssl")
        .args(["s_client", "-showcerts", "-connect", &door.to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let last = text.rsplit("-----BEGIN CERTIFICATE-----").next().unwrap();
    let digits: String = last.split("-----END").next().unwrap().split_whitespace().collect();
    CertificateDer::from(STANDARD.decode(digits).unwrap())
}

fn client(root: &CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    // a device that enrols was never here before
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

fn enrol(tls: &Arc<ClientConfig>, door: SocketAddr, request: &str) {
    let connection =
        ClientConnection::new(Arc::clone(tls), ServerName::try_from("localhost").unwrap()).unwrap();
    let stream = TcpStream::connect(door).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// Signatures and verifications a second on one processor, for three seconds each.
fn openssl() -> (f64, f64) {
    let output = Command::new("openssl").args(["speed", "-seconds", "3", "ecdsap256"]).output();
    let text = String::from_utf8(output.expect("openssl is needed").stdout).unwrap();
    let line = text.lines().last().expect("openssl says how fast it was").to_owned();
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let rates: Vec<f64> = numbers.iter().rev().take(2).copied().collect();
    (*rates.last().unwrap(), *rates.first().unwrap())
}
