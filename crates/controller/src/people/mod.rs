//! People and their programs: how they prove who they are.
//!
//! It does not know what they may do; that is `access`.

pub(crate) mod accounts;
pub(crate) mod break_glass;
mod ceremony;
pub(crate) mod change;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod oidc;
pub(crate) mod passkeys;
mod password;
mod proof;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod tokens;
mod totp;
pub(crate) mod webauthn;

pub(crate) use password::Passwords;
pub(crate) use proof::{SESSION_COOKIE, caller, recognise};

/// Who gave a role: somebody here.
pub(crate) const LOCAL: &str = "local";

#[cfg(test)]
mod tests;
