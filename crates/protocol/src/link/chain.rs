//! The chain over a gateway's records: none can be left out, changed or moved without the next one telling.

use super::Hash;
use aws_lc_rs::digest;

/// What stands behind a record: SHA-256 over what stood behind the one before, the record's number (eight bytes,
/// big-endian), and its line. Before the first record of a spool stand 32 zero bytes.
pub fn chained(before: &Hash, seq: u64, line: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&before.0);
    context.update(&seq.to_be_bytes());
    context.update(line);
    Hash(context.finish().as_ref().first_chunk().copied().unwrap_or_default())
}
