//! People and their programs: how they prove who they are.
//!
//! It does not know what they may do; that is `access`.

mod proof;

pub(crate) use proof::{SESSION_COOKIE, TOKEN_PREFIX, caller};
