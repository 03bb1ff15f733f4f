//! A long capture out of a short one: each copy later, with devices of its own, so that nothing repeats itself.

use nullius_capture::CaptureFile;
use nullius_model::Timestamp;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// Silence between two copies.
const PAUSE: Duration = Duration::from_secs(1);

/// Frames of the sample.
pub(crate) fn frames(sample: &Path) -> u64 {
    read(sample).len() as u64
}

/// Writes `copies` of `sample`, an Ethernet capture of IPv4.
pub(crate) fn write(sample: &Path, to: &Path, copies: u32) {
    let frames = read(sample);
    let (first, last) = (frames.first().unwrap().0, frames.last().unwrap().0);
    let length = last.since(first) + PAUSE;
    let mut out = BufWriter::new(File::create(to).unwrap());
    out.write_all(&HEADER).unwrap();
    for copy in 0..copies {
        for (at, frame) in &frames {
            let at = at.after(length * copy);
            write_frame(&mut out, at, &shifted(frame, copy)).unwrap();
        }
    }
    out.flush().unwrap();
}

/// pcap, nanoseconds, little-endian, Ethernet.
const HEADER: [u8; 24] = [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

fn read(sample: &Path) -> Vec<(Timestamp, Vec<u8>)> {
    let mut file = CaptureFile::open(sample).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push((frame.at, frame.bytes.to_vec()));
    }
    frames
}

fn write_frame(out: &mut impl Write, at: Timestamp, frame: &[u8]) -> std::io::Result<()> {
    let seconds = u32::try_from(at.as_secs()).unwrap();
    let nanos = u32::try_from(at.as_nanos() % 1_000_000_000).unwrap();
    let length = u32::try_from(frame.len()).unwrap();
    for field in [seconds, nanos, length, length] {
        out.write_all(&field.to_le_bytes())?;
    }
    out.write_all(frame)
}

/// The frame with both hardware and both network addresses moved to the copy's own plant.
fn shifted(frame: &[u8], copy: u32) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let [.., high, low] = copy.to_be_bytes();
    for end in [0, 6] {
        move_bytes(&mut frame, end + 1, [high, low]);
    }
    for end in [26, 30] {
        move_bytes(&mut frame, end, [high.wrapping_add(11), low]);
    }
    renew_checksums(&mut frame);
    frame
}

fn move_bytes(frame: &mut [u8], at: usize, by: [u8; 2]) {
    for (byte, by) in frame.iter_mut().skip(at).zip(by) {
        *byte = byte.wrapping_add(by);
    }
}

/// IPv4 and TCP checksums of an untagged frame without IP options.
fn renew_checksums(frame: &mut [u8]) {
    let total = usize::from(u16::from_be_bytes(frame.get(16..18).unwrap().try_into().unwrap()));
    set(frame, 24, 0);
    let header = !sum(frame.get(14..34).unwrap(), 0);
    set(frame, 24, header);
    set(frame, 50, 0);
    let length = u16::try_from(total - 20).unwrap();
    let pseudo = sum(frame.get(26..34).unwrap(), length.wrapping_add(6));
    let segment = !sum(frame.get(34..14 + total).unwrap(), pseudo);
    set(frame, 50, segment);
}

fn set(frame: &mut [u8], at: usize, value: u16) {
    frame.get_mut(at..at + 2).unwrap().copy_from_slice(&value.to_be_bytes());
}

/// One's complement sum (RFC 1071) on top of `start`.
fn sum(bytes: &[u8], start: u16) -> u16 {
    let words = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        [high] => u16::from_be_bytes([high, 0]),
        _ => 0,
    });
    words.fold(start, |sum, word| {
        let (sum, carry) = sum.overflowing_add(word);
        sum.wrapping_add(u16::from(carry))
    })
}
