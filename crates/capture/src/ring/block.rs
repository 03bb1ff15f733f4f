//! Reading a block of the ring: a header, then packets that each say where the next one is (`linux/if_packet.h`).
//!
//! The kernel is believed about content, not about offsets: whatever leads out of the block ends it.

use nix::libc::{
    TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID, tpacket_block_desc, tpacket_hdr_v1,
    tpacket_hdr_variant1, tpacket3_hdr,
};
use std::mem::offset_of;

/// The tag protocol of IEEE 802.1Q, where the kernel does not say which it was.
const DOT1Q: u16 = 0x8100;
/// Destination and source address, behind which a tag stands.
const ADDRESSES_BYTES: usize = 12;

const BLOCK: usize = offset_of!(tpacket_block_desc, hdr);
const FIRST_OFFSET: usize = BLOCK + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);
const PACKETS: usize = BLOCK + offset_of!(tpacket_hdr_v1, num_pkts);
const VARIANT: usize = offset_of!(tpacket3_hdr, hv1);
const TCI: usize = VARIANT + offset_of!(tpacket_hdr_variant1, tp_vlan_tci);
const TPID: usize = VARIANT + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid);

/// Where in a block the next packet is.
#[derive(Debug)]
pub(super) struct Cursor {
    at: usize,
    left: u32,
}

/// One packet's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Since 1970.
    pub(super) nanos: u64,
    pub(super) captured: u32,
    pub(super) on_wire: u32,
    /// The VLAN tag as it was on the wire.
    pub(super) tag: Option<[u8; 4]>,
    /// Of its first byte, from the block's.
    offset: usize,
}

impl Cursor {
    pub(super) fn new(block: &[u8]) -> Self {
        Self { at: offset(block, FIRST_OFFSET), left: word(block, PACKETS).unwrap_or_default() }
    }

    pub(super) fn next(&mut self, block: &[u8]) -> Option<Packet> {
        self.left = self.left.checked_sub(1)?;
        let header = block.get(self.at..)?;
        let packet = Packet::parse(header, self.at)?;
        self.at = self.at.saturating_add(offset(header, offset_of!(tpacket3_hdr, tp_next_offset)));
        Some(packet)
    }
}

impl Packet {
    fn parse(header: &[u8], at: usize) -> Option<Self> {
        let seconds = word(header, offset_of!(tpacket3_hdr, tp_sec))?;
        let nanos = word(header, offset_of!(tpacket3_hdr, tp_nsec))?;
        let status = word(header, offset_of!(tpacket3_hdr, tp_status))?;
        let mac = half(header, offset_of!(tpacket3_hdr, tp_mac))?;
        Some(Self {
            nanos: u64::from(seconds) * 1_000_000_000 + u64::from(nanos),
            captured: word(header, offset_of!(tpacket3_hdr, tp_snaplen))?,
            on_wire: word(header, offset_of!(tpacket3_hdr, tp_len))?,
            tag: if status & TP_STATUS_VLAN_VALID == 0 { None } else { Some(tag(header, status)?) },
            offset: at.saturating_add(usize::from(mac)),
        })
    }

    pub(super) fn bytes<'a>(&self, block: &'a [u8]) -> Option<&'a [u8]> {
        block.get(self.offset..)?.get(..usize::try_from(self.captured).ok()?)
    }
}

/// Writes `frame` with `tag` behind its addresses to `tagged`; `false` where the frame is too short to have had one.
pub(super) fn insert_tag(frame: &[u8], tag: [u8; 4], tagged: &mut Vec<u8>) -> bool {
    let Some((addresses, rest)) = frame.split_at_checked(ADDRESSES_BYTES) else { return false };
    tagged.clear();
    tagged.extend_from_slice(addresses);
    tagged.extend_from_slice(&tag);
    tagged.extend_from_slice(rest);
    true
}

fn tag(header: &[u8], status: u32) -> Option<[u8; 4]> {
    let protocol = if status & TP_STATUS_VLAN_TPID_VALID == 0 { DOT1Q } else { half(header, TPID)? };
    let [protocol_high, protocol_low] = protocol.to_be_bytes();
    let [.., control_high, control_low] = word(header, TCI)?.to_be_bytes();
    Some([protocol_high, protocol_low, control_high, control_low])
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

/// A 32-bit offset; one that cannot be read leads nowhere.
fn offset(bytes: &[u8], at: usize) -> usize {
    word(bytes, at).and_then(|value| usize::try_from(value).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: usize = 48;

    #[test]
    fn packets_are_found_one_behind_the_other() {
        let block = block_of_two();
        let mut cursor = Cursor::new(&block);
        let first = cursor.next(&block).unwrap();
        assert_eq!((first.nanos, first.on_wire, first.tag), (1_000_000_007, 60, None));
        assert_eq!(first.bytes(&block), Some(&[0xaa; 14][..]));
        let second = cursor.next(&block).unwrap();
        assert_eq!(second.tag, Some([0x88, 0xa8, 0x20, 0x2a]));
        assert_eq!(second.bytes(&block), Some(&[0xbb; 14][..]));
        assert_eq!(cursor.next(&block), None);
    }

    #[test]
    fn a_block_cut_anywhere_ends_without_a_panic() {
        let block = block_of_two();
        for length in 0..block.len() {
            let cut = &block[..length];
            let mut cursor = Cursor::new(cut);
            while let Some(packet) = cursor.next(cut) {
                assert!(packet.bytes(cut).is_none_or(|bytes| bytes.len() == 14));
            }
        }
    }

    #[test]
    fn a_tag_goes_behind_the_addresses_unless_the_frame_is_too_short() {
        let mut tagged = vec![9; 3];
        assert!(insert_tag(&[1; 14], [0x81, 0, 0, 5], &mut tagged));
        assert_eq!(tagged, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x81, 0, 0, 5, 1, 1]);
        assert!(!insert_tag(&[1; 11], [0x81, 0, 0, 5], &mut tagged));
    }

    fn block_of_two() -> Vec<u8> {
        let mut block = vec![0; 512];
        put(&mut block, FIRST_OFFSET, 48);
        put(&mut block, PACKETS, 2);
        packet(&mut block[FIRST..], 0, 0xaa);
        packet(&mut block[FIRST + 128..], TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID, 0xbb);
        block
    }

    fn packet(header: &mut [u8], status: u32, fill: u8) {
        put(header, offset_of!(tpacket3_hdr, tp_next_offset), 128);
        put(header, offset_of!(tpacket3_hdr, tp_sec), 1);
        put(header, offset_of!(tpacket3_hdr, tp_nsec), 7);
        put(header, offset_of!(tpacket3_hdr, tp_snaplen), 14);
        put(header, offset_of!(tpacket3_hdr, tp_len), 60);
        put(header, offset_of!(tpacket3_hdr, tp_status), status);
        put(header, TCI, 0x202a);
        header[offset_of!(tpacket3_hdr, tp_mac)..][..2].copy_from_slice(&80_u16.to_ne_bytes());
        header[TPID..][..2].copy_from_slice(&0x88a8_u16.to_ne_bytes());
        header[80..94].fill(fill);
    }

    fn put(bytes: &mut [u8], at: usize, value: u32) {
        bytes[at..][..4].copy_from_slice(&value.to_ne_bytes());
    }
}
