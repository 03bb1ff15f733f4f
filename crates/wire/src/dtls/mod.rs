//! DTLS 1.0 to 1.3 (RFC 4347, RFC 6347, RFC 9147).
//!
//! Read: the same as of TLS, as long as it is in the clear: hellos, certificates up to 1.2, fatal alerts. Not read: what
//! is encrypted; and a message whose fragments come out of order, until it is sent again.
//!
//! INVARIANT: a record of a later epoch than 0 is never looked into.

mod record;

use crate::context::Context;
use crate::parser::DatagramParser;
use crate::reader::{Parse, Reader};
use crate::sides::Sides;
use crate::tls::observe::Exchange;
use crate::tls::record::HandshakeKind;
use nullius_model::Protocol;
use record::{Fragment, Messages, Record, inside_datagram};

/// Whether a datagram begins a handshake: distinct enough to be recognised on any port.
pub(crate) fn begins_with_hello(bytes: &[u8]) -> bool {
    let Ok(Record::Handshake(body)) = Record::read(&mut Reader::new(bytes)) else { return false };
    let fragment = Fragment::read(&mut Reader::new(body));
    fragment.is_ok_and(|fragment| fragment.kind == Some(HandshakeKind::ClientHello) && fragment.offset == 0)
}

/// The datagrams of one flow.
#[derive(Debug)]
pub(crate) struct Session {
    exchange: Exchange,
    messages: Sides<Messages>,
    /// Said once a flow: what shares the port with DTLS (STUN, RTP, QUIC) would be told of with every datagram.
    malformed_told: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self { exchange: Exchange::dtls(), messages: Sides::default(), malformed_told: false }
    }
}

impl DatagramParser for Session {
    fn held_bytes(&self) -> usize {
        self.messages.sum(Messages::held_bytes)
    }

    fn handle_datagram(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        if let Err(error) = self.read_records(bytes, context).map_err(inside_datagram)
            && !std::mem::replace(&mut self.malformed_told, true)
        {
            context.malformed(Protocol::Dtls, error);
        }
    }
}

impl Session {
    fn read_records(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            match Record::read(&mut reader)? {
                Record::Protected => return Ok(()),
                Record::Other => {}
                Record::Alert { level, description } => {
                    self.exchange.handle_alert(level, description, context)
                }
                Record::Handshake(body) => self.read_fragments(body, context)?,
            }
        }
        Ok(())
    }

    fn read_fragments(&mut self, body: &[u8], context: &mut Context<'_>) -> Parse<()> {
        let mut reader = Reader::new(body);
        while !reader.is_empty() {
            let fragment = Fragment::read(&mut reader)?;
            if self.begins_anew(&fragment) {
                self.exchange = Exchange::dtls();
                self.messages.client.clear();
                self.messages.server.clear();
            }
            let exchange = &mut self.exchange;
            let messages = self.messages.of(context.direction);
            messages.take_in(&fragment, |kind, message| exchange.handle_message(kind, message, context))?;
        }
        Ok(())
    }

    /// A client that comes back on the same ports begins another handshake, once the last one was settled.
    fn begins_anew(&self, fragment: &Fragment<'_>) -> bool {
        fragment.kind == Some(HandshakeKind::ClientHello)
            && (fragment.sequence, fragment.offset) == (0, 0)
            && self.exchange.version().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::{datagrams, noise};

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0][..], &length, body].concat()
    }

    fn handshake(kind: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
        record(22, 0, &[&[kind], &length[..], &[0, sequence, 0, 0, 0], &length, body].concat())
    }

    fn client_hello(cookie: &[u8]) -> Vec<u8> {
        let length = u8::try_from(cookie.len()).unwrap();
        [&[0xfe, 0xfd][..], &[7; 32], &[0, length], cookie, &[0, 2, 0xc0, 0xa8, 1, 0]].concat()
    }

    fn server_hello() -> Vec<u8> {
        [&[0xfe, 0xfd][..], &[7; 32], &[0, 0xc0, 0xa8, 0]].concat()
    }

    const OFFER: [&str; 3] = [
        "TlsClient(TlsClientHello { ja4: \"dd2i010000_7bb309af3d46_000000000000\", server_name: None, alpn: None, highest_version: 65277, lowest_version: 65277, post_quantum: false, resumes: false })",
        "fact client ja4: dd2i010000_7bb309af3d46_000000000000",
        "> connect client_hello",
    ];
    const CHOICE: [&str; 2] =
        ["TlsServer(TlsServerHello { version: 65277, suite: 49320, group: None })", "< connect client_hello"];

    #[test]
    fn a_handshake_is_told_once_for_all_its_hellos_and_repetitions() {
        let (first, second) = (handshake(1, 0, &client_hello(&[])), handshake(1, 1, &client_hello(&[9; 20])));
        let (verify, choice) = (handshake(3, 0, &[0xfe, 0xff, 1, 9]), handshake(2, 1, &server_hello()));
        let conversation: &[Piece<'_>] = &[
            Client(&first),
            Client(&first),
            Server(&verify),
            Client(&second),
            Server(&choice),
            Server(&choice),
            Server(&record(22, 1, &[9; 40])),
            Client(&[0x2f, 1, 2, 3]),
        ];
        let said = datagrams(&mut Session::default(), conversation);
        assert_eq!(said, [&OFFER[..], &CHOICE].concat());
    }

    #[test]
    fn a_client_that_comes_back_begins_anew() {
        let (offer, choice) = (handshake(1, 0, &client_hello(&[])), handshake(2, 0, &server_hello()));
        let conversation: &[Piece<'_>] = &[Client(&offer), Server(&choice), Client(&offer), Server(&choice)];
        let said = datagrams(&mut Session::default(), conversation);
        assert_eq!(said, [&OFFER[..], &CHOICE, &OFFER, &CHOICE].concat());
    }

    #[test]
    fn a_refusal_and_a_broken_datagram_are_told() {
        let offer = handshake(1, 0, &client_hello(&[]));
        let refusal = record(21, 0, &[2, 40]);
        let conversation: &[Piece<'_>] =
            &[Client(&offer), Server(&refusal), Server(b"\x00\x01rtp"), Server(b"\x80rtp")];
        let said = datagrams(&mut Session::default(), conversation);
        let refused = ["< connect client_hello refused 40", "malformed: record of an unknown kind"];
        assert_eq!(said, [&OFFER[..], &refused].concat());
    }

    #[test]
    fn only_a_client_hello_is_recognised_on_any_port() {
        let hello = handshake(1, 0, &client_hello(&[]));
        assert!(begins_with_hello(&hello));
        assert!(!begins_with_hello(&hello[..hello.len() - 1]));
        assert!(!begins_with_hello(&handshake(2, 0, &server_hello())));
        assert!(!begins_with_hello(&record(22, 1, &[9; 40])));
        assert!(!begins_with_hello(b""));
    }

    #[test]
    fn noise_is_read_without_harm() {
        for seed in 1..500 {
            let bytes: Vec<u8> = noise(seed).take(120).collect();
            let framed = record(22, 0, &bytes);
            datagrams(&mut Session::default(), &[Client(&bytes), Server(&framed)]);
            let hello = handshake(seed.to_le_bytes()[0] % 12, 0, &bytes);
            datagrams(&mut Session::default(), &[Client(&hello), Server(&hello)]);
        }
    }
}
