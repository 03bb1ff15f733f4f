//! What a device signs to show that its key is still at hand.

use crate::link::Hash;

/// Sets these signatures apart from every other of the same key: a certificate request, TLS, a recovery.
const LABEL: &[u8] = b"nullius agent proof 1";

/// What is signed: the label, 32 bytes that only the two ends of this connection can derive ([`super::EXPORTER`]), and
/// what the gateway asked. A neighbour who passes challenges on to the device has another connection, and other bytes.
pub fn proof_message(exporter: &[u8; 32], nonce: &Hash) -> Vec<u8> {
    [LABEL, exporter, &nonce.0].concat()
}
