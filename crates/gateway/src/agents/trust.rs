//! Who is let in: certificates under the anchors in force, of a device of this site that is not revoked.
//!
//! The gateway's core says what is trusted, at once and with every change. INVARIANT: before it has said so for the first
//! time nobody is let in; and what was last said stays when the core is gone.

use super::known::Known;
use nullius_identity::chain::{Anchors, BadChain, Purpose};
use nullius_identity::{BadPeer, DeviceClients, DeviceIdentity, TrustDomain, Verified, assertion};
use nullius_protocol::link::Hash;
use nullius_protocol::local::Trust;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier as _};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose gateway this is: what its own certificate says.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) domain: TrustDomain,
    pub(super) site: String,
    /// The root that it joined under: the anchor where the core names none.
    pub(super) root: Vec<u8>,
}

/// What is trusted now.
#[derive(Debug)]
pub(super) struct Judge {
    anchors: Arc<Anchors>,
    clients: Arc<DeviceClients>,
    place: Place,
    told: Trust,
    revoked: BTreeSet<String>,
    revoked_keys: BTreeSet<Hash>,
    known: Known,
}

/// Why somebody is not let in, for their journal and ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// The core has not said whom to trust.
    #[error("the gateway does not know yet whom to trust")]
    TooEarly,
    /// No certificate.
    #[error("a device shows a certificate")]
    Nameless,
    /// Its chain.
    #[error(transparent)]
    Chain(#[from] BadChain),
    /// What it names.
    #[error(transparent)]
    Peer(#[from] BadPeer),
    /// Of another site.
    #[error("the device belongs to another site")]
    Site,
    /// The device's access was taken away.
    #[error("the device is revoked")]
    Revoked,
    /// The key's.
    #[error("the key is revoked")]
    RevokedKey,
}

impl Judge {
    /// From what the core says.
    pub(super) fn new(told: Trust, place: Place) -> Result<Self, BadChain> {
        let distrusted = told.distrusted.iter().map(|hash| hash.0);
        let named: Vec<_> = told.anchors.iter().map(|blob| blob.0.as_slice()).collect();
        let own = [place.root.as_slice()];
        let anchors = Anchors::new(if named.is_empty() { &own } else { named.as_slice() }, distrusted)?;
        let revoked = told.revoked.iter().cloned().collect();
        let revoked_keys = told.revoked_keys.iter().copied().collect();
        let anchors = Arc::new(anchors);
        let (provider, domain) = (crate::link::tls::provider(), place.domain.clone());
        let clients = DeviceClients::new(Arc::clone(&anchors), domain, &place.site, &provider);
        Ok(Self { anchors, clients, place, told, revoked, revoked_keys, known: Known::default() })
    }

    /// Who a peer is whose handshake proved the key of the first certificate; `now` in seconds since 1970.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        now: u64,
    ) -> Result<Verified<DeviceIdentity>, Refused> {
        let leaf = chain.first().ok_or(Refused::Nameless)?;
        if !self.known.has(chain, now) {
            self.anchors.verify(chain, Purpose::Client, now)?;
        }
        let device = assertion::<DeviceIdentity>(leaf, &self.place.domain)?;
        self.stands(&device)?;
        Ok(device)
    }

    /// Whether a device that was let in may stay, as far as revocation goes.
    pub(super) fn stands(&self, device: &DeviceIdentity) -> Result<(), Refused> {
        if device.site != self.place.site {
            return Err(Refused::Site);
        }
        if self.revoked.contains(&device.name) {
            return Err(Refused::Revoked);
        }
        if self.revoked_keys.contains(&Hash(device.key)) { Err(Refused::RevokedKey) } else { Ok(()) }
    }

    /// Whether the same chains lead somewhere under both.
    pub(super) fn has_anchors_of(&self, other: &Self) -> bool {
        (&self.told.anchors, &self.told.distrusted) == (&other.told.anchors, &other.told.distrusted)
    }

    pub(super) const fn told(&self) -> &Trust {
        &self.told
    }

    /// Looks at certificates within a handshake; `now` is as in [`Judge::judge`].
    pub(super) fn let_in(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let chain: Vec<_> = std::iter::once(leaf).chain(above).cloned().collect();
        if self.known.has(&chain, now.as_secs()) {
            return Ok(ClientCertVerified::assertion());
        }
        let verified = self.clients.verify_client_cert(leaf, above, now)?;
        self.known.keep(&chain, now.as_secs());
        Ok(verified)
    }
}
