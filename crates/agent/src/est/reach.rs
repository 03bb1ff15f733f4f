//! The two ways to the controller: directly, and through whatever gateway is on the plant.

use crate::plant::{Plant, PlantError, Relayed};
use crate::tls;
use hyper::Uri;
use nullius_protocol::enrol::PORT;
use rustls::ClientConfig;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why nobody was reached.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// What was configured.
    #[error("`{}` is no address of a controller: expected `https://HOST[:PORT]`", .0.escape_debug())]
    Address(String),
    /// No connection.
    #[error("the controller at {address} cannot be reached: {source}")]
    Connect {
        /// Where it should be.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else, or a certificate that ran out.
    #[error("who answers is not the controller of this device, or this machine's clock is wrong: {0}")]
    Tls(io::Error),
    /// It ended before anybody was known.
    #[error("the way to the controller broke off: {0}")]
    Broken(io::Error),
    /// No gateway, or one that passes nothing on.
    #[error("no gateway passes it on: {0}")]
    Gateway(#[from] PlantError),
}

/// The address of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    host: String,
    port: u16,
}

impl Server {
    /// From `https://HOST[:PORT]`.
    pub(crate) fn parse(text: &str) -> Result<Self, ReachError> {
        let refused = || ReachError::Address(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let plain = uri.scheme_str() == Some("https") && uri.path().trim_matches('/').is_empty();
        let authority = uri.authority().filter(|authority| plain && !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(refused)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Self { host: host.to_owned(), port: authority.port_u16().unwrap_or(PORT) })
    }
}

/// A way to the controller.
#[derive(Debug)]
pub(crate) enum Reach {
    /// Over the network.
    Direct(Server),
    /// Through a gateway.
    Gateway(Plant),
}

impl Reach {
    /// A TLS connection, and the name by which the other end is asked.
    pub(super) async fn connect(
        &self,
        config: ClientConfig,
    ) -> Result<(TlsStream<Stream>, String), ReachError> {
        let (stream, host) = match self {
            Self::Direct(Server { host, port }) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let address = format!("{host}:{port}");
                match stream {
                    Ok(stream) => (Stream::Direct(stream), address),
                    Err(source) => return Err(ReachError::Connect { address, source }),
                }
            }
            Self::Gateway(plant) => (Stream::Gateway(plant.relay().await?), "controller.invalid".to_owned()),
        };
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(tls::nobody(), stream).await.map_err(broken)?;
        Ok((stream, host))
    }
}

/// Where TLS itself says no there is somebody, and it is not the controller.
fn broken(error: io::Error) -> ReachError {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    if is_tls { ReachError::Tls(error) } else { ReachError::Broken(error) }
}

/// Bytes to the controller.
#[derive(Debug)]
pub(super) enum Stream {
    Direct(TcpStream),
    Gateway(Relayed),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Gateway(stream) => Pin::new(&mut stream.from).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Gateway(stream) => AsyncWrite::poll_write(Pin::new(&mut stream.to), cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(stream) => Pin::new(stream).poll_flush(cx),
            Self::Gateway(stream) => Pin::new(&mut stream.to).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Gateway(stream) => Pin::new(&mut stream.to).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_maybe_a_port() {
        let server = |host: &str, port| Server { host: host.to_owned(), port };
        for (text, expected) in [
            ("https://controller.example", server("controller.example", PORT)),
            ("https://controller.example:1/", server("controller.example", 1)),
            ("https://192.0.2.1:8446", server("192.0.2.1", 8446)),
            ("https://[2001:db8::1]:8446", server("2001:db8::1", 8446)),
        ] {
            assert_eq!(Server::parse(text).unwrap(), expected, "{text}");
        }
        for wrong in ["", "controller.example", "http://c", "https://u:p@c", "https://c/est", "https:///"] {
            assert!(Server::parse(wrong).is_err(), "{wrong}");
        }
    }
}
