//! A TCP connection, with TLS or without, that we write to and that says nothing of interest.
//!
//! INVARIANT: a receiver that stops confirming bytes loses the connection within [`USER_TIMEOUT`], and one that hangs up
//! is noticed at once, not at the next write.

use super::Trouble;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{Socket, TcpKeepalive};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long bytes may stay unconfirmed by the receiver's kernel.
pub(crate) const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the reset of a connection may take to arrive, after its end has.
const RESET: Duration = Duration::from_secs(2);

/// Longest wait for a connection, its TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// Silence after which the kernel asks whether the receiver is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Bytes that our kernel may hold: what is lost with a connection is sent again, so there should not be much.
const SEND_BUFFER: usize = 256 << 10;

trait Duplex: AsyncRead + AsyncWrite + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Send + Sync> Duplex for T {}

type Stream = Pin<Box<dyn Duplex>>;

/// An open connection.
pub(crate) struct Connection {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    /// The same socket, to ask the kernel about it.
    socket: Socket,
    ended: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    pub(crate) async fn open(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> Result<Self, Trouble> {
        match timeout(CONNECT, connect(host, port, tls)).await {
            Ok(connected) => {
                let (stream, socket) = connected?;
                let (reader, writer) = tokio::io::split(stream);
                Ok(Self { reader, writer, socket, ended: false })
            }
            Err(_) => Err(Trouble::new("it does not answer")),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let writing = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        tokio::select! {
            written = writing => written.map_err(|error| Trouble::io("writing to it", &error)),
            trouble = hung_up(&mut self.reader, &mut self.ended) => Err(trouble),
        }
    }

    /// Ends when the receiver hangs up.
    pub(crate) async fn hung_up(&mut self) -> Trouble {
        hung_up(&mut self.reader, &mut self.ended).await
    }

    /// Whether the receiver ended the connection, and had read all that it was sent by then: a kernel whose program
    /// closes with bytes unread, or that gets more afterwards, answers with a reset (RFC 1122 §4.2.2.13).
    pub(crate) async fn was_read(&self) -> bool {
        if !self.ended {
            return false;
        }
        tokio::time::sleep(RESET).await;
        matches!(self.socket.take_error(), Ok(None))
    }
}

/// What it says is not for us.
async fn hung_up(reader: &mut ReadHalf<Stream>, ended: &mut bool) -> Trouble {
    let mut ignored = [0; 512];
    loop {
        match reader.read(&mut ignored).await {
            Ok(0) => {
                *ended = true;
                return Trouble::new("it hung up");
            }
            Ok(_) => {}
            Err(error) => return Trouble::io("the connection broke", &error),
        }
    }
}

async fn connect(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> Result<(Stream, Socket), Trouble> {
    let tcp =
        TcpStream::connect((host, port)).await.map_err(|error| Trouble::io("connecting to it", &error))?;
    let (tcp, socket) = set_up(tcp).map_err(|error| Trouble::io("setting up the connection", &error))?;
    let Some(config) = tls else { return Ok((Box::pin(tcp), socket)) };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Trouble::new("its name is none that a certificate has"))?;
    let stream = TlsConnector::from(config).connect(name, tcp).await;
    Ok((Box::pin(stream.map_err(|error| Trouble::io("TLS with it", &error))?), socket))
}

fn set_up(tcp: TcpStream) -> io::Result<(TcpStream, Socket)> {
    let tcp = tcp.into_std()?;
    let socket = Socket::from(tcp.try_clone()?);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3))?;
    Ok((TcpStream::from_std(tcp)?, socket))
}
