//! What a kernel rule can look at in a frame, and how nftables prints it.
//!
//! INVARIANT: a field always means the same bytes, so a key made from values equals a key made from a frame.

/// A part of a frame, or of how it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    InPort,
    OutPort,
    /// The bridge that the port a frame came in by belongs to.
    InBridge,
    Mark,
    /// The ethertype as the kernel noted it, behind a tag that a network card took off. Quick to ask, and no proof.
    Protocol,
    /// IPv4 or IPv6 (`NFPROTO_`), where packets are seen without their frames.
    Generation,
    EtherDestination,
    EtherSource,
    /// [`Self::EtherSource`] and [`Self::EtherType`], which stand side by side, in one step.
    EtherSourceAndType,
    EtherType,
    /// The first two bytes after the ethertype.
    Application,
    /// Hardware type, protocol type and both lengths.
    ArpForm,
    ArpOperation,
    ArpSenderMac,
    ArpSender,
    ArpTarget,
    /// Version and length of the header.
    Ip4Form,
    Ip4Fragment,
    Ip4Protocol,
    Ip4Source,
    Ip4Destination,
    Ip6Length,
    Ip6NextHeader,
    Ip6HopLimit,
    Ip6Source,
    Ip6Destination,
    SourcePort,
    DestinationPort,
    TcpFlags,
    IcmpType,
    Icmp6Type,
    /// Of a neighbour solicitation or advertisement.
    NdTarget,
    /// Type and length of its first option.
    NdOption,
    NdOptionMac,
}

/// How to get at a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// `enum nft_meta_keys`.
    Meta(u32),
    /// Base (`enum nft_payload_bases`), offset and length in bytes.
    Payload { base: u32, offset: u32, length: u32 },
}

const LINK: u32 = 0;
const NETWORK: u32 = 1;
const TRANSPORT: u32 = 2;

const META_PROTOCOL: u32 = 1;
const META_MARK: u32 = 3;
const META_IIFNAME: u32 = 6;
const META_OIFNAME: u32 = 7;
const META_NFPROTO: u32 = 15;
const META_BRI_IIFNAME: u32 = 17;

/// `IFNAMSIZ`.
pub(crate) const NAME_BYTES: usize = 16;

/// The name of an interface as a field of frames holds it.
pub(crate) fn padded(name: &str) -> [u8; NAME_BYTES] {
    let mut bytes = [0; NAME_BYTES];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    bytes
}

impl Field {
    pub(crate) const fn load(self) -> Load {
        let (base, offset, length) = match self {
            Self::InPort => return Load::Meta(META_IIFNAME),
            Self::OutPort => return Load::Meta(META_OIFNAME),
            Self::InBridge => return Load::Meta(META_BRI_IIFNAME),
            Self::Mark => return Load::Meta(META_MARK),
            Self::Protocol => return Load::Meta(META_PROTOCOL),
            Self::Generation => return Load::Meta(META_NFPROTO),
            Self::EtherDestination => (LINK, 0, 6),
            Self::EtherSource => (LINK, 6, 6),
            Self::EtherSourceAndType => (LINK, 6, 8),
            Self::EtherType => (LINK, 12, 2),
            Self::Application => (NETWORK, 0, 2),
            Self::ArpForm => (NETWORK, 0, 6),
            Self::ArpOperation => (NETWORK, 6, 2),
            Self::ArpSenderMac => (NETWORK, 8, 6),
            Self::ArpSender => (NETWORK, 14, 4),
            Self::ArpTarget => (NETWORK, 24, 4),
            Self::Ip4Form => (NETWORK, 0, 1),
            Self::Ip4Fragment => (NETWORK, 6, 2),
            Self::Ip4Protocol => (NETWORK, 9, 1),
            Self::Ip4Source => (NETWORK, 12, 4),
            Self::Ip4Destination => (NETWORK, 16, 4),
            Self::Ip6Length => (NETWORK, 4, 2),
            Self::Ip6NextHeader => (NETWORK, 6, 1),
            Self::Ip6HopLimit => (NETWORK, 7, 1),
            Self::Ip6Source => (NETWORK, 8, 16),
            Self::Ip6Destination => (NETWORK, 24, 16),
            Self::SourcePort => (TRANSPORT, 0, 2),
            Self::DestinationPort => (TRANSPORT, 2, 2),
            Self::TcpFlags => (TRANSPORT, 13, 1),
            Self::IcmpType | Self::Icmp6Type => (TRANSPORT, 0, 1),
            Self::NdTarget => (TRANSPORT, 8, 16),
            Self::NdOption => (TRANSPORT, 24, 2),
            Self::NdOptionMac => (TRANSPORT, 26, 6),
        };
        Load::Payload { base, offset, length }
    }

    /// 32-bit registers that it fills; in a key, each part starts a register of its own.
    pub(crate) const fn registers(self) -> u32 {
        match self.load() {
            Load::Meta(META_PROTOCOL | META_MARK | META_NFPROTO) => 1,
            Load::Meta(_) => 4,
            Load::Payload { length, .. } => length.div_ceil(4),
        }
    }
}

/// What one part of a key is, so that nftables prints it as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Port,
    Mac,
    /// A hardware address with the ethertype behind it, where a key leaves two bytes free. `nft` prints the address.
    MacAndType,
    Ip4,
    Ip6,
    EtherType,
    Protocol,
    Service,
    Mark,
}

impl Part {
    /// The numbers that the `nft` program knows data types by (its `enum datatypes`).
    pub(crate) const fn data_type(self) -> u32 {
        match self {
            Self::Ip4 => 7,
            Self::Ip6 => 8,
            Self::Mac | Self::MacAndType => 9,
            Self::EtherType => 10,
            Self::Protocol => 12,
            Self::Service => 13,
            Self::Mark => 19,
            Self::Port => 41,
        }
    }

    /// Bytes in a key, where every part is filled up to a register.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Port | Self::Ip6 => 16,
            Self::Mac | Self::MacAndType => 8,
            Self::Ip4 | Self::EtherType | Self::Protocol | Self::Service | Self::Mark => 4,
        }
    }

    /// Bytes of the value itself; what `nft` takes for the length of a key of one part.
    pub(crate) const fn value_bytes(self) -> usize {
        match self {
            Self::Port | Self::Ip6 => 16,
            Self::Mac => 6,
            Self::MacAndType => 8,
            Self::Ip4 | Self::Mark => 4,
            Self::EtherType | Self::Service => 2,
            Self::Protocol => 1,
        }
    }
}
