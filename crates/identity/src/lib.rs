//! Keys and certificates: what a peer has proved, and what we vouch for.
