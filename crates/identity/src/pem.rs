//! Certificates as text (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of base64 a line (RFC 7468 §2).
const LINE: usize = 64;

/// A certificate (DER) as PEM.
pub fn pem(certificate: &[u8]) -> String {
    let digits = STANDARD.encode(certificate);
    let lines = digits.as_bytes().chunks(LINE).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}
