//! One question and its answer in HTTP/1.1 (RFC 9112), bounded.

use super::EstError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes of an answer at most: some certificates in base64.
const MAX_ANSWER: usize = 256 << 10;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No question can be made of what was configured.
    #[error("the question cannot be put")]
    Question(#[from] hyper::http::Error),
    /// The exchange.
    #[error("the exchange with the controller broke off")]
    Exchange(#[from] hyper::Error),
    /// The answer is longer than any.
    #[error("the controller's answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    /// The answer ended before its end.
    #[error("the controller's answer broke off")]
    Broken,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) kind: Option<&'static str>,
    /// Whether the body is base64 (RFC 8951 §3.1 makes it nothing that a server looks at; some do).
    pub(super) encoded: bool,
    pub(super) authorization: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Question {
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, kind: None, encoded: false, authorization: None, body: Vec::new() }
    }

    /// A certificate request, as EST sends it (RFC 7030 §4.2.1).
    pub(super) fn est(path: String, csr: &[u8]) -> Self {
        let body = STANDARD.encode(csr).into_bytes();
        let get = Self::get(path);
        Self { method: Method::POST, kind: Some("application/pkcs10"), encoded: true, body, ..get }
    }

    pub(super) fn json<T: Serialize>(path: &str, value: &T) -> Result<Self, EstError> {
        let body = serde_json::to_vec(value).map_err(|_| EstError::Answer("no JSON"))?;
        let get = Self::get(path.to_owned());
        Ok(Self { method: Method::POST, kind: Some("application/json"), body, ..get })
    }

    fn request(self, host: &str) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        request = request.header(HOST, host).header(CONNECTION, "close");
        if let Some(kind) = self.kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        if self.encoded {
            request = request.header("content-transfer-encoding", "base64");
        }
        if let Some(authorization) = self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        Ok(request.body(Full::from(self.body))?)
    }
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) async fn exchange<S>(stream: S, host: &str, question: Question) -> Result<Heard, HttpError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let request = question.request(host)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let asking = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => HttpError::TooLong,
            Err(_) => HttpError::Broken,
        })?;
        Ok(Heard { status: head.status, headers: head.headers, body: body.to_bytes() })
    };
    // the answer counts: how the other side ends the connection afterwards does not
    let connection = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        heard = asking => heard,
        () = connection => Err(HttpError::Broken),
    }
}
