//! The controller as a program, called by programs that others wrote.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod judged;
mod program;
