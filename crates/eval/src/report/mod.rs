//! The picture as something a person or a program can read.
//!
//! `terminal` is the report of one minute, `html` the one file to mail, `json` the versioned schema for programs, `draft`
//! the first zones and rules as data. All four say the same: `words` names things once for all of them, `summary`
//! counts them once.

pub mod draft;
pub mod html;
pub mod json;
pub mod summary;
pub mod terminal;
pub mod words;
