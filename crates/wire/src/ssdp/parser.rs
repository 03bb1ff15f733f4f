//! SSDP messages as values (UPnP Device Architecture 2.0 §1.2, §1.3): HTTP start line and header fields in one datagram.

use crate::reader::{Parse, ParseError, ensure};

/// Header fields of one message. Devices send about ten.
const MAX_FIELDS: usize = 64;
/// Longest line, bytes.
const MAX_LINE: usize = 1024;

/// What a message is, by its start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Search,
    Notify,
    /// An answer to a search, with its status.
    Answer(u32),
}

/// One message. Fields that are absent are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: Kind,
    /// What is searched, announced or found: NT or ST.
    pub(super) target: &'a str,
    /// NTS of a notification: `ssdp:alive`, `ssdp:byebye`, `ssdp:update`.
    pub(super) subtype: &'a str,
    /// USN.
    pub(super) unique_name: &'a str,
    pub(super) server: &'a str,
    pub(super) user_agent: &'a str,
    /// Where the description is found.
    pub(super) location: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a datagram, which is one message.
    pub(super) fn parse(bytes: &'a [u8]) -> Parse<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| ParseError::Invalid("text is no UTF-8"))?;
        let mut lines = text.split("\r\n");
        let kind = Kind::parse(lines.next().unwrap_or_default())?;
        let mut message =
            Self { kind, target: "", subtype: "", unique_name: "", server: "", user_agent: "", location: "" };
        let mut search = "";
        for (count, line) in lines.take_while(|line| !line.is_empty()).enumerate() {
            ensure(count < MAX_FIELDS, "more header fields than any honest message has")?;
            ensure(line.len() <= MAX_LINE, "header field longer than any honest one")?;
            let (name, value) =
                line.split_once(':').ok_or(ParseError::Invalid("header line without a colon"))?;
            ensure(is_token(name), "header name is no token")?;
            let value = value.trim_matches([' ', '\t']);
            ensure(
                !value.contains(|character: char| character.is_control()),
                "control character in a header",
            )?;
            if name.eq_ignore_ascii_case("MAN") {
                set(&mut search, value)?;
            } else if let Some(field) = message.field(name) {
                set(field, value)?;
            }
        }
        message.check(search)?;
        Ok(message)
    }

    fn field(&mut self, name: &str) -> Option<&mut &'a str> {
        let target = if self.kind == Kind::Notify { "NT" } else { "ST" };
        let fields = [
            (target, &mut self.target),
            ("NTS", &mut self.subtype),
            ("USN", &mut self.unique_name),
            ("SERVER", &mut self.server),
            ("USER-AGENT", &mut self.user_agent),
            ("LOCATION", &mut self.location),
        ];
        fields.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, field)| field)
    }

    /// What must not be missing.
    fn check(&self, search: &str) -> Parse<()> {
        match self.kind {
            Kind::Search => {
                ensure(search.trim_matches('"') == "ssdp:discover", "M-SEARCH that is no ssdp:discover")?;
                ensure(!self.target.is_empty(), "M-SEARCH without a target")
            }
            Kind::Notify => {
                ensure(!self.target.is_empty(), "NOTIFY without a type")?;
                ensure(!self.subtype.is_empty(), "NOTIFY without a subtype")
            }
            Kind::Answer(200) => ensure(!self.target.is_empty(), "answer without a target"),
            Kind::Answer(_) => Ok(()),
        }
    }
}

impl Kind {
    fn parse(line: &str) -> Parse<Self> {
        match line {
            "M-SEARCH * HTTP/1.1" => return Ok(Self::Search),
            "NOTIFY * HTTP/1.1" => return Ok(Self::Notify),
            _ => {}
        }
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| digits.parse::<u16>().ok());
        let status = status.filter(|status| (100..600).contains(status));
        status.map(|status| Self::Answer(u32::from(status))).ok_or(ParseError::Invalid("unknown start line"))
    }
}

fn set<'a>(field: &mut &'a str, value: &'a str) -> Parse<()> {
    ensure(field.is_empty(), "header field given twice")?;
    *field = value;
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_broken_is_named() {
        for (text, why) in [
            ("", "unknown start line"),
            ("GET / HTTP/1.1\r\n\r\n", "unknown start line"),
            ("HTTP/1.1 2\r\n\r\n", "unknown start line"),
            ("M-SEARCH * HTTP/1.1\r\nST: a\r\n\r\n", "M-SEARCH that is no ssdp:discover"),
            ("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n", "M-SEARCH without a target"),
            ("NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n", "NOTIFY without a type"),
            ("NOTIFY * HTTP/1.1\r\nNT: a\r\n\r\n", "NOTIFY without a subtype"),
            ("NOTIFY * HTTP/1.1\r\nNT: a\r\nnt: b\r\n\r\n", "header field given twice"),
            ("NOTIFY * HTTP/1.1\r\nnonsense\r\n\r\n", "header line without a colon"),
            ("NOTIFY * HTTP/1.1\r\nNT : a\r\n\r\n", "header name is no token"),
            ("NOTIFY * HTTP/1.1\r\nNT: a\nX: b\r\n\r\n", "control character in a header"),
            ("HTTP/1.1 200 OK\r\nUSN: a\r\n\r\n", "answer without a target"),
        ] {
            assert_eq!(Message::parse(text.as_bytes()), Err(ParseError::Invalid(why)), "{text:?}");
        }
        let long = format!("NOTIFY * HTTP/1.1\r\nNT: {}\r\n\r\n", "a".repeat(2000));
        assert!(Message::parse(long.as_bytes()).is_err());
        let many = format!("NOTIFY * HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65));
        let why = "more header fields than any honest message has";
        assert_eq!(Message::parse(many.as_bytes()), Err(ParseError::Invalid(why)));
        assert_eq!(Message::parse(b"NOTIFY \xff"), Err(ParseError::Invalid("text is no UTF-8")));
    }
}
