//! Who acts.

use std::fmt;

/// Who acts: what the log calls `who`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// A person who signed in.
    User {
        /// Never given to anybody else.
        id: String,
        /// What people call them.
        name: String,
    },
    /// A program with a token, and the person who answers for it.
    Token {
        /// Of the token.
        id: String,
        /// Of the token.
        name: String,
        /// The person's id.
        owner: String,
    },
    /// Two people together, while nobody can sign in as usual.
    BreakGlass {
        /// Their ids, in order.
        people: [String; 2],
        /// Their names, in that order.
        names: [String; 2],
    },
}

impl Principal {
    /// Whoever answers for what is done: nobody among them approves what another of the same people asked for.
    pub(crate) fn people(&self) -> Vec<&str> {
        match self {
            Self::User { id, .. } => vec![id],
            Self::Token { owner, .. } => vec![owner],
            Self::BreakGlass { people, .. } => people.iter().map(String::as_str).collect(),
        }
    }
}

/// `user:anna`, `token:ci`, `break-glass:anna+ben`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { name, .. } => write!(f, "user:{name}"),
            Self::Token { name, .. } => write!(f, "token:{name}"),
            Self::BreakGlass { names: [first, second], .. } => write!(f, "break-glass:{first}+{second}"),
        }
    }
}
