//! Checks an exported audit log without trusting who wrote it.

fn main() {}
