//! Behaviour: what machines normally say to each other.
//!
//! A conversation is client, server, protocol and unit; the client's port is no part of it. Its alphabet is the set of
//! symbols it uses. `table` counts as messages come; `symbol` keeps counts, gaps and value envelopes of one symbol;
//! `readiness` says whether an alphabet learned so far may be enforced (dynamics §5.2), and why not.

pub mod period;
pub mod readiness;
pub mod symbol;
pub mod table;
