//! One enforced site, judged at the receiving end of its cables, with clients and servers that others wrote.
//!
//! Needs root: the stations and the gateway live in network namespaces of their own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::disallowed_methods, reason = "the tests start programs and time them")]
#![expect(clippy::print_stderr, reason = "what the gateway said belongs to a failure")]
#![expect(clippy::indexing_slicing, reason = "frames and answers of a known form")]
#![expect(dead_code, reason = "the bench of a site uses more of these modules")]

mod changes;
mod clone;
mod gateway;
mod grants;
mod insertion;
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
