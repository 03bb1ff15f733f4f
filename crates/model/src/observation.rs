//! What `wire` reads off frames, as values: the one language between capture and everything that judges.

use crate::{
    BindingSource, CertificateSeen, Endpoint, Fact, FrameNumber, Mac, Protocol, SshServer, Symbol, Timestamp,
    TlsClientHello, TlsServerHello, Unit,
};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Takes observations, in the order of the frames.
pub trait Sink {
    /// One observation. `flow` is present wherever the observation belongs to one.
    fn observe(&mut self, seen: Seen, flow: Option<&FlowInfo>, observation: Observation<'_>);
}

/// Which frame, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The frame that completed the observation.
    pub frame: FrameNumber,
    /// Its capture time.
    pub at: Timestamp,
}

/// Names one flow within one run; never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

/// What a flow rides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Another protocol on IP, by number; ICMP is 1 and 58.
    Ip(u8),
    /// Directly on the link, by ethertype; 0 for 802.2 LLC.
    Link(u16),
}

/// The two ends of a flow and who opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowInfo {
    /// Its name.
    pub id: FlowId,
    /// What it rides on.
    pub transport: Transport,
    /// Who asked, or sent first.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Outermost VLAN of the first frame.
    pub vlan: Option<u16>,
    /// The opening was seen (TCP SYN); otherwise the roles are inferred from ports.
    pub opening_seen: bool,
}

impl FlowInfo {
    /// The end that sends in `direction`.
    pub const fn sender(&self, direction: Direction) -> &Endpoint {
        match direction {
            Direction::FromClient => &self.client,
            Direction::FromServer => &self.server,
        }
    }

    /// The end that receives in `direction`.
    pub const fn receiver(&self, direction: Direction) -> &Endpoint {
        self.sender(direction.reversed())
    }
}

/// Which end of a flow sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the end that opened the flow.
    FromClient,
    /// From the end it was opened to.
    FromServer,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::FromClient => Self::FromServer,
            Self::FromServer => Self::FromClient,
        }
    }
}

/// One thing read off the wire.
#[derive(Clone, Debug)]
pub enum Observation<'a> {
    /// A station was seen sending: once a frame, before anything else of that frame.
    Frame {
        /// Sender on the link.
        source: Mac,
        /// Receiver on the link.
        destination: Mac,
        /// Network addresses, sender first.
        ip: Option<(IpAddr, IpAddr)>,
        /// Time to live or hop limit: a sender's own initial value tells that no router lies between. 0 without IP.
        hop_limit: u8,
        /// Length on the wire, bytes.
        length: u32,
    },
    /// A hardware and a network address belong to one station, by its own word or a lease.
    Binding(Binding),
    /// A claim about an endpoint.
    Fact(Fact<'a>),
    /// A message was exchanged.
    Message(Message<'a>),
    /// A TLS client's hello.
    TlsClient(TlsClientHello<'a>),
    /// A TLS server's hello.
    TlsServer(TlsServerHello),
    /// An SSH server's offer.
    SshServer(SshServer),
    /// A certificate in the clear.
    Certificate(CertificateSeen<'a>),
    /// A login whose secret crossed the wire in the clear. The secret itself is never kept.
    CleartextLogin(LoginScheme),
    /// Bytes that do not follow their protocol.
    Malformed {
        /// The protocol they claim.
        protocol: Protocol,
        /// What is wrong.
        why: &'static str,
    },
    /// The capture itself is lacking here.
    Damage(Damage),
    /// What a flow has carried since the last such observation; the last one says that the flow is over.
    FlowUsage(FlowUsage),
}

/// A hardware and a network address of one station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The station's hardware address.
    pub mac: Mac,
    /// Its network address.
    pub ip: IpAddr,
    /// Who says so.
    pub source: BindingSource,
}

/// One message of a protocol we read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The protocol it is in.
    pub protocol: Protocol,
    /// The part of the server it is for.
    pub unit: Unit,
    /// Who sent it.
    pub direction: Direction,
    /// Its place in the exchange.
    pub kind: MessageKind,
    /// What kind of message; of a response, that of the request it answers.
    pub symbol: Symbol,
    /// The values it carries.
    pub values: Values<'a>,
}

/// A message's place in its exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Asks, or tells unasked.
    Request,
    /// Answers a request that was seen.
    Response {
        /// How it was answered.
        outcome: Outcome,
        /// From the frame that completed the request to this one.
        latency: Duration,
    },
    /// Answers a request that was not seen: lost, or before the capture began.
    Orphan {
        /// How it was answered.
        outcome: Outcome,
    },
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Done.
    Done,
    /// Refused, with the protocol's own code.
    Refused(u32),
}

/// Values a message carries, still in wire form. Nobody looks unless value envelopes were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Values<'a> {
    /// None, or of a form we do not read.
    #[default]
    None,
    /// Big-endian 16-bit words, one an item of the object's range.
    Words(&'a [u8]),
    /// Bits, least significant first, one an item of the object's range.
    Bits(&'a [u8]),
    /// One number, in thousandths.
    Milli(i64),
}

/// A scheme that sends secrets in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoginScheme {
    /// Password of BACnet ReinitializeDevice or DeviceCommunicationControl.
    Bacnet,
    /// FTP PASS.
    Ftp,
    /// HTTP Basic authentication over plain HTTP.
    HttpBasic,
    /// IMAP LOGIN or AUTHENTICATE PLAIN without TLS.
    Imap,
    /// MQTT CONNECT with a password, without TLS.
    Mqtt,
    /// OPC UA user name token without encryption.
    OpcUa,
    /// POP3 PASS without TLS.
    Pop3,
    /// S7 password in a job.
    S7comm,
    /// SMTP AUTH PLAIN or LOGIN without TLS.
    Smtp,
    /// SNMP v1 or v2c community.
    SnmpCommunity,
    /// Telnet: the whole session, logins included.
    Telnet,
}

impl LoginScheme {
    /// As a person would say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bacnet => "BACnet password",
            Self::Ftp => "FTP password",
            Self::HttpBasic => "HTTP Basic password",
            Self::Imap => "IMAP password",
            Self::Mqtt => "MQTT password",
            Self::OpcUa => "OPC UA password",
            Self::Pop3 => "POP3 password",
            Self::S7comm => "S7 password",
            Self::Smtp => "SMTP password",
            Self::SnmpCommunity => "SNMP community",
            Self::Telnet => "Telnet session",
        }
    }
}

/// Where the capture shows less, or more, than the wire carried. Any of these makes a report "partial".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// The frame was cut by the capture's snapshot length.
    CutFrame {
        /// Bytes missing.
        missing: u32,
    },
    /// The same packet was captured before, as from a second mirror port; it is not counted twice.
    Duplicate,
    /// A checksum does not match; the segment was left out if the sender computes checksums otherwise.
    BadChecksum {
        /// The layer: `ipv4`, `tcp`, `udp`, `icmp`.
        layer: &'static str,
        /// The payload was not used.
        dropped: bool,
    },
    /// Bytes of a TCP stream that the capture never showed.
    StreamGap {
        /// How many.
        missing: u64,
    },
    /// Overlapping TCP segments or fragments with different content: a broken stack, or evasion.
    ConflictingOverlap,
    /// A flow whose beginning lies before the capture.
    MidStream,
    /// A fragmented packet that never became whole.
    IncompleteFragments,
    /// A header that contradicts itself or the frame's length.
    BadHeader {
        /// What is wrong.
        why: &'static str,
    },
    /// A table was full, and what it held longest unused was let go.
    TableFull {
        /// Which table.
        table: &'static str,
    },
}

impl Damage {
    /// A stable name for counting.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutFrame { .. } => "cut-frame",
            Self::Duplicate => "duplicate",
            Self::BadChecksum { .. } => "bad-checksum",
            Self::StreamGap { .. } => "stream-gap",
            Self::ConflictingOverlap => "conflicting-overlap",
            Self::MidStream => "mid-stream",
            Self::IncompleteFragments => "incomplete-fragments",
            Self::BadHeader { .. } => "bad-header",
            Self::TableFull { .. } => "table-full",
        }
    }
}

/// What one direction of a flow carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Frames.
    pub frames: u64,
    /// Bytes on the wire, link headers included.
    pub bytes: u64,
    /// Bytes of transport payload.
    pub payload: u64,
}

/// What a flow has carried since the last such observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowUsage {
    /// What it turned out to speak.
    pub protocol: Protocol,
    /// From client to server.
    pub from_client: Usage,
    /// From server to client.
    pub from_server: Usage,
    /// First frame counted here.
    pub first: Seen,
    /// Last frame counted here.
    pub last: Seen,
    /// The server accepted: it answered with data, or with SYN and ACK.
    pub answered: bool,
    /// The server, or a box between, refused: TCP RST to a SYN, or ICMP unreachable.
    pub refused: bool,
    /// Nothing more will come of this flow.
    pub ended: bool,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {} at {}", self.frame, self.at)
    }
}
