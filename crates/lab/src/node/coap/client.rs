//! One question, one answer.

use super::codec::{Kind, Message, URI_PATH};
use super::{MAX_MESSAGE, PORT};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What `server` has under `path`; `number` tells this question from others.
pub(in crate::node) async fn ask(server: IpAddr, path: &str, number: u16) -> io::Result<String> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await?;
    socket.connect((server, PORT)).await?;
    let token = number.to_be_bytes().to_vec();
    let options = path.split('/').map(|segment| (URI_PATH, segment.as_bytes().to_vec())).collect();
    let question =
        Message { kind: Kind::Confirmable, code: 1, id: number, token, options, payload: Vec::new() };
    socket.send(&question.encoded()).await?;
    let mut buffer = [0; MAX_MESSAGE];
    let size = timeout(PATIENCE, socket.recv(&mut buffer)).await??;
    let reply = buffer.get(..size).and_then(Message::parse);
    let reply = reply.filter(|reply| reply.token == question.token && reply.code >> 5 == 2);
    let reply = reply.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no such thing"))?;
    Ok(String::from_utf8_lossy(&reply.payload).into_owned())
}
