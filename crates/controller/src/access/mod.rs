//! Who may do what: roles, permissions, and the caller of a request.
//!
//! It does not know how somebody proves who they are; that is `people`.

mod caller;
mod permission;
mod principal;
mod role;

pub(crate) use caller::{ALL_SITES, Caller, Cut, Signed, Sites};
pub(crate) use permission::{Permission, Scope};
pub(crate) use principal::Principal;
pub use role::Role;
