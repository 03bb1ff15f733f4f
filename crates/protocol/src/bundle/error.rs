//! What can be wrong with a bundle, each for itself: the alarm repeats it to a person.

use super::{MAX_BUNDLE, MAX_FILES, MAX_NAME};
use crate::order::BadOrder;

/// Why a bundle is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Larger than [`MAX_BUNDLE`].
    #[error("a bundle has at most {MAX_BUNDLE} bytes")]
    TooLarge,
    /// It ends before it is complete.
    #[error("the bundle is cut off")]
    Truncated,
    /// Bytes follow its end.
    #[error("bytes follow the end of the bundle")]
    TrailingBytes,
    /// The same could have been written in another way: a long form of a number, keys out of order, no definite length.
    #[error("the bundle is not deterministically encoded: {0}")]
    NotDeterministic(&'static str),
    /// Nested deeper than anything a bundle holds.
    #[error("the bundle is nested too deeply")]
    TooDeep,
    /// No COSE_Sign1 message by Ed25519 with an empty unprotected header.
    #[error("this is no signed bundle")]
    NotSigned,
    /// Signed by another key, or changed since.
    #[error("the signature is not by the key that this gateway trusts")]
    Signature,
    /// Made for another version of the format.
    #[error("the bundle has format {0}; this program reads format 1")]
    Format(u64),
    /// A key that stands twice in one map.
    #[error("`{}` stands twice", .0.escape_debug())]
    DuplicateKey(String),
    /// A field that this program does not know: it would be ignored where it was meant to matter.
    #[error("unknown field `{}`", .0.escape_debug())]
    UnknownField(String),
    /// A field that has to be there.
    #[error("field `{0}` is missing")]
    MissingField(&'static str),
    /// A field that holds something else than it should.
    #[error("field `{0}` does not hold what it should")]
    WrongType(&'static str),
    /// More files than [`MAX_FILES`].
    #[error("a policy has at most {MAX_FILES} files")]
    TooManyFiles,
    /// A path that leads out of the repository, or is too long.
    #[error("`{}` is no relative path of at most {MAX_NAME} bytes", .0.escape_debug())]
    Path(String),
    /// A delta that was made from other files than it is put to.
    #[error("the change was made from another policy than this one")]
    Base,
    /// A delta of which something else comes than was meant.
    #[error("the change does not give the policy that was meant")]
    Result,
    /// An order that is none.
    #[error(transparent)]
    Order(#[from] BadOrder),
    /// A name that is too long, or has control characters.
    #[error("the name of a maker or of a key has control characters, or more than {MAX_NAME} bytes")]
    Name,
}
