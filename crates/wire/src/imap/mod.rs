//! IMAP (RFC 9051, RFC 3501, RFC 4959, RFC 7888).
//!
//! Read: commands, their tagged answers, the greeting, and whether a secret goes by. Not read: mailboxes and mail, which
//! are passed over. Behind an accepted STARTTLS the flow is decided anew.

use crate::login::sasl::Exchange;
use crate::login::{self, Command, Dialect, Next, Talk, probe_words, split_word};
use crate::parser::Probe;
use crate::reader::{Parse, ParseError, ensure};
use crate::text;
use nullius_model::{Direction, LoginScheme, Outcome, Protocol, VerbClass};

/// IMAP has no codes: NO is 1, BAD is 2.
const NO: u32 = 1;
const BAD: u32 = 2;
/// Longest tag believed, bytes.
const MAX_TAG: usize = 32;

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    match direction {
        Direction::FromServer => match bytes.strip_prefix(b"* ") {
            Some(rest) => probe_words(direction, rest, &[b"OK", b"PREAUTH", b"BYE"], COMMANDS),
            None if b"* ".starts_with(bytes) => Probe::Unsure,
            None => Probe::Mismatch,
        },
        Direction::FromClient => {
            let (tag, rest) = split_word(bytes);
            match (is_tag(tag), tag.len() < bytes.len()) {
                (true, true) => probe_words(direction, rest, &[], COMMANDS),
                (true, false) => Probe::Unsure,
                (false, _) => {
                    if bytes.is_empty() {
                        Probe::Unsure
                    } else {
                        Probe::Mismatch
                    }
                }
            }
        }
    }
}

/// One flow.
pub(crate) type Session = login::Session<Imap>;

/// How IMAP reads its lines.
#[derive(Debug, Default)]
pub(crate) struct Imap {
    exchange: Exchange,
    /// The client's next line goes on with a command, behind a literal.
    command_goes_on: bool,
    /// The same of the server's.
    answer_goes_on: bool,
    /// The client waits for news; its next line only ends that.
    is_idle: bool,
}

impl Dialect for Imap {
    const PROTOCOL: Protocol = Protocol::Imap;
    const SCHEME: LoginScheme = LoginScheme::Imap;

    fn handle_command(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let literal = literal(line);
        if std::mem::replace(&mut self.command_goes_on, literal.is_some())
            || std::mem::take(&mut self.is_idle)
        {
            return Ok(Next::Bytes(literal.unwrap_or_default()));
        }
        if let Some(holds_secret) = self.exchange.respond(line) {
            if holds_secret {
                talk.login();
            }
            return Ok(Next::Line);
        }
        let (tag, rest) = split_word(line);
        ensure(is_tag(tag), "command has no tag")?;
        let (mut word, mut argument) = split_word(rest);
        if word.eq_ignore_ascii_case(b"UID") {
            (word, argument) = split_word(argument);
        }
        let symbol = login::symbol(COMMANDS, word, talk.adrift)?;
        let carries_secret = match symbol.verb {
            "LOGIN" => true,
            "AUTHENTICATE" => self.exchange.ask(argument),
            _ => false,
        };
        if carries_secret {
            talk.login();
        }
        self.is_idle = symbol.verb == "IDLE";
        talk.command(&text::utf8(tag), symbol);
        Ok(Next::Bytes(literal.unwrap_or_default()))
    }

    fn handle_reply(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let literal = literal(line);
        if std::mem::replace(&mut self.answer_goes_on, literal.is_some()) {
            return Ok(Next::Bytes(literal.unwrap_or_default()));
        }
        let (tag, rest) = split_word(line);
        match tag {
            b"*" => {
                if !talk.is_greeted() {
                    talk.greeting(without_code(split_word(rest).1));
                }
                Ok(Next::Bytes(literal.unwrap_or_default()))
            }
            b"+" => {
                self.exchange.challenge();
                Ok(Next::Line)
            }
            _ => self.handle_answer(tag, split_word(rest).0, talk),
        }
    }
}

impl Imap {
    fn handle_answer(&mut self, tag: &[u8], status: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let outcome = match status {
            b"OK" => Outcome::Done,
            b"NO" => Outcome::Refused(NO),
            b"BAD" => Outcome::Refused(BAD),
            _ => return Err(ParseError::Invalid("answer is neither OK, NO nor BAD")),
        };
        self.exchange.end();
        self.is_idle = false;
        let verb = talk.answer(&text::utf8(tag), outcome).map(|symbol| symbol.verb);
        Ok(match verb {
            Some("STARTTLS") if outcome == Outcome::Done => Next::Handover,
            Some("COMPRESS") if outcome == Outcome::Done => Next::Nothing,
            _ => Next::Line,
        })
    }
}

/// What a server says behind the code in brackets, which lists what it can do.
fn without_code(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == b']').filter(|_| text.starts_with(b"["));
    end.and_then(|end| text.get(end + 1..)).unwrap_or(text)
}

/// The bytes announced at the end of a line: `{12}`, `{12+}`.
fn literal(line: &[u8]) -> Option<u64> {
    let inside = line.strip_suffix(b"}")?;
    let brace = inside.iter().rposition(|byte| *byte == b'{')?;
    let digits = inside.get(brace + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn is_tag(word: &[u8]) -> bool {
    (1..=MAX_TAG).contains(&word.len())
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

const COMMANDS: &[Command] = &[
    ("LOGIN", VerbClass::Connect),
    ("AUTHENTICATE", VerbClass::Connect),
    ("STARTTLS", VerbClass::Connect),
    ("COMPRESS", VerbClass::Connect),
    ("LOGOUT", VerbClass::Connect),
    ("NOOP", VerbClass::Connect),
    ("ENABLE", VerbClass::Connect),
    ("SELECT", VerbClass::Connect),
    ("EXAMINE", VerbClass::Connect),
    ("CLOSE", VerbClass::Connect),
    ("UNSELECT", VerbClass::Connect),
    ("CAPABILITY", VerbClass::Discover),
    ("ID", VerbClass::Discover),
    ("NAMESPACE", VerbClass::Discover),
    ("LIST", VerbClass::Read),
    ("LSUB", VerbClass::Read),
    ("STATUS", VerbClass::Read),
    ("CHECK", VerbClass::Read),
    ("SEARCH", VerbClass::Read),
    ("SORT", VerbClass::Read),
    ("THREAD", VerbClass::Read),
    ("FETCH", VerbClass::Read),
    ("GETQUOTA", VerbClass::Read),
    ("GETQUOTAROOT", VerbClass::Read),
    ("IDLE", VerbClass::Subscribe),
    ("SUBSCRIBE", VerbClass::Configure),
    ("UNSUBSCRIBE", VerbClass::Configure),
    ("CREATE", VerbClass::Configure),
    ("DELETE", VerbClass::Configure),
    ("RENAME", VerbClass::Configure),
    ("APPEND", VerbClass::Write),
    ("STORE", VerbClass::Write),
    ("COPY", VerbClass::Write),
    ("MOVE", VerbClass::Write),
    ("EXPUNGE", VerbClass::Write),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::stream_split;
    use Direction::{FromClient, FromServer};

    #[test]
    fn answers_are_paired_by_tag_and_literals_passed_over() {
        let conversation: &[Piece<'_>] = &[
            Server(b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"),
            Client(b"a1 LOGIN {4}\r\n"),
            Server(b"+ go\r\n"),
            Client(b"x\r\ny {3}\r\nabc\r\n"),
            Server(b"a1 OK in\r\n"),
            Client(b"a2 UID FETCH 1 BODY[]\r\na3 NOOP\r\n"),
            Server(b"* 1 FETCH (BODY[] {9}\r\na2 NO x\r\n)\r\na3 OK\r\na2 BAD\r\n"),
            Client(b"a4 IDLE\r\n"),
            Server(b"+ idling\r\n* 2 EXISTS\r\n"),
            Client(b"DONE\r\na5 STARTTLS\r\n"),
            Server(b"a4 OK\r\na5 OK\r\n"),
        ];
        let expected = [
            "fact server server-software: Dovecot ready.",
            "login: IMAP password",
            "> connect LOGIN",
            "< connect LOGIN",
            "> read FETCH",
            "> connect NOOP",
            "< connect NOOP",
            "< read FETCH refused 2",
            "> subscribe IDLE",
            "> connect STARTTLS",
            "< subscribe IDLE",
            "< connect STARTTLS",
            "handover",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn a_mechanism_that_hides_the_secret_is_no_cleartext_login() {
        let hidden: &[Piece<'_>] =
            &[Client(b"a AUTHENTICATE CRAM-MD5\r\n"), Server(b"+ x\r\n"), Client(b"eA==\r\n")];
        assert_eq!(stream_split::<Session>(hidden), ["> connect AUTHENTICATE"]);
        let plain: &[Piece<'_>] =
            &[Client(b"a AUTHENTICATE PLAIN\r\n"), Server(b"+ \r\n"), Client(b"eA==\r\n")];
        assert_eq!(stream_split::<Session>(plain), ["> connect AUTHENTICATE", "login: IMAP password"]);
    }

    #[test]
    fn a_flow_is_recognised_by_greeting_or_tagged_command() {
        for (direction, bytes, probed) in [
            (FromServer, &b""[..], Probe::Unsure),
            (FromServer, b"* OK ready", Probe::Match),
            (FromServer, b"+OK ready", Probe::Mismatch),
            (FromClient, b"a1", Probe::Unsure),
            (FromClient, b"a1 login x y\r\n", Probe::Match),
            (FromClient, b"GET / HTTP/1.1\r\n", Probe::Mismatch),
            (FromClient, b"\x16\x03\x01\0\0", Probe::Mismatch),
        ] {
            assert_eq!(probe(direction, bytes), probed, "{}", bytes.escape_ascii());
        }
    }
}
