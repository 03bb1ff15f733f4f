//! How those who trust one root come to trust the next: the older one signs a certificate about the newer one's key.

use super::{Anchors, BadChain};
use crate::authority::signed_by;
use crate::key::sha256;
use crate::peer::parse;
use x509_parser::certificate::X509Certificate;

impl Anchors {
    /// Whether an anchor in force at `now` vouches for a root (DER): `cross` is a certificate (DER) by the anchor about
    /// the root's key and name, and the root is signed by that key.
    ///
    /// # Errors
    /// [`BadChain`].
    pub fn vouched(&self, root: &[u8], cross: &[u8], now: u64) -> Result<(), BadChain> {
        let (root, cross) = (parse(root).ok_or(BadChain::Form)?, parse(cross).ok_or(BadChain::Form)?);
        if !root.is_ca() || !cross.is_ca() {
            return Err(BadChain::Purpose);
        }
        let key = sha256(root.public_key().raw);
        if self.distrusted.contains(&key) {
            return Err(BadChain::Distrusted);
        }
        let about = cross.subject().as_raw() == root.subject().as_raw()
            && cross.public_key().raw == root.public_key().raw;
        let known = self.in_force(now).filter_map(|anchor| parse(&anchor.der));
        if !about || !signed_by(&root, &root) || !known.into_iter().any(|anchor| signed_by(&cross, &anchor)) {
            return Err(BadChain::UnknownIssuer);
        }
        dates(&cross, now)?;
        dates(&root, now)
    }
}

fn dates(certificate: &X509Certificate<'_>, now: u64) -> Result<(), BadChain> {
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    let (from, until) =
        (seconds(certificate.validity().not_before), seconds(certificate.validity().not_after));
    if now < from {
        return Err(BadChain::Early { from });
    }
    if now > until { Err(BadChain::Expired { until }) } else { Ok(()) }
}
