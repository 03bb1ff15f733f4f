//! A new certificate with a new key, at half of the life of the old one.
//!
//! Time is the controller's: it said what time it is when the stream began, and what went by since is counted by a clock
//! that nobody sets.

use super::identity::{self, Identity, IdentityError};
use nullius_protocol::link::Blob;
use rcgen::KeyPair;
use std::time::Duration;
use tokio::time::Instant;

/// How long until a certificate that was not given is asked for again.
const AGAIN: Duration = Duration::from_secs(300);

/// How far renewing has come.
#[derive(Debug)]
pub(super) struct Renewal {
    /// The controller's clock when the stream began, in seconds since 1970.
    now: u64,
    began: Instant,
    asked: Option<Instant>,
    key: Option<KeyPair>,
}

impl Renewal {
    pub(super) const fn new(now: u64, began: Instant) -> Self {
        Self { now, began, asked: None, key: None }
    }

    /// A request, where it is time for one.
    pub(super) fn request(
        &mut self,
        identity: &Identity,
        at: Instant,
    ) -> Result<Option<Blob>, IdentityError> {
        let half = identity.from + identity.until.saturating_sub(identity.from) / 2;
        let now = self.now.saturating_add(at.duration_since(self.began).as_secs());
        if now < half || self.asked.is_some_and(|last| at < last + AGAIN) {
            return Ok(None);
        }
        self.asked = Some(at);
        let key = identity::make_key()?;
        let request = identity::request(&key)?;
        self.key = Some(key);
        Ok(Some(Blob(request)))
    }

    /// The identity that a new certificate makes.
    pub(super) fn take(&mut self, identity: &Identity, chain: Vec<Blob>) -> Result<Identity, IdentityError> {
        let key = self.key.take().ok_or(IdentityError::OtherKey)?;
        identity.renewed(chain.into_iter().map(|certificate| certificate.0).collect(), key)
    }
}
