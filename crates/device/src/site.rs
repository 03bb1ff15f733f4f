//! Everything seen on one site: takes observations, keeps tables.

use crate::Limits;
use crate::behaviour::table::{Behaviour, stations};
use crate::discovery::stations::{StationKey, Stations};
use crate::quality::Quality;
use crate::risk::evidence::Evidence;
use nullius_model::{Damage, FlowInfo, Observation, Protocol, Seed, Seen, Sink, Timestamp};

/// How a site learns.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Bounds of its tables.
    pub limits: Limits,
    /// Keys its tables.
    pub seed: Seed,
    /// Messages before this instant are learned; later ones are measured against them. Everything, if absent.
    pub learn_until: Option<Timestamp>,
    /// Follow the values of messages too. Off by default: they are the plant's business.
    pub follow_values: bool,
}

/// Everything seen so far.
#[derive(Debug)]
pub struct Site {
    pub(crate) stations: Stations,
    pub(crate) behaviour: Behaviour,
    pub(crate) evidence: Evidence,
    pub(crate) learn_until: Option<Timestamp>,
    quality: Quality,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) first: Option<Seen>,
    pub(crate) last: Seen,
}

impl Site {
    /// A site of which nothing is known.
    pub fn new(config: Config) -> Self {
        let Config { limits, seed, learn_until, follow_values } = config;
        Self {
            stations: Stations::new(limits.stations, limits.facts_per_station, limits.facts, seed),
            behaviour: Behaviour::new(limits, seed, learn_until, follow_values),
            evidence: Evidence::new(limits.findings),
            learn_until,
            quality: Quality::default(),
            frames: 0,
            bytes: 0,
            first: None,
            last: Seen::default(),
        }
    }

    /// Learning ends at `instant`; to be told before the first message.
    pub const fn learn_until(&mut self, instant: Timestamp) {
        self.learn_until = Some(instant);
        self.behaviour.learn_until(instant);
    }

    /// What the capture lacks, and what the tables let go.
    pub fn quality(&self) -> Quality {
        let mut quality = self.quality.clone();
        quality.evicted_stations = self.stations.evicted();
        quality.evicted_conversations = self.behaviour.evicted();
        quality.refused_symbols = self.behaviour.unkept_symbols();
        quality.refused_findings = self.evidence.refused();
        quality
    }

    fn damage(&mut self, flow: Option<&FlowInfo>, damage: Damage, seen: Seen) {
        self.quality.note(damage, seen);
        if let (Some(flow), Damage::StreamGap { missing }) = (flow, damage) {
            self.behaviour.blemish(flow, Protocol::Tcp, missing, false, seen);
        }
    }
}

impl Sink for Site {
    fn observe(&mut self, seen: Seen, flow: Option<&FlowInfo>, observation: Observation<'_>) {
        self.first.get_or_insert(seen);
        self.last = self.last.max(seen);
        match observation {
            Observation::Frame { source, ip, hop_limit, length, .. } => {
                self.frames += 1;
                self.bytes += u64::from(length);
                let key = StationKey::new(source, ip.map(|(source, _)| source));
                self.stations.count(key, hop_limit, length, seen);
            }
            Observation::Binding(binding) => self.stations.bind(binding, seen),
            Observation::Fact(fact) => self.stations.learn(&fact, seen),
            Observation::Message(message) => {
                let Some(flow) = flow else { return };
                self.evidence.message(flow, &message, seen);
                self.behaviour.count(flow, message, seen);
            }
            Observation::FlowUsage(usage) => {
                let Some(flow) = flow else { return };
                self.behaviour.carry(flow, &usage);
                if usage.answered {
                    let (client, server) = stations(flow);
                    self.stations.converse(client, seen);
                    if !flow.server.is_group() {
                        self.stations.converse(server, seen);
                    }
                }
            }
            Observation::Malformed { protocol, why } => {
                let Some(flow) = flow else { return };
                self.behaviour.blemish(flow, protocol, 0, true, seen);
                self.evidence.malformed(flow, protocol, why, seen);
            }
            Observation::CleartextLogin(scheme) => {
                let Some(flow) = flow else { return };
                self.evidence.cleartext_login(flow, scheme, seen);
            }
            Observation::TlsServer(hello) => {
                let Some(flow) = flow else { return };
                self.evidence.tls_server(flow, hello, seen);
            }
            Observation::Certificate(certificate) => {
                let Some(flow) = flow else { return };
                self.evidence.certificate(flow, &certificate, seen);
            }
            Observation::SshServer(server) => {
                let Some(flow) = flow else { return };
                self.evidence.ssh_server(flow, server, seen);
            }
            Observation::TlsClient(_) => {}
            Observation::Damage(damage) => self.damage(flow, damage, seen),
        }
    }
}
