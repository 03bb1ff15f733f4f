//! The sensor: `/temperature` and the list of what there is.

use super::codec::{CONTENT_FORMAT, Kind, Message};
use super::{MAX_MESSAGE, PORT};
use anyhow::{Context as _, Result};
use std::net::Ipv6Addr;
use tokio::net::UdpSocket;

/// Codes of replies: class in the upper three bits.
const CONTENT: u8 = 0x45;
const BAD_OPTION: u8 = 0x82;
const NOT_FOUND: u8 = 0x84;
const NOT_ALLOWED: u8 = 0x85;
/// The code of GET.
const GET: u8 = 1;
/// Content formats: plain text, and lists of links (RFC 6690).
const TEXT: u8 = 0;
const LINKS: u8 = 40;

/// Serves for good.
pub(in crate::node) async fn run() -> Result<()> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, PORT)).await.context("the port of CoAP is taken")?;
    let mut buffer = [0; MAX_MESSAGE];
    for tenths in (0..10).cycle() {
        let Ok((size, peer)) = socket.recv_from(&mut buffer).await else { continue };
        let request = buffer.get(..size).and_then(Message::parse);
        if let Some(reply) = request.and_then(|request| reply(&request, tenths)) {
            // a datagram may be lost
            let _ = socket.send_to(&reply.encoded(), peer).await;
        }
    }
    Ok(())
}

fn reply(request: &Message, tenths: u16) -> Option<Message> {
    let kind = match request.kind {
        Kind::Confirmable => Kind::Acknowledgement,
        Kind::NonConfirmable => Kind::NonConfirmable,
        Kind::Acknowledgement | Kind::Reset => return None,
    };
    let empty = Message { kind, code: 0, options: Vec::new(), payload: Vec::new(), ..request.clone() };
    if request.code == 0 {
        // an empty message asks whether anybody is there (RFC 7252, 4.3)
        return Some(Message { kind: Kind::Reset, ..empty });
    }
    let (code, format, text) = content(request, tenths);
    let format = if format == TEXT { Vec::new() } else { vec![format] };
    let options = if code == CONTENT { vec![(CONTENT_FORMAT, format)] } else { Vec::new() };
    Some(Message { code, options, payload: text.into_bytes(), ..empty })
}

fn content(request: &Message, tenths: u16) -> (u8, u8, String) {
    let found = match request.path().as_str() {
        "temperature" => Some((CONTENT, TEXT, format!("21.{tenths}"))),
        ".well-known/core" => Some((CONTENT, LINKS, "</temperature>;rt=\"temperature-c\";ct=0".to_owned())),
        _ => None,
    };
    match found {
        _ if request.has_bad_option() => (BAD_OPTION, TEXT, String::new()),
        None => (NOT_FOUND, TEXT, String::new()),
        Some(_) if request.code != GET => (NOT_ALLOWED, TEXT, String::new()),
        Some(found) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::coap::codec::URI_PATH;

    fn code(code: u8, path: &str, extra: Option<u16>) -> u8 {
        let mut options = vec![(URI_PATH, path.as_bytes().to_vec())];
        options.extend(extra.map(|number| (number, Vec::new())));
        let request =
            Message { kind: Kind::Confirmable, code, id: 1, token: vec![9], options, payload: vec![] };
        let reply = reply(&request, 3).unwrap();
        assert_eq!((reply.kind, reply.id, reply.token), (Kind::Acknowledgement, 1, vec![9]));
        reply.code
    }

    #[test]
    fn every_request_is_answered_in_the_protocols_own_words() {
        assert_eq!(code(GET, "temperature", None), CONTENT);
        assert_eq!(code(3, "temperature", None), NOT_ALLOWED);
        assert_eq!(code(GET, "pressure", None), NOT_FOUND);
        assert_eq!(code(GET, "temperature", Some(65001)), BAD_OPTION);
    }
}
