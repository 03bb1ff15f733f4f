//! Captures that are cut, garbled or made to harm: every good frame, a note, an end.

use crate::files::{GOLDEN, gzip};
use crate::made::{Dialect, Seen, load, pcap_header, pcap_record, read};
use nullius_capture::{CaptureFile, Flaw, Notes, OpenError};
use std::io::{self, Cursor, Read};

const CUT: [&str; 4] =
    ["linux_dlt_sll2.pcap", "pcapng-multi-interface.pcapng", "q-in-q.pcap.zst", "snap-arp.pcapng"];

#[test]
fn a_file_cut_at_any_byte_yields_the_frames_before_the_cut() {
    for name in CUT {
        let bytes = load(name);
        let (all, _) = read(&bytes).unwrap();
        let mut most = 0;
        for length in 0..bytes.len() {
            let Ok((frames, notes)) = read(&bytes[..length]) else {
                assert_eq!(most, 0, "{name} cut at {length}: refused after it was read");
                continue;
            };
            assert!(frames.len() >= most, "{name} cut at {length}");
            assert_eq!(frames, all[..frames.len()], "{name} cut at {length}");
            assert!(notes.corrupt_after.is_none(), "{name} cut at {length}: {notes:?}");
            assert!(notes.truncated_tail.is_none_or(|frame| frame.0 == frames.len() as u64), "{name}");
            most = frames.len();
        }
    }
}

#[test]
fn a_cut_is_noted_unless_it_falls_between_two_records() {
    let bytes = load("linux_dlt_sll2.pcap");
    let (frames, _) = read(&bytes).unwrap();
    let ends = frames.iter().scan(24, |end, frame| {
        *end += 16 + frame.bytes.len();
        Some(*end)
    });
    let whole: Vec<usize> = [24].into_iter().chain(ends).collect();
    for length in 24..=bytes.len() {
        let (_, notes) = read(&bytes[..length]).unwrap();
        assert_eq!(notes.is_complete(), whole.contains(&length), "cut at {length}");
    }
}

#[test]
fn a_cut_gzip_stream_is_truncated_not_corrupt() {
    let bytes = load("tls-fragmented-handshake.pcap.gz");
    let (all, _) = read(&bytes).unwrap();
    for length in (1000..bytes.len()).step_by(977) {
        let (frames, notes) = read(&bytes[..length]).unwrap();
        assert_eq!(frames, all[..frames.len()], "cut at {length}");
        assert!(
            notes.truncated_tail.is_some() && notes.corrupt_after.is_none(),
            "cut at {length}: {notes:?}"
        );
    }
}

#[test]
fn garbage_behind_good_frames_is_noted_with_the_last_good_frame() {
    let mut bytes = load("linux_dlt_sll2.pcap");
    bytes.extend([0xff; 64]);
    let (frames, notes) = read(&bytes).unwrap();
    assert_eq!(frames.len(), 6);
    let found = notes.corrupt_after.unwrap();
    assert_eq!((found.after.0, found.flaw), (6, Flaw::OversizedPacket));
}

#[test]
fn damaged_packing_is_noted_behind_the_good_frames() {
    let mut checksum = load("q-in-q.pcap.zst");
    *checksum.last_mut().unwrap() ^= 1;
    let trailing = [gzip(&load("q-in-q.pcap")), vec![0xff; 64]].concat();
    for bytes in [checksum, trailing] {
        let (frames, notes) = read(&bytes).unwrap();
        assert_eq!((frames.len(), notes.corrupt_after.unwrap().flaw), (5, Flaw::Packing));
    }
}

#[test]
fn a_zstd_header_that_claims_a_huge_window_is_refused_before_it_is_given_one() {
    let two_to_28 = (28 - 10) << 3;
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0, two_to_28, 1, 0, 0];
    assert!(matches!(read(&header), Err(OpenError::OversizedWindow)));
    let behind_frames = [load("q-in-q.pcap.zst"), header.to_vec()].concat();
    let (frames, notes) = read(&behind_frames).unwrap();
    assert_eq!((frames.len(), notes.corrupt_after.unwrap().flaw), (5, Flaw::OversizedWindow));
}

#[test]
fn a_packet_above_the_limit_is_damage_whether_or_not_it_is_there() {
    for (length, good) in [(262_144, true), (262_145, false)] {
        let record = pcap_record(Dialect::Little, 0, 0, &vec![7; length]);
        let file = [pcap_header(Dialect::Little, 1), record].concat();
        let (frames, notes) = read(&file).unwrap();
        assert_eq!(frames.len(), usize::from(good), "{length}");
        assert_eq!(notes.corrupt_after.map(|found| found.flaw), (!good).then_some(Flaw::OversizedPacket));
    }
    let claimed = [pcap_header(Dialect::Big, 1), [0xff; 16].to_vec()].concat();
    assert_eq!(read(&claimed).unwrap().1.corrupt_after.unwrap().flaw, Flaw::OversizedPacket);
}

#[test]
fn a_bomb_is_read_frame_by_frame() {
    // some 256 MiB of records in about a quarter of a megabyte; memory stays that of the buffers
    let record = pcap_record(Dialect::Little, 0, 0, &vec![0; 262_144]);
    let chain = Cursor::new(pcap_header(Dialect::Little, 1)).chain(Repeated { record, left: 1024, at: 0 });
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(chain, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    let mut file = CaptureFile::from_reader(Cursor::new(packed)).unwrap();
    let mut frames = 0;
    while file.next_frame().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 1024);
}

#[test]
fn files_garbled_anywhere_end_without_a_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    for (name, ..) in GOLDEN {
        let whole = load(name);
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..1 + next(&mut random) % 4 {
                let at = usize::try_from(next(&mut random)).unwrap() % bytes.len();
                bytes[at] = next(&mut random).to_le_bytes()[0];
            }
            if let Ok((frames, notes)) = read(&bytes) {
                check(&frames, &notes);
            }
        }
    }
}

/// What holds for every file, however damaged.
fn check(frames: &[Seen], notes: &Notes) {
    let skipped: u64 = notes.skipped_frames.values().sum();
    let last = frames.last().map_or(0, |frame| frame.number);
    assert!(last <= frames.len() as u64 + skipped);
    assert!(frames.is_sorted_by(|a, b| a.number < b.number));
    assert!(frames.iter().all(|frame| frame.wire_length as usize >= frame.bytes.len()));
    assert!(notes.truncated_tail.is_none() || notes.corrupt_after.is_none());
}

/// xorshift64: the same files every time.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

struct Repeated {
    record: Vec<u8>,
    left: u32,
    at: usize,
}

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.record.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        if self.left == 0 {
            return Ok(0);
        }
        let count = buffer.len().min(self.record.len() - self.at);
        buffer[..count].copy_from_slice(&self.record[self.at..][..count]);
        self.at += count;
        Ok(count)
    }
}
