//! What is read of TLS and DTLS against what tshark reads of the same captures.

use nullius_capture::CaptureFile;
use nullius_model::{FlowInfo, Observation, Seed, Seen, Sink};
use nullius_wire::{Dissector, Limits};
use std::path::Path;

/// Capture; client hellos a stream, server hellos a stream and certificates that tshark finds.
const COUNTS: &[(&str, [u32; 3])] = &[
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

#[derive(Default)]
struct Counts([u32; 3]);

impl Sink for Counts {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        self.0[0] += u32::from(matches!(observation, Observation::TlsClient(_)));
        self.0[1] += u32::from(matches!(observation, Observation::TlsServer(_)));
        self.0[2] += u32::from(matches!(observation, Observation::Certificate(_)));
    }
}

#[test]
fn as_many_hellos_and_certificates_are_read_as_tshark_reads() {
    for (capture, expected) in COUNTS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let mut file = CaptureFile::open(&folder.join(capture)).unwrap();
        let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
        let mut counts = Counts::default();
        while let Some(frame) = file.next_frame().unwrap() {
            dissector.handle_frame(&frame, &mut counts);
        }
        dissector.finish(&mut counts);
        assert_eq!(counts.0, *expected, "{capture}");
    }
}
