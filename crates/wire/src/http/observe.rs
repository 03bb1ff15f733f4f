//! What HTTP messages mean.

use super::parser::Fields;
use crate::context::Context;
use crate::text;
use nullius_model::{Attribute, LoginScheme, Object, Protocol, Symbol, VerbClass};

/// Different names of software told of one flow: behind a proxy there are many, and an attacker may invent them.
const MAX_SOFTWARE: usize = 4;
/// Hexadecimal digits from which on a segment of a path is a token rather than a word: 64 bits.
const MIN_TOKEN: usize = 16;

/// What has been told of a flow, so that it is told once.
#[derive(Debug, Default)]
pub(super) struct Told {
    software: Vec<String>,
    login: bool,
}

impl Told {
    /// Tells what the fields say about who sent them.
    pub(super) fn tell(&mut self, fields: &Fields<'_>, context: &mut Context<'_>) {
        if let Some(name) = fields.user_agent {
            self.tell_software(Attribute::UserAgent, name, context);
        }
        if let Some(name) = fields.server {
            self.tell_software(Attribute::ServerSoftware, name, context);
        }
        if fields.basic_login && !std::mem::replace(&mut self.login, true) {
            context.cleartext_login(LoginScheme::HttpBasic);
        }
    }

    fn tell_software(&mut self, attribute: Attribute, name: &[u8], context: &mut Context<'_>) {
        let name = text::utf8(name);
        if self.software.len() < MAX_SOFTWARE && !self.software.iter().any(|known| *known == name) {
            context.fact(Protocol::Http, attribute, &name);
            self.software.push(name.into_owned());
        }
    }
}

/// The symbol of a request: method and path, without the query.
///
/// DECLARED: a segment of the path that is a number or a token stands for all such, as `*`, so that `/order/4711` and
/// `/order/4712` are one kind of message, and an access token in a path stays where it is. A path whose meaning hangs
/// on a number (`/relay/1`) loses it.
pub(super) fn symbol(method: &[u8], target: &[u8], body: Option<u64>) -> Symbol {
    let (verb, class) = METHODS
        .iter()
        .find(|(name, _)| name.as_bytes() == method)
        .map_or(("unknown_method", VerbClass::Admin), |(name, class)| (*name, *class));
    let symbol = Symbol::new(class, verb).about(object(target));
    match body {
        Some(bytes) if bytes > 0 => symbol.sized(usize::try_from(bytes).unwrap_or(usize::MAX)),
        _ => symbol,
    }
}

/// The method is one we know.
pub(super) fn is_method(word: &[u8]) -> bool {
    METHODS.iter().any(|(name, _)| name.as_bytes() == word)
}

/// Methods of RFC 9110, RFC 5789, WebDAV (RFC 4918) and UPnP eventing.
const METHODS: &[(&str, VerbClass)] = &[
    ("GET", VerbClass::Read),
    ("HEAD", VerbClass::Read),
    ("POST", VerbClass::Write),
    ("PUT", VerbClass::Write),
    ("PATCH", VerbClass::Write),
    ("DELETE", VerbClass::Configure),
    ("OPTIONS", VerbClass::Discover),
    ("CONNECT", VerbClass::Connect),
    ("TRACE", VerbClass::Diagnose),
    ("PROPFIND", VerbClass::Read),
    ("PROPPATCH", VerbClass::Configure),
    ("MKCOL", VerbClass::Configure),
    ("COPY", VerbClass::Write),
    ("MOVE", VerbClass::Configure),
    ("LOCK", VerbClass::Configure),
    ("UNLOCK", VerbClass::Configure),
    ("SUBSCRIBE", VerbClass::Subscribe),
    ("UNSUBSCRIBE", VerbClass::Subscribe),
    ("NOTIFY", VerbClass::Publish),
];

fn object(target: &[u8]) -> Object {
    let path = path(target);
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let path = path.get(..text::MAX_TEXT).unwrap_or(path);
    let mut general = String::with_capacity(path.len());
    for (position, segment) in path.split(|byte| *byte == b'/').enumerate() {
        if position > 0 {
            general.push('/');
        }
        if is_number_or_token(segment) {
            general.push('*');
        } else {
            general.push_str(&String::from_utf8_lossy(segment));
        }
    }
    Object::name(&general)
}

/// Digits, or at least [`MIN_TOKEN`] hexadecimal ones as in keys and UUIDs.
fn is_number_or_token(segment: &[u8]) -> bool {
    let is_number = !segment.is_empty() && segment.iter().all(u8::is_ascii_digit);
    let is_hex = segment.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    is_number || is_hex && segment.len() >= MIN_TOKEN
}

/// The path of a target in absolute form; every other form as it is.
fn path(target: &[u8]) -> &[u8] {
    let Some(at) = target.windows(3).take(8).position(|window| window == b"://") else { return target };
    let rest = target.get(at + 3..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'/').map_or(b"/", |slash| rest.get(slash..).unwrap_or(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_method_and_generalised_path() {
        for (method, target, body, expected) in [
            ("GET", "/", None, "GET /"),
            ("GET", "/a/4711/b12?x=1", None, "GET /a/*/b12"),
            ("POST", "/cgi-bin/set.cgi?user=x", Some(10), "POST /cgi-bin/set.cgi ≤16 B"),
            ("GET", "/api/59df4532a5f9c15f/lights", None, "GET /api/*/lights"),
            ("GET", "/123e4567-e89b-12d3-a456-426614174000", None, "GET /*"),
            ("GET", "/feed/facade", None, "GET /feed/facade"),
            ("PUT", "http://10.0.0.1:80/r/1", Some(0), "PUT /r/*"),
            ("GET", "http://host", None, "GET /"),
            ("OPTIONS", "*", None, "OPTIONS *"),
            ("CONNECT", "example.com:443", None, "CONNECT example.com:443"),
            ("BREW", "/pot", None, "unknown_method /pot"),
            ("GET", "/redirect/http://x/1", None, "GET /redirect/http://x/*"),
        ] {
            assert_eq!(symbol(method.as_bytes(), target.as_bytes(), body).to_string(), expected);
        }
        assert_eq!(symbol(b"BREW", b"/", None).class, VerbClass::Admin);
        let Object::Name(name) = object(&[b'x'; 9000]) else { panic!("a name") };
        assert_eq!(name.len(), text::MAX_TEXT);
    }
}
