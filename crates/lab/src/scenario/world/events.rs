//! What can happen, one verb each.

use super::{World, port};
use crate::plant::{Addresses, node_named};
use crate::scenario::words;
use nullius_engine::{
    Actor, Command, ConduitName, Conversation, EmergencyScope, GrantId, GrantRequest, Heard, Question, Said,
    StageScope, Why,
};
use nullius_model::{
    Channel, Denial, DenialReason, DeviceName, Endpoint, Mac, Object, Rule, SmolStr, Terms, Transport,
    VerbClass,
};
use nullius_policy::inventory::Service;
use nullius_policy::{ServiceId, Verbs};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// Every verb with its arguments, for who mistypes one.
const VERBS: &str = "policy COUNTER | seen DEVICE [on PORT] | station PORT MAC ADDRESS | link PORT up|down | \
    approve DEVICE PORT | revoke DEVICE REASON | restore DEVICE REASON | settle DEVICE REASON | \
    stage default|DEVICE|ZONE,ZONE STAGE [REASON] | grant DEVICE SERVICE SECONDS REASON | end NUMBER REASON | \
    mode MODE REASON | zone ZONE MODE REASON | clear ZONE REASON | emergency PROFILE REASON | arm PROFILE REASON | \
    calm PROFILE REASON | heard DEVICE SERVICE read|write FIRST VALUE… | write PATH LINE | rezone DEVICE ZONE | denied DEVICE SERVICE PACKETS | clock SECONDS | kill | start | reboot SECONDS | \
    may DEVICE SERVICE [VERB] | device NAME | evidence NAME | prove DEVICE software|hardware SECONDS [from DEVICE] | \
    agents software|hardware SECONDS for SECONDS DEVICE… | vouch DEVICE SECONDS REASON | revoke-key EPOCH DEVICE REASON";

impl World {
    pub(super) fn happen(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["policy", counter] => self.put_in_force(number(counter)?)?,
            ["write", path, line @ ..] => self.write(path, &text(line)),
            ["rezone", device, zone] => self.rezone(device, zone)?,
            ["heard", subject, object, verb, first, values @ ..] => {
                self.heard((subject, object), verb, first, values)?;
            }
            ["seen", device] => self.station(&format!("p-{device}"), device)?,
            ["seen", device, "on", port] => self.station(port, device)?,
            ["station", port, mac, address] => self.sighting(port, parse_mac(mac)?, parsed(address)?)?,
            ["link", port, state @ ("up" | "down")] => self.link(port, *state == "up")?,
            ["denied", subject, object, packets] => self.denied(subject, object, number(packets)?)?,
            ["clock", seconds] => self.step_clock(parsed(seconds)?),
            ["kill"] => self.gateway = None,
            ["start"] => self.start()?,
            ["reboot", seconds] => self.reboot(number(seconds)?)?,
            ["may", subject, object] => self.may(subject, object, None)?,
            ["may", subject, object, verb] => self.may(subject, object, Some(verb))?,
            ["device", name] => self.show(name)?,
            _ if self.happen_to_identities(words)? => {}
            _ => match command(words)? {
                Some(command) => self.obey(command),
                None => return Err(format!("expected one of: {VERBS}")),
            },
        }
        Ok(())
    }

    fn station(&mut self, port: &str, device: &str) -> Result<(), String> {
        let addresses = addresses(device)?;
        self.sighting(port, addresses.mac, addresses.v4.into())
    }

    fn sighting(&mut self, port: &str, mac: Mac, address: IpAddr) -> Result<(), String> {
        let (port, now) = (super::port(port)?, self.now());
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_station(&port, mac, Some(address), now));
        Ok(())
    }

    fn link(&mut self, port: &str, up: bool) -> Result<(), String> {
        let (port, now) = (super::port(port)?, self.now());
        if up {
            self.down.remove(&port)
        } else {
            self.down.insert(port.clone())
        };
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_link(&port, up, now));
        Ok(())
    }

    /// Registers were read or written under a grant, and the service did it.
    fn heard(
        &mut self,
        (subject, object): (&str, &str),
        verb: &str,
        first: &str,
        values: &[&str],
    ) -> Result<(), String> {
        let (_, service) = self.service(object)?;
        let (client, server) = (addresses(subject)?.v4.into(), addresses(before_slash(object))?.v4.into());
        let conversation = Conversation { client, server, channel: service.channel };
        let values = values.iter().map(|value| parsed(value)).collect::<Result<Vec<i64>, _>>()?;
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let (verb, class, asked, brought) = match verb {
            "read" => ("read_holding_registers", VerbClass::Read, Vec::new(), values),
            "write" => ("write_multiple_registers", VerbClass::Write, values, Vec::new()),
            _ => return Err(format!("`{verb}` is neither read nor write")),
        };
        let object = Object::range("holding_register", parsed(first)?, count);
        let now = self.now();
        for said in [Said::Asked(asked), Said::Done(brought)] {
            let heard = Heard { at: now.wall, unit: Some(1), verb, class, object: object.clone(), said };
            self.gateway
                .iter_mut()
                .for_each(|gateway| gateway.handle_heard(conversation, heard.clone(), now));
        }
        Ok(())
    }

    /// A packet that the packet path only counted: the device is in shadow.
    fn denied(&mut self, subject: &str, object: &str, packets: u64) -> Result<(), String> {
        let (_, service) = self.service(object)?;
        let (from, to) = (addresses(subject)?, addresses(before_slash(object))?);
        let (transport, number) = match service.channel {
            Channel::Tcp(number) => (Transport::Tcp, number),
            Channel::Udp(number) => (Transport::Udp, number),
            Channel::Echo => return Err("an echo has no port".to_owned()),
        };
        let denial = Denial {
            reason: DenialReason::Policy,
            only_counted: true,
            port: Some(port(&format!("p-{subject}"))?),
            source: Endpoint { mac: from.mac, ip: Some(from.v4.into()), port: 47_000 },
            destination: Endpoint { mac: to.mac, ip: Some(to.v4.into()), port: number },
            transport,
        };
        let now = self.now();
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_denial(&denial, packets, now));
        Ok(())
    }

    fn step_clock(&mut self, seconds: i64) {
        self.wall_step = self.wall_step.saturating_add(seconds);
        let now = self.now();
        self.gateway.iter_mut().for_each(|gateway| gateway.handle_timeout(now));
    }

    /// The machine loses its power, and is back `seconds` later with an empty packet path.
    fn reboot(&mut self, seconds: u64) -> Result<(), String> {
        self.gateway = None;
        self.kernel.clear();
        self.at += Duration::from_secs(seconds);
        self.booted_at = self.at;
        self.up_before = Duration::ZERO;
        self.boots += 1;
        self.start()
    }

    pub(super) fn obey(&mut self, command: Command) {
        let now = self.now();
        let Some(gateway) = &mut self.gateway else { return self.say("  no gateway answers") };
        let answer = gateway.handle_command(command, &Actor("anna".into()), now);
        self.drain();
        match answer {
            Err(refusal) => self.say(&format!("  refused: {refusal}")),
            Ok(reply) => {
                if let Some((grant, end)) = reply.granted {
                    self.say(&format!("  {grant} until {end} after the start"));
                }
            }
        }
    }

    fn may(&mut self, subject: &str, object: &str, verb: Option<&str>) -> Result<(), String> {
        let (id, service) = self.service(object)?;
        let question = Question {
            subject: device(subject)?,
            object: id.device.clone(),
            channel: service.channel,
            verb: verb.map(SmolStr::new),
            operand: None,
        };
        self.say(&format!("  packet path: {}", self.passes(subject, &id, service.channel)?));
        let now = self.now();
        if let Some(why) = self.gateway.as_ref().map(|gateway| gateway.why(&question, now)) {
            self.say(&format!("  {}", answer(&why)));
            why.remedy.iter().for_each(|remedy| self.say(&format!("  {remedy}")));
        }
        Ok(())
    }

    /// What the packet path does with the IPv4 packets of a conversation, whoever lives above it.
    fn passes(&self, subject: &str, object: &ServiceId, channel: Channel) -> Result<String, String> {
        let (client, server) = (addresses(subject)?.v4, addresses(object.device.as_str())?.v4);
        let alive = |terms: &Terms| terms.ends.is_none_or(|end| end > self.uptime());
        let rule = self.kernel.iter().find(|(rule, terms)| {
            matches!(rule, Rule::Service { client: a, server: b, channel: c, .. }
                if *a == IpAddr::from(client) && *b == IpAddr::from(server) && *c == channel)
                && alive(terms)
        });
        let bound = |address: IpAddr| {
            self.kernel.keys().any(|rule| matches!(rule, Rule::Address { address: a, .. } if *a == address))
        };
        Ok(match rule {
            _ if !bound(client.into()) => format!("nothing: {subject} is bound nowhere"),
            _ if !bound(server.into()) => format!("nothing: {} is bound nowhere", object.device),
            Some((_, terms)) => words::terms(terms),
            None => "nothing".to_owned(),
        })
    }

    fn show(&mut self, name: &str) -> Result<(), String> {
        let name = device(name)?;
        let view = self.gateway.as_ref().and_then(|gateway| gateway.device(&name));
        let line = view.map_or_else(
            || "not in the inventory".to_owned(),
            |view| format!("{}, {}, stage {}", view.lifecycle, view.assurance, view.stage),
        );
        self.say(&format!("  {line}"));
        Ok(())
    }

    fn service(&self, text: &str) -> Result<(ServiceId, Service), String> {
        let id = service_id(text)?;
        let service = self.policy.0.inventory().service(&id).cloned();
        Ok((id, service.ok_or_else(|| format!("no service `{text}`"))?))
    }
}

fn answer(why: &Why) -> String {
    let effect = if why.passes() { "allowed" } else { "denied" };
    format!("{effect}: {}", why.because().join("; "))
}

fn command(words: &[&str]) -> Result<Option<Command>, String> {
    Ok(Some(match words {
        ["approve", name, place] => {
            Command::Approve { device: device(name)?, port: Some(port(place)?), mac: None }
        }
        ["revoke", name, reason @ ..] => Command::Revoke { device: device(name)?, reason: text(reason) },
        ["restore", name, reason @ ..] => Command::Restore { device: device(name)?, reason: text(reason) },
        ["settle", name, reason @ ..] => Command::Settle { device: device(name)?, reason: text(reason) },
        ["stage", whom, stage, despite @ ..] => Command::Stage {
            scope: scope(whom)?,
            stage: parsed(stage)?,
            despite: (!despite.is_empty()).then(|| text(despite)),
        },
        ["grant", subject, object, seconds, reason @ ..] => Command::Grant(GrantRequest {
            subject: device(subject)?,
            object: service_id(object)?,
            verbs: Verbs::All,
            duration: Duration::from_secs(number(seconds)?),
            reason: text(reason),
            work_order: None,
            approvers: BTreeSet::new(),
        }),
        ["end", grant, reason @ ..] => {
            Command::EndGrant { grant: GrantId(number(grant)?), reason: text(reason) }
        }
        ["mode", mode, reason @ ..] => {
            Command::Mode { mode: parsed(mode)?, zone: None, reason: text(reason) }
        }
        ["zone", zone, mode, reason @ ..] => {
            Command::Mode { mode: parsed(mode)?, zone: Some(SmolStr::new(zone)), reason: text(reason) }
        }
        ["clear", zone, reason @ ..] => Command::ClearMode { zone: SmolStr::new(zone), reason: text(reason) },
        ["emergency", profile, reason @ ..] => Command::Emergency {
            profile: SmolStr::new(profile),
            made: None,
            approvers: BTreeSet::new(),
            reason: text(reason),
        },
        ["arm", profile, reason @ ..] => {
            Command::ArmEmergency { profile: SmolStr::new(profile), reason: text(reason) }
        }
        ["calm", profile, reason @ ..] => Command::EndEmergency {
            scope: EmergencyScope::Profile(SmolStr::new(profile)),
            reason: text(reason),
        },
        _ => return Ok(None),
    }))
}

fn scope(text: &str) -> Result<StageScope, String> {
    match text.split_once(',') {
        Some((one, other)) => Ok(StageScope::Conduit(ConduitName::between(one.into(), other.into()))),
        None if text == "default" => Ok(StageScope::Default),
        None => device(text).map(StageScope::Device),
    }
}

fn before_slash(text: &str) -> &str {
    text.split('/').next().unwrap_or(text)
}

fn service_id(text: &str) -> Result<ServiceId, String> {
    let (name, service) = text.split_once('/').ok_or_else(|| format!("`{text}` is no DEVICE/SERVICE"))?;
    Ok(ServiceId { device: device(name)?, service: service.into() })
}

pub(super) fn device(text: &str) -> Result<DeviceName, String> {
    DeviceName::new(text).map_err(|error| error.to_string())
}

pub(super) fn addresses(name: &str) -> Result<Addresses, String> {
    let node = node_named(name).ok_or_else(|| format!("no node {name}"))?;
    Ok(node.addresses())
}

pub(super) fn text(words: &[&str]) -> SmolStr {
    words.join(" ").into()
}

pub(super) fn number(text: &str) -> Result<u64, String> {
    parsed(text)
}

fn parsed<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not understood"))
}

fn parse_mac(text: &str) -> Result<Mac, String> {
    let octets: Option<Vec<u8>> = text.split(':').map(|octet| u8::from_str_radix(octet, 16).ok()).collect();
    let octets = octets.and_then(|octets| <[u8; 6]>::try_from(octets).ok());
    octets.map(Mac::new).ok_or_else(|| format!("`{text}` is no hardware address"))
}
