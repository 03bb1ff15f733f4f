//! Session tickets (RFC 8446 §4.6.1) that are worth something only while nothing has changed about who is trusted.
//!
//! INVARIANT: what a ticket was sealed with is forgotten with every change of trust, so that a session from before it is
//! never resumed: its client is looked at anew.

use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::ProducesTickets;
use std::sync::{Arc, PoisonError, RwLock};

/// Seconds that a ticket is good for at most.
const LIFETIME: u32 = 6 * 3600;

/// Seals and opens tickets of one epoch of trust.
#[derive(Debug, Default)]
pub(super) struct Tickets(RwLock<Option<Arc<dyn ProducesTickets>>>);

impl Tickets {
    /// Forgets what the tickets before were sealed with. Where the system has no randomness there are no tickets.
    pub(super) fn renew(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Ticketer::new().ok();
    }

    fn current(&self) -> Option<Arc<dyn ProducesTickets>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.current()?.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.current()?.decrypt(cipher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_from_before_a_change_opens_nothing() {
        let tickets = Tickets::default();
        assert_eq!(tickets.encrypt(b"session"), None, "before anybody is trusted there is none");
        tickets.renew();
        let ticket = tickets.encrypt(b"session").unwrap();
        assert_eq!(tickets.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        tickets.renew();
        assert_eq!(tickets.decrypt(&ticket), None);
    }
}
