//! Three ways to store a packet in a block, one way to hand it on.

use pcap_parser::{EnhancedPacketBlock, SimplePacketBlock};

/// Where the packet begins in an enhanced or obsolete packet block, in bytes from the block's first.
const PACKET_OFFSET: usize = 28;
/// The same for a simple packet block.
const SIMPLE_PACKET_OFFSET: usize = 12;

#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    /// Index among the section's interfaces.
    pub(super) interface: u32,
    /// The interface's clock; a simple packet has none.
    pub(super) units: Option<u64>,
    pub(super) on_wire: u32,
    pub(super) offset: usize,
    captured: u32,
}

impl Packet {
    pub(super) fn enhanced(block: &EnhancedPacketBlock<'_>) -> Self {
        Self {
            interface: block.if_id,
            units: Some(u64::from(block.ts_high) << 32 | u64::from(block.ts_low)),
            on_wire: block.origlen,
            offset: PACKET_OFFSET,
            captured: block.caplen,
        }
    }

    /// A simple packet belongs to the first interface and says only how long it was on the wire.
    pub(super) fn simple(block: &SimplePacketBlock<'_>) -> Self {
        let stored = u32::try_from(block.data.len()).unwrap_or(u32::MAX);
        Self {
            interface: 0,
            units: None,
            on_wire: block.origlen,
            offset: SIMPLE_PACKET_OFFSET,
            captured: block.origlen.min(stored),
        }
    }

    /// From the body of an obsolete packet block: interface and drops (16 bits each), time, both lengths, packet.
    pub(super) fn obsolete(body: &[u8], big_endian: bool) -> Option<Self> {
        let (fields, _) = body.as_chunks::<4>();
        let word = |at: usize| fields.get(at).map(|bytes| whole(*bytes, big_endian));
        let (first, second) = (u64::from(word(1)?), u64::from(word(2)?));
        let interface_and_drops = word(0)?;
        Some(Self {
            interface: if big_endian { interface_and_drops >> 16 } else { interface_and_drops & 0xffff },
            units: Some(first << 32 | second),
            on_wire: word(4)?,
            offset: PACKET_OFFSET,
            captured: word(3)?,
        })
    }

    /// Bytes of the packet in the file. Only of a simple one does the interface's snapshot length say so.
    pub(super) const fn captured(&self, snap_length: u32) -> u32 {
        if self.units.is_none() && snap_length != 0 && snap_length < self.captured {
            snap_length
        } else {
            self.captured
        }
    }
}

const fn whole(bytes: [u8; 4], big_endian: bool) -> u32 {
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}
