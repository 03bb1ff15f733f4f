//! Several files as one.

use crate::files::GOLDEN;
use crate::made::{Dialect, enhanced, interface, load, path, pcap_header, pcap_record, read, section};
use nullius_capture::{CaptureFile, MergedFiles};
use std::io::{self, Cursor, Read};

#[test]
fn merged_files_come_in_the_order_and_with_the_numbers_of_mergecap() {
    let first = merge_input(&[(1, 0, 14), (3, 0, 15), (3, 0, 16), (5, 0, 17)]);
    let second = merge_input(&[(2, 0, 24), (3, 0, 25), (4, 0, 26), (2, 5, 27), (6, 0, 28)]);
    let mut merged = MergedFiles::new(vec![first, second]);
    let mut order = Vec::new();
    while let Some(frame) = merged.next_frame().unwrap() {
        order.push((frame.number.0, frame.wire_length));
    }
    let mergecap = [14, 24, 25, 15, 16, 26, 27, 17, 28];
    assert_eq!(order, (1..).zip(mergecap).collect::<Vec<_>>());
    assert_eq!(merged.notes().count(), 2);
    assert_eq!(merged.total_bytes(), None);
}

#[test]
fn one_merged_file_is_that_file() {
    for (name, ..) in GOLDEN {
        let (frames, _) = read(&load(name)).unwrap();
        let mut merged = MergedFiles::new(vec![CaptureFile::open(&path(name)).unwrap()]);
        for expected in &frames {
            let frame = merged.next_frame().unwrap().unwrap();
            assert_eq!((frame.number.0, frame.bytes), (expected.number, &expected.bytes[..]), "{name}");
        }
        assert!(merged.next_frame().unwrap().is_none());
        assert_eq!(merged.total_bytes(), Some(load(name).len() as u64));
        assert_eq!(merged.bytes_read(), load(name).len() as u64);
    }
}

#[test]
fn unreadable_frames_keep_their_numbers_in_the_merged_order() {
    let little = Dialect::Little;
    let radio = [
        section(little),
        interface(little, 127, 0, &[]),
        interface(little, 1, 0, &[]),
        enhanced(little, 0, 1_500_000, &[0; 9]),
        enhanced(little, 1, 3_500_000, &[0; 10]),
    ];
    let radio = CaptureFile::from_reader(Cursor::new(radio.concat())).unwrap();
    let mut merged = MergedFiles::new(vec![merge_input(&[(1, 0, 14), (2, 0, 15)]), radio]);
    let mut order = Vec::new();
    while let Some(frame) = merged.next_frame().unwrap() {
        order.push((frame.number.0, frame.wire_length));
    }
    assert_eq!(order, [(1, 14), (3, 15), (4, 10)]);
}

#[test]
fn a_capture_can_be_handed_to_another_thread() {
    let mut merged = MergedFiles::new(vec![CaptureFile::open(&path("q-in-q.pcap.zst")).unwrap()]);
    let first = std::thread::spawn(move || merged.next_frame().unwrap().map(|frame| frame.number.0));
    assert_eq!(first.join().unwrap(), Some(1));
}

#[test]
fn a_medium_that_fails_ends_its_own_file_only() {
    let bytes = load("q-in-q.pcap");
    let (expected, _) = read(&bytes).unwrap();
    let failing = || CaptureFile::from_reader(Cursor::new(bytes[..300].to_vec()).chain(Broken)).unwrap();
    let mut file = failing();
    assert!(file.next_frame().unwrap().is_some());
    while let Ok(Some(_)) = file.next_frame() {}
    assert!(file.next_frame().unwrap().is_none(), "an error is told once");

    let whole = CaptureFile::from_reader(Cursor::new(bytes.clone())).unwrap();
    let mut merged = MergedFiles::new(vec![failing(), whole]);
    let (mut frames, mut errors) = (0, 0);
    loop {
        match merged.next_frame() {
            Ok(Some(_)) => frames += 1,
            Ok(None) => break,
            Err(_) => errors += 1,
        }
    }
    assert_eq!(errors, 1);
    assert!(frames > expected.len() && frames < 2 * expected.len(), "{frames}");
}

fn merge_input(frames: &[(u64, u64, u8)]) -> CaptureFile {
    let mut file = pcap_header(Dialect::Little, 1);
    for &(seconds, micros, length) in frames {
        let bytes = vec![length; usize::from(length)];
        let nanos = seconds * 1_000_000_000 + micros * 1_000;
        file.extend(pcap_record(Dialect::Little, nanos, u32::from(length), &bytes));
    }
    CaptureFile::from_reader(Cursor::new(file)).unwrap()
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}
