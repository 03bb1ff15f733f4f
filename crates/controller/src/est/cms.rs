//! Certificates in a PKCS#7 that nobody signed (RFC 5652 §5, "certs-only" of RFC 5751 §3.2.2): how EST carries them.

const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// `[0]`, constructed.
const CONTEXT: u8 = 0xa0;

/// id-data, 1.2.840.113549.1.7.1.
const DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// id-signedData, 1.2.840.113549.1.7.2.
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// These certificates (DER).
pub(super) fn certs_only(certificates: &[Vec<u8>]) -> Vec<u8> {
    let signed = value(
        SEQUENCE,
        &[
            &value(INTEGER, &[&[1]]),
            &value(SET, &[]),
            &value(SEQUENCE, &[&value(OID, &[&DATA])]),
            &value(CONTEXT, &certificates.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            &value(SET, &[]),
        ],
    );
    value(SEQUENCE, &[&value(OID, &[&SIGNED_DATA]), &value(CONTEXT, &[&signed])])
}

fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    if content.len() >= 0x80 {
        // a length has at most eight digits
        der.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
    }
    if digits.is_empty() {
        der.push(0);
    }
    der.extend(digits);
    der.extend(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_in_as_many_bytes_as_it_needs() {
        for (length, head) in [
            (0, vec![0x31, 0]),
            (0x7f, vec![0x31, 0x7f]),
            (0x80, vec![0x31, 0x81, 0x80]),
            (0x1234, vec![0x31, 0x82, 0x12, 0x34]),
        ] {
            let der = value(SET, &[&vec![7; length]]);
            assert_eq!((der.len(), &der[..head.len()]), (head.len() + length, head.as_slice()));
        }
    }
}
