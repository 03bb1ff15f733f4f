//! What a sensor sees, and that nobody sees the sensor.

use crate::lab::Lab;
use nullius_capture::{Ring, RingError, RingOptions};
use nullius_model::LinkType;
use std::net::UdpSocket;
use std::time::Duration;

const WAIT: Duration = Duration::from_millis(500);
/// An experimental EtherType (IEEE 802a): nothing on this machine answers it.
const ETHER_TYPE: [u8; 2] = [0x88, 0xb5];

#[test]
fn frames_arrive_whole_in_order_and_stamped() {
    let lab = Lab::new("order");
    let mut ring = lab.ring(RingOptions::default());
    for count in 0..100 {
        lab.send(&frame(&[], count, 60));
    }
    let mut last = 0;
    for count in 0..100 {
        let frame_number = u64::from(count) + 1;
        let seen = ring.next_frame(WAIT).unwrap().unwrap();
        assert_eq!((seen.number.0, seen.bytes), (frame_number, &frame(&[], count, 60)[..]));
        assert_eq!((seen.link, seen.wire_length), (LinkType::Ethernet, 60));
        assert!(seen.at.as_nanos() >= last && seen.at.as_secs() > 1_700_000_000);
        last = seen.at.as_nanos();
    }
    assert!(ring.next_frame(Duration::ZERO).unwrap().is_none());
    let statistics = ring.statistics().unwrap();
    assert_eq!((statistics.received, statistics.dropped), (100, 0));
    assert_eq!(ring.statistics().unwrap(), statistics, "the kernel's counters start again, ours do not");
}

#[test]
fn vlan_tags_stand_where_they_stood_on_the_wire() {
    let lab = Lab::new("vlan");
    let mut ring = lab.ring(RingOptions::default());
    let dot1q = [0x81, 0, 0x60, 42];
    let q_in_q = [0x88, 0xa8, 0, 7, 0x81, 0, 0, 42];
    for tags in [&dot1q[..], &q_in_q, &[]] {
        let sent = frame(tags, 1, 80);
        lab.send(&sent);
        let seen = ring.next_frame(WAIT).unwrap().unwrap();
        assert_eq!(seen.bytes, sent);
        assert_eq!(seen.wire_length, 80);
    }
}

#[test]
fn a_frame_to_someone_else_is_received() {
    let lab = Lab::new("promisc");
    let mut ring = lab.ring(RingOptions::default());
    let mut sent = frame(&[], 1, 60);
    sent[..6].copy_from_slice(&[0x02, 0xff, 0xff, 0xff, 0xff, 0xfe]);
    lab.send(&sent);
    assert_eq!(ring.next_frame(WAIT).unwrap().unwrap().bytes, sent);
}

#[test]
fn frames_that_find_the_ring_full_are_counted() {
    let lab = Lab::new("drop");
    let mut ring = lab.ring(RingOptions { block_bytes: 1 << 16, blocks: 2, ..RingOptions::default() });
    const SENT: u32 = 1_000;
    for count in 0..SENT {
        lab.send(&frame(&[], count.to_le_bytes()[0], 1_000));
    }
    let mut delivered = 0;
    while ring.next_frame(WAIT).unwrap().is_some() {
        delivered += 1;
    }
    let statistics = ring.statistics().unwrap();
    assert!(statistics.dropped > 0 && statistics.received > 50, "{statistics:?}");
    assert_eq!(statistics.received, delivered);
    assert_eq!(statistics.received + statistics.dropped, u64::from(SENT));
    lab.send(&frame(&[], 1, 60));
    assert!(ring.next_frame(WAIT).unwrap().is_some(), "a full ring recovers");
}

#[test]
fn a_ring_goes_round_many_times() {
    let lab = Lab::new("round");
    let mut ring = lab.ring(RingOptions { block_bytes: 1 << 16, blocks: 3, ..RingOptions::default() });
    for round in 0..40 {
        for count in 0..50 {
            lab.send(&frame(&[], count, 1_200));
        }
        for count in 0..50 {
            let seen = ring.next_frame(WAIT).unwrap().unwrap();
            assert_eq!(seen.bytes, frame(&[], count, 1_200), "round {round}");
        }
    }
    assert_eq!(ring.statistics().unwrap().dropped, 0);
}

#[test]
fn the_sensor_sends_nothing() {
    let lab = Lab::new("silent");
    let before = lab.sent_by_sensor();
    let mut ring = lab.ring(RingOptions::default());
    for count in 0..200 {
        lab.send(&frame(&[], count, 60));
    }
    lab.send(&arp_request());
    let mut received = 0;
    while ring.next_frame(WAIT).unwrap().is_some() {
        received += 1;
    }
    assert_eq!(received, 201);
    ring.statistics().unwrap();
    drop(ring);
    assert_eq!((before, lab.sent_by_sensor()), (0, 0));
}

#[test]
fn what_the_machine_itself_sends_is_seen_unless_it_is_left_out() {
    let lab = Lab::new("outgoing");
    for ignore_outgoing in [false, true] {
        let mut ring = lab.ring(RingOptions { ignore_outgoing, ..RingOptions::default() });
        lab.send_from_sensor(&frame(&[], 1, 60));
        assert_eq!(ring.next_frame(WAIT).unwrap().is_none(), ignore_outgoing);
    }
}

#[test]
fn an_interface_that_goes_down_is_an_error_and_comes_back() {
    let lab = Lab::new("down");
    let mut ring = lab.ring(RingOptions::default());
    lab.sensor.ip("link set nullius0 down");
    let error = ring.next_frame(WAIT).unwrap_err();
    assert_eq!(error.to_string(), "interface `nullius0` cannot be read");
    lab.sensor.ip("link set nullius0 up");
    lab.send(&frame(&[], 1, 60));
    assert!(ring.next_frame(WAIT).unwrap().is_some());
}

#[test]
fn on_the_loopback_a_frame_is_seen_once() {
    let lab = Lab::new("loop");
    lab.sensor.ip("link set lo up");
    lab.sensor.enter();
    let mut ring = Ring::open("lo", RingOptions::default()).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"to myself", socket.local_addr().unwrap()).unwrap();
    let seen = ring.next_frame(WAIT).unwrap().unwrap();
    assert_eq!(seen.link, LinkType::Ethernet);
    assert!(seen.bytes.ends_with(b"to myself"));
    assert!(ring.next_frame(WAIT).unwrap().is_none());
}

#[test]
fn what_cannot_be_captured_on_is_named() {
    let lab = Lab::new("names");
    lab.sensor.enter();
    let missing = Ring::open("eth7", RingOptions::default()).unwrap_err();
    assert_eq!(missing.to_string(), "there is no interface `eth7`; there are: lo, nullius0");
    let small = RingOptions { block_bytes: 4096, ..RingOptions::default() };
    let odd = RingOptions { block_bytes: 100_000, ..RingOptions::default() };
    let single = RingOptions { blocks: 1, ..RingOptions::default() };
    let huge = RingOptions { block_bytes: 1 << 24, blocks: 65, ..RingOptions::default() };
    for options in [small, odd, single, huge] {
        assert!(matches!(Ring::open("nullius0", options), Err(RingError::Options)), "{options:?}");
    }
}

/// A frame of `length` bytes with `tags` behind its addresses and a payload of `fill`.
fn frame(tags: &[u8], fill: u8, length: usize) -> Vec<u8> {
    let addresses = [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2];
    let mut frame = [&addresses[..], tags, &ETHER_TYPE].concat();
    frame.resize(length, fill);
    frame
}

/// Who has 192.0.2.1? A host that answers is a host that sends.
fn arp_request() -> Vec<u8> {
    let mut request = vec![0xff; 6];
    request.extend([0x02, 0, 0, 0, 0, 2, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1]);
    request.extend([0x02, 0, 0, 0, 0, 2, 192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1]);
    request
}
