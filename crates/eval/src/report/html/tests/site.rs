//! Sites to report on: the sample capture, and made-up ones of any size.

use crate::{Evaluation, Learn, Options, Progress, Source, evaluate};
use nullius_device::{Config, Limits, Site};
use nullius_model::{
    Direction, Endpoint, FlowId, FlowInfo, FlowUsage, FrameNumber, Mac, Message, MessageKind, Object,
    Observation, Protocol, Seed, Seen, Sink, Symbol, Timestamp, Transport, Unit, Usage, Values, VerbClass,
};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

/// The capture of a real plant that the project ships, of which the first 21 s are learned.
pub(in crate::report::html) fn sample() -> Evaluation {
    struct Silent;
    impl Progress for Silent {
        fn at(&mut self, _: u64, _: Option<u64>) {}
        fn go_on(&mut self) -> bool {
            false
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/tests/data/modbus/ModbusTCP.pcap");
    let options = Options {
        source: Source::Files(vec![PathBuf::from(path)]),
        learn: Learn::For(Duration::from_secs(21)),
        cycles: Vec::new(),
        since: None,
        until: None,
        filter: None,
        follow_values: true,
        seed: 1,
    };
    evaluate(&options, &mut Silent).unwrap()
}

/// A site where every tenth device masters the nine after it, asks the internet, and was seen in full.
pub(in crate::report::html) fn made_up(devices: u32, symbols: u32) -> Evaluation {
    let config = Config {
        limits: Limits::default(),
        seed: Seed::new(1),
        learn_until: Some(Timestamp::from_secs(1_000)),
        follow_values: false,
    };
    let mut site = Site::new(config);
    for device in 0..devices {
        let at = seen(u64::from(device) + 1);
        site.observe(at, None, frame(device));
        let master = device - device % 10;
        if master == device {
            talk(&mut site, Protocol::Tls, endpoint(device), cloud(device), 1);
        } else {
            talk(&mut site, Protocol::Modbus, endpoint(master), endpoint(device), symbols);
        }
    }
    let picture = site.picture(&[]);
    let learn_until = picture.learn_until;
    let source = Source::Files(Vec::new());
    Evaluation { picture, notes: Vec::new(), ring: None, learn_until, source, scope: Vec::new() }
}

fn talk(site: &mut Site, protocol: Protocol, client: Endpoint, server: Endpoint, symbols: u32) {
    let flow =
        FlowInfo { id: FlowId(1), transport: Transport::Tcp, client, server, vlan: None, opening_seen: true };
    for number in 0..symbols {
        let class = if number % 4 == 0 { VerbClass::Write } else { VerbClass::Read };
        let symbol = Symbol::new(class, "say").about(Object::range("word", number, 1));
        let (unit, direction, kind) = (Unit::NONE, Direction::FromClient, MessageKind::Request);
        let message = Message { protocol, unit, direction, kind, symbol, values: Values::None };
        // Half is learned, the rest comes later.
        let at = seen(u64::from(number % 2) * 2_000 + 1);
        site.observe(at, Some(&flow), Observation::Message(message));
    }
    let usage = Usage { frames: 9, bytes: 900, payload: 90 };
    let usage = FlowUsage {
        protocol,
        from_client: usage,
        from_server: usage,
        first: seen(1),
        last: seen(2),
        answered: true,
        refused: false,
        ended: true,
    };
    site.observe(seen(2), Some(&flow), Observation::FlowUsage(usage));
}

fn frame(device: u32) -> Observation<'static> {
    let Endpoint { mac, ip, .. } = endpoint(device);
    let ip = ip.map(|ip| (ip, IpAddr::V4(Ipv4Addr::BROADCAST)));
    Observation::Frame { source: mac, destination: Mac::BROADCAST, ip, hop_limit: 64, length: 60 }
}

fn endpoint(device: u32) -> Endpoint {
    let [_, _, high, low] = device.to_be_bytes();
    let mac = Mac::new([0x00, 0x04, 0x17, 0, high, low]);
    let ip = Ipv4Addr::new(10, 0, low / 50 + high * 8, low % 50 + 1);
    Endpoint { mac, ip: Some(IpAddr::V4(ip)), port: 502 }
}

fn cloud(device: u32) -> Endpoint {
    let [_, _, high, low] = device.to_be_bytes();
    let ip = Ipv4Addr::new(93, 184, high, low);
    Endpoint { mac: Mac::NONE, ip: Some(IpAddr::V4(ip)), port: 443 }
}

fn seen(second: u64) -> Seen {
    Seen { frame: FrameNumber(second), at: Timestamp::from_secs(second) }
}
