//! Messages to nftables that take effect together (`NFNL_MSG_BATCH_BEGIN` to `NFNL_MSG_BATCH_END`).

use super::{Attributes, Family, aligned};

const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;

const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;
/// `NLM_F_CREATE`: make it where it is not there.
pub(crate) const CREATE: u16 = 0x400;
/// `NLM_F_EXCL`: refuse where it is there.
pub(crate) const EXCLUSIVE: u16 = 0x200;
/// `NLM_F_APPEND`: after the rules that are there.
const APPEND: u16 = 0x800;

/// `nlmsghdr` and `nfgenmsg`.
const HEADERS: usize = 20;

/// What a message asks for (`enum nf_tables_msg_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    NewTable = 0,
    GetTable = 1,
    DeleteTable = 2,
    NewChain = 3,
    GetChain = 4,
    NewRule = 6,
    GetRule = 7,
    NewSet = 9,
    GetSet = 10,
    NewElements = 12,
    GetElements = 13,
    DeleteElements = 14,
    NewObject = 18,
    GetObject = 19,
}

impl Message {
    #[expect(clippy::as_conversions, reason = "the discriminants are the kernel's numbers")]
    const fn kind(self) -> u16 {
        SUBSYSTEM << 8 | self as u16
    }

    const fn flags(self) -> u16 {
        match self {
            Self::NewRule => CREATE | APPEND,
            Self::NewTable | Self::NewChain | Self::NewSet | Self::NewObject => CREATE,
            Self::GetTable
            | Self::GetChain
            | Self::GetRule
            | Self::GetSet
            | Self::GetElements
            | Self::GetObject => DUMP,
            Self::DeleteTable | Self::NewElements | Self::DeleteElements => 0,
        }
    }
}

/// Which message of a batch an error speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(pub(crate) u32);

/// Bytes for one `send`, and what each message was for.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    labels: Vec<String>,
    last_start: usize,
}

impl Batch {
    /// An empty batch.
    pub(crate) fn new() -> Self {
        let mut batch = Self { bytes: Vec::new(), labels: Vec::new(), last_start: 0 };
        batch.frame(BATCH_BEGIN);
        batch
    }

    /// One more message; `label` says in an error what it was for.
    pub(crate) fn push(
        &mut self,
        message: Message,
        family: Family,
        extra_flags: u16,
        attributes: &Attributes,
        label: String,
    ) {
        self.last_start = self.bytes.len();
        let number = self.number();
        let flags = REQUEST | message.flags() | extra_flags;
        write(&mut self.bytes, message.kind(), flags, number, family, 0, attributes.bytes());
        self.labels.push(label);
    }

    /// Ends the batch: its bytes, and the number of the message that the kernel acknowledges once all is in force.
    pub(crate) fn finish(mut self) -> Finished {
        let awaited = self.number().saturating_sub(1);
        if let Some(flags) = self.bytes.get_mut(self.last_start.saturating_add(6)) {
            *flags |= u8::try_from(ACKNOWLEDGE).unwrap_or_default();
        }
        self.frame(BATCH_END);
        Finished { bytes: self.bytes, awaited, labels: self.labels }
    }

    fn number(&self) -> u32 {
        u32::try_from(self.labels.len()).unwrap_or(u32::MAX)
    }

    fn frame(&mut self, kind: u16) {
        let number = self.number();
        write(&mut self.bytes, kind, REQUEST, number, Family::Unspecified, SUBSYSTEM, &[]);
        self.labels.push("the whole batch".to_owned());
    }
}

/// A batch ready to be sent.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) bytes: Vec<u8>,
    pub(crate) awaited: u32,
    labels: Vec<String>,
}

impl Finished {
    /// What the message at a position was for.
    pub(crate) fn label(&self, position: Position) -> String {
        let index = usize::try_from(position.0).unwrap_or(usize::MAX);
        self.labels.get(index).cloned().unwrap_or_default()
    }
}

/// A single request, for a dump.
pub(crate) fn request(message: Message, family: Family, attributes: &Attributes) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, message.kind(), REQUEST | message.flags(), 1, family, 0, attributes.bytes());
    bytes
}

/// A request to another part of netfilter, acknowledged.
pub(crate) fn foreign(kind: u16, family: Family, resource: u16, attributes: &Attributes) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, kind, REQUEST | ACKNOWLEDGE, 1, family, resource, attributes.bytes());
    bytes
}

/// A request to list what is attached to links: `header` is that of the message's own kind.
pub(crate) fn link_request(kind: u16, header: &[u8]) -> Vec<u8> {
    let length = header.len().saturating_add(16);
    let mut bytes = u32::try_from(length).unwrap_or_default().to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&(REQUEST | DUMP).to_ne_bytes());
    bytes.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(header);
    bytes
}

#[expect(clippy::as_conversions, reason = "the discriminants are the kernel's numbers")]
fn write(
    bytes: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    number: u32,
    family: Family,
    resource: u16,
    payload: &[u8],
) {
    let length = HEADERS.saturating_add(payload.len());
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or_default().to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&number.to_ne_bytes());
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(&[family as u8, 0]);
    bytes.extend_from_slice(&resource.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.resize(aligned(bytes.len()), 0);
}
