//! The list of what an authority has revoked, for third parties (CRL, RFC 5280 §5). We ourselves do not wait for it: a
//! revocation goes to gateways as an order.

use crate::authority::LAST;
use crate::{Authority, BadAuthority, Validity};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use std::time::Duration;

/// Why a certificate is worth nothing any more (RFC 5280 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nobody said.
    Unspecified,
    /// Somebody else may have the key.
    KeyCompromise,
    /// Somebody else may have the authority's key.
    CaCompromise,
    /// Another took its place.
    Superseded,
    /// The device is no longer used.
    CessationOfOperation,
}

/// A certificate that is worth nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial, as it stands in the certificate.
    pub serial: Vec<u8>,
    /// When that was decided, in seconds since 1970.
    pub at: u64,
    /// Why.
    pub reason: Reason,
}

impl Reason {
    /// As a CRL and an OCSP response say it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }

    const fn listed(self) -> Option<RevocationReason> {
        match self {
            // "SHOULD be absent instead of using the unspecified (0) reasonCode value"
            Self::Unspecified => None,
            Self::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Self::CaCompromise => Some(RevocationReason::CaCompromise),
            Self::Superseded => Some(RevocationReason::Superseded),
            Self::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
        }
    }
}

impl Authority {
    /// The list (DER). Numbers of an authority's lists grow; the next comes before the end of `validity`.
    ///
    /// # Errors
    /// [`BadAuthority`].
    pub fn crl(&self, number: u64, validity: Validity, revoked: &[Revoked]) -> Result<Vec<u8>, BadAuthority> {
        let latest = revoked.iter().map(|revoked| revoked.at).fold(validity.until, u64::max);
        if validity.until <= validity.from || latest > LAST {
            return Err(BadAuthority::Validity);
        }
        let time = |seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
        let entry = |revoked: &Revoked| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&revoked.serial),
            revocation_time: time(revoked.at),
            reason_code: revoked.reason.listed(),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: time(validity.from),
            next_update: time(validity.until),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        self.sign(|issuer| Ok(list.signed_by(issuer)?.der().to_vec()))
    }
}
