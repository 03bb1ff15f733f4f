//! All `unsafe` of the project: packet socket options, and the memory that the kernel shares for the ring.
//!
//! INVARIANT: a block is either the kernel's or ours, as its status word says. [`Mapping::ready`] lends a block only while
//! it is ours, and [`Mapping::release`] takes `&mut self`, so that no loan can outlive the return.

use super::RingOptions;
use super::interface::Interface;
use nix::libc::{
    self, AF_PACKET, ETH_P_ALL, PACKET_ADD_MEMBERSHIP, PACKET_IGNORE_OUTGOING, PACKET_MR_PROMISC,
    PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION, SOL_PACKET, TP_STATUS_KERNEL, TP_STATUS_USER, c_int,
    packet_mreq, sockaddr_ll, socklen_t, tpacket_block_desc, tpacket_hdr_v1, tpacket_req3, tpacket_stats_v3,
};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::socket::{LinkAddr, SockaddrLike as _, bind};
use socket2::Socket;
use std::io;
use std::mem::offset_of;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// The kernel wants a frame size even where frames are of any size; it only has to divide a block.
const NOMINAL_FRAME_BYTES: u32 = 2048;
const STATUS: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, block_status);

/// Gives `socket` a receive ring and binds it to `interface`. Says which step failed.
pub(super) fn set_up(
    socket: &Socket,
    interface: &Interface,
    options: RingOptions,
) -> Result<Mapping, (&'static str, io::Error)> {
    set(socket, PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))
        .map_err(|e| ("choosing TPACKET_V3", e))?;
    set(socket, PACKET_RX_RING, &request(options)).map_err(|e| ("making the receive ring", e))?;
    let mapping = Mapping::new(socket, options).map_err(|e| ("mapping the receive ring", e))?;
    if options.ignore_outgoing || interface.is_loopback() {
        set(socket, PACKET_IGNORE_OUTGOING, &c_int::from(true))
            .map_err(|e| ("ignoring outgoing frames", e))?;
    }
    bind_to(socket, interface)?;
    Ok(mapping)
}

/// Binds `socket`, which has no ring, to what comes in at `interface`. Says which step failed.
pub(crate) fn listen(socket: &Socket, interface: &Interface) -> Result<(), (&'static str, io::Error)> {
    set(socket, PACKET_IGNORE_OUTGOING, &c_int::from(true)).map_err(|e| ("ignoring outgoing frames", e))?;
    bind_to(socket, interface)
}

fn bind_to(socket: &Socket, interface: &Interface) -> Result<(), (&'static str, io::Error)> {
    set(socket, PACKET_ADD_MEMBERSHIP, &promiscuous(interface.index)).map_err(|e| ("promiscuous mode", e))?;
    let address = address(interface.index).ok_or(io::ErrorKind::InvalidInput);
    let bound = address.map_err(io::Error::from).and_then(|to| Ok(bind(socket.as_raw_fd(), &to)?));
    bound.map_err(|e| ("binding to the interface", e))
}

/// Frames seen (the dropped ones included) and dropped since the last call: the kernel starts again from 0.
pub(super) fn statistics(socket: &Socket) -> io::Result<(u32, u32)> {
    let mut counts = tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    let mut length = length_of::<tpacket_stats_v3>();
    // SAFETY: `counts` and `length` outlive the call, and `length` is the size of `counts`, three plain integers.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            SOL_PACKET,
            PACKET_STATISTICS,
            (&raw mut counts).cast(),
            &raw mut length,
        )
    };
    checked(result).map(|()| (counts.tp_packets, counts.tp_drops))
}

/// The ring in our address space.
#[derive(Debug)]
pub(super) struct Mapping {
    memory: NonNull<u8>,
    block_bytes: usize,
    // INVARIANT: not 0, and `blocks * block_bytes` is the mapped length
    blocks: usize,
}

impl Mapping {
    fn new(socket: &Socket, options: RingOptions) -> io::Result<Self> {
        let (block_bytes, blocks) = (options.block_bytes as usize, options.blocks as usize);
        let length =
            block_bytes.checked_mul(blocks).and_then(NonZeroUsize::new).ok_or(io::ErrorKind::InvalidInput)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let memory = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, socket, 0)? };
        Ok(Self { memory: memory.cast(), block_bytes, blocks })
    }

    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// The block at `index`, if the kernel has handed it over.
    pub(super) fn ready(&self, index: usize) -> Option<&[u8]> {
        if self.status(index)?.load(Ordering::Acquire) & TP_STATUS_USER == 0 {
            return None;
        }
        let start = self.start(index)?;
        // SAFETY: the range lies in the mapping, which lives as long as `self`. The status says that the kernel has done
        // writing (acquired above) and leaves the block alone until `release`, which needs `&mut self`.
        Some(unsafe { std::slice::from_raw_parts(start.as_ptr(), self.block_bytes) })
    }

    /// Gives the block at `index` back to the kernel.
    pub(super) fn release(&mut self, index: usize) {
        if let Some(status) = self.status(index) {
            status.store(TP_STATUS_KERNEL, Ordering::Release);
        }
    }

    fn status(&self, index: usize) -> Option<&AtomicU32> {
        let start = self.start(index)?;
        // SAFETY: the word lies in the block; blocks begin on a page and `STATUS` is a multiple of 4, so it is aligned.
        // We and the kernel touch it only as a whole word, and the mapping lives as long as `self`.
        Some(unsafe { AtomicU32::from_ptr(start.add(STATUS).as_ptr().cast()) })
    }

    fn start(&self, index: usize) -> Option<NonNull<u8>> {
        // SAFETY: with `index < blocks` the product is less than the mapped length.
        (index < self.blocks).then(|| unsafe { self.memory.add(index * self.block_bytes) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: address and length are those of the mapping, and every loan of it has ended with `self`. A refusal
        // would leave the memory mapped, which harms nobody.
        let _ = unsafe { munmap(self.memory.cast(), self.blocks * self.block_bytes) };
    }
}

// SAFETY: the mapping belongs to the process, not to a thread, and only its owner reaches it.
unsafe impl Send for Mapping {}

fn request(options: RingOptions) -> tpacket_req3 {
    tpacket_req3 {
        tp_block_size: options.block_bytes,
        tp_block_nr: options.blocks,
        tp_frame_size: NOMINAL_FRAME_BYTES,
        tp_frame_nr: options.block_bytes / NOMINAL_FRAME_BYTES * options.blocks,
        tp_retire_blk_tov: u32::try_from(options.hand_over_after.as_millis()).unwrap_or(u32::MAX).max(1),
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    }
}

fn promiscuous(index: i32) -> packet_mreq {
    #[expect(clippy::cast_possible_truncation, reason = "the constant is 1")]
    let kind = PACKET_MR_PROMISC as u16;
    packet_mreq { mr_ifindex: index, mr_type: kind, mr_alen: 0, mr_address: [0; 8] }
}

/// All protocols on the interface at `index`.
fn address(index: i32) -> Option<LinkAddr> {
    #[expect(clippy::cast_possible_truncation, reason = "the constants are 17 and 3")]
    let (family, protocol) = (AF_PACKET as u16, (ETH_P_ALL as u16).to_be());
    let all = sockaddr_ll {
        sll_family: family,
        sll_protocol: protocol,
        sll_ifindex: index,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: the pointer is to a whole `sockaddr_ll`, whose family and length say so; it is copied from.
    unsafe { LinkAddr::from_raw((&raw const all).cast(), Some(length_of::<sockaddr_ll>())) }
}

fn set<T: Copy>(socket: &Socket, option: c_int, value: &T) -> io::Result<()> {
    // SAFETY: `value` outlives the call, which reads its size and keeps nothing; the callers pass the plain C type
    // that belongs to the option.
    let result = unsafe {
        let value = std::ptr::from_ref(value).cast();
        libc::setsockopt(socket.as_raw_fd(), SOL_PACKET, option, value, length_of::<T>())
    };
    checked(result)
}

fn checked(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn length_of<T>() -> socklen_t {
    socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}
