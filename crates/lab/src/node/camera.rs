//! A camera: one picture, or an endless series of them, over HTTP/1.1 (RFC 9112).

use super::accept::accept;
use anyhow::Result;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

/// The port of HTTP.
pub(super) const PORT: u16 = 80;
/// Longest head of a request.
const MAX_HEAD: usize = 8 * 1024;
/// How long a request may take to come: one that never ends must not hold a place.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two pictures of the series.
const FRAME_EVERY: Duration = Duration::from_millis(200);
/// Rows and columns of a picture.
const SIZE: u8 = 32;
/// What separates two pictures; nothing in a picture looks like it.
pub(super) const BOUNDARY: &str = "picture";

/// Serves for good.
pub(super) async fn run() -> Result<()> {
    accept(PORT, serve).await
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let head = timeout(PATIENCE, head(&mut stream)).await??;
    let mut words = head.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some("/")) => {
            let page = b"<!doctype html><title>cam1</title><img src=/stream alt=tank>";
            answer(&mut stream, "200 OK", "text/html", page).await
        }
        (Some("GET"), Some("/picture")) => answer(&mut stream, "200 OK", FORMAT, &picture(0)).await,
        (Some("GET"), Some("/stream")) => series(&mut stream).await,
        (Some("GET"), Some(_)) => answer(&mut stream, "404 Not Found", "text/plain", b"not found\n").await,
        _ => answer(&mut stream, "405 Method Not Allowed", "text/plain", b"only GET\n").await,
    }
}

async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return Err(io::Error::new(ErrorKind::InvalidData, "a head without end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn answer(stream: &mut TcpStream, status: &str, format: &str, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {format}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    stream.shutdown().await
}

async fn series(stream: &mut TcpStream) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut ticks = interval(FRAME_EVERY);
    for number in 0_u8..=u8::MAX {
        ticks.tick().await;
        let body = picture(number);
        let part =
            format!("--{BOUNDARY}\r\nContent-Type: {FORMAT}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[part.as_bytes(), &body, b"\r\n"].concat()).await?;
    }
    stream.write_all(format!("--{BOUNDARY}--\r\n").as_bytes()).await
}

/// Grey pictures need no codec.
const FORMAT: &str = "image/x-portable-graymap";

/// A slope that wanders with `number`.
fn picture(number: u8) -> Vec<u8> {
    let mut picture = format!("P5 {SIZE} {SIZE} 255\n").into_bytes();
    let row = |y: u8| (0..SIZE).map(move |x| x.wrapping_mul(4).wrapping_add(y).wrapping_add(number));
    picture.extend((0..SIZE).flat_map(row));
    picture
}
