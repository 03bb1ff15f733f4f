//! PKCS#7, as EST hands certificates over: nothing but the certificates (RFC 7030 §4.1.3, RFC 5652 §5).

pub(crate) mod signed;

use crate::der::{BadDer, INTEGER, OID, Reader, SEQUENCE, SET, context, value};

/// Longest answer with certificates that is read, in bytes.
pub const MAX_CERTS_ONLY: usize = 64 << 10;

/// Most certificates of one.
const MAX_CERTIFICATES: usize = 16;

/// 1.2.840.113549.1.7.1
const DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// Bytes that hold no certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no PKCS#7 with certificates alone, or it is too large")]
pub struct BadCerts;

/// These certificates (DER) as a PKCS#7 that nobody signed (DER), in this order.
pub fn certs_only<T: AsRef<[u8]>>(certificates: &[T]) -> Vec<u8> {
    let certificates: Vec<&[u8]> = certificates.iter().map(AsRef::as_ref).collect();
    let signed = value(
        SEQUENCE,
        &[
            &value(INTEGER, &[&[1]]),
            &value(SET, &[]),
            &value(SEQUENCE, &[&value(OID, &[&DATA])]),
            &value(context(0), &certificates),
            &value(SET, &[]),
        ],
    );
    value(SEQUENCE, &[&value(OID, &[&SIGNED_DATA]), &value(context(0), &[&signed])])
}

/// The certificates (DER) of such a PKCS#7 (DER), in its order. Nothing is said about what they are worth.
///
/// # Errors
/// [`BadCerts`].
pub fn read_certs(der: &[u8]) -> Result<Vec<Vec<u8>>, BadCerts> {
    if der.len() > MAX_CERTS_ONLY {
        return Err(BadCerts);
    }
    let certificates = || {
        let signed = open(der)?;
        if signed.signers.is_empty() { Ok(signed.certificates) } else { Err(BadDer) }
    };
    let certificates = certificates().map_err(|_: BadDer| BadCerts)?;
    Ok(certificates.into_iter().map(<[u8]>::to_vec).collect())
}

/// A `SignedData`, opened but not judged.
struct Opened<'b> {
    certificates: Vec<&'b [u8]>,
    signers: Reader<'b>,
}

/// What it signs, if it holds it at all, is not looked at: it lies elsewhere.
fn open(der: &[u8]) -> Result<Opened<'_>, BadDer> {
    let mut outer = Reader::new(der);
    let mut info = outer.inside(SEQUENCE)?;
    outer.end()?;
    if info.take(OID)?.contents != SIGNED_DATA {
        return Err(BadDer);
    }
    let mut explicit = info.inside(context(0))?;
    info.end()?;
    let mut signed = explicit.inside(SEQUENCE)?;
    explicit.end()?;
    signed.take(INTEGER)?;
    signed.take(SET)?;
    let mut about = signed.inside(SEQUENCE)?;
    if about.take(OID)?.contents != DATA {
        return Err(BadDer);
    }
    about.end()?;
    let mut set = Reader::new(signed.optional(context(0))?.map_or(&[][..], |set| set.contents));
    signed.optional(context(1))?;
    let signers = signed.inside(SET)?;
    signed.end()?;
    let mut certificates = Vec::new();
    while !set.is_empty() {
        if certificates.len() == MAX_CERTIFICATES {
            return Err(BadDer);
        }
        certificates.push(set.take(SEQUENCE)?.whole);
    }
    Ok(Opened { certificates, signers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{issuing, root};

    #[test]
    fn certificates_come_back_as_they_were_sent() {
        let chain = issuing(&root()).chain().to_vec();
        for count in 0..=chain.len() {
            assert_eq!(read_certs(&certs_only(&chain[..count])).unwrap(), chain[..count]);
        }
        let der = certs_only(&chain);
        for length in 0..der.len() {
            assert_eq!(read_certs(&der[..length]), Err(BadCerts));
        }
        assert_eq!(read_certs(&[der, vec![0]].concat()), Err(BadCerts));
        let many = vec![chain[0].clone(); MAX_CERTIFICATES + 1];
        assert_eq!(read_certs(&certs_only(&many)), Err(BadCerts));
        assert_eq!(read_certs(&vec![0x30; MAX_CERTS_ONLY + 1]), Err(BadCerts));
    }
}
