//! What an order must be, by one of each and by ones that are wrong in one way.

use super::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn every_order() -> Vec<(Order, &'static str)> {
    let grant = Order::Grant {
        id: text("01JD0000000000000000000000"),
        subject: text("vendor"),
        object: text("plc1/modbus"),
        verbs: vec![text("read"), text("write")],
        made: 1_700_000_000,
        seconds: 120,
        reason: text("pump fault"),
        work_order: Some(text("WO-7")),
        approvers: vec![text("anna")],
    };
    let stage = |target| Order::Stage { target, stage: text("shadow"), despite: None };
    vec![
        (Order::Revoke { device: text("cam1"), reason: text("scans") }, "revocation/cam1"),
        (Order::Restore { device: text("cam1"), reason: text("clean") }, "revocation/cam1"),
        (stage(StageTarget::Default), "stage/default"),
        (stage(StageTarget::Device(text("plc1"))), "stage/device/plc1"),
        (stage(StageTarget::Conduit { from: text("ops"), to: text("cell-a") }), "stage/conduit/cell-a/ops"),
        (grant, "grant/01JD0000000000000000000000"),
        (
            Order::EndGrant { id: text("01JD0000000000000000000000"), reason: text("done") },
            "grant/01JD0000000000000000000000",
        ),
        (Order::Mode { mode: text("normal"), zone: None, reason: text("over") }, "mode/site"),
        (
            Order::Mode { mode: text("maintenance"), zone: Some(text("cell-a")), reason: text("x") },
            "mode/zone/cell-a",
        ),
        (Order::Approve { device: text("plc1"), port: Some(text("lan1")), mac: None }, "binding/plc1"),
        (
            Order::Assess { device: text("plc1"), posture: Some(true), risk: Some(2), conforms: None },
            "assessment/plc1",
        ),
        (
            Order::Emergency { profile: text("open-cell"), made: 1, reason: text("fire") },
            "emergency/open-cell",
        ),
        (Order::EndEmergency { zone: text("cell-a"), reason: text("out") }, "emergency/cell-a"),
        (
            Order::Trust {
                anchors: vec![Blob(vec![0x30, 0x82]), Blob(vec![0x30])],
                cross: vec![Blob(vec![0x30, 0x01])],
                distrusted: vec![Hash([7; 32])],
            },
            "trust",
        ),
        (Order::Trust { anchors: Vec::new(), cross: Vec::new(), distrusted: Vec::new() }, "trust"),
        (
            Order::RevokeKey { device: text("plc1"), key: Hash([0xab; 32]), reason: text("copied") },
            "key/abababababababababababababababababababababababababababababababab",
        ),
    ]
}

#[test]
fn an_order_reads_back_as_it_was_written_and_names_its_key() {
    for (order, key) in every_order() {
        assert_eq!(Order::decode(&order.encode().unwrap()), Ok(order.clone()));
        assert_eq!(order.key(), key);
    }
}

#[test]
fn a_changed_byte_never_gives_the_same_order() {
    for (order, _) in every_order() {
        let good = order.encode().unwrap();
        for position in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[position] ^= 1 << bit;
                assert_ne!(Order::decode(&bad), Ok(order.clone()), "byte {position} bit {bit}");
            }
        }
    }
}

#[test]
fn what_has_two_spellings_or_says_more_is_refused() {
    let good = Order::Revoke { device: text("a"), reason: text("b") }.encode().unwrap();
    assert_eq!(Order::decode(&[good, vec![0]].concat()), Err(BadOrder::NotDeterministic));
    // {"revoke": {"reason": "b", "device": "a"}}: both keys have six letters
    let swapped = b"\xa1\x66revoke\xa2\x66reason\x61b\x66device\x61a";
    assert_eq!(Order::decode(swapped), Err(BadOrder::NotDeterministic));
    let unknown = b"\xa1\x66revoke\xa3\x66device\x61a\x66reason\x61b\x66unless\x61c";
    assert!(matches!(Order::decode(unknown), Err(BadOrder::Form(_))));
    assert!(matches!(Order::decode(b"\xa1\x66reboot\xa0"), Err(BadOrder::Form(_))));
    assert!(matches!(Order::decode(&[0x81; 4096]), Err(BadOrder::Form(_))));
}

#[test]
fn more_certificates_than_a_rollover_needs_and_longer_ones_are_neither_written_nor_read() {
    let trust = |anchors: usize, bytes: usize, distrusted: usize| Order::Trust {
        anchors: vec![Blob(vec![0x30; bytes]); anchors],
        cross: Vec::new(),
        distrusted: vec![Hash([1; 32]); distrusted],
    };
    assert!(trust(MAX_ANCHORS, MAX_BYTES, MAX_LIST).encode().is_ok());
    for order in [trust(MAX_ANCHORS + 1, 1, 0), trust(1, MAX_BYTES + 1, 0), trust(1, 1, MAX_LIST + 1)] {
        assert_eq!(order.encode(), Err(BadOrder::TooLong));
        let mut bytes = Vec::new();
        ciborium::into_writer(&order, &mut bytes).unwrap();
        assert_eq!(Order::decode(&bytes), Err(BadOrder::TooLong));
    }
}

#[test]
fn a_text_that_is_long_or_hostile_is_neither_written_nor_read() {
    for reason in ["x".repeat(MAX_TEXT + 1), text("a\x1b[2J"), text("a\nb")] {
        let order = Order::Revoke { device: text("a"), reason };
        assert_eq!(order.encode(), Err(BadOrder::TooLong));
        let mut bytes = Vec::new();
        ciborium::into_writer(&order, &mut bytes).unwrap();
        assert_eq!(Order::decode(&bytes), Err(BadOrder::TooLong));
    }
}
