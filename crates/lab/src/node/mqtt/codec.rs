//! Control packets on the wire (3.1.1, 2 and 3).

use crate::node::fields::Fields;
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest packet that is taken: a flood of large ones must not eat the broker's memory.
const MAX_PACKET: usize = 64 * 1024;

/// Types of packets, in the upper half of the first byte.
pub(super) const CONNECT: u8 = 1;
pub(super) const CONNACK: u8 = 2;
pub(super) const PUBLISH: u8 = 3;
pub(super) const PUBACK: u8 = 4;
pub(super) const PUBREC: u8 = 5;
pub(super) const PUBREL: u8 = 6;
pub(super) const PUBCOMP: u8 = 7;
pub(super) const SUBSCRIBE: u8 = 8;
pub(super) const SUBACK: u8 = 9;
pub(super) const UNSUBSCRIBE: u8 = 10;
pub(super) const UNSUBACK: u8 = 11;
pub(super) const PINGREQ: u8 = 12;
pub(super) const PINGRESP: u8 = 13;
pub(super) const DISCONNECT: u8 = 14;

/// One control packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Its type, 1 to 14.
    pub(super) kind: u8,
    /// The lower half of the first byte.
    pub(super) flags: u8,
    /// What follows the length.
    pub(super) body: Vec<u8>,
}

impl Packet {
    pub(super) const fn new(kind: u8, flags: u8, body: Vec<u8>) -> Self {
        Self { kind, flags, body }
    }

    /// The bytes of the packet.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind << 4 | self.flags];
        let mut length = self.body.len();
        loop {
            let digit = u8::try_from(length % 128).unwrap_or_default();
            length /= 128;
            bytes.push(if length == 0 { digit } else { digit | 0x80 });
            if length == 0 {
                break;
            }
        }
        bytes.extend(&self.body);
        bytes
    }

    /// Reads one; nothing where the peer closed between two.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let first = match stream.read_u8().await {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            byte => byte?,
        };
        let mut body = vec![0; read_length(stream).await?];
        stream.read_exact(&mut body).await?;
        Ok(Some(Self::new(first >> 4, first & 0xf, body)))
    }
}

async fn read_length(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
    let mut length = 0_usize;
    for shift in [0, 7, 14, 21] {
        let digit = stream.read_u8().await?;
        length |= usize::from(digit & 0x7f) << shift;
        if digit & 0x80 == 0 && length <= MAX_PACKET {
            return Ok(length);
        }
    }
    Err(bad("a packet is too long"))
}

/// What one publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Publish {
    pub(super) topic: String,
    /// Ties an acknowledgement to it; absent at quality of service 0.
    pub(super) id: Option<u16>,
    pub(super) qos: u8,
    pub(super) retain: bool,
    pub(super) payload: Vec<u8>,
}

impl Publish {
    /// As it goes out: at most once.
    pub(super) fn packet(&self) -> Packet {
        let mut body = counted(&self.topic);
        body.extend(&self.payload);
        Packet::new(PUBLISH, u8::from(self.retain), body)
    }

    pub(super) fn parse(packet: &Packet) -> Option<Self> {
        let qos = packet.flags >> 1 & 3;
        let mut fields = Fields(&packet.body);
        let topic = fields.text()?.to_owned();
        let id = if qos == 0 { None } else { Some(fields.u16()?) };
        let sound = qos < 3 && !topic.is_empty() && !topic.contains(['+', '#', '\0']);
        sound.then(|| Self { topic, id, qos, retain: packet.flags & 1 == 1, payload: fields.0.to_vec() })
    }
}

/// A text behind its length. A longer one than 65535 bytes is none of ours.
pub(super) fn counted(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

pub(super) fn bad(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> io::Result<Option<Packet>> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(Packet::read(&mut bytes))
    }

    #[test]
    fn a_packet_reads_back_at_every_size_of_its_length() {
        for size in [0, 127, 128, 16_383, 16_384, MAX_PACKET] {
            let packet = Packet::new(PUBLISH, 1, vec![7; size]);
            assert_eq!(read(&packet.encoded()).unwrap(), Some(packet), "{size}");
        }
        assert!(read(&[0x30, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(read(&[0x30, 0x02, 0x00]).is_err());
        assert_eq!(read(&[]).unwrap(), None);
    }

    #[test]
    fn nobody_publishes_to_a_wildcard() {
        let publish = Publish { topic: "a/b".into(), id: None, qos: 0, retain: true, payload: b"1".to_vec() };
        assert_eq!(Publish::parse(&publish.packet()), Some(publish.clone()));
        for topic in ["", "a/+", "#", "a\0"] {
            assert_eq!(Publish::parse(&Publish { topic: topic.into(), ..publish.clone() }.packet()), None);
        }
    }
}
