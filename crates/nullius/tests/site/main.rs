//! One enforced site, judged at the receiving end of its cables, with clients and servers that others wrote.
//!
//! Needs root: the stations and the gateway live in network namespaces of their own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::disallowed_methods, reason = "the tests start programs and time them")]

mod changes;
mod clone;
mod gateway;
mod grants;
mod matrix;
mod net;
mod pair;
mod peers;
mod plant;
mod polls;
mod probes;
mod revoke;
mod streams;
mod tap;
