//! Names of the plant: `plc1.lab` (RFC 1035, RFC 3596).

use crate::node::fields::Fields;
use crate::plant::{Addresses, node_named};
use anyhow::{Context as _, Result};
use std::net::Ipv6Addr;
use tokio::net::UdpSocket;

/// The port of DNS.
const PORT: u16 = 53;
/// Longest question that is read.
const MAX_QUESTION: usize = 512;
/// The domain of all names.
const DOMAIN: &str = ".lab";
/// How long an answer may be kept, in seconds.
const TTL: u32 = 60;
/// Reply codes.
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;
const NOT_IMPLEMENTED: u8 = 4;
/// Record types.
const A: u16 = 1;
const AAAA: u16 = 28;

pub(super) async fn run() -> Result<()> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, PORT)).await.context("the port of DNS is taken")?;
    let mut buffer = [0; MAX_QUESTION];
    loop {
        let Ok((size, peer)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(reply) = buffer.get(..size).and_then(answer) {
            // a datagram may be lost
            let _ = socket.send_to(&reply, peer).await;
        }
    }
}

/// Nothing for what is no question.
fn answer(datagram: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Fields(datagram);
    let (id, flags, questions) = (fields.u16()?, fields.u16()?, fields.u16()?);
    fields.bytes(6)?;
    if flags & 0x8000 != 0 || questions != 1 {
        return None;
    }
    let asked = fields;
    let name = name(&mut fields)?;
    let (kind, _class) = (fields.u16()?, fields.u16()?);
    let question = asked.0.get(..asked.0.len().checked_sub(fields.0.len())?)?;
    let (code, data) = match flags >> 11 & 0xf {
        0 => find(&name, kind),
        _ => (NOT_IMPLEMENTED, None),
    };
    Some(reply(id, code, question, kind, data.as_deref()))
}

fn find(name: &str, kind: u16) -> (u8, Option<Vec<u8>>) {
    let host = name.strip_suffix(DOMAIN).and_then(node_named);
    let Some(Addresses { v4, v6, .. }) = host.map(|node| node.addresses()) else {
        return (NO_SUCH_NAME, None);
    };
    let data = match kind {
        A => Some(v4.octets().to_vec()),
        AAAA => Some(v6.octets().to_vec()),
        _ => None,
    };
    (NO_ERROR, data)
}

fn name(fields: &mut Fields<'_>) -> Option<String> {
    let mut labels = Vec::new();
    loop {
        match fields.u8()? {
            0 => return Some(labels.join(".")),
            length @ 1..=63 => {
                let label = std::str::from_utf8(fields.bytes(usize::from(length))?).ok()?;
                labels.push(label.to_ascii_lowercase());
            }
            _ => return None,
        }
    }
}

fn reply(id: u16, code: u8, question: &[u8], kind: u16, data: Option<&[u8]>) -> Vec<u8> {
    let mut reply = id.to_be_bytes().to_vec();
    // an answer, by whom it may concern, about one question
    reply.extend([0x84, code, 0, 1, 0, u8::from(data.is_some()), 0, 0, 0, 0]);
    reply.extend(question);
    if let Some(data) = data {
        // the name is the question's, at byte 12
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1]);
        reply.extend(TTL.to_be_bytes());
        reply.extend([0, u8::try_from(data.len()).unwrap_or_default()]);
        reply.extend(data);
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, kind: u16) -> Vec<u8> {
        answer(&question(name, kind)).unwrap_or_default()
    }

    fn question(name: &str, kind: u16) -> Vec<u8> {
        let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).unwrap_or_default());
            question.extend(label.as_bytes());
        }
        question.push(0);
        question.extend(kind.to_be_bytes());
        question.extend([0, 1]);
        question
    }

    #[test]
    fn a_node_has_an_address_and_a_stranger_has_none() {
        assert!(ask("PLC1.lab", A).ends_with(&[0, 4, 10, 77, 1, 11]));
        assert!(ask("plc1.lab", AAAA).ends_with(&[0, 0x11]));
        assert_eq!(ask("plc1.lab", 16)[3..8], [NO_ERROR, 0, 1, 0, 0]);
        assert_eq!(ask("example.com", A)[3], NO_SUCH_NAME);
        assert_eq!(answer(&[0, 7, 0x80, 0, 0, 1]), None);
    }
}
