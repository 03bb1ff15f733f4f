//! What a person carries from the controller to a machine that has no certificate yet: a name, a secret, and the root by
//! which the machine knows the controller. Each kind of token has its own first word, so that none does for another.

use crate::link::Hash;
use crate::text;
use std::fmt;

/// Bytes of a token's name.
pub const TOKEN_ID: usize = 8;

/// Bytes of a token's secret.
pub const TOKEN_SECRET: usize = 32;

/// Name, secret and root, without the kind.
pub(crate) type Parts = ([u8; TOKEN_ID], [u8; TOKEN_SECRET], Hash);

/// The parts of `KIND-NAME-SECRET-ROOT`; nothing for another kind or another spelling.
pub(crate) fn parse(kind: &str, text: &str) -> Option<Parts> {
    let parts: Vec<_> = text.trim().split('-').collect();
    let [first, id, secret, root] = *parts else { return None };
    if first != kind {
        return None;
    }
    Some((bytes(id)?, bytes(secret)?, Hash(bytes(root)?)))
}

/// Writes a token, its secret included.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    (id, secret, root): (&[u8], &[u8], &Hash),
) -> fmt::Result {
    write!(f, "{kind}-{}-{}-{root}", text::to_hex(id), text::to_hex(secret))
}

fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    text::from_hex(digits)?.try_into().ok()
}
