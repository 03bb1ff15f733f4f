//! The control channel of FTP (RFC 959, RFC 2228, RFC 3659).
//!
//! Read: commands with the file they name, replies, the greeting. Not read: data channels. Behind an accepted AUTH the
//! flow is decided anew.

use crate::login::{self, Command, Dialect, Next, Talk, coded_outcome, coded_reply, probe_words, split_word};
use crate::parser::Probe;
use crate::reader::Parse;
use crate::text;
use nullius_model::{Direction, LoginScheme, Object, Protocol, VerbClass};

/// Whether the first bytes of a flow look like this protocol.
pub(crate) fn probe(direction: Direction, bytes: &[u8]) -> Probe {
    probe_words(direction, bytes, &[b"220", b"120", b"421"], COMMANDS)
}

/// One flow.
pub(crate) type Session = login::Session<Ftp>;

/// How FTP reads its lines.
#[derive(Debug, Default)]
pub(crate) struct Ftp {
    /// The user is `anonymous`: the password is none.
    is_anonymous: bool,
}

impl Dialect for Ftp {
    const PROTOCOL: Protocol = Protocol::Ftp;
    const SCHEME: LoginScheme = LoginScheme::Ftp;

    fn handle_command(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let (word, argument) = split_word(line);
        let mut symbol = login::symbol(COMMANDS, word, talk.adrift)?;
        match symbol.verb {
            "USER" => {
                self.is_anonymous =
                    [&b"anonymous"[..], b"ftp"].iter().any(|name| name.eq_ignore_ascii_case(argument))
            }
            "PASS" if !self.is_anonymous => talk.login(),
            verb if FILE_COMMANDS.contains(&verb) && !argument.is_empty() => {
                symbol = symbol.about(Object::name(&text::utf8(argument)));
            }
            _ => {}
        }
        talk.command("", symbol);
        Ok(Next::Line)
    }

    fn handle_reply(&mut self, line: &[u8], talk: &mut Talk<'_, '_>) -> Parse<Next> {
        let Ok((code, is_last, text)) = coded_reply(line) else {
            // RFC 959 §4.2: lines between the first and the last of a reply need no code.
            return if talk.adrift { coded_reply(line).map(|_| Next::Line) } else { Ok(Next::Line) };
        };
        if code == 220 && !talk.is_greeted() {
            talk.greeting(text);
            return Ok(Next::Line);
        }
        if !is_last || code < 200 {
            return Ok(Next::Line);
        }
        let answered = talk.answer("", coded_outcome(code));
        Ok(if answered.is_some_and(|symbol| symbol.verb == "AUTH") && code == 234 {
            Next::Handover
        } else {
            Next::Line
        })
    }
}

/// Commands whose argument is a file or folder.
const FILE_COMMANDS: &[&str] = &[
    "RETR", "STOR", "STOU", "APPE", "DELE", "RNFR", "RNTO", "MKD", "RMD", "CWD", "LIST", "NLST", "MLSD",
    "MLST", "SIZE", "MDTM",
];

const COMMANDS: &[Command] = &[
    ("USER", VerbClass::Connect),
    ("PASS", VerbClass::Connect),
    ("ACCT", VerbClass::Connect),
    ("AUTH", VerbClass::Connect),
    ("PBSZ", VerbClass::Connect),
    ("PROT", VerbClass::Connect),
    ("CCC", VerbClass::Connect),
    ("QUIT", VerbClass::Connect),
    ("REIN", VerbClass::Connect),
    ("NOOP", VerbClass::Connect),
    ("PORT", VerbClass::Connect),
    ("EPRT", VerbClass::Connect),
    ("PASV", VerbClass::Connect),
    ("EPSV", VerbClass::Connect),
    ("TYPE", VerbClass::Connect),
    ("MODE", VerbClass::Connect),
    ("STRU", VerbClass::Connect),
    ("OPTS", VerbClass::Connect),
    ("CLNT", VerbClass::Connect),
    ("REST", VerbClass::Connect),
    ("ABOR", VerbClass::Connect),
    ("CWD", VerbClass::Read),
    ("XCWD", VerbClass::Read),
    ("CDUP", VerbClass::Read),
    ("PWD", VerbClass::Read),
    ("XPWD", VerbClass::Read),
    ("LIST", VerbClass::Read),
    ("NLST", VerbClass::Read),
    ("MLSD", VerbClass::Read),
    ("MLST", VerbClass::Read),
    ("SIZE", VerbClass::Read),
    ("MDTM", VerbClass::Read),
    ("STAT", VerbClass::Read),
    ("RETR", VerbClass::Read),
    ("STOR", VerbClass::Write),
    ("STOU", VerbClass::Write),
    ("APPE", VerbClass::Write),
    ("ALLO", VerbClass::Write),
    ("DELE", VerbClass::Configure),
    ("RNFR", VerbClass::Configure),
    ("RNTO", VerbClass::Configure),
    ("MKD", VerbClass::Configure),
    ("RMD", VerbClass::Configure),
    ("MFMT", VerbClass::Configure),
    ("SITE", VerbClass::Admin),
    ("SYST", VerbClass::Discover),
    ("FEAT", VerbClass::Discover),
    ("HELP", VerbClass::Discover),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Piece::{self, Client, Server};
    use crate::testing::stream_split;

    #[test]
    fn a_login_and_a_transfer_are_told_without_name_or_password() {
        let conversation: &[Piece<'_>] = &[
            Server(b"220-Welcome\r\n220 ProFTPD 1.3 Server\r\n"),
            Client(b"USER operator\r\n"),
            Server(b"331 Password required\r\n"),
            Client(b"PASS geheim\r\n"),
            Server(b"230-Hello\r\n no code here\r\n230 Done\r\n"),
            Client(b"stor recipe.bin\r\n"),
            Server(b"150 Opening\r\n226 Done\r\n"),
            Client(b"DELE recipe.bin\r\nEXPLODE now\r\n"),
            Server(b"550 No\r\n500 What?\r\n"),
        ];
        let expected = [
            "fact server server-software: Welcome",
            "> connect USER",
            "< connect USER",
            "login: FTP password",
            "> connect PASS",
            "< connect PASS",
            "> write STOR recipe.bin",
            "< write STOR recipe.bin",
            "> configure DELE recipe.bin",
            "> admin unknown_command",
            "< configure DELE recipe.bin refused 550",
            "< admin unknown_command refused 500",
        ];
        assert_eq!(stream_split::<Session>(conversation), expected);
    }

    #[test]
    fn anonymous_has_no_secret_and_auth_hands_over() {
        let anonymous = stream_split::<Session>(&[Client(b"USER Anonymous\r\nPASS me@x\r\n")]);
        assert_eq!(anonymous, ["> connect USER", "> connect PASS"]);
        let secured: &[Piece<'_>] = &[Server(b"220 x\r\n"), Client(b"AUTH TLS\r\n"), Server(b"234 Go\r\n")];
        let expected = ["fact server server-software: x", "> connect AUTH", "< connect AUTH", "handover"];
        assert_eq!(stream_split::<Session>(secured), expected);
    }
}
