//! A device, as far as EST sees one: TLS with or without a certificate, one request, one answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nullius_protocol::enrol::EnrolToken;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::FromDer as _;

/// A key, and the chain that goes with it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) key: Arc<KeyPair>,
    pub(super) chain: Vec<Vec<u8>>,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// What the head says of the body's length, where it lies.
    pub(super) said: Option<usize>,
    pub(super) held: Option<Held>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

pub(super) fn csr(key: &KeyPair) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serialize_request(key).unwrap().der().to_vec()
}

impl Question {
    /// An EST request with this PKCS#10 (DER).
    pub(super) fn est(operation: &str, csr: &[u8]) -> Self {
        let headers = vec![("content-type".to_owned(), "application/pkcs10".to_owned())];
        let path = format!("/.well-known/est/{operation}");
        Self { path, headers, body: STANDARD.encode(csr).into_bytes(), ..Self::default() }
    }

    pub(super) fn json(path: &str, body: &impl serde::Serialize) -> Self {
        Self { path: path.to_owned(), body: serde_json::to_vec(body).unwrap(), ..Self::default() }
    }

    pub(super) fn token(self, token: &EnrolToken) -> Self {
        self.basic(&format!("{}:{}", token.user(), token.password()))
    }

    pub(super) fn basic(mut self, text: &str) -> Self {
        self.headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(text))));
        self
    }

    pub(super) fn held(self, held: &Held) -> Self {
        Self { held: Some(held.clone()), ..self }
    }

    pub(super) async fn send(&self, to: SocketAddr, root: &[u8]) -> Reply {
        self.say("POST", to, root).await
    }

    pub(super) async fn fetch(&self, to: SocketAddr, root: &[u8]) -> Reply {
        self.say("GET", to, root).await
    }

    async fn say(&self, method: &str, to: SocketAddr, root: &[u8]) -> Reply {
        let mut stream = self.connect(to, root).await;
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = self.said.unwrap_or(self.body.len());
        let head = format!(
            "{method} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n",
            self.path
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&self.body).await.unwrap();
        let mut bytes = Vec::new();
        // a connection that is cut behind the answer has said all there is
        let _ = stream.read_to_end(&mut bytes).await;
        Reply::read(&bytes)
    }

    async fn connect(&self, to: SocketAddr, root: &[u8]) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_root_certificates(roots);
        let config = match &self.held {
            None => builder.with_no_client_auth(),
            Some(held) => {
                let chain = held.chain.iter().cloned().map(CertificateDer::from).collect();
                let key = PrivateKeyDer::Pkcs8(held.key.serialize_der().into());
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = TcpStream::connect(to).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let (head, body) = bytes.split_at(end);
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, head, body: body.get(4..).unwrap_or_default().to_vec() }
    }

    /// The word of a problem.
    pub(super) fn code(&self) -> String {
        self.json().get("code").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    }

    /// The certificates (DER) of a certs-only answer, in their order.
    pub(super) fn certificates(&self) -> Vec<Vec<u8>> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let digits: Vec<u8> = self.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(digits).unwrap();
        // they stand behind the head of the message, one behind the other
        let starts = (0..der.len()).filter(|at| der[*at..].starts_with(&[0x30, 0x82]));
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mut end = 0;
        for at in starts {
            if at < end {
                continue;
            }
            if let Ok((rest, _)) = x509_parser::certificate::X509Certificate::from_der(&der[at..]) {
                end = der.len() - rest.len();
                found.push(der[at..end].to_vec());
            }
        }
        found
    }
}
