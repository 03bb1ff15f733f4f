//! A question as a person types it: `10.0.0.5→10.0.0.9:502 write`.
//!
//! Pure. Names are taken as they are; whether they exist is the gateway's to say.

use std::ffi::OsString;
use std::net::IpAddr;

/// Who wants what of whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) subject: String,
    pub(crate) object: String,
    /// A service's name, `tcp/502`, `udp/161`, `echo`, or a bare port.
    pub(crate) service: String,
    pub(crate) verb: Option<String>,
    /// A register, a topic, a path.
    pub(crate) operand: Option<String>,
}

/// An arrow at the beginning of a word is no option: what a program is started with, for clap.
pub fn arrows(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    words.map(|word| match word.to_str().and_then(|text| text.strip_prefix("->")) {
        Some(rest) => OsString::from(format!("→{rest}")),
        None => word,
    })
}

const FORM: &str = "ask as `10.0.0.5 '->' 10.0.0.9:502 read` or `hmi1 to plc1/modbus write`";
const EATEN: &str = "the shell took the `>` for itself (and may have made a file of that name): write '->' in quotes, or `to`";

impl Question {
    /// The words of a command line; blanks and arrows may fall anywhere.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let text = words.join(" ").replace("->", " → ").replace('→', " → ");
        let words: Vec<_> = text.split_whitespace().collect();
        match words.as_slice() {
            [subject, "→" | "to", target, rest @ ..] => Self::assemble(subject, target, rest),
            [_, "-", ..] => Err(EATEN.to_owned()),
            [one] if one.ends_with('-') => Err(EATEN.to_owned()),
            _ => Err(FORM.to_owned()),
        }
    }

    fn assemble(subject: &str, target: &str, rest: &[&str]) -> Result<Self, String> {
        let (object, service) = self::target(target)?;
        let (verb, operand) = match rest {
            [] => (None, None),
            [verb] => (Some((*verb).to_owned()), None),
            [verb, operand] => (Some((*verb).to_owned()), Some((*operand).to_owned())),
            [_, _, _, ..] => return Err(FORM.to_owned()),
        };
        Ok(Self {
            subject: unbracketed(subject).to_owned(),
            object: object.to_owned(),
            service: service.to_owned(),
            verb,
            operand,
        })
    }
}

/// `10.0.0.9:502`, `[fe80::9]:502`, `plc1/modbus`, `plc1:udp/161`, `plc1:echo`.
fn target(text: &str) -> Result<(&str, &str), String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("`{text}` names no port: write `{}`", example(text)));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once("]:") {
            Some((address, service)) if !service.is_empty() => Ok((address, service)),
            _ => Err(FORM.to_owned()),
        };
    }
    let at = text
        .find([':', '/'])
        .ok_or_else(|| format!("`{text}` names no service: write `{}`", example(text)))?;
    match (text.get(..at), text.get(at + 1..)) {
        (Some(object), Some(service)) if !object.is_empty() && !service.is_empty() => Ok((object, service)),
        _ => Err(FORM.to_owned()),
    }
}

fn example(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{text}]:502"),
        Ok(IpAddr::V4(_)) => format!("{text}:502"),
        Err(_) => format!("{text}/modbus"),
    }
}

fn unbracketed(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Question, String> {
        Question::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_question_is_read_however_it_is_typed() {
        for (text, [subject, object, service], verb) in [
            ("10.0.0.5 -> 10.0.0.9:502 read", ["10.0.0.5", "10.0.0.9", "502"], Some("read")),
            ("10.0.0.5→10.0.0.9:502 write", ["10.0.0.5", "10.0.0.9", "502"], Some("write")),
            ("10.0.0.5->10.0.0.9:502", ["10.0.0.5", "10.0.0.9", "502"], None),
            ("hmi1 to plc1/modbus write", ["hmi1", "plc1", "modbus"], Some("write")),
            ("hmi1 → plc1:udp/161 connect", ["hmi1", "plc1", "udp/161"], Some("connect")),
            ("hmi1 -> plc1:echo", ["hmi1", "plc1", "echo"], None),
            ("fe80::5 -> [fe80::9]:502 read", ["fe80::5", "fe80::9", "502"], Some("read")),
            ("[fe80::5] -> [fe80::9]:tcp/502", ["fe80::5", "fe80::9", "tcp/502"], None),
        ] {
            let question = parse(text).unwrap();
            assert_eq!(
                [&question.subject, &question.object, &question.service],
                [subject, object, service],
                "{text}"
            );
            assert_eq!(question.verb.as_deref(), verb, "{text}");
        }
    }

    #[test]
    fn a_register_follows_its_verb() {
        let question = parse("a→b:1 write 40010").unwrap();
        assert_eq!((question.verb.as_deref(), question.operand.as_deref()), (Some("write"), Some("40010")));
    }

    #[test]
    fn what_cannot_be_read_says_what_can() {
        for (text, expected) in [
            ("10.0.0.5 - read", EATEN),
            ("10.0.0.5-", EATEN),
            ("10.0.0.5", FORM),
            ("", FORM),
            ("a -> b:1 read 1 2", FORM),
            ("a -> :502 read", FORM),
            ("a -> b: read", FORM),
            ("a -> [fe80::9] read", FORM),
            ("a -> 10.0.0.9 read", "`10.0.0.9` names no port: write `10.0.0.9:502`"),
            ("a -> fe80::9 read", "`fe80::9` names no port: write `[fe80::9]:502`"),
            ("a -> plc1 read", "`plc1` names no service: write `plc1/modbus`"),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
        }
    }
}
