//! Whole datagrams through the session.

use super::*;
use crate::testing::Piece::{self, Client, Server};
use crate::testing::{datagrams, unhex};

/// Original-Unicast of a network message.
fn unicast(npdu: &str) -> Vec<u8> {
    linked(0x0a, npdu)
}

fn linked(function: u8, body: &str) -> Vec<u8> {
    let body = unhex(body);
    let mut datagram = vec![0x81, function];
    datagram.extend(u16::try_from(body.len() + 4).unwrap().to_be_bytes());
    datagram.extend(body);
    datagram
}

fn talk(messages: &[Piece<'_>]) -> Vec<String> {
    datagrams(&mut Session::default(), messages)
}

#[test]
fn every_request_has_its_name_object_and_class() {
    for (apdu, said) in [
        ("0005010c 0c 00000003 19 55", "> read read_property analog-input[3]"),
        ("0005010c 0c 00000003 19 2d", "> read read_property analog-input,3 high-limit"),
        ("0005010c 0c 00400003 19 57 29 08", "> read read_property analog-output,3 priority-array"),
        ("0005010c 0c 3fc00003 19 55", "> read read_property object-type-255,3"),
        ("0005010c 0c 00000003 1a 0200", "> read read_property analog-input,3 property-512"),
        (
            "0005010f 0c 00400003 19 55 3e 44 41a40000 3f 49 08",
            "> write write_property analog-output[3] = 20500",
        ),
        ("0005010f 0c 02000064 19 4d 3e 72 00 41 3f", "> configure write_property device,100 object-name"),
        (
            "0005010f 0c 04000001 19 5a 3e 91 03 3f",
            "> command write_property program,1 program-change = 3000",
        ),
        ("00050106 c4 02800001", "> program atomic_read_file file[1]"),
        ("00050105 09 01 1c 00000003 29 00 39 3c", "> subscribe subscribe_cov analog-input[3]"),
        (
            "0005011c 09 01 1c 00000003 4e 09 67 4f",
            "> subscribe subscribe_cov_property analog-input,3 reliability",
        ),
        ("0005010a 0e 09 01 0f", "> configure create_object analog-output"),
        ("0005010b c4 00400003", "> configure delete_object analog-output[3]"),
        ("00050114 09 01", "> command reinitialize_device warmstart"),
        ("00050114 09 04", "> program reinitialize_device start-restore"),
        ("00050111 09 05 19 01", "> admin device_communication_control disable"),
        ("00050112 09 05 19 07", "> admin confirmed_private_transfer vendor 5 service 7"),
        ("00050163", "> admin unknown_function #99"),
        ("1008", "> discover who_is"),
        ("1008 09 64 19 c7", "> discover who_is device[100..200]"),
        ("1007 3d 05 00 52 6f 6f 6d", "> discover who_has Room"),
        ("1007 2c 00000003", "> discover who_has analog-input[3]"),
        (
            "1002 09 01 1c 02000064 2c 00000003 39 00 4e 09 55 2e 44 41a40000 2f 4f",
            "> publish unconfirmed_cov_notification analog-input[3] = 20500",
        ),
        ("1006 a4 7c 01 01 01 b4 00 00 00 00", "> configure time_synchronization"),
    ] {
        assert_eq!(talk(&[Client(&unicast(&format!("0104 {apdu}")))]), [said], "{apdu}");
    }
}

#[test]
fn answers_are_paired_by_invoke_id_and_who_asked() {
    let read = |invoke: u8| unicast(&format!("0104 0005{invoke:02x}0c 0c 00000003 19 55"));
    assert_eq!(
        talk(&[
            Client(&read(1)),
            Server(&read(1)),
            Server(&unicast("0100 30010c 0c 00000003 19 55 3e 44 41a40000 3f")),
            Client(&unicast("0100 50010c 91 01 91 1f")),
            Client(&read(2)),
            Server(&unicast("0100 600209")),
            Client(&read(3)),
            Server(&unicast("0100 710304")),
            Server(&unicast("0100 20040f")),
        ])[2..],
        [
            "< read read_property analog-input[3] = 20500",
            "< read read_property analog-input[3] refused 31",
            "> read read_property analog-input[3]",
            "< read read_property analog-input[3] refused 67",
            "> read read_property analog-input[3]",
            "< read read_property analog-input[3] refused 54",
            "? write write_property",
        ]
    );
}

#[test]
fn an_invoke_id_used_again_gives_up_what_was_never_answered() {
    let said = talk(&[
        Client(&unicast("0104 0005010e 0c 00400003 1e 09 55 09 2d 1f")),
        Client(&unicast("0104 0005010f 0c 00400003 19 55 3e 44 41a40000 3f")),
        Server(&unicast("0100 20010f")),
        Server(&unicast("0100 20010f")),
    ]);
    assert_eq!(
        said[2..4],
        ["> write write_property analog-output[3] = 20500", "< write write_property analog-output[3]"]
    );
    assert_eq!(said[4..], ["? write write_property"]);
}

#[test]
fn every_property_of_a_list_is_told_and_answered() {
    assert_eq!(
        talk(&[
            Client(&unicast("0104 0005010e 0c 00400003 1e 09 55 09 57 19 08 1f 0c 02000064 1e 09 4d 1f")),
            Server(&unicast("0100 30010e 0c 02000064 1e 29 4d 4e 73 00 4142 4f 1f")),
            Client(&unicast(
                "0104 00050210 0c 00400003 1e 09 55 2e 44 41a40000 2f 09 57 19 08 2e 44 41a40000 2f 1f"
            )),
            Server(&unicast("0100 200210")),
        ]),
        [
            "> read read_property_multiple analog-output[3]",
            "> read read_property_multiple analog-output,3 priority-array",
            "> read read_property_multiple device,100 object-name",
            "< read read_property_multiple analog-output[3]",
            "< read read_property_multiple analog-output,3 priority-array",
            "< read read_property_multiple device,100 object-name",
            "fact server hostname: AB",
            "> write write_property_multiple analog-output[3] = 20500",
            "> write write_property_multiple analog-output,3 priority-array[8] = 20500",
            "< write write_property_multiple analog-output[3]",
            "< write write_property_multiple analog-output,3 priority-array[8]",
        ]
    );
}

#[test]
fn an_i_am_is_told_once_and_a_routed_or_forwarded_one_is_not_laid_to_its_carrier() {
    let i_am = "1000 c4 02000064 22 05c4 91 00 21 05";
    let facts = |subject: &str| {
        [format!("fact {subject} object-instance: 100"), format!("fact {subject} vendor: Johnson Controls")]
    };
    let said = talk(&[Client(&unicast(&format!("0100 {i_am}"))), Client(&unicast(&format!("0100 {i_am}")))]);
    assert_eq!(said[1..3], facts("client"));
    assert_eq!(said.len(), 4);
    let routed = unicast(&format!("0128 ffff 00 0005 01 0c ff {i_am}"));
    assert_eq!(talk(&[Client(&routed)]), ["> discover i_am device[100]"]);
    let routed = unicast(&format!("0108 0005 01 0c {i_am}"));
    assert_eq!(talk(&[Client(&routed)]), ["> discover unit 5012 i_am device[100]"]);
    let forwarded = linked(0x04, &format!("0a000909 bac0 0100 {i_am}"));
    assert_eq!(talk(&[Client(&forwarded)])[1..], facts("10.0.9.9"));
}

#[test]
fn a_station_behind_a_router_is_a_unit_of_it() {
    assert_eq!(
        talk(&[
            Client(&unicast("0124 0005 01 0c ff 0005010c 0c 00000003 19 55")),
            Client(&unicast("0124 0005 01 0d ff 0005010c 0c 00000004 19 55")),
            Server(&unicast("0108 0005 01 0d 50010c 91 01 91 1f")),
            Server(&unicast("0108 0005 01 0c 50010c 91 01 91 20")),
        ]),
        [
            "> read unit 5012 read_property analog-input[3]",
            "> read unit 5013 read_property analog-input[4]",
            "< read unit 5013 read_property analog-input[4] refused 31",
            "< read unit 5012 read_property analog-input[3] refused 32",
        ]
    );
}

#[test]
fn the_virtual_link_and_routers_are_commanded_by_name() {
    assert_eq!(
        talk(&[
            Client(&linked(0x05, "003c")),
            Server(&linked(0x00, "0000")),
            Client(&linked(0x01, "")),
            Server(&linked(0x00, "0010")),
            Client(&linked(0x02, "")),
            Server(&linked(0x03, "")),
            Server(&linked(0x07, "")),
            Client(&linked(0x55, "")),
            Client(&linked(0x0b, "0180 00 0005")),
            Server(&linked(0x0b, "0180 01 0005 0006")),
            Client(&linked(0x0b, "0180 06 00")),
            Client(&linked(0x0b, "0180 80 0005")),
        ]),
        [
            "> connect register_foreign_device",
            "< connect register_foreign_device",
            "> configure write_broadcast_distribution_table",
            "< configure write_broadcast_distribution_table refused 16",
            "> read read_broadcast_distribution_table",
            "< read read_broadcast_distribution_table",
            "? connect read_foreign_device_table",
            "> admin unknown_function #85",
            "> discover who_is_router_to_network network[5]",
            "> discover i_am_router_to_network network[5]",
            "> configure initialize_routing_table",
            "> admin unknown_function #128",
        ]
    );
}

#[test]
fn a_password_is_told_of_and_never_told() {
    let said = talk(&[Client(&unicast("0104 00050114 09 00 1d 09 00 46 69 6c 69 73 74 65 72"))]);
    assert_eq!(said, ["login: BACnet password", "> command reinitialize_device coldstart"]);
}

#[test]
fn segments_after_the_first_are_told_as_such_with_the_gravity_of_their_service() {
    assert_eq!(
        talk(&[
            Client(&unicast("0104 0c050100 0410 0c 00400003 1e 09 55 2e 44 41a40000 2f 09 2d 2e")),
            Server(&unicast("0100 40010004")),
            Client(&unicast("0104 08050101 0410 44 41a40000 2f 1f")),
            Server(&unicast("0100 3c010004 0c 0c 00400003")),
            Server(&unicast("0100 38010104 0c 19 55")),
        ]),
        [
            "> write write_property_multiple analog-output[3] = 20500",
            "> connect segment_ack",
            "> write segment",
            "< write write_property_multiple analog-output[3]",
            "> connect segment",
        ]
    );
}

#[test]
fn broken_parameters_do_not_hide_the_service() {
    for (apdu, verb) in [
        ("0005010f 0c 0040", "> write write_property"),
        ("00050110 0c 00400003 1e 09 55 2e", "> write write_property_multiple"),
        ("00050114", "> command reinitialize_device"),
        ("1000 c4 0200", "> discover i_am"),
    ] {
        let said = talk(&[Client(&unicast(&format!("0104 {apdu}")))]);
        assert_eq!((said.len(), said[0].as_str()), (2, verb), "{apdu}");
        assert!(said[1].starts_with("malformed"), "{apdu}");
    }
}

#[test]
fn a_datagram_cut_anywhere_is_malformed_at_most_once_and_never_panics() {
    let whole = unicast("0124 0005 01 0c ff 0005010e 0c 00400003 1e 09 55 09 57 19 08 1f");
    for cut in 0..whole.len() {
        let said = talk(&[Client(&whole[..cut])]);
        assert_eq!(said.iter().filter(|line| line.starts_with("malformed")).count(), 1, "{cut}");
    }
}
