//! POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).
//!
//! Read: commands, replies, the greeting, and whether a secret goes by. Not read: mail and listings, which are passed
//! over. Behind an accepted STLS the flow is decided anew.

use crate::login::sasl::Exchange;
use crate::login::{self, Command, Dialect, Next, Talk, probe_words, split_word};
use crate::parser::Probe;
use crate::reader::{Parse, ParseError};
use nullius_model::{Direction, LoginScheme, Object, Outcome, Protocol, Symbol, VerbClass};

/// POP3 has no codes: -ERR is this one.
const REFUSED: u32 = 1;
/// The object of a command that may ask for all, where it asks for one.
const ONE: &str = "one";

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    match direction {
        Direction::FromServer if bytes.starts_with(b"-ERR") => Probe::Match,
        Direction::FromServer | Direction::FromClient => probe_words(direction, bytes, &[b"+OK"], COMMANDS),
    }
}

/// One flow.
pub(crate) type Session = login::Session<Pop3>;

/// How POP3 reads its lines.
#[derive(Debug, Default)]
pub(crate) struct Pop3 {
    exchange: Exchange,
    /// The server's lines are mail or a listing.
    in_answer: bool,
}

impl Dialect for Pop3 {
    const PROTOCOL: Protocol = Protocol::Pop3;
    const SCHEME: LoginScheme = LoginScheme::Pop3;

    fn handle_command(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        if let Some(holds_secret) = self.exchange.respond(line) {
            if holds_secret {
                talk.login();
            }
            return Ok(Next::Line);
        }
        let (word, argument) = split_word(line);
        let mut symbol = login::symbol(COMMANDS, word, talk.adrift)?;
        let carries_secret = match symbol.verb {
            "PASS" => true,
            "AUTH" => self.exchange.ask(argument),
            _ => false,
        };
        if carries_secret {
            talk.login();
        }
        if matches!(symbol.verb, "LIST" | "UIDL" | "AUTH") && !argument.is_empty() {
            symbol = symbol.about(Object::name(ONE));
        }
        talk.command("", symbol);
        Ok(Next::Line)
    }

    fn handle_reply(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        if self.in_answer {
            self.in_answer = line != b".";
            return Ok(Next::Line);
        }
        let (status, text) = split_word(line);
        match status {
            b"+OK" if !talk.is_greeted() => talk.greeting(text),
            b"+OK" => {
                self.exchange.end();
                let Some(answered) = talk.answer("", Outcome::Done) else { return Ok(Next::Line) };
                self.in_answer = has_long_answer(&answered);
                if answered.verb == "STLS" {
                    return Ok(Next::Handover);
                }
            }
            b"-ERR" => {
                talk.answer("", Outcome::Refused(REFUSED));
                self.exchange.end();
            }
            b"+" => self.exchange.challenge(),
            _ => return Err(ParseError::Invalid("reply is neither +OK nor -ERR")),
        }
        Ok(Next::Line)
    }
}

/// More lines follow, up to one with a full stop.
fn has_long_answer(command: &Symbol) -> bool {
    match command.verb {
        "RETR" | "TOP" | "CAPA" => true,
        "LIST" | "UIDL" | "AUTH" => command.object == Object::Peer,
        _ => false,
    }
}

const COMMANDS: &[Command] = &[
    ("USER", VerbClass::Connect),
    ("PASS", VerbClass::Connect),
    ("APOP", VerbClass::Connect),
    ("AUTH", VerbClass::Connect),
    ("STLS", VerbClass::Connect),
    ("NOOP", VerbClass::Connect),
    ("QUIT", VerbClass::Connect),
    ("UTF8", VerbClass::Connect),
    ("LANG", VerbClass::Connect),
    ("CAPA", VerbClass::Discover),
    ("STAT", VerbClass::Read),
    ("LIST", VerbClass::Read),
    ("UIDL", VerbClass::Read),
    ("RETR", VerbClass::Read),
    ("TOP", VerbClass::Read),
    ("DELE", VerbClass::Write),
    ("RSET", VerbClass::Write),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::{stream, stream_split};

    #[test]
    fn a_mailbox_is_read_without_telling_what_is_in_it() {
        let conversation: &[Piece<'_>] = &[
            Server(b"+OK Dovecot ready.\r\n"),
            Client(b"CAPA\r\n"),
            Server(b"+OK\r\nUSER\r\n-ERR not a reply\r\n.\r\n"),
            Client(b"USER a\r\n"),
            Server(b"+OK\r\n"),
            Client(b"PASS b\r\n"),
            Server(b"-ERR no\r\n"),
            Client(b"AUTH PLAIN\r\n"),
            Server(b"+ \r\n"),
            Client(b"AGEAYg==\r\n"),
            Server(b"+OK\r\n"),
            Client(b"LIST 1\r\n"),
            Server(b"+OK 1 12\r\nwhat\r\n"),
        ];
        let expected = [
            "fact server server-software: Dovecot ready.",
            "> discover CAPA",
            "< discover CAPA",
            "> connect USER",
            "< connect USER",
            "login: POP3 password",
            "> connect PASS",
            "< connect PASS refused 1",
            "> connect AUTH one",
            "< connect AUTH one",
            "> read LIST one",
            "< read LIST one",
            "malformed: reply is neither +OK nor -ERR",
            "lost",
        ];
        assert_eq!(stream::<Session>(conversation), expected);
        let intact = &conversation[..conversation.len() - 1];
        assert_eq!(stream_split::<Session>(intact), expected[..expected.len() - 3]);
    }

    #[test]
    fn an_accepted_stls_hands_over() {
        let conversation: &[Piece<'_>] = &[Server(b"+OK x\r\n"), Client(b"STLS\r\n"), Server(b"+OK go\r\n")];
        assert_eq!(stream_split::<Session>(conversation).last().unwrap(), "handover");
    }
}
