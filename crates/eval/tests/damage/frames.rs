//! Captures changed or made up in memory, and written where `cargo` keeps what tests write.

use nullius_capture::CaptureFile;
use std::path::{Path, PathBuf};

/// One captured frame.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) wire_length: u32,
}

impl Record {
    pub(crate) fn new(at_millis: u64, bytes: Vec<u8>) -> Self {
        let wire_length = bytes.len() as u32;
        Self { at: 1_700_000_000_000_000_000 + at_millis * 1_000_000, bytes, wire_length }
    }

    /// The same packet as another mirror port gives it: later, in a VLAN, and after a router.
    pub(crate) fn again(&self, tag: Option<u16>, routed: bool) -> Self {
        let mut bytes = self.bytes.clone();
        if routed && bytes[12..14] == [8, 0] {
            bytes[22] -= 1;
            let sum = u16::from_be_bytes([bytes[24], bytes[25]]);
            // RFC 1624: the time to live is the high half of its word.
            let (sum, carry) = sum.overflowing_add(0x0100);
            bytes[24..26].copy_from_slice(&(sum + u16::from(carry)).to_be_bytes());
        }
        let mut wire_length = self.wire_length;
        if let Some(vlan) = tag {
            let [high, low] = vlan.to_be_bytes();
            bytes.splice(12..12, [0x81, 0x00, high, low]);
            wire_length += 4;
        }
        Self { at: self.at + 200_000, bytes, wire_length }
    }

    /// As a capture with this snapshot length keeps it.
    pub(crate) fn cut(&self, snap_length: usize) -> Self {
        let mut cut = self.clone();
        cut.bytes.truncate(snap_length);
        cut
    }

    /// With another TCP checksum.
    pub(crate) fn corrupt(&self) -> Self {
        let mut corrupt = self.clone();
        if corrupt.bytes.get(12..14) == Some(&[8, 0]) && corrupt.bytes.get(23) == Some(&6) {
            let offset = 14 + usize::from(corrupt.bytes[14] & 15) * 4 + 16;
            corrupt.bytes[offset] ^= 0x55;
        }
        corrupt
    }
}

/// The frames of a file, in order of time.
pub(crate) fn read(path: &Path) -> Vec<Record> {
    let mut file = CaptureFile::open(path).unwrap();
    let mut records = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        let (at, wire_length) = (frame.at.as_nanos(), frame.wire_length);
        records.push(Record { at, bytes: frame.bytes.to_vec(), wire_length });
    }
    records.sort_by_key(|record| record.at);
    records
}

/// A pcap file of Ethernet frames with nanoseconds, in order of time, less its last `lacking` bytes.
pub(crate) fn write(name: &str, records: &[Record], lacking: usize) -> PathBuf {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by_key(|record| record.at);
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    for record in sorted {
        let (seconds, nanos) = (record.at / 1_000_000_000, record.at % 1_000_000_000);
        for word in [seconds as u32, nanos as u32, record.bytes.len() as u32, record.wire_length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&record.bytes);
    }
    file.truncate(file.len() - lacking);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pcap"));
    std::fs::write(&path, file).unwrap();
    path
}

/// A hardware address no manufacturer has.
pub(crate) const fn mac(number: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, number]
}

/// A station that sends: hardware address, network address, hop limit its packets arrive with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    pub(crate) mac: u8,
    pub(crate) ip: [u8; 4],
    pub(crate) hops: u8,
}

impl Host {
    pub(crate) const fn new(mac: u8, ip: [u8; 4], hops: u8) -> Self {
        Self { mac, ip, hops }
    }

    /// The same network address at another hardware address.
    pub(crate) const fn from(self, mac: u8) -> Self {
        Self { mac, ..self }
    }

    /// A datagram.
    pub(crate) fn says(self, to: Self, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
        let (to_mac, to_ip) = if to.ip == [255; 4] { ([255; 6], to.ip) } else { (mac(to.mac), to.ip) };
        let builder = etherparse::PacketBuilder::ethernet2(mac(self.mac), to_mac)
            .ipv4(self.ip, to_ip, self.hops)
            .udp(ports.0, ports.1);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, payload).unwrap();
        bytes
    }

    /// Tells everyone by ARP which address is its own.
    pub(crate) fn announces(self) -> Vec<u8> {
        let mut bytes = vec![255; 6];
        bytes.extend(mac(self.mac));
        bytes.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        bytes.extend(mac(self.mac));
        bytes.extend(self.ip);
        bytes.extend([0; 6]);
        bytes.extend(self.ip);
        bytes
    }
}

/// A DHCP message (RFC 2131) of `kind` about the client `mac`, who gets `yours`.
pub(crate) fn dhcp(kind: u8, client: u8, transaction: u32, yours: [u8; 4]) -> Vec<u8> {
    let replies = matches!(kind, 2 | 5);
    let mut bytes = vec![if replies { 2 } else { 1 }, 1, 6, 0];
    bytes.extend(transaction.to_be_bytes());
    bytes.extend([0; 8]);
    bytes.extend(yours);
    bytes.extend([0; 8]);
    bytes.extend(mac(client));
    bytes.extend([0; 10 + 64 + 128]);
    bytes.extend([99, 130, 83, 99, 53, 1, kind]);
    if replies {
        bytes.extend([54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 0, 60]);
    } else {
        bytes.extend([12, 6]);
        bytes.extend(b"sensor");
        bytes.extend([55, 4, 1, 3, 6, 15]);
    }
    bytes.push(255);
    bytes
}
