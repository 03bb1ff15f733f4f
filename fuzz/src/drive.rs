//! How bytes of a fuzzer become what a parser is fed.
//!
//! A protocol's input is a script: one byte of options (bit 0: the server speaks first and the flow is told so, bit 1:
//! the flow was picked up in its middle), then pieces, each behind two bytes: the top bit says that the server sends it,
//! the rest is its length. A stream parser gets the pieces as segments, a datagram parser as datagrams; a protocol that
//! has both gets the script twice.

use nullius_capture::CaptureFile;
use nullius_identity::{
    ControllerIdentity, DeviceIdentity, GatewayIdentity, ManufacturerIdentity, Profile, Protection, Request,
    Role, TrustDomain, assertion,
};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, Frame, FrameNumber, LinkType, Mac, Observation, Protocol, Seed,
    Seen, Sink, Timestamp, Transport,
};
use nullius_protocol::{agent, bundle, link, local, order, state};
use nullius_wire::context::Context;
use nullius_wire::parser::Progress;
use nullius_wire::reader::Reader;
use nullius_wire::{Dissector, Limits, registry};
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// What the dissector keeps for a parser at most; more than that and it gives the flow up.
const MAX_PENDING: usize = 128 << 10;

/// Formats whatever it hears: printing hostile text must not panic either.
struct Listener;

impl Sink for Listener {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        drop(format!("{observation:?}"));
        if let Observation::Message(message) = observation {
            drop(message.symbol.to_string());
        }
    }
}

/// Reads inventory, policies and tests of a repository, each ended by a zero byte.
pub(crate) fn repository(bytes: &[u8]) {
    let texts = bytes.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let paths = ["inventory.toml", "policies/fuzz.cedar", "tests/fuzz.toml"];
    let files = paths.into_iter().map(str::to_owned).zip(texts).collect();
    match nullius_policy::Repository::parse(&files) {
        Ok(repository) => drop(repository.accept()),
        Err(problems) => problems.iter().for_each(|problem| drop(problem.to_string())),
    }
}

/// Reads a bundle as a stranger may hand it in.
pub(crate) fn bundle(bytes: &[u8]) {
    if let Err(error) = bundle::decode_unverified(bytes) {
        drop(error.to_string());
    }
}

/// Reads the certificate of a peer, as a handshake hands it over.
pub(crate) fn certificate(bytes: &[u8]) {
    let Ok(domain) = TrustDomain::new("nullius") else { return };
    role::<GatewayIdentity>(bytes, &domain);
    role::<DeviceIdentity>(bytes, &domain);
    role::<ControllerIdentity>(bytes, &domain);
    role::<ManufacturerIdentity>(bytes, &domain);
    let _ = nullius_identity::certificate_end(bytes);
}

fn role<T: Role>(bytes: &[u8], domain: &TrustDomain) {
    if let Err(error) = assertion::<T>(bytes, domain) {
        drop(error.to_string());
    }
}

/// Reads a certificate request as a stranger may hand it in.
pub(crate) fn certificate_request(bytes: &[u8]) {
    let Ok(domain) = TrustDomain::new("nullius") else { return };
    let profile = Profile::Device {
        site: "lab".to_owned(),
        name: "pump".to_owned(),
        protection: Protection::Software,
        server: Vec::new(),
    };
    if let Err(error) = Request::read(bytes).and_then(|request| request.check_names(&profile, &domain)) {
        drop(error.to_string());
    }
}

/// Reads an agent's connection from both ends.
pub(crate) fn agent(bytes: &[u8]) {
    let mut frames = link::Frames::<agent::FromAgent>::new(agent::MAX_FROM_AGENT);
    frames.push(bytes);
    while let Ok(Some(_)) = frames.next() {}
    let mut frames = link::Frames::<agent::ToAgent>::new(agent::MAX_TO_AGENT);
    frames.push(bytes);
    while let Ok(Some(_)) = frames.next() {}
}

/// Reads the gateway link from both ends, and what a gateway joins with.
pub(crate) fn link(bytes: &[u8]) {
    let mut frames = link::Frames::<link::ToController>::new(link::MAX_TO_CONTROLLER);
    frames.push(bytes);
    while let Ok(Some(_)) = frames.next() {}
    let mut frames = link::Frames::<link::ToGateway>::new(link::MAX_TO_GATEWAY);
    frames.push(bytes);
    while let Ok(Some(_)) = frames.next() {}
    drop(link::JoinToken::parse(&String::from_utf8_lossy(bytes)));
}

/// Reads an order; one that is taken is written as it came.
pub(crate) fn order(bytes: &[u8]) {
    match order::Order::decode(bytes) {
        Ok(order) => assert_eq!(order.encode().as_deref(), Ok(bytes), "an order has two spellings"),
        Err(error) => drop(error.to_string()),
    }
}

/// Reads a line of the local API, and what a gateway wrote down of itself.
pub(crate) fn local(bytes: &[u8]) {
    if let Err(error) = local::decode::<local::Request>(bytes) {
        drop(error.to_string());
    }
    drop(local::decode::<local::Reply>(bytes));
    drop(local::decode::<state::Standing>(bytes));
}

/// Reads a message of the kernel's packet log, which quotes what a device sent.
pub(crate) fn denial(bytes: &[u8]) {
    drop(format!("{:?}", nullius_enforce::parse_denial(bytes)));
}

/// Plays a script to the parsers of one protocol.
pub(crate) fn protocol(protocol: Protocol, bytes: &[u8]) {
    let Some((options, script)) = bytes.split_first() else { return };
    stream(protocol, *options, script);
    datagrams(protocol, script);
}

fn stream(protocol: Protocol, options: u8, script: &[u8]) {
    let Some(mut parser) = registry::stream_parser(protocol) else { return };
    let flow = flow(Transport::Tcp, options & 2 == 0);
    if options & 2 != 0 {
        parser.handle_gap(Direction::FromClient);
        parser.handle_gap(Direction::FromServer);
    }
    let mut pending = [Vec::new(), Vec::new()];
    let mut skip = [0_usize; 2];
    for (step, (direction, piece)) in pieces(script).enumerate() {
        let side = usize::from(direction == Direction::FromServer);
        let (Some(held), Some(skip)) = (pending.get_mut(side), skip.get_mut(side)) else { return };
        let passed = piece.len().min(*skip);
        *skip -= passed;
        held.extend_from_slice(piece.get(passed..).unwrap_or_default());
        if held.is_empty() || held.len() > MAX_PENDING {
            continue;
        }
        match parser.handle_bytes(held, &mut Context::new(seen(step), &flow, direction, &mut Listener)) {
            Progress::Consumed(count) => {
                *skip = count.saturating_sub(held.len());
                held.drain(..count.min(held.len()));
            }
            Progress::Lost => {
                held.clear();
                parser.handle_gap(direction);
            }
            Progress::Handover(_) | Progress::Finished => return,
        }
    }
}

fn datagrams(protocol: Protocol, script: &[u8]) {
    let Some(mut parser) = registry::datagram_parser(protocol) else { return };
    let flow = flow(Transport::Udp, true);
    for (step, (direction, piece)) in pieces(script).enumerate() {
        parser.handle_datagram(piece, &mut Context::new(seen(step), &flow, direction, &mut Listener));
    }
}

/// Feeds frames to a dissector: one byte names the link type, then each frame stands behind its length.
pub(crate) fn frames(bytes: &[u8]) {
    const LINKS: [LinkType; 5] =
        [LinkType::Ethernet, LinkType::RawIp, LinkType::LinuxSll, LinkType::LinuxSll2, LinkType::BsdLoopback];
    let Some((first, script)) = bytes.split_first() else { return };
    let Some(link) = LINKS.get(usize::from(first % 5)).copied() else { return };
    let mut dissector = Dissector::new(Limits { flows: 64, ..Limits::default() }, Seed::new(1));
    for (step, (cut, frame)) in pieces(script).enumerate() {
        let Seen { frame: number, at } = seen(step);
        // A frame marked as the server's is one that the capture cut short.
        let missing = if cut == Direction::FromServer { 100 } else { 0 };
        let wire_length = u32::try_from(frame.len()).unwrap_or(u32::MAX).saturating_add(missing);
        dissector.handle_frame(&Frame { number, at, link, bytes: frame, wire_length }, &mut Listener);
    }
    dissector.finish(&mut Listener);
}

/// Reads a capture file to its end.
pub(crate) fn capture_file(bytes: &[u8]) {
    let Ok(mut file) = CaptureFile::from_reader(Cursor::new(bytes.to_vec())) else { return };
    while let Ok(Some(_)) = file.next_frame() {}
    drop(file.notes().reasons());
}

fn pieces(script: &[u8]) -> impl Iterator<Item = (Direction, &[u8])> {
    let mut reader = Reader::new(script);
    std::iter::from_fn(move || {
        let header = reader.be16().ok()?;
        let direction = if header & 0x8000 == 0 { Direction::FromClient } else { Direction::FromServer };
        let length = usize::from(header & 0x7fff).min(reader.left());
        reader.take(length).ok().map(|piece| (direction, piece))
    })
}

fn seen(step: usize) -> Seen {
    let step = step as u64;
    Seen {
        frame: FrameNumber(step + 1),
        at: Timestamp::from_secs(1_700_000_000).after(Duration::from_millis(100 * step)),
    }
}

fn flow(transport: Transport, opening_seen: bool) -> FlowInfo {
    let end = |last, port| Endpoint {
        mac: Mac::new([2, 0, 0, 0, 0, last]),
        ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        port,
    };
    FlowInfo {
        id: FlowId(1),
        transport,
        client: end(1, 40_000),
        server: end(2, 502),
        vlan: None,
        opening_seen,
    }
}
