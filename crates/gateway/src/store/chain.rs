//! The files of a policy that came as changes: the last whole one, and the changes since, each verified anew.

use super::{Store, StoreError, Verified};
use nullius_policy::Files;
use nullius_protocol::bundle::Body;

/// Changes that are put together at a start; then a whole policy is due. Bundles that are kept reach back further.
pub(crate) const MAX_DELTAS: usize = 16;

impl Store {
    /// The files of a policy, and how many changes they were made of.
    ///
    /// # Errors
    /// [`StoreError`] where one of them is missing, damaged, or does not fit.
    pub(crate) fn files(&self, verified: &Verified) -> Result<(Files, usize), StoreError> {
        let mut deltas = Vec::new();
        let mut body = verified.bundle.body.clone();
        let mut files = loop {
            match body {
                Body::Policy(files) => break files,
                Body::PolicyDelta(delta) if deltas.len() < MAX_DELTAS => {
                    body = self.load(delta.base)?.bundle.body;
                    deltas.push(delta);
                }
                Body::PolicyDelta(_) => return Err(StoreError::TooManyDeltas),
                Body::Handover(_) => return Err(StoreError::OtherBody("handover")),
                Body::Order { .. } => return Err(StoreError::OtherBody("order")),
            }
        };
        for delta in deltas.iter().rev() {
            files = delta.apply(&files)?;
        }
        Ok((files, deltas.len()))
    }
}
