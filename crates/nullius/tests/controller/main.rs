//! The controller as a program, called by programs that others wrote.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::indexing_slicing, reason = "documents of a known form")]
#![expect(clippy::disallowed_methods, reason = "the tests start programs")]

mod judged;
mod program;
