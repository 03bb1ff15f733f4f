//! Over sockets: what a client costs, and what a bad one gets.

use super::*;
use crate::Config;
use crate::http::{Problem, Rate, Rates};
use crate::testing::{Ask, Stage};
use nullius_store::testing::sqlite;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use utoipa_axum::routes;

struct Served {
    address: SocketAddr,
    server: JoinHandle<()>,
    _stage: Stage,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn served(limits: Limits) -> Served {
    let plenty = Rate { burst: 1e9, refill: 1e9 };
    let rates = Rates { address: plenty, sign_in: plenty, caller: plenty, refusal: plenty };
    let stage = Stage::over(sqlite(), Config { rates, ..Config::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(stage.router(), listener, None, limits, std::future::pending()));
    Served { address, server, _stage: stage }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, and reads until the other end closes.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes).await;
        read(&mut stream).await
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

const INFO: &[u8] = b"GET /v1/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn whoever_asks_is_answered_with_headers_that_keep_a_browser_quiet() {
    let served = served(Limits::default()).await;
    let answer = served.send(INFO).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for header in [
        "content-security-policy: default-src 'none'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
    ] {
        assert!(answer.contains(header), "{answer}");
    }
    assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
    let missing = served.send(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(missing.starts_with("HTTP/1.1 404") && missing.contains("application/problem+json"), "{missing}");
    let method = served.send(b"PUT /v1/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(method.starts_with("HTTP/1.1 405"), "{method}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let served = served(Limits::default()).await;
    let begun = b"GET /v1/info HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n";
    let idle = [begun, &b"\r\n"[..]].concat();
    for bytes in
        [&b""[..], b"GET /v1/info HT", begun, b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let answer = tokio::time::timeout(PATIENCE * 3, served.send(bytes)).await;
        let shown = String::from_utf8_lossy(bytes);
        assert!(answer.is_ok_and(|answer| !answer.starts_with("HTTP/1.1 200")), "{shown}");
    }
    let answer = tokio::time::timeout(PATIENCE * 2, served.send(&idle)).await;
    assert!(answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")), "closed when it idles");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = served(Limits::default()).await;
    let head = b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    let mut stream = served.connect().await;
    stream.write_all(head).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(30), read(&mut stream)).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let served = served(Limits::default()).await;
    let head = |more: &str| {
        format!("POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{more}\r\n\r\n")
    };
    let announced = served.send(head("Content-Length: 99999999999").as_bytes()).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    let mut chunked = head("Transfer-Encoding: chunked").into_bytes();
    for _ in 0..20 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.extend_from_slice(&vec![b' '; 0x10000]);
        chunked.extend_from_slice(b"\r\n");
    }
    let came = served.send(&chunked).await;
    assert!(came.is_empty() || came.starts_with("HTTP/1.1 413"), "{came}");
}

#[tokio::test]
async fn heads_and_addresses_have_an_end() {
    let served = served(Limits::default()).await;
    let fields = "X-Field: y\r\n".repeat(FIELDS + 1);
    for (head, status) in [
        (format!("GET /v1/info HTTP/1.1\r\nHost: x\r\n{fields}\r\n"), "431"),
        (format!("GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "y".repeat(HEAD)), "431"),
        (
            format!("GET /v1/info?{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "y".repeat(8 * 1024)),
            "414",
        ),
    ] {
        let answer = served.send(head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_no_more() {
    let served = served(Limits { connections: 16, of_one_address: 2 }).await;
    let (first, _second) = (served.connect().await, served.connect().await);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(served.send(INFO).await, "", "the third is closed");
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(served.send(INFO).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_crowd_waits_in_the_queue_and_is_served() {
    let served = served(Limits { connections: 8, of_one_address: 1_000 }).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(served.connect().await);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut waiting = served.connect().await;
    waiting.write_all(INFO).await.unwrap();
    assert!(timeout(Duration::from_millis(200), read(&mut waiting)).await.is_err(), "there is no room");
    held.clear();
    assert!(read(&mut waiting).await.starts_with("HTTP/1.1 200"));
    let crowd = (0..400).map(|_| served.send(INFO));
    let answers = futures_util::future::join_all(crowd).await;
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")));
}

#[utoipa::path(get, path = "/breaks", responses((status = 200)), extensions(("x-permission" = json!("public"))))]
async fn breaks() -> Problem {
    panic!("a handler that breaks")
}

#[utoipa::path(get, path = "/silent", responses((status = 200)))]
async fn silent() -> &'static str {
    "nobody may see this"
}

#[tokio::test]
async fn a_handler_that_breaks_is_a_problem_and_one_that_says_nothing_answers_nobody() {
    let stage = Stage::new();
    let operations = OpenApiRouter::new().routes(routes!(breaks)).routes(routes!(silent));
    let router = surrounded(&stage.app, operations);
    let broken = stage.send_to(&router, &Ask::new("GET", "/breaks")).await;
    assert_eq!((broken.status, broken.text("/code")), (500, "internal"));
    let admin = stage.person("anna", &[("*", crate::access::Role::Admin)]);
    let silent = Ask::new("GET", "/silent").session(&stage.session(&admin));
    assert_eq!(stage.send_to(&router, &silent).await.status, 405);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_again() {
    let slow = |burst| Rate { burst, refill: 0.1 };
    let rates = Rates { address: slow(6.0), sign_in: slow(2.0), caller: slow(3.0), refusal: slow(1.0) };
    let stage = Stage::over(sqlite(), Config { rates, ..Config::default() });
    let wrong = Ask::new("POST", "/v1/session").json(json!({"name": "a", "password": "b", "code": "c"}));
    let status = async |ask: &Ask| stage.send(ask).await.status;
    assert_eq!([status(&wrong).await, status(&wrong).await, status(&wrong).await], [401, 401, 429]);
    let anna = stage.person("anna", &[("lab", crate::access::Role::Viewer)]);
    stage.pass(Duration::from_secs(600));
    let me = Ask::new("GET", "/v1/session").session(&stage.session(&anna));
    assert_eq!(
        [status(&me).await, status(&me).await, status(&me).await, status(&me).await],
        [200, 200, 200, 429]
    );
    let info = Ask::new("GET", "/v1/info");
    assert_eq!([status(&info).await, status(&info).await], [200, 200]);
    let told = stage.send(&info).await;
    assert_eq!((told.status, told.headers["retry-after"].to_str().unwrap()), (429, "10"));
    stage.pass(Duration::from_secs(10));
    assert_eq!(status(&info).await, 200);
}
