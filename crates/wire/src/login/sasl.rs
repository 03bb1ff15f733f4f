//! Authentication inside a text protocol (SASL, RFC 4422): whether its secret is readable on the wire.

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// None is going on.
    #[default]
    None,
    /// A mechanism was asked for; whether it sends the secret as it is.
    Asked { in_clear: bool },
    /// The next line of the client is part of the exchange and no command.
    Challenged { in_clear: bool },
}

impl Exchange {
    /// The client asks for a mechanism, with `arguments` as they follow the command. True if the secret is among them.
    pub(crate) fn ask(&mut self, arguments: &[u8]) -> bool {
        let mut words = arguments.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let in_clear = words.next().is_some_and(is_in_clear);
        *self = Self::Asked { in_clear };
        // A single `=` stands for an empty initial response.
        in_clear && words.next().is_some_and(|initial| initial != b"=")
    }

    /// The server asks for more.
    pub(crate) fn challenge(&mut self) {
        if let Self::Asked { in_clear } = *self {
            *self = Self::Challenged { in_clear };
        }
    }

    /// The client sends a line. `None` if it is no part of an exchange; else whether it holds a readable secret.
    pub(crate) fn respond(&mut self, line: &[u8]) -> Option<bool> {
        let Self::Challenged { in_clear } = *self else { return None };
        *self = Self::Asked { in_clear };
        Some(in_clear && line != b"*")
    }

    /// The server has decided.
    pub(crate) fn end(&mut self) {
        *self = Self::None;
    }
}

/// Mechanisms that send a password or a bearer token as it is (RFC 4616, RFC 7628, and two without a standard).
fn is_in_clear(mechanism: &[u8]) -> bool {
    [&b"PLAIN"[..], b"LOGIN", b"OAUTHBEARER", b"XOAUTH2"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(mechanism))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_by_with_the_command_or_after_a_challenge() {
        let mut exchange = Exchange::default();
        assert!(exchange.ask(b"plain AGEAYg=="));
        assert!(!exchange.ask(b"PLAIN"));
        assert_eq!(exchange.respond(b"NOOP"), None);
        exchange.challenge();
        assert_eq!(exchange.respond(b"AGEAYg=="), Some(true));
        exchange.challenge();
        assert_eq!(exchange.respond(b"*"), Some(false), "the client gave up");
        assert!(!exchange.ask(b"CRAM-MD5"));
        exchange.challenge();
        assert_eq!(exchange.respond(b"x"), Some(false));
        exchange.end();
        assert_eq!(exchange.respond(b"x"), None);
    }
}
