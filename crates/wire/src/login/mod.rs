//! Text protocols of commands and replies that people log in to: what FTP, SMTP, POP3 and IMAP have in common.
//!
//! A [`Dialect`] reads one line at a time; [`Session`] cuts the stream into lines, passes over what is no line, and
//! keeps commands until they are answered.
//!
//! INVARIANT: no argument that could be a secret, a name of a person or a piece of mail leaves a dialect.

mod line;
pub(crate) mod sasl;

use crate::context::Context;
use crate::pairing::OpenRequests;
use crate::parser::{Probe, Progress, StreamParser};
use crate::reader::{Parse, ParseError};
use crate::sides::Sides;
use crate::text;
use line::Lines;
use nullius_model::{
    Attribute, Direction, LoginScheme, Outcome, Protocol, SmolStr, Symbol, Unit, Values, VerbClass,
};
use std::fmt::Debug;

/// Verb of a command that is not in the dialect's table.
pub(crate) const UNKNOWN_COMMAND: &str = "unknown_command";

/// A command by the protocol's name for it, and what it does.
pub(crate) type Command = (&'static str, VerbClass);

/// How one protocol reads its lines.
pub(crate) trait Dialect: Debug + Default {
    /// The protocol.
    const PROTOCOL: Protocol;
    /// What a cleartext login in it is called.
    const SCHEME: LoginScheme;

    /// Reads a line of the client.
    fn handle_command(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next>;

    /// Reads a line of the server.
    fn handle_reply(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next>;
}

/// What follows a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another line.
    Line,
    /// So many bytes that are none, then another line.
    Bytes(u64),
    /// Another protocol.
    Handover,
    /// Nothing that could be read.
    Nothing,
}

/// What a dialect may say and ask.
pub(crate) struct Talk<'t, 'c> {
    context: &'t mut Context<'c>,
    state: &'t mut State,
    protocol: Protocol,
    scheme: LoginScheme,
    /// The line need not begin where a line begins: only what is plausible by itself may be believed.
    pub(crate) adrift: bool,
}

/// What of a flow is the same in all dialects.
#[derive(Debug, Default)]
struct State {
    open: OpenRequests<SmolStr>,
    greeted: bool,
    login_told: bool,
}

impl Talk<'_, '_> {
    /// A command was given; `tag` pairs it with its answer, and is empty where answers come in order.
    pub(crate) fn command(&mut self, tag: &str, symbol: Symbol) {
        self.state.open.push(SmolStr::new(tag), symbol.clone(), self.context.seen.at);
        self.context.request(self.protocol, Unit::NONE, symbol, Values::None);
    }

    /// The command `tag` was answered; what it was, if it was seen.
    pub(crate) fn answer(&mut self, tag: &str, outcome: Outcome) -> Option<Symbol> {
        let open = self.state.open.answer(&SmolStr::new(tag))?;
        let symbol = open.symbol.clone();
        self.context.response(self.protocol, Unit::NONE, open.symbol, outcome, open.asked, Values::None);
        Some(symbol)
    }

    /// The server's first line, behind its code: what it calls itself. Only the first is told.
    pub(crate) fn greeting(&mut self, line: &[u8]) {
        if !std::mem::replace(&mut self.state.greeted, true) {
            self.context.fact(self.protocol, Attribute::ServerSoftware, &text::utf8(line));
        }
    }

    /// The server has greeted, or is past it.
    pub(crate) const fn is_greeted(&self) -> bool {
        self.state.greeted
    }

    /// A secret went by. Told once a flow.
    pub(crate) fn login(&mut self) {
        if !std::mem::replace(&mut self.state.login_told, true) {
            self.context.cleartext_login(self.scheme);
        }
    }
}

/// The command of that name in `table`, whatever its case.
pub(crate) fn find(table: &[Command], word: &[u8]) -> Option<Command> {
    table.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).copied()
}

/// The symbol of a command; one unknown is of the highest class, and believed only where a line surely begins.
pub(crate) fn symbol(table: &[Command], word: &[u8], adrift: bool) -> Parse<Symbol> {
    match find(table, word) {
        Some((verb, class)) => Ok(Symbol::new(class, verb)),
        None if adrift => Err(ParseError::Invalid("no command begins here")),
        None => Ok(Symbol::new(VerbClass::Admin, UNKNOWN_COMMAND)),
    }
}

/// The first word of a line, and the rest behind the blank.
pub(crate) fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b' ') {
        Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default().trim_ascii()),
        None => (line, &[]),
    }
}

/// A reply of three digits: the code, whether it is the last line, and the text.
pub(crate) fn coded_reply(line: &[u8]) -> Parse<(u32, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3).ok_or(ParseError::Invalid("reply is too short"))?;
    let digits = std::str::from_utf8(code).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let code = digits.and_then(|text| text.parse().ok()).ok_or(ParseError::Invalid("reply has no code"))?;
    match rest.split_first() {
        Some((b'-', text)) => Ok((code, false, text)),
        Some((b' ', text)) => Ok((code, true, text)),
        None => Ok((code, true, rest)),
        Some(_) => Err(ParseError::Invalid("reply has no code")),
    }
}

/// Codes from 400 on refuse.
pub(crate) const fn coded_outcome(code: u32) -> Outcome {
    if code < 400 { Outcome::Done } else { Outcome::Refused(code) }
}

/// Whether the first word of a flow is one the protocol begins with: `greetings` of a server, or a command.
pub(crate) fn probe_words(
    direction: Direction,
    bytes: &[u8],
    greetings: &[&[u8]],
    table: &[Command],
) -> Probe {
    const LONGEST: usize = 12;
    let word = bytes.split(|byte| matches!(byte, b' ' | b'-' | b'\r' | b'\n')).next().unwrap_or_default();
    let ended = word.len() < bytes.len();
    let known = match direction {
        Direction::FromServer => greetings.contains(&word),
        Direction::FromClient => find(table, word).is_some(),
    };
    match ended {
        true => Probe::decided(known),
        false if word.len() < LONGEST && word.iter().all(u8::is_ascii_graphic) => Probe::Unsure,
        false => Probe::Mismatch,
    }
}

/// One flow in some dialect.
#[derive(Debug)]
pub(crate) struct Session<D> {
    dialect: D,
    state: State,
    lines: Sides<Lines>,
}

impl<D: Dialect> Default for Session<D> {
    fn default() -> Self {
        Self { dialect: D::default(), state: State::default(), lines: Sides::default() }
    }
}

impl<D: Dialect> StreamParser for Session<D> {
    fn handle_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Progress {
        let mut done = 0_usize;
        while let Some(rest) = bytes.get(done..) {
            let Some((line, length)) = self.lines.of(context.direction).next_line(rest) else { break };
            done += length;
            let Some(line) = line else { continue };
            match self.read_line(line, context) {
                Ok(Next::Line) => {}
                Ok(Next::Bytes(count)) => {
                    done = done.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
                }
                Ok(Next::Handover) => return Progress::Handover(done),
                Ok(Next::Nothing) => return Progress::Finished,
                Err(error) => {
                    if !self.lines.of(context.direction).adrift {
                        context.malformed(D::PROTOCOL, error);
                    }
                    return Progress::Lost;
                }
            }
        }
        Progress::Consumed(done)
    }

    fn handle_gap(&mut self, direction: Direction) {
        *self.lines.of(direction) = Lines::after_gap();
        self.state.open.clear();
        self.state.greeted = true;
    }
}

impl<D: Dialect> Session<D> {
    fn read_line(&mut self, line: &[u8], context: &mut Context<'_>) -> Parse<Next> {
        let direction = context.direction;
        let adrift = self.lines.of(direction).adrift;
        let mut talk =
            Talk { context, state: &mut self.state, protocol: D::PROTOCOL, scheme: D::SCHEME, adrift };
        let next = match direction {
            Direction::FromClient => self.dialect.handle_command(line, &mut talk)?,
            Direction::FromServer => self.dialect.handle_reply(line, &mut talk)?,
        };
        self.lines.of(direction).adrift = false;
        Ok(next)
    }
}
