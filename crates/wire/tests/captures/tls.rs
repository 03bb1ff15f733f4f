//! TLS and DTLS.

use crate::counts::check_told;

/// Capture; client hellos a stream, server hellos a stream and certificates that tshark finds.
const COUNTS: &[(&str, [u64; 3])] = &[
    ("dtls/dtls-sequence-number-jumps.pcap", [1, 1, 0]),
    ("dtls/dtls13-wolfssl.pcap", [1, 1, 0]),
    ("dtls/dtls1_0.pcap", [1, 1, 1]),
    ("dtls/dtls1_2.pcap", [1, 1, 1]),
    ("tls/CVE-2015-3194.pcap", [1, 1, 1]),
    ("tls/certificate-request-failed.pcap", [1, 1, 2]),
    ("tls/chrome-1250-tls-x25519-kyber.pcap", [1, 1, 0]),
    ("tls/client-certificate.pcap", [1, 1, 5]),
    ("tls/dhe.pcap", [1, 1, 2]),
    ("tls/ecdsa-cert.pcap", [1, 1, 2]),
    ("tls/hrr.pcap", [1, 1, 0]),
    ("tls/ml-dsa-44-cert.pcap", [1, 1, 1]),
    ("tls/ssl-v2.pcap", [1, 1, 1]),
    ("tls/tls-1.2-handshake-failure.pcap", [1, 0, 0]),
    ("tls/tls-13draft19-early-data.pcap", [2, 2, 0]),
    ("tls/tls-expired-cert.pcap", [2, 2, 5]),
    ("tls/tls1.2.pcap", [1, 1, 3]),
    ("tls/tls13_psk_succesfull.pcap", [1, 1, 0]),
    ("tls/tls13_wolfssl.pcap", [1, 1, 0]),
    ("tls/tls1_1.pcap", [1, 1, 3]),
];

#[test]
fn as_many_hellos_and_certificates_are_read_as_tshark_reads() {
    for (capture, [clients, servers, certificates]) in COUNTS {
        let expected =
            [("client hello", *clients), ("server hello", *servers), ("certificate", *certificates)];
        check_told(capture, &expected);
    }
}
