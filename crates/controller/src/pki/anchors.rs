//! Whom everybody is to believe: roots in force, and authorities that nothing is believed of any more.

use super::{CaError, sha256};
use crate::App;
use nullius_protocol::link::{Blob, Hash};
use nullius_protocol::order::Order;
use nullius_store::authorities::{self, Authority, Kind, State};
use nullius_store::{StoreError, Tx, certificates};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How long writes are gathered before it is looked whether one of them was about this.
const GATHER: Duration = Duration::from_millis(200);

/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(5);

/// Whom to believe. Certificates are DER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchors {
    /// What chains may end in, the newest last.
    pub(crate) roots: Vec<Vec<u8>>,
    /// Issuing authorities under them.
    pub(crate) issuing: Vec<Vec<u8>>,
    /// Newer roots as older ones vouch for them.
    pub(crate) cross: Vec<Vec<u8>>,
    /// SHA-256 of the keys (`SubjectPublicKeyInfo`) of authorities that nothing is believed of: no certificate of such a
    /// key counts.
    pub(crate) distrusted: Vec<[u8; 32]>,
    /// SHA-256 of certificates that such an authority signed while its key was ours alone, and that are good otherwise:
    /// their holders may come for another.
    pub(crate) known: BTreeSet<[u8; 32]>,
    /// The one that signs.
    pub(crate) signs: Option<String>,
}

/// Whom to believe now.
///
/// # Errors
/// What the store fails with.
pub(crate) fn anchors(tx: &mut Tx<'_>) -> Result<Anchors, StoreError> {
    let mut anchors = Anchors::default();
    for row in authorities::all(tx)? {
        if row.state == State::Distrusted {
            let known = certificates::under(tx, &row.id, 0)?;
            anchors
                .known
                .extend(known.iter().filter_map(|one| <[u8; 32]>::try_from(one.hash.as_slice()).ok()));
        }
        anchors.take(row);
    }
    Ok(anchors)
}

impl Anchors {
    fn take(&mut self, row: Authority) {
        match (row.kind, row.state) {
            (_, State::Distrusted) => self.distrusted.push(sha256(&row.public_key)),
            (Kind::Root, _) => {
                self.cross.extend(row.cross);
                self.roots.push(row.certificate);
            }
            (Kind::Issuing, state) => {
                if state == State::Issuing {
                    self.signs = Some(row.id);
                }
                self.issuing.push(row.certificate);
            }
        }
    }

    /// As gateways are told.
    pub(crate) fn order(&self) -> Order {
        let blobs = |all: &[Vec<u8>]| all.iter().cloned().map(Blob).collect();
        let distrusted = self.distrusted.iter().copied().map(Hash).collect();
        Order::Trust { anchors: blobs(&self.roots), cross: blobs(&self.cross), distrusted }
    }
}

/// Tells whoever serves TLS when somebody else is to be believed.
#[derive(Debug)]
pub(crate) struct Follower {
    app: App,
    changes: watch::Receiver<u64>,
    last: Option<Anchors>,
}

impl Follower {
    /// The first call of [`Self::changed`] answers at once.
    pub(crate) fn new(app: &App) -> Self {
        Self { app: app.clone(), changes: app.changes(), last: None }
    }

    /// Whom to believe, once it is not what was told last.
    pub(crate) async fn changed(&mut self) -> Anchors {
        loop {
            match self.app.read(|tx| anchors(tx).map_err(CaError::from)).await {
                Ok(now) if self.last.as_ref() != Some(&now) => {
                    self.last = Some(now.clone());
                    return now;
                }
                Ok(_) => {
                    if self.changes.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                    sleep(GATHER).await;
                    self.changes.mark_unchanged();
                }
                Err(error) => {
                    tracing::error!(%error, "it is not known whom to believe");
                    sleep(AGAIN).await;
                }
            }
        }
    }
}
