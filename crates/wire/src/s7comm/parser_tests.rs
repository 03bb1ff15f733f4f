//! S7 units: whole, cut anywhere, and lying.

use super::*;
use crate::testing::unhex;

const READ_REAL: &str = "320100001900000e00000401120a10080001000083000080";

#[test]
fn a_unit_cut_anywhere_or_longer_than_it_says_is_refused() {
    let bytes = unhex(READ_REAL);
    assert_eq!(pdu(&bytes).map(|pdu| (pdu.kind, pdu.reference)), Ok((Kind::Job, 0x1900)));
    for cut in 0..bytes.len() {
        assert!(pdu(&bytes[..cut]).is_err(), "{cut}");
    }
    assert!(pdu(&[bytes, vec![0]].concat()).is_err());
    assert_eq!(pdu(&unhex("320200000600000000 00d241")).map(|pdu| pdu.kind), Ok(Kind::Answer(0xd241)));
    assert!(pdu(&unhex("32090000060000000000")).is_err());
}

#[test]
fn items_are_read_one_by_one_and_their_count_must_hold() {
    let one = "120a10080001000083000080";
    let symbolic = "1203b20011";
    let parse = |text: String| {
        let bytes = unhex(&text);
        match job(function::READ_VAR, &bytes) {
            Ok(Job::Variables(items)) => Some(items.iter().collect::<Vec<_>>()),
            _ => None,
        }
    };
    let real = Item::Any { transport: 8, length: 1, db: 0, area: 0x83, address: 0x80 };
    assert_eq!(parse(format!("0401{one}")), Some(vec![real]));
    assert_eq!(parse(format!("0402{symbolic}00{one}")), Some(vec![Item::Other { syntax: 0xb2 }, real]));
    for lie in [
        format!("0402{one}"),
        format!("0400{one}"),
        format!("04ff{one}"),
        "04".to_owned(),
        "0401130a10080001000083000080".to_owned(),
        "0401120b1008000100008300008000".to_owned(),
        "0401120910080001000083000080".to_owned(),
        "0401120012".to_owned(),
    ] {
        assert_eq!(parse(lie.clone()), None, "{lie}");
    }
}

#[test]
fn names_of_blocks_and_services_are_bounded_by_their_lengths() {
    let upload = unhex("1d00000000000000095f3042303030303041");
    assert_eq!(job(function::START_UPLOAD, &upload), Ok(Job::Block(b"_0B00000A")));
    let start = unhex("28000000000000fd0002432009505f50524f4752414d");
    let invocation = Job::Invocation { service: b"P_PROGRAM", argument: b"C " };
    assert_eq!(job(function::PI_SERVICE, &start), Ok(invocation));
    for cut in 1..upload.len() {
        assert!(job(function::START_UPLOAD, &upload[..cut]).is_err(), "{cut}");
    }
    for cut in 1..start.len() {
        assert!(job(function::PI_SERVICE, &start[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn contents_count_in_bits_or_bytes_and_are_padded_to_even() {
    let data = unhex("ff 04 0008 2a 00 ff 07 0004 42f6e979 0a 00 0004");
    let mut reader = Reader::new(&data);
    let mut lengths = Vec::new();
    while let Ok(content) = content(&mut reader) {
        lengths.push((content.code, content.bytes.len()));
    }
    assert_eq!(lengths, [(0xff, 1), (0xff, 4), (0x0a, 0)]);
    assert!(content(&mut Reader::new(&unhex("ff04ffff2a"))).is_err());
}

#[test]
fn user_data_says_which_way_it_goes() {
    let request = user_data(&unhex("0001120411440100")).unwrap();
    assert_eq!((request.way, request.group, request.subfunction), (Way::Request, 4, 1));
    let response = user_data(&unhex("00011208128301000000d209")).unwrap();
    assert_eq!((response.way, response.more, response.error), (Way::Response, false, 0xd209));
    for bad in
        ["0001120411", "0001120911440100", "0002120411440100", "0001120411140100", "00011205114401000100"]
    {
        assert!(user_data(&unhex(bad)).is_err(), "{bad}");
    }
}
