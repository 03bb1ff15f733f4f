//! SMTP (RFC 5321, RFC 4954, RFC 3207, RFC 3030).
//!
//! Read: commands, replies, the greeting, and whether a secret goes by. Not read: addresses and mail, which are passed
//! over. Behind an accepted STARTTLS the flow is decided anew.

use crate::login::sasl::Exchange;
use crate::login::{self, Command, Dialect, Next, Talk, coded_outcome, coded_reply, probe_words, split_word};
use crate::parser::Probe;
use crate::reader::Parse;
use nullius_model::{Direction, LoginScheme, Protocol, VerbClass};

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    probe_words(direction, bytes, &[b"220", b"421", b"554"], COMMANDS)
}

/// One flow.
pub(crate) type Session = login::Session<Smtp>;

/// How SMTP reads its lines.
#[derive(Debug, Default)]
pub(crate) struct Smtp {
    exchange: Exchange,
    /// The client's lines are mail.
    in_mail: bool,
}

impl Dialect for Smtp {
    const PROTOCOL: Protocol = Protocol::Smtp;
    const SCHEME: LoginScheme = LoginScheme::Smtp;

    fn handle_command(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        if self.in_mail {
            self.in_mail = line != b".";
            return Ok(Next::Line);
        }
        if let Some(holds_secret) = self.exchange.respond(line) {
            if holds_secret {
                talk.login();
            }
            return Ok(Next::Line);
        }
        let (word, argument) = split_word(line);
        let symbol = login::symbol(COMMANDS, word, talk.adrift)?;
        let next = match symbol.verb {
            "AUTH" => {
                if self.exchange.ask(argument) {
                    talk.login();
                }
                Next::Line
            }
            "BDAT" => Next::Bytes(chunk_size(argument)),
            _ => Next::Line,
        };
        talk.command("", symbol);
        Ok(next)
    }

    fn handle_reply(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let (code, is_last, text) = coded_reply(line)?;
        if code == 220 && !talk.is_greeted() {
            talk.greeting(text);
            return Ok(Next::Line);
        }
        if !is_last {
            return Ok(Next::Line);
        }
        if code == 334 {
            self.exchange.challenge();
            return Ok(Next::Line);
        }
        let verb = talk.answer("", coded_outcome(code)).map(|symbol| symbol.verb);
        // Whatever else the server says, it has stopped taking mail, even if we missed the end.
        self.in_mail = code == 354;
        if verb == Some("AUTH") {
            self.exchange.end();
        }
        Ok(if verb == Some("STARTTLS") && code == 220 { Next::Handover } else { Next::Line })
    }
}

fn chunk_size(argument: &[u8]) -> u64 {
    let (digits, _) = split_word(argument);
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

const COMMANDS: &[Command] = &[
    ("EHLO", VerbClass::Connect),
    ("HELO", VerbClass::Connect),
    ("LHLO", VerbClass::Connect),
    ("AUTH", VerbClass::Connect),
    ("STARTTLS", VerbClass::Connect),
    ("NOOP", VerbClass::Connect),
    ("RSET", VerbClass::Connect),
    ("QUIT", VerbClass::Connect),
    ("MAIL", VerbClass::Publish),
    ("RCPT", VerbClass::Publish),
    ("DATA", VerbClass::Publish),
    ("BDAT", VerbClass::Publish),
    ("VRFY", VerbClass::Discover),
    ("EXPN", VerbClass::Discover),
    ("HELP", VerbClass::Discover),
    ("ETRN", VerbClass::Admin),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::stream_split;

    #[test]
    fn a_mail_is_told_without_what_it_says() {
        let conversation: &[Piece<'_>] = &[
            Server(b"220 mx ESMTP Postfix\r\n"),
            Client(b"EHLO camera\r\n"),
            Server(b"250-mx\r\n250 AUTH PLAIN\r\n"),
            Client(b"AUTH PLAIN\r\n"),
            Server(b"334 \r\n"),
            Client(b"AGEAYg==\r\n"),
            Server(b"235 ok\r\n"),
            Client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
            Server(b"250 ok\r\n550 no\r\n354 go\r\n"),
            Client(b"QUIT\r\nSubject: x\r\n.\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
            Server(b"250 taken\r\n"),
        ];
        let expected = [
            "fact server server-software: mx ESMTP Postfix",
            "> connect EHLO",
            "< connect EHLO",
            "> connect AUTH",
            "login: SMTP password",
            "< connect AUTH",
            "> publish MAIL",
            "> publish RCPT",
            "> publish DATA",
            "< publish MAIL",
            "< publish RCPT refused 550",
            "< publish DATA",
            "> publish BDAT",
            "> connect NOOP",
            "< publish BDAT",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn starttls_hands_over_only_when_accepted() {
        let refused: &[Piece<'_>] = &[Client(b"STARTTLS\r\n"), Server(b"454 no\r\n")];
        assert_eq!(
            stream_split::<Session>(refused),
            ["> connect STARTTLS", "< connect STARTTLS refused 454"]
        );
        let accepted: &[Piece<'_>] = &[Server(b"220 x\r\n"), Client(b"STARTTLS\r\n"), Server(b"220 go\r\n")];
        assert_eq!(stream_split::<Session>(accepted).last().unwrap(), "handover");
    }
}
