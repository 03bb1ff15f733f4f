//! Real capture files, read as tshark reads them, however they are written down and packed.

use crate::made::{Dialect, Seen, drain, load, path, pcap_header, pcap_record, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use nullius_capture::{CaptureFile, OpenError, TimeSpan, UnsupportedLink, time_span};
use nullius_model::{LinkType, Timestamp};
use std::io::{self, Cursor, Read, Write as _};

/// File, frames, first and last time in nanoseconds, captured bytes, bytes on the wire, link; from tshark 4.0.
pub(super) type Golden = (&'static str, usize, u64, u64, usize, u64, LinkType);

pub(super) const GOLDEN: [Golden; 12] = [
    (
        "dhcp-unique-xid-join-data-growth.pcapng",
        50,
        1_700_000_100_000_000_000,
        1_700_000_100_004_900_000,
        14_300,
        14_300,
        LinkType::Ethernet,
    ),
    (
        "dns_extended_rcode.pcap",
        2,
        1_753_342_170_000_756_000,
        1_753_342_170_001_104_000,
        146,
        146,
        LinkType::RawIp,
    ),
    (
        "icmp6-mld-query.pcap",
        1,
        1_778_015_412_973_569_000,
        1_778_015_412_973_569_000,
        72,
        72,
        LinkType::RawIp,
    ),
    (
        "linux_dlt_sll2.pcap",
        6,
        1_660_534_249_872_259_000,
        1_660_535_793_578_961_000,
        552,
        552,
        LinkType::LinuxSll2,
    ),
    (
        "linuxsll-arp.pcap",
        12,
        1_593_626_138_922_595_000,
        1_593_626_147_243_274_000,
        744,
        744,
        LinkType::LinuxSll,
    ),
    (
        "pcapng-multi-interface.pcapng",
        6,
        1_767_663_089_500_330_493,
        1_767_663_437_140_942_000,
        798,
        798,
        LinkType::Ethernet,
    ),
    ("q-in-q.pcap", 5, 1_363_900_699_548_138_000, 1_363_900_699_553_625_000, 856, 856, LinkType::Ethernet),
    (
        "q-in-q.pcap.zst",
        5,
        1_363_900_699_548_138_000,
        1_363_900_699_553_625_000,
        856,
        856,
        LinkType::Ethernet,
    ),
    (
        "retransmit-timeout.pcapng",
        3,
        629_503_200_000_030_000,
        629_503_500_000_040_000,
        198,
        198,
        LinkType::Ethernet,
    ),
    (
        "snap-arp.pcapng",
        4,
        1_355_254_140_359_551_000,
        1_355_254_140_390_551_000,
        240,
        240,
        LinkType::Ethernet,
    ),
    (
        "ssh-over-udp.pcap",
        2,
        1_643_300_109_502_395_000,
        1_643_300_109_502_620_000,
        145,
        145,
        LinkType::BsdLoopback,
    ),
    (
        "truncated-header.pcap",
        24,
        1_103_139_821_634_774_000,
        1_103_139_823_145_958_000,
        1_314,
        1_993,
        LinkType::Ethernet,
    ),
];
const PACKED: Golden = (
    "tls-fragmented-handshake.pcap.gz",
    416,
    1_426_117_218_064_063_000,
    1_426_117_218_286_833_000,
    367_841,
    367_841,
    LinkType::Ethernet,
);

#[test]
fn real_files_are_read_as_tshark_reads_them() {
    for (name, count, first, last, captured, on_wire, link) in GOLDEN.into_iter().chain([PACKED]) {
        let (frames, notes) = drain(CaptureFile::open(&path(name)).unwrap()).unwrap();
        assert!(notes.is_complete(), "{name}: {notes:?}");
        assert_eq!(frames.len(), count, "{name}");
        assert_eq!((frames[0].nanos, frames[count - 1].nanos), (first, last), "{name}");
        assert_eq!(frames.iter().map(|frame| frame.bytes.len()).sum::<usize>(), captured, "{name}");
        assert_eq!(frames.iter().map(|frame| u64::from(frame.wire_length)).sum::<u64>(), on_wire, "{name}");
        assert!(frames.iter().all(|frame| frame.link == link), "{name}");
        assert!(frames.iter().map(|frame| frame.number).eq(1..=count as u64), "{name}");
    }
}

#[test]
fn the_time_span_is_from_the_earliest_to_the_latest_frame() {
    for (name, count, first, last, ..) in GOLDEN {
        let (first, last) = (Timestamp::from_nanos(first), Timestamp::from_nanos(last));
        let expected = TimeSpan { first, last, frames: count as u64 };
        assert_eq!(time_span(&path(name)).unwrap(), Some(expected), "{name}");
    }
    assert_eq!(time_span(&path("empty.pcap")).unwrap(), None);
}

#[test]
fn every_dialect_of_the_classic_format_holds_the_same_frames() {
    let (frames, _) = read(&load("truncated-header.pcap")).unwrap();
    for dialect in Dialect::ALL {
        assert_eq!(read(&rewritten(&frames, dialect)).unwrap().0, frames, "{dialect:?}");
    }
}

#[test]
fn nanoseconds_survive_where_the_dialect_has_them() {
    for (dialect, nanos) in [
        (Dialect::BigNanos, 1_000_000_001),
        (Dialect::LittleNanos, 1_000_000_001),
        (Dialect::Big, 1_000_000_000),
    ] {
        let file = [pcap_header(dialect, 1), pcap_record(dialect, 1_000_000_001, 14, &[7; 14])].concat();
        assert_eq!(read(&file).unwrap().0[0].nanos, nanos, "{dialect:?}");
    }
}

#[test]
fn the_wire_length_is_never_less_than_what_was_captured() {
    let file = [pcap_header(Dialect::Little, 1), pcap_record(Dialect::Little, 0, 3, &[7; 14])].concat();
    assert_eq!(read(&file).unwrap().0[0].wire_length, 14);
}

#[test]
fn packing_is_told_by_the_first_bytes_and_changes_nothing() {
    for (name, ..) in GOLDEN.into_iter().filter(|(name, ..)| !name.ends_with("zst")) {
        let bytes = load(name);
        let expected = read(&bytes).unwrap();
        let (front, back) = bytes.split_at(bytes.len() / 2);
        assert_eq!(read(&gzip(&bytes)).unwrap(), expected, "{name}");
        assert_eq!(read(&[gzip(front), gzip(back)].concat()).unwrap(), expected, "{name}: two members");
    }
    let skippable = [&[0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &load("q-in-q.pcap.zst")].concat();
    assert_eq!(read(&skippable).unwrap(), read(&load("q-in-q.pcap")).unwrap());
}

#[test]
fn a_reader_that_gives_one_byte_at_a_time_yields_the_same_frames() {
    for (name, ..) in GOLDEN {
        let slow = CaptureFile::from_reader(OneByte(Cursor::new(load(name)))).unwrap();
        assert_eq!(drain(slow).unwrap(), read(&load(name)).unwrap(), "{name}");
    }
}

#[test]
fn progress_ends_at_the_size_of_the_file() {
    for (name, ..) in GOLDEN.into_iter().chain([PACKED]) {
        let mut file = CaptureFile::open(&path(name)).unwrap();
        let size = load(name).len() as u64;
        assert_eq!(file.total_bytes(), Some(size), "{name}");
        while file.next_frame().unwrap().is_some() {
            assert!(file.bytes_read() <= size, "{name}");
        }
        assert_eq!(file.bytes_read(), size, "{name}");
    }
    assert_eq!(CaptureFile::from_reader(Cursor::new(load("empty.pcap"))).unwrap().total_bytes(), None);
}

#[test]
fn a_header_alone_is_a_capture_of_no_frames() {
    let (frames, notes) = read(&load("empty.pcap")).unwrap();
    assert!(frames.is_empty() && notes.is_complete());
    let (frames, notes) = read(&crate::made::section(Dialect::Little)).unwrap();
    assert!(frames.is_empty() && notes.is_complete());
}

#[test]
fn what_cannot_be_read_is_named() {
    let supported = "is not supported; supported: Ethernet, Linux cooked v1/v2, raw IP, BSD loopback";
    for (bytes, message) in [
        (load("radiotap.pcap"), format!("link type 127 (IEEE 802.11 radiotap) {supported}")),
        (load("nflog-http.pcap"), format!("link type 239 (Linux netfilter log) {supported}")),
        (load("arp-who-has-wlanmon.pcap"), format!("link type 105 (IEEE 802.11) {supported}")),
        (Vec::new(), "no capture: the file is empty".to_owned()),
        (gzip(&[]), "no capture: the file is empty".to_owned()),
        (load("empty.pcap")[..20].to_vec(), "no capture: the file ends inside its header".to_owned()),
        (
            gzip(&gzip(&[])),
            "no capture: the file is packed twice, neither pcap nor pcapng; unpack it first".to_owned(),
        ),
        (
            b"OPENQASM".to_vec(),
            "no capture: the file is something that starts with 4f 50 45 4e, neither pcap nor pcapng"
                .to_owned(),
        ),
    ] {
        assert_eq!(read(&bytes).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_frame_check_sequence_in_the_header_is_no_link_type() {
    let file =
        [pcap_header(Dialect::Little, 0x2400_0001), pcap_record(Dialect::Little, 0, 14, &[7; 14])].concat();
    assert_eq!(read(&file).unwrap().0[0].link, LinkType::Ethernet);
    let error = read(&pcap_header(Dialect::Little, 0x2400_0069)).unwrap_err();
    assert!(matches!(error, OpenError::UnsupportedLink(links) if links == [UnsupportedLink(105)]));
}

#[test]
fn a_missing_file_and_a_folder_are_errors_of_the_medium() {
    for name in ["no-such-file.pcap", "."] {
        assert!(matches!(CaptureFile::open(&path(name)), Err(OpenError::Io(_))), "{name}");
    }
}

fn rewritten(frames: &[Seen], dialect: Dialect) -> Vec<u8> {
    let records =
        frames.iter().map(|frame| pcap_record(dialect, frame.nanos, frame.wire_length, &frame.bytes));
    [vec![pcap_header(dialect, 1)], records.collect()].concat().concat()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct OneByte<R>(R);

impl<R: Read> Read for OneByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = buffer.len().min(1);
        self.0.read(&mut buffer[..end])
    }
}
