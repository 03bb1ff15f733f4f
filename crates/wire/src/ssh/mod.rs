//! SSH (RFC 4253), up to the point where a side encrypts.
//!
//! Read: the identification of both sides and what they offer for key exchange, host keys, ciphers and digests. Not
//! read: the exchange itself, and protocol 1 beyond its identification.
//!
//! INVARIANT: once new keys are taken into use, or bytes are missing, nothing is taken for a packet any more.

mod observe;
mod parser;

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError};
use crate::sides::Sides;
use nullius_model::{Direction, Protocol};
use parser::{Identification, KEXINIT, NEWKEYS, Packet};

/// Whether the first bytes of a flow look like this protocol: an identification, if need be behind other lines.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    let begins = bytes.starts_with(b"SSH-") || bytes.windows(5).any(|window| window == b"\nSSH-");
    if !begins && b"SSH-".starts_with(bytes) { Probe::Unsure } else { Probe::decided(begins) }
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    sides: Sides<Side>,
}

/// One direction of a flow.
#[derive(Debug, Default)]
struct Side {
    identified: bool,
    /// It speaks protocol 1, if asked to.
    protocol_1: bool,
    /// It speaks nothing else.
    only_protocol_1: bool,
    offered: bool,
    /// It encrypts, or we lost track.
    opaque: bool,
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            if self.is_over() {
                return Progress::Finished;
            }
            if self.sides.of(context.direction).opaque {
                return Progress::Consumed(bytes.len());
            }
            match self.read_unit(rest, context) {
                Ok(length) => done += length,
                Err(ParseError::Short) => break,
                Err(error) => {
                    context.malformed(Protocol::Ssh, error);
                    self.sides.of(context.direction).opaque = true;
                }
            }
        }
        if self.is_over() { Progress::Finished } else { Progress::Consumed(done) }
    }

    fn handle_gap(&mut self, direction: Direction) {
        self.sides.of(direction).opaque = true;
    }
}

impl Session {
    /// Nothing more will be in the clear that we read.
    const fn is_over(&self) -> bool {
        let (client, server) = (&self.sides.client, &self.sides.server);
        let is_protocol_1 =
            (client.only_protocol_1 || server.only_protocol_1) && client.identified && server.identified;
        client.opaque && server.opaque
            || (client.opaque || server.opaque) && client.offered && server.offered
            || is_protocol_1
    }

    fn read_unit(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<usize> {
        if !self.sides.of(context.direction).identified {
            return self.read_identification(rest, context);
        }
        let packet = Packet::read(rest)?;
        let side = self.sides.of(context.direction);
        match packet.kind {
            NEWKEYS => side.opaque = true,
            KEXINIT if !side.offered => {
                let bytes = rest.get(..packet.length).ok_or(ParseError::Short)?;
                let lists = parser::algorithms(bytes).map_err(inside_packet)?;
                side.offered = true;
                observe::tell_offer(&lists, side.protocol_1, context);
            }
            _ => {}
        }
        Ok(packet.length)
    }

    fn read_identification(&mut self, rest: &[u8], context: &mut Context<'_>) -> Parse<usize> {
        let (identification, length) = Identification::read(rest)?;
        let side = self.sides.of(context.direction);
        side.identified = true;
        side.protocol_1 = identification.version.starts_with(b"1.");
        side.only_protocol_1 = side.protocol_1 && identification.version != b"1.99";
        observe::tell_identification(identification, context);
        if self.sides.server.only_protocol_1 && context.direction == Direction::FromServer {
            observe::tell_protocol_1(context);
        }
        Ok(length)
    }
}

/// The packet is whole; if its inside is short, no more bytes would help.
const fn inside_packet(error: ParseError) -> ParseError {
    match error {
        ParseError::Short => ParseError::Invalid("list of algorithms is longer than its packet"),
        ParseError::Invalid(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Gap, Server};
    use crate::testing::{noise, stream, stream_split};
    use Direction::{FromClient, FromServer};

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 2 + 4).unwrap().to_be_bytes();
        [&length[..], &[4, kind], body, &[0; 4]].concat()
    }

    fn kexinit(ciphers: &str) -> Vec<u8> {
        let list =
            |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat();
        let lists = [
            "curve25519-sha256",
            "ssh-ed25519",
            ciphers,
            ciphers,
            "hmac-sha2-256",
            "hmac-sha2-256",
            "none",
            "none",
            "",
            "",
        ];
        let body: Vec<u8> =
            [7; 16].into_iter().chain(lists.iter().flat_map(|text| list(text))).chain([0; 5]).collect();
        packet(KEXINIT, &body)
    }

    #[test]
    fn a_session_is_read_up_to_new_keys() {
        let conversation: &[Piece<'_>] = &[
            Server(b"SSH-2.0-dropbear_2022.83\r\n"),
            Client(b"SSH-2.0-OpenSSH_9.7\r\n"),
            Client(&kexinit("arcfour")),
            Server(&kexinit("aes128-ctr,3des-cbc")),
            Client(&packet(30, &[1; 40])),
            Server(&[packet(31, &[1; 400]), packet(NEWKEYS, &[])].concat()),
            Server(b"never looked at"),
        ];
        let expected = [
            "fact server server-software: dropbear_2022.83",
            "> connect banner 2.0",
            "fact client user-agent: OpenSSH_9.7",
            "> connect banner 2.0",
            "> connect kexinit",
            "> connect kexinit",
            "SshServer(SshServer { protocol_1: false, weak: Some(\"3des-cbc\") })",
            "finished",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn compression_none_is_no_weakness() {
        let said = stream::<Session>(&[Server(b"SSH-1.99-x\n"), Server(&kexinit("aes128-ctr"))]);
        assert_eq!(said.last().unwrap(), "SshServer(SshServer { protocol_1: true, weak: None })");
    }

    #[test]
    fn protocol_1_is_told_and_left_alone() {
        let conversation: &[Piece<'_>] =
            &[Server(b"SSH-1.5-Cisco-1.25\n"), Client(b"SSH-1.5-x\n"), Server(b"\0\0\x01\x0b")];
        let expected = [
            "fact server server-software: Cisco-1.25",
            "> connect banner 1.5",
            "SshServer(SshServer { protocol_1: true, weak: None })",
            "fact client user-agent: x",
            "> connect banner 1.5",
            "finished",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn a_list_longer_than_its_packet_is_malformed() {
        let mut lying = kexinit("aes128-ctr");
        lying[22] = 0xff;
        let said = stream::<Session>(&[Server(b"SSH-2.0-x\n"), Server(&lying), Server(&lying)]);
        assert_eq!(said.last().unwrap(), "malformed: list of algorithms is longer than its packet");
        assert_eq!(said.len(), 3);
    }

    #[test]
    fn after_a_gap_nothing_is_believed() {
        let after_one: &[Piece<'_>] = &[Gap(FromServer), Server(b"SSH-2.0-x\n"), Server(&kexinit("none"))];
        assert!(stream::<Session>(after_one).is_empty());
        let after_both = [after_one, &[Gap(FromClient), Client(b"x")]].concat();
        assert_eq!(stream::<Session>(&after_both), ["finished"]);
    }

    #[test]
    fn a_flow_is_recognised_by_its_identification() {
        for (bytes, probed) in [
            (&b""[..], Probe::Unsure),
            (b"SS", Probe::Unsure),
            (b"SSH-", Probe::Match),
            (b"hello\r\nSSH-2.0-x", Probe::Match),
            (b"SSL", Probe::Mismatch),
            (b"220 ready\r\n", Probe::Mismatch),
        ] {
            assert_eq!(probe(FromServer, bytes), probed);
        }
    }

    #[test]
    fn noise_is_read_without_harm() {
        for seed in 1..300 {
            let bytes: Vec<u8> = noise(seed).take(200).collect();
            let kexinit = packet(KEXINIT, &bytes);
            stream::<Session>(&[Server(&bytes), Client(b"SSH-2.0-x\n"), Client(&kexinit), Client(&bytes)]);
        }
    }
}
