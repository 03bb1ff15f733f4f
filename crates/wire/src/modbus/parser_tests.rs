//! Modbus units: whole, cut anywhere, and lying.

use super::*;

#[test]
fn a_unit_cut_anywhere_is_short_and_its_header_is_judged_at_once() {
    let unit = [0, 1, 0, 0, 0, 6, 9, 1, 0, 16, 0, 8];
    for cut in 0..unit.len() {
        assert_eq!(adu(&mut Reader::new(&unit[..cut])), Err(ParseError::Short), "{cut}");
    }
    let expected = Adu { transaction: 1, unit: 9, function: 1, data: &[0, 16, 0, 8] };
    assert_eq!(adu(&mut Reader::new(&unit)), Ok(expected));
    for lie in [&[0, 1, 1, 0][..], &[0, 1, 0, 1], &[0, 1, 0, 0, 0, 1], &[0, 1, 0, 0, 0, 255]] {
        assert!(matches!(adu(&mut Reader::new(lie)), Err(ParseError::Invalid(_))), "{lie:?}");
    }
}

/// One good request of every function with data.
const REQUESTS: &[(u8, &[u8])] = &[
    (1, &[0, 0, 0, 1]),
    (2, &[0, 0, 0, 1]),
    (3, &[0, 0, 0, 1]),
    (4, &[0, 0, 0, 1]),
    (5, &[0, 0, 0xff, 0]),
    (6, &[0, 0, 1, 2]),
    (8, &[0, 0]),
    (15, &[0, 0, 0, 9, 2, 1, 1]),
    (16, &[0, 0, 0, 1, 2, 1, 1]),
    (20, &[7, 6, 0, 4, 0, 1, 0, 2]),
    (21, &[9, 6, 0, 4, 0, 1, 0, 1, 5, 5]),
    (22, &[0, 4, 0, 0, 0, 0]),
    (23, &[0, 0, 0, 1, 0, 5, 0, 1, 2, 1, 1]),
    (24, &[0, 4]),
    (43, &[14, 1, 0]),
    (90, &[0, 2]),
];

#[test]
fn a_request_cut_anywhere_is_refused_and_so_is_one_with_more_behind() {
    for (function, data) in REQUESTS {
        assert!(request(*function, data).is_ok(), "function {function}");
        for cut in 0..data.len() {
            assert!(request(*function, &data[..cut]).is_err(), "function {function} cut at {cut}");
        }
        let longer = [data, &[0][..]].concat();
        let open_ended = matches!(function, 8 | 90);
        assert_eq!(request(*function, &longer).is_ok(), open_ended, "function {function}");
    }
}

#[test]
fn counts_that_lie_are_refused() {
    for (function, data) in [
        (15, &[0, 0, 0, 17, 2, 1, 1][..]),
        (15, &[0, 0, 0xff, 0xff, 2, 1, 1]),
        (16, &[0, 0, 0, 2, 2, 1, 1]),
        (16, &[0, 0, 0x80, 1, 2, 1, 1]),
        (20, &[8, 6, 0, 4, 0, 1, 0, 2]),
        (20, &[7, 5, 0, 4, 0, 1, 0, 2]),
        (21, &[9, 6, 0, 4, 0, 1, 0xff, 0xff, 5, 5]),
        (5, &[0, 0, 0xff, 1]),
    ] {
        assert!(request(function, data).is_err(), "function {function} {data:?}");
    }
    for (function, data) in [
        (1, &[2, 0][..]),
        (1, &[1, 0, 0]),
        (3, &[3, 0, 0, 0]),
        (17, &[9]),
        (43, &[14, 1, 1, 0, 0, 9, 0, 1, b'x']),
        (43, &[14, 1, 1, 0, 0, 1, 0, 9, b'x']),
        (0x81, &[]),
    ] {
        assert!(response(function, data).is_err(), "function {function} {data:?}");
    }
}

#[test]
fn a_quantity_outside_the_specification_is_a_flaw() {
    for (function, data, flawed) in [
        (1, [0, 0, 0x07, 0xd0], false),
        (1, [0, 0, 0x07, 0xd1], true),
        (3, [0, 0, 0, 125], false),
        (3, [0, 0, 0, 126], true),
        (3, [0, 0, 0, 0], true),
        (3, [0xff, 0xff, 0, 1], false),
        (3, [0xff, 0xff, 0, 2], true),
    ] {
        let request = request(function, &data).unwrap();
        assert_eq!(request.flaw(function).is_some(), flawed, "function {function} {data:?}");
    }
}
