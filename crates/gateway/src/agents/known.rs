//! Chains of certificates that were found good under what is trusted now: each is followed once in a while, not at every
//! proof.
//!
//! It says nothing of revocation, nor that a peer has the key: both are asked each time. INVARIANT: it lives no longer than
//! the anchors that its chains lead to, and remembers none beyond the end of a certificate in it.

use aws_lc_rs::digest::{Context, SHA256};
use nullius_identity::certificate_end;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Chains that are remembered: two for each connection there may be.
const MAX_KNOWN: usize = 8192;

/// Seconds that a chain is remembered: an anchor may run out.
const LIFETIME: u64 = 900;

/// Chains by their hash, and the seconds since 1970 in which they are known.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<[u8; 32], Range<u64>>>);

impl Known {
    pub(super) fn has(&self, chain: &[CertificateDer<'_>], now: u64) -> bool {
        let chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chains.get(&hash(chain)).is_some_and(|time| time.contains(&now))
    }

    /// A chain that was found good at `now`.
    pub(super) fn keep(&self, chain: &[CertificateDer<'_>], now: u64) {
        let ends = chain.iter().map(|certificate| certificate_end(certificate).unwrap_or_default());
        let until = ends.min().unwrap_or_default().min(now.saturating_add(LIFETIME));
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if chains.len() >= MAX_KNOWN {
            chains.clear();
        }
        chains.insert(hash(chain), now..until);
    }
}

fn hash(chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for certificate in chain {
        context.update(&certificate.len().to_be_bytes());
        context.update(certificate);
    }
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn a_chain_is_known_for_a_while_and_never_beyond_its_end() {
        let mut params = CertificateParams::default();
        params.not_after = date_time_ymd(2030, 1, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let chain = [certificate.der().clone()];
        let end = 1_893_456_000;
        let known = Known::default();
        assert!(!known.has(&chain, end - 2000));
        known.keep(&chain, end - 2000);
        for (now, is_known) in
            [(end - 2001, false), (end - 2000, true), (end - 1101, true), (end - 1100, false)]
        {
            assert_eq!(known.has(&chain, now), is_known, "{now}");
        }
        known.keep(&chain, end - 10);
        assert!(known.has(&chain, end - 1) && !known.has(&chain, end));
        let other = [certificate.der().clone(), certificate.der().clone()];
        assert!(!known.has(&other, end - 10));
    }
}
