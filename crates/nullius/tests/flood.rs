//! A hundred thousand invented stations against the real ones.
//!
//! A test program of its own: the peak memory of a child is the largest of all children, and the test's own where it
//! was larger before the child began.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::indexing_slicing, reason = "a header of fixed length")]
#![expect(clippy::disallowed_methods, reason = "the test starts the program")]

use nix::sys::resource::{UsageWho, getrusage};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

/// Stations that send one frame each and do not exist.
const INVENTED: u32 = 100_000;
/// After so many of them, the real two exchange one message each.
const BETWEEN: u32 = 500;
/// What an evaluation may take whatever a capture holds.
const MEMORY_CAP_KIB: i64 = 256 << 10;

#[test]
fn invented_stations_go_first_the_real_ones_stay_and_memory_is_bounded() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("flood-{}.pcap", std::process::id()));
    write_flood(&path);
    let output = Command::new(env!("CARGO_BIN_EXE_nullius")).arg("eval").arg(&path).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("PARTIAL"), "{report}");
    assert!(report.contains(" addresses seen least let go: the table of stations is bounded"), "{report}");
    for real in ["\n  10.0.0.1 ", "\n  10.0.0.2 "] {
        assert!(report.contains(real), "{report}");
    }
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(peak < MEMORY_CAP_KIB, "{peak} KiB");
}

fn write_flood(path: &Path) {
    let mut file = Capture { out: BufWriter::new(File::create(path).unwrap()), frames: 0 };
    file.header();
    let (first, second) = (station(1), station(2));
    for number in 0..INVENTED {
        file.frame(&datagram(station(0x0100 + number), first, 40_000, 9));
        if number % BETWEEN == 0 {
            file.frame(&datagram(first, second, 50_000, 5_000));
            file.frame(&datagram(second, first, 5_000, 50_000));
        }
    }
    file.out.flush().unwrap();
}

/// Hardware and network address of a station: 02:00:…, 10.….
fn station(number: u32) -> ([u8; 6], [u8; 4]) {
    let [_, a, b, c] = number.to_be_bytes();
    ([2, 0, 0, a, b, c], [10, a, b, c])
}

/// Ethernet, IPv4, UDP without checksum, 18 bytes of payload.
fn datagram(
    (from_mac, from_ip): ([u8; 6], [u8; 4]),
    (to_mac, to_ip): ([u8; 6], [u8; 4]),
    from_port: u16,
    to_port: u16,
) -> Vec<u8> {
    let mut header = vec![0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0];
    header.extend(from_ip);
    header.extend(to_ip);
    let sum = header.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
    let folded = (sum & 0xffff) + (sum >> 16);
    let [.., high, low] = (!folded).to_be_bytes();
    (header[10], header[11]) = (high, low);
    let [from, to] = [from_port, to_port].map(u16::to_be_bytes);
    [&to_mac[..], &from_mac, &[8, 0], &header, &from, &to, &[0, 26, 0, 0], &[7; 18]].concat()
}

/// A pcap file of Ethernet frames, a tenth of a millisecond apart.
struct Capture {
    out: BufWriter<File>,
    frames: u32,
}

impl Capture {
    fn header(&mut self) {
        self.words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1]);
    }

    fn frame(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap();
        let micros = self.frames * 100;
        self.words(&[1_700_000_000 + micros / 1_000_000, micros % 1_000_000, length, length]);
        self.out.write_all(bytes).unwrap();
        self.frames += 1;
    }

    fn words(&mut self, words: &[u32]) {
        words.iter().for_each(|word| self.out.write_all(&word.to_le_bytes()).unwrap());
    }
}
