//! HTTP POST of lines of JSON (`application/x-ndjson`); an answer of 2xx means that they are taken.
//!
//! No redirect is followed and no proxy is asked: events go where the configuration says, or nowhere.

use super::Trouble;
use crate::out::ocsf::Line;
use reqwest::{Client, StatusCode, Url, header};
use rustls::ClientConfig;
use std::time::Duration;

/// Largest body, in bytes; a single record may be larger.
const MAX_BODY: usize = 1 << 20;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Most of an answer that is read, in bytes: what is read to its end leaves the connection usable.
const MAX_ANSWER: usize = 64 << 10;

/// An HTTP receiver.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    url: Url,
    token: Option<String>,
    /// Bytes a body may have; less after the receiver said that it was too much.
    most: usize,
    settled: u64,
}

/// A client that goes where it is sent, and nowhere else.
pub(crate) fn client(tls: Option<ClientConfig>) -> Result<Client, Trouble> {
    let plain = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(PATIENCE);
    let builder = match tls {
        Some(tls) => plain.https_only(true).use_preconfigured_tls(tls),
        None => plain.use_preconfigured_tls(crate::out::trust::nobody()?),
    };
    builder.build().map_err(|error| Trouble::new(chain(&error)))
}

impl Http {
    pub(crate) const fn new(client: Client, url: Url, token: Option<String>) -> Self {
        Self { client, url, token, most: MAX_BODY, settled: 0 }
    }

    pub(crate) const fn open(&mut self, next: u64) {
        self.settled = next;
    }

    pub(crate) const fn settled(&self) -> u64 {
        self.settled
    }

    /// In bodies that fit, each taken before the next is sent.
    pub(crate) async fn send(&mut self, mut lines: &[Line]) -> Result<(), Trouble> {
        while !lines.is_empty() {
            let (body, count) = body(lines, self.most);
            match self.post(body).await? {
                StatusCode::PAYLOAD_TOO_LARGE if count > 1 => self.most = (self.most / 2).max(1),
                status if status.is_success() => {
                    let (taken, rest) = lines.split_at(count);
                    self.settled = taken.last().map_or(self.settled, |line| line.sequence + 1);
                    lines = rest;
                }
                status => return Err(Trouble::new(format!("it answered {status}"))),
            }
        }
        Ok(())
    }

    async fn post(&self, body: String) -> Result<StatusCode, Trouble> {
        let mut request = self.client.post(self.url.clone());
        request = request.header(header::CONTENT_TYPE, "application/x-ndjson");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.body(body).send().await.map_err(|error| Trouble::new(chain(&error)))?;
        let status = answer.status();
        read(answer).await?;
        Ok(status)
    }
}

/// The beginning of an answer.
pub(crate) async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Trouble::new(chain(&error)))? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// As many lines as fit, one at least.
fn body(lines: &[Line], most: usize) -> (String, usize) {
    let mut body = String::new();
    let mut count = 0;
    for line in lines {
        if count > 0 && body.len() + line.json.len() >= most {
            break;
        }
        body.push_str(&line.json);
        body.push('\n');
        count += 1;
    }
    (body, count)
}

/// An error with its causes, without the address: it may name what is nobody's business.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "it does not answer in time" } else { "HTTP with it" }.to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
