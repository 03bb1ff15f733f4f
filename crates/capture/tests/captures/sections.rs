//! pcapng made by hand: what the real files do not show.

use crate::made::{Dialect, block, enhanced, interface, pcap_header, read, section};
use nullius_capture::{Flaw, OpenError, UnsupportedLink};
use nullius_model::LinkType;

const FRAME: [u8; 14] = [7; 14];
const BOTH: [Dialect; 2] = [Dialect::Big, Dialect::Little];

#[test]
fn a_section_has_its_own_byte_order_interfaces_and_clock() {
    let mut file = Vec::new();
    for (dialect, link, resolution, units) in [
        (Dialect::Little, 1, 6, 2_000_000),
        (Dialect::Big, 101, 9, 3_000_000_000),
        (Dialect::Little, 113, 0x80 | 10, 4 << 10),
        (Dialect::Big, 276, 0, 5),
    ] {
        file.extend(section(dialect));
        file.extend(interface(dialect, link, 0, &resolution_option(dialect, resolution)));
        file.extend(enhanced(dialect, 0, units, &FRAME));
    }
    let (frames, notes) = read(&file).unwrap();
    let seen: Vec<_> =
        frames.iter().map(|frame| (frame.number, frame.nanos / 1_000_000_000, frame.link)).collect();
    assert_eq!(
        seen,
        [
            (1, 2, LinkType::Ethernet),
            (2, 3, LinkType::RawIp),
            (3, 4, LinkType::LinuxSll),
            (4, 5, LinkType::LinuxSll2)
        ]
    );
    assert!(notes.is_complete());
}

#[test]
fn a_clock_offset_is_added_in_either_byte_order() {
    for dialect in BOTH {
        let seconds = [dialect.word(0), dialect.word(100)];
        let [high, low] = if dialect == Dialect::Big { seconds } else { [seconds[1], seconds[0]] };
        let option = [&option_header(dialect, 14, 8)[..], &high, &low].concat();
        let file =
            [section(dialect), interface(dialect, 1, 0, &option), enhanced(dialect, 0, 1_000_000, &FRAME)];
        assert_eq!(read(&file.concat()).unwrap().0[0].nanos, 101_000_000_000, "{dialect:?}");
    }
}

#[test]
fn a_simple_packet_is_cut_at_the_snap_length_and_takes_the_time_before_it() {
    for dialect in BOTH {
        let stored = [&dialect.word(60)[..], &[9; 12]].concat();
        let file = [
            section(dialect),
            interface(dialect, 1, 10, &[]),
            enhanced(dialect, 0, 1_000_000, &FRAME),
            block(dialect, 3, &stored),
        ];
        let (frames, _) = read(&file.concat()).unwrap();
        assert_eq!(frames[1].bytes, [9; 10], "{dialect:?}");
        assert_eq!((frames[1].wire_length, frames[1].nanos), (60, 1_000_000_000), "{dialect:?}");
    }
}

#[test]
fn an_obsolete_packet_block_is_read() {
    for dialect in BOTH {
        let interface_and_drops =
            dialect.word(if dialect == Dialect::Big { 1 << 16 | 5 } else { 5 << 16 | 1 });
        let lengths = [dialect.word(0), dialect.word(3_000_000), dialect.word(14), dialect.word(99)].concat();
        let body = [&interface_and_drops[..], &lengths, &FRAME].concat();
        let file = [
            section(dialect),
            interface(dialect, 101, 0, &[]),
            interface(dialect, 1, 0, &[]),
            block(dialect, 2, &body),
        ];
        let (frames, notes) = read(&file.concat()).unwrap();
        assert!(notes.is_complete(), "{dialect:?}: {notes:?}");
        assert_eq!((frames[0].link, frames[0].nanos), (LinkType::Ethernet, 3_000_000_000), "{dialect:?}");
        assert_eq!((&frames[0].bytes[..], frames[0].wire_length), (&FRAME[..], 99), "{dialect:?}");
    }
}

#[test]
fn frames_of_an_unreadable_interface_are_skipped_counted_and_numbered() {
    let little = Dialect::Little;
    let file = [
        section(little),
        interface(little, 127, 0, &[]),
        enhanced(little, 0, 1, &FRAME),
        interface(little, 1, 0, &[]),
        enhanced(little, 1, 2, &FRAME),
        enhanced(little, 0, 3, &FRAME),
        enhanced(little, 1, 4, &FRAME),
    ];
    let (frames, notes) = read(&file.concat()).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(notes.skipped_frames.into_iter().collect::<Vec<_>>(), [(UnsupportedLink(127), 2)]);
}

#[test]
fn a_file_without_a_readable_interface_is_refused_with_all_of_them() {
    let little = Dialect::Little;
    let file = [
        section(little),
        interface(little, 127, 0, &[]),
        interface(little, 9, 0, &[]),
        enhanced(little, 0, 1, &FRAME),
    ];
    let error = read(&file.concat()).unwrap_err();
    assert!(
        matches!(error, OpenError::UnsupportedLink(links) if links == [UnsupportedLink(9), UnsupportedLink(127)])
    );
}

#[test]
fn blocks_without_packets_are_passed_over_whatever_their_size() {
    let little = Dialect::Little;
    let file = [
        section(little),
        block(little, 10, &vec![0xaa; 3_000_000]),
        interface(little, 1, 0, &[]),
        block(little, 0x0000_0bad, &vec![0xaa; 1_000_000]),
        block(little, 4, &[0; 4]),
        enhanced(little, 0, 1, &FRAME),
    ];
    let (frames, notes) = read(&file.concat()).unwrap();
    assert_eq!(frames.len(), 1);
    assert!(notes.is_complete(), "{notes:?}");
}

#[test]
fn an_option_behind_a_packet_is_no_part_of_it() {
    let little = Dialect::Little;
    let fields = [0, 0, 1, 14, 14].map(|word: u32| word.to_le_bytes()).concat();
    let body = [&fields[..], &FRAME, &[0, 0], &[1, 0, 4, 0], b"note", &[0; 4]].concat();
    let file = [section(little), interface(little, 1, 0, &[]), block(little, 6, &body)];
    assert_eq!(read(&file.concat()).unwrap().0[0].bytes, FRAME);
}

#[test]
fn contradictions_end_the_capture_behind_the_last_good_frame() {
    let little = Dialect::Little;
    let packet = enhanced(little, 0, 1, &FRAME);
    let mut other_length = packet.clone();
    *other_length.last_mut().unwrap() = 1;
    let claims = |captured: u32| {
        let mut claimed = packet.clone();
        claimed[20..24].copy_from_slice(&captured.to_le_bytes());
        claimed
    };
    let mut old_version = section(little);
    old_version[12] = 9;
    for (bad, flaw) in [
        (enhanced(little, 1, 1, &FRAME), Flaw::UnknownInterface),
        (other_length, Flaw::Block),
        (claims(17), Flaw::Block),
        (claims(u32::MAX), Flaw::Block),
        (block(little, 6, &[]), Flaw::Block),
        (vec![6, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0], Flaw::Block),
        (vec![6, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0], Flaw::OversizedPacket),
        (enhanced(little, 0, 1, &vec![7; 262_145]), Flaw::OversizedPacket),
        (vec![1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0], Flaw::Block),
        (old_version, Flaw::UnknownVersion),
        (block(little, 0x0a0d_0d0a, &[0; 16]), Flaw::Block),
        (interface(little, 1, 0, &[]).repeat(65_536), Flaw::TooManyInterfaces),
    ] {
        let file =
            [section(little), interface(little, 1, 0, &[]), packet.clone(), bad, packet.clone()].concat();
        let (frames, notes) = read(&file).unwrap();
        assert_eq!(frames.len(), 1, "{flaw:?}");
        let found = notes.corrupt_after.unwrap();
        assert_eq!((found.after.0, found.flaw), (1, flaw));
        assert!(!notes.is_complete());
    }
}

#[test]
fn a_damaged_first_section_is_no_capture() {
    let mut version = section(Dialect::Little);
    version[12] = 2;
    let mut order = section(Dialect::Little);
    order[8] = 0;
    assert!(matches!(read(&version), Err(OpenError::UnknownVersion)));
    assert!(matches!(read(&order), Err(OpenError::DamagedHeader)));
    assert!(matches!(read(&version[..10]), Err(OpenError::CutHeader)));
    assert!(matches!(read(&pcap_header(Dialect::Big, 1)[..23]), Err(OpenError::CutHeader)));
}

fn resolution_option(dialect: Dialect, resolution: u8) -> Vec<u8> {
    [&option_header(dialect, 9, 1)[..], &[resolution, 0, 0, 0]].concat()
}

fn option_header(dialect: Dialect, code: u16, length: u16) -> [u8; 4] {
    let [code, length] = [code, length].map(u32::from);
    dialect.word(if dialect == Dialect::Big { code << 16 | length } else { length << 16 | code })
}
