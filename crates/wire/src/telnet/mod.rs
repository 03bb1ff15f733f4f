//! Telnet (RFC 854, RFC 855).
//!
//! Read: that a person or a script types something, and what the server says before that. Option negotiation is passed
//! over. Not read: what is typed; from the first such byte on the whole session counts as a login in the clear.
//!
//! INVARIANT: no byte the client types is kept.

use crate::context::Context;
use crate::parser::{Probe, Progress, StreamParser};
use crate::text;
use nullius_model::{Attribute, Direction, LoginScheme, Protocol, Symbol, Unit, Values, VerbClass};

/// Interpret as command: what follows is no data.
const IAC: u8 = 255;
const SUBNEGOTIATION: u8 = 250;
const SUBNEGOTIATION_END: u8 = 240;

/// Whether the first bytes of a flow look like this protocol: a negotiation, or text that is no other protocol's.
pub(crate) fn probe(_direction: Direction, bytes: &[u8]) -> Probe {
    match bytes {
        [] | [IAC] => Probe::Unsure,
        [IAC, command, ..] => Probe::decided(*command >= SUBNEGOTIATION_END),
        [b'S', b'S', b'H', b'-', ..] => Probe::Mismatch,
        text => Probe::decided(text.iter().all(|byte| is_typed(*byte))),
    }
}

/// Text, its control characters, a beginning negotiation, and letters beyond ASCII.
const fn is_typed(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\0' | 0x07..=0x0d | 0x1b | 0x80..)
}

/// One flow.
#[derive(Debug, Default)]
pub(crate) struct Session {
    client: Filter,
    server: Filter,
    /// What the server said last in one line, up to [`text::MAX_TEXT`] bytes.
    line: Vec<u8>,
    greeted: bool,
}

/// Tells data from commands in one direction.
#[derive(Clone, Copy, Debug, Default)]
enum Filter {
    #[default]
    Data,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

impl Filter {
    /// Takes a byte; gives it back if it is data.
    const fn take(&mut self, byte: u8) -> Option<u8> {
        let (next, data) = match (*self, byte) {
            (Self::Data, IAC) => (Self::Command, None),
            (Self::Data, _) | (Self::Command, IAC) => (Self::Data, Some(byte)),
            (Self::Command, SUBNEGOTIATION) => (Self::Subnegotiation, None),
            (Self::Command, 251..=254) => (Self::Option, None),
            (Self::Command | Self::Option, _) => (Self::Data, None),
            (Self::Subnegotiation, IAC) => (Self::SubnegotiationCommand, None),
            (Self::SubnegotiationCommand, SUBNEGOTIATION_END) => (Self::Data, None),
            (Self::Subnegotiation | Self::SubnegotiationCommand, _) => (Self::Subnegotiation, None),
        };
        *self = next;
        data
    }
}

impl StreamParser for Session {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        for byte in bytes {
            match context.direction {
                Direction::FromClient => {
                    if self.client.take(*byte).is_some() {
                        self.tell_session(context);
                        return Progress::Finished;
                    }
                }
                Direction::FromServer => {
                    if let Some(data) = self.server.take(*byte) {
                        self.take_server_byte(data, context);
                    }
                }
            }
        }
        Progress::Consumed(bytes.len())
    }

    fn handle_gap(&mut self, direction: Direction) {
        match direction {
            Direction::FromClient => self.client = Filter::Data,
            Direction::FromServer => self.server = Filter::Data,
        }
    }
}

impl Session {
    fn tell_session(&self, context: &mut Context<'_>) {
        context.cleartext_login(LoginScheme::Telnet);
        let symbol = Symbol::new(VerbClass::Admin, "session");
        context.request(Protocol::Telnet, Unit::NONE, symbol, Values::None);
    }

    /// The first line that says something is taken for what the server calls itself.
    fn take_server_byte(&mut self, byte: u8, context: &mut Context<'_>) {
        if self.greeted {
            return;
        }
        if byte != b'\n' {
            if self.line.len() < text::MAX_TEXT {
                self.line.push(byte);
            }
            return;
        }
        let line = std::mem::take(&mut self.line);
        let said = text::utf8(&line);
        if !said.is_empty() {
            self.greeted = true;
            context.fact(Protocol::Telnet, Attribute::ServerSoftware, &said);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::{noise, stream, stream_split};
    use Direction::FromServer;

    #[test]
    fn a_session_is_told_once_something_is_typed() {
        let conversation: &[Piece<'_>] = &[
            Server(&[IAC, 253, 24, IAC, 250, 24, 1, IAC, IAC, IAC, 240]),
            Client(&[IAC, 251, 24, IAC, 250, 24, 0, b'v', b't', IAC, 240]),
            Server(b"\r\n\r\nBusyBox v1.20\r\nlogin: "),
            Client(b"root\r\n"),
            Server(b"Password: "),
        ];
        let expected = [
            "fact server server-software: BusyBox v1.20",
            "login: Telnet session",
            "> admin session",
            "finished",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn a_negotiation_alone_is_no_login() {
        assert!(stream::<Session>(&[Client(&[IAC, 253, 1, IAC, 241]), Server(b"x")]).is_empty());
    }

    #[test]
    fn a_flow_is_recognised_by_negotiation_or_text() {
        for (bytes, probed) in [
            (&[][..], Probe::Unsure),
            (&[IAC], Probe::Unsure),
            (&[IAC, 253, 1], Probe::Match),
            (&[IAC, 1], Probe::Mismatch),
            (b"\r\nlogin: ", Probe::Match),
            (b"SSH-2.0-x", Probe::Mismatch),
            (&[22, 3, 1, 0, 9, 1], Probe::Mismatch),
        ] {
            assert_eq!(probe(FromServer, bytes), probed, "{bytes:?}");
        }
    }

    #[test]
    fn noise_is_read_without_harm() {
        for seed in 1..200 {
            let bytes: Vec<u8> = noise(seed).take(100).collect();
            stream::<Session>(&[Server(&bytes), Client(&bytes)]);
        }
    }
}
