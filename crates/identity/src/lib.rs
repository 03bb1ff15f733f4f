//! Keys and certificates: what a peer has proved, and what we vouch for.

mod pinned;

pub use pinned::PinnedRoot;
