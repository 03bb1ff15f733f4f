//! `nullius eval` as a person runs it: the built program, its output, its exit code.
//!
//! `UPDATE_EXPECT=1` writes the golden texts anew: read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and the tools that make a network"
)]

mod errors;
mod files;
mod golden;
mod live;
mod program;
