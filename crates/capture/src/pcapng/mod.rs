//! The block format (draft-ietf-opsawg-pcapng): any number of sections, each with its own byte order and interfaces.
//!
//! A block is cut out of the window by its length and handed to pcap-parser whole, so a field that leads out of its block
//! is damage and never a wait for more bytes. Blocks that hold no packet may be of any size and are skipped unread.

mod interface;
mod packet;

use crate::error::OpenError;
use crate::link::UnsupportedLink;
use crate::notes::Flaw;
use crate::record::{MAX_PACKET_BYTES, Record, Stop};
use crate::window::Window;
use interface::Interface;
use nullius_model::Timestamp;
use packet::Packet;
use pcap_parser::{
    BOM_MAGIC, Block, EPB_MAGIC, IDB_MAGIC, SHB_MAGIC, SPB_MAGIC, SectionHeaderBlock, parse_block_be,
    parse_block_le, parse_enhancedpacketblock_be, parse_enhancedpacketblock_le,
};
use std::collections::BTreeSet;

/// Interfaces described in one section. Each costs a few bytes of file and stays in memory: without a limit a file of
/// nothing else would fill it.
pub const MAX_INTERFACES: usize = 65_536;

/// A packet block's fields and options around the packet, in bytes; options hold comments, hashes and verdicts.
const MAX_OPTION_BYTES: usize = 65_536;
const MAX_BLOCK_BYTES: usize = MAX_PACKET_BYTES as usize + MAX_OPTION_BYTES;
/// Type and length in front, length behind.
const MIN_BLOCK_BYTES: usize = 12;
/// The obsolete packet block (draft §A.1).
const OPB_MAGIC: u32 = 2;

#[derive(Debug, Default)]
pub(crate) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// For packets that carry no time of their own.
    last_at: Timestamp,
}

/// What one block turned out to be.
pub(crate) enum Step {
    End,
    Other,
    Packet(Record),
}

impl Pcapng {
    /// Whether a file that begins with `magic` is one of these.
    pub(crate) fn recognises(magic: [u8; 4]) -> bool {
        u32::from_le_bytes(magic) == SHB_MAGIC
    }

    /// Reads on until an interface we can read is described. `skipped` learns of the packets on the way.
    pub(crate) fn open(
        window: &mut Window,
        mut skipped: impl FnMut(u32),
    ) -> Result<(Self, Result<(), Stop>), OpenError> {
        let mut reader = Self::default();
        reader.first_section(window)?;
        let mut unreadable = BTreeSet::new();
        loop {
            let step = reader.step(window);
            unreadable.extend(reader.interfaces.last().and_then(|interface| interface.link.err()));
            if reader.interfaces.last().is_some_and(|interface| interface.link.is_ok()) {
                return Ok((reader, step.map(drop)));
            }
            match step {
                Ok(Step::Other) => {}
                Ok(Step::Packet(record)) => record.link.err().into_iter().for_each(&mut skipped),
                Err(stop @ Stop::Failed(_)) => return Err(stop.into()),
                end if unreadable.is_empty() => return Ok((reader, end.map(drop))),
                Ok(Step::End) | Err(_) => {
                    return Err(OpenError::UnsupportedLink(
                        unreadable.into_iter().map(UnsupportedLink).collect(),
                    ));
                }
            }
        }
    }

    /// The next packet, readable or not; `None` at the end.
    pub(crate) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Stop> {
        loop {
            match self.step(window)? {
                Step::End => return Ok(None),
                Step::Other => {}
                Step::Packet(record) => return Ok(Some(record)),
            }
        }
    }

    /// What is wrong with the very first block is told as an error: without it there is no capture.
    fn first_section(&mut self, window: &mut Window) -> Result<(), OpenError> {
        match self.step(window) {
            Ok(Step::End | Step::Other | Step::Packet(_)) => Ok(()),
            Err(Stop::Truncated) => Err(OpenError::CutHeader),
            Err(Stop::Corrupt(Flaw::UnknownVersion)) => Err(OpenError::UnknownVersion),
            Err(stop @ Stop::Failed(_)) => Err(stop.into()),
            Err(Stop::Corrupt(_)) => Err(OpenError::DamagedHeader),
        }
    }

    fn step(&mut self, window: &mut Window) -> Result<Step, Stop> {
        if !window.ensure(MIN_BLOCK_BYTES)? {
            return if window.data().is_empty() { Ok(Step::End) } else { Err(Stop::Truncated) };
        }
        let (kind, length) = self.header(window.data())?;
        if length > MAX_BLOCK_BYTES {
            return skip_block(kind, length, window);
        }
        if !window.ensure(length)? {
            return Err(Stop::Truncated);
        }
        let block = window.data().get(..length).unwrap_or_default();
        if self.word(block, length - 4) != u32::try_from(length).ok() {
            return Err(Stop::Corrupt(Flaw::Block));
        }
        // by far the most: worth the shorter way
        if kind == EPB_MAGIC {
            return self.enhanced(block).and_then(|packet| self.record(&packet, length, window));
        }
        if let Some(packet) = self.block(block)? {
            return self.record(&packet, length, window);
        }
        window.consume(length, 0, 0);
        Ok(Step::Other)
    }

    /// Type and length of the block in front. A section header brings its own byte order.
    #[inline]
    fn header(&mut self, data: &[u8]) -> Result<(u32, usize), Stop> {
        if data.first_chunk().copied().is_some_and(Self::recognises) {
            let mark = data.get(8..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
            self.big_endian = match mark {
                _ if u32::from_le_bytes(mark) == BOM_MAGIC => false,
                _ if u32::from_be_bytes(mark) == BOM_MAGIC => true,
                _ => return Err(Stop::Corrupt(Flaw::Block)),
            };
        }
        let kind = self.word(data, 0).unwrap_or_default();
        let length = self.word(data, 4).and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        if length < MIN_BLOCK_BYTES { Err(Stop::Corrupt(Flaw::Block)) } else { Ok((kind, length)) }
    }

    #[inline]
    fn word(&self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = data.get(at..)?.first_chunk().copied()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Takes in what a block describes; hands back the packet it holds. Not called for enhanced packets.
    fn block(&mut self, bytes: &[u8]) -> Result<Option<Packet>, Stop> {
        let parsed = if self.big_endian { parse_block_be(bytes) } else { parse_block_le(bytes) };
        let Ok((_, block)) = parsed else { return Err(Stop::Corrupt(Flaw::Block)) };
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "every block without a packet is passed over, known or not"
        )]
        match block {
            Block::SectionHeader(header) => self.enter_section(&header).map(|()| None),
            Block::InterfaceDescription(described) => {
                if self.interfaces.len() >= MAX_INTERFACES {
                    return Err(Stop::Corrupt(Flaw::TooManyInterfaces));
                }
                self.interfaces.push(Interface::new(&described, self.big_endian));
                Ok(None)
            }
            Block::SimplePacket(packet) => Ok(Some(Packet::simple(&packet))),
            Block::Unknown(block) if self.word(bytes, 0) == Some(OPB_MAGIC) => {
                Packet::obsolete(block.data, self.big_endian).map(Some).ok_or(Stop::Corrupt(Flaw::Block))
            }
            _ => Ok(None),
        }
    }

    #[inline]
    fn enhanced(&self, bytes: &[u8]) -> Result<Packet, Stop> {
        let parse = if self.big_endian { parse_enhancedpacketblock_be } else { parse_enhancedpacketblock_le };
        parse(bytes).map(|(_, packet)| Packet::enhanced(&packet)).map_err(|_| Stop::Corrupt(Flaw::Block))
    }

    fn enter_section(&mut self, header: &SectionHeaderBlock<'_>) -> Result<(), Stop> {
        if header.major_version != 1 {
            return Err(Stop::Corrupt(Flaw::UnknownVersion));
        }
        self.interfaces.clear();
        Ok(())
    }

    #[inline]
    fn record(&mut self, packet: &Packet, total: usize, window: &mut Window) -> Result<Step, Stop> {
        let interface = usize::try_from(packet.interface).ok().and_then(|index| self.interfaces.get(index));
        let interface = interface.ok_or(Stop::Corrupt(Flaw::UnknownInterface))?;
        let captured = packet.captured(interface.snap_length);
        if captured > MAX_PACKET_BYTES {
            return Err(Stop::Corrupt(Flaw::OversizedPacket));
        }
        if packet.offset.saturating_add(captured as usize) > total.saturating_sub(4) {
            return Err(Stop::Corrupt(Flaw::Block));
        }
        let at = packet.units.map_or(self.last_at, |units| interface.clock.at(units));
        self.last_at = at;
        Ok(Step::Packet(Record {
            at,
            place: window.consume(total, packet.offset, captured as usize),
            wire_length: packet.on_wire.max(captured),
            link: interface.link,
        }))
    }
}

/// Passes over a block too large for the window, unless it is one we must read.
fn skip_block(kind: u32, length: usize, window: &mut Window) -> Result<Step, Stop> {
    match kind {
        EPB_MAGIC | OPB_MAGIC | SPB_MAGIC => Err(Stop::Corrupt(Flaw::OversizedPacket)),
        IDB_MAGIC | SHB_MAGIC => Err(Stop::Corrupt(Flaw::Block)),
        _ if window.skip(length as u64)? => Ok(Step::Other),
        _ => Err(Stop::Truncated),
    }
}
