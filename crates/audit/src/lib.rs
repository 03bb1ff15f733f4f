//! The audit log as a Merkle tree: leaves, tiles, checkpoints and proofs (RFC 6962, C2SP tlog-tiles).
