//! What all ports of the door share: whom to trust, which certificate to show, what time it is, and the core.

use super::core::Core;
use super::tickets::Tickets;
use super::trust::{Judge, Place, Refused};
use crate::clock::Clock;
use nullius_identity::{DeviceIdentity, Verified};
use nullius_model::PortName;
use nullius_protocol::local::Trust;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What all ports share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) core: Core,
    pub(super) tickets: Arc<Tickets>,
    /// How long a proof lasts, in seconds.
    pub(super) lease: u32,
    pub(super) clock: Arc<dyn Clock>,
    certificate: Arc<Certificate>,
    judge: watch::Sender<Option<Arc<Judge>>>,
    plugged: watch::Sender<BTreeMap<String, u64>>,
    place: Place,
}

impl State {
    pub(super) fn new(
        core: Core,
        certificate: Arc<Certificate>,
        place: Place,
        lease: u32,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let judge = watch::Sender::new(None);
        let plugged = watch::Sender::default();
        Self { core, tickets: Arc::default(), lease, clock, certificate, judge, plugged, place }
    }

    /// Takes what the core says of whom to trust. What cannot be read changes nothing but the tickets.
    pub(super) fn trust(&self, mut told: Trust) {
        let plugged = std::mem::take(&mut told.plugged);
        self.plugged.send_if_modified(|known| std::mem::replace(known, plugged) != *known);
        let is_new = self.judge.borrow().as_ref().is_none_or(|judge| *judge.told() != told);
        if !is_new {
            return;
        }
        let judge = Judge::new(told, self.place.clone());
        self.tickets.renew();
        if let Ok(judge) = judge {
            self.judge.send_replace(Some(Arc::new(judge)));
        }
        // a session that was agreed while the judge changed is of before it
        self.tickets.renew();
    }

    /// Whom to trust, now and with every change.
    pub(super) fn watch(&self) -> watch::Receiver<Option<Arc<Judge>>> {
        self.judge.subscribe()
    }

    /// Wakes when a link came.
    pub(super) fn links(&self) -> watch::Receiver<BTreeMap<String, u64>> {
        self.plugged.subscribe()
    }

    /// When the link of a port came; 0 where it was never lost.
    pub(super) fn plugged(&self, port: &PortName) -> u64 {
        self.plugged.borrow().get(port.as_str()).copied().unwrap_or_default()
    }

    pub(super) fn judge(&self) -> Option<Arc<Judge>> {
        self.judge.borrow().clone()
    }

    /// Who a peer is, by what is trusted now.
    pub(super) fn admit(&self, chain: &[CertificateDer<'_>]) -> Result<Verified<DeviceIdentity>, Refused> {
        self.judge().ok_or(Refused::TooEarly)?.judge(chain, self.now())
    }

    /// Seconds since 1970, as far as the gateway's own certificate makes it plausible: a clock without a battery must not
    /// keep every device out.
    pub(super) fn now(&self) -> u64 {
        let (from, until) = self.certificate.validity();
        self.clock.now().wall.as_secs().min(until).max(from)
    }

    pub(super) fn certificate(&self) -> Arc<Certificate> {
        Arc::clone(&self.certificate)
    }
}

/// The gateway's certificate and key, which a renewal replaces while connections live.
#[derive(Debug)]
pub(crate) struct Certificate(RwLock<Shown>);

/// What is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) key: Arc<CertifiedKey>,
    /// Its first and last second, since 1970.
    pub(crate) from: u64,
    /// See `from`.
    pub(crate) until: u64,
}

impl Certificate {
    pub(crate) const fn new(shown: Shown) -> Self {
        Self(RwLock::new(shown))
    }

    /// Shows another one from here on.
    pub(crate) fn replace(&self, shown: Shown) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    fn shown(&self) -> Shown {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn validity(&self) -> (u64, u64) {
        let shown = self.shown();
        (shown.from, shown.until)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().key)
    }
}
