//! What speaks for a device being itself, until when, and what policy is told of it.
//!
//! What is told by port, hardware address and network addresses alone is at most IA2: whoever plugs into that port and
//! copies both addresses is that device to everybody (attack 1), so nothing that can be copied earns more. Where one of the
//! three was learned from the wire, it is IA1. A proof counts at its place.

use super::{Facts, Lifecycle};
use crate::assurance::{Binding, Evidence, Identified, Key, assurance};
use crate::record::inert;
use crate::site::Id;
use crate::{Cloned, KeyHash, Lease, Protection, Vouched};
use nullius_model::{Assurance, DeviceName, Mac, PortName, SmolStr, Uptime};
use nullius_policy::Inputs;
use nullius_policy::inventory::Device;
use std::collections::BTreeSet;
use std::fmt;

/// One thing that speaks for a device being itself, or against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// It is bound to its place.
    Bound {
        /// By the inventory in full, and not by what was seen.
        declared: bool,
    },
    /// A person vouches for it.
    Vouched {
        /// Who.
        by: SmolStr,
        /// Why.
        reason: SmolStr,
        /// Until when.
        ends: Uptime,
    },
    /// It proved its key.
    Key {
        /// Which.
        key: KeyHash,
        /// The serial number of its certificate.
        serial: SmolStr,
        /// Where the key lies.
        protection: Protection,
        /// Until when that holds.
        ends: Uptime,
    },
    /// A double of it was seen.
    Double {
        /// Where.
        seen: BTreeSet<PortName>,
    },
    /// Its key was proved in two places.
    Clone {
        /// Which key.
        key: KeyHash,
        /// The second place.
        seen: PortName,
        /// The hardware address there.
        mac: Mac,
    },
    /// It does not behave as it always did.
    Odd,
}

impl Ground {
    /// One word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bound { .. } => "binding",
            Self::Vouched { .. } => "vouched",
            Self::Key { .. } => "key",
            Self::Double { .. } => "double",
            Self::Clone { .. } => "clone",
            Self::Odd => "behaviour",
        }
    }

    /// When it ends by itself.
    pub const fn ends(&self) -> Option<Uptime> {
        match self {
            Self::Vouched { ends, .. } | Self::Key { ends, .. } => Some(*ends),
            Self::Bound { .. } | Self::Double { .. } | Self::Clone { .. } | Self::Odd => None,
        }
    }
}

/// Without its end, which is told beside.
impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { declared: true } => f.write_str("bound to its port and addresses by the inventory"),
            Self::Bound { declared: false } => {
                f.write_str("bound to its place, in part by what was seen there")
            }
            Self::Vouched { by, reason, .. } => {
                write!(f, "{} vouches for it: {}", inert(by), inert(reason))
            }
            Self::Key { serial, protection, .. } => {
                write!(f, "proved its {protection} key, certificate {}", inert(serial))
            }
            Self::Double { seen } => {
                let ports: Vec<&str> = seen.iter().map(PortName::as_str).collect();
                write!(f, "a double of it was seen on port {}: at most IA1", ports.join(", "))
            }
            Self::Clone { seen, mac, .. } => {
                write!(f, "its key was proved in a second place, on port {seen} ({mac}): at most IA1")
            }
            Self::Odd => f.write_str("it does not behave as it always did: at most IA1"),
        }
    }
}

/// One that asks for services: what is known of it is looked up once, however much it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) id: Id,
    pub(crate) name: &'a DeviceName,
    known: Known,
    /// What will be known of it once a proof has ended, and when that is: the first to end comes first.
    later: Vec<(Uptime, Known)>,
}

/// What policy is told of a device.
#[derive(Clone, Copy, Debug)]
struct Known {
    inputs: Inputs,
    /// The same towards what runs the process, where that differs.
    to_essential: Option<Inputs>,
}

impl Known {
    fn towards(&self, essential: bool) -> &Inputs {
        self.to_essential.as_ref().filter(|_| essential).unwrap_or(&self.inputs)
    }
}

impl<'a> Facts<'a> {
    /// A double of it was seen, or its key in a second place.
    pub(crate) fn is_doubted(&self, device: &DeviceName) -> bool {
        self.standing.conflicts.contains_key(device) || self.standing.clones.contains_key(device)
    }

    /// How sure we are of a device.
    pub(crate) fn assurance(&self, id: Id) -> Assurance {
        self.site.device(id).map(|device| assurance(&self.evidence(id, device, self.at))).unwrap_or_default()
    }

    /// How sure we are of a device that asks for something of `object`, as policy is told.
    pub(crate) fn identified(&self, id: Id, object: Option<Id>) -> Identified {
        let Some(device) = self.site.device(id) else { return Identified::NOBODY };
        let evidence = self.evidence(id, device, self.at);
        let essential = self.is_essential(id) || object.is_some_and(|object| self.is_essential(object));
        Identified::of(&Evidence { is_doubted: evidence.is_doubted && !essential, ..evidence })
    }

    /// What an assurance rests on, and what lowers it.
    pub(crate) fn grounds(&self, id: Id) -> Vec<Ground> {
        let Some(device) = self.site.device(id).filter(|_| self.takes_part(id)) else { return Vec::new() };
        let name = &device.name;
        let mut grounds = vec![Ground::Bound { declared: self.is_declared(device) }];
        grounds.extend(self.vouched(device).map(|vouched| Ground::Vouched {
            by: vouched.by.clone(),
            reason: vouched.reason.clone(),
            ends: vouched.ends,
        }));
        grounds.extend(self.lease(device).map(|lease| Ground::Key {
            key: lease.key,
            serial: lease.serial.clone(),
            protection: lease.protection,
            ends: lease.ends,
        }));
        grounds.extend(self.standing.conflicts.get(name).map(|seen| Ground::Double { seen: seen.clone() }));
        grounds.extend(self.standing.clones.get(name).map(|Cloned { key, port, mac, .. }| Ground::Clone {
            key: *key,
            seen: port.clone(),
            mac: *mac,
        }));
        grounds.extend(self.is_odd(device).then_some(Ground::Odd));
        grounds
    }

    /// What is known of one that asks, as of the last whole second.
    pub(crate) fn asker(&self, id: Id) -> Option<Asker<'a>> {
        let device = self.site.device(id)?;
        let mut ends: Vec<Uptime> = self.lease(device).map(|lease| lease.ends).into_iter().collect();
        ends.extend(self.vouched(device).map(|vouched| vouched.ends));
        ends.sort_unstable();
        ends.dedup();
        Some(Asker {
            id,
            name: &device.name,
            known: self.known(id, device, self.at),
            later: ends.into_iter().map(|end| (end, self.known(id, device, end))).collect(),
        })
    }

    /// What policy is told of one that asks for something of `object`.
    pub(crate) fn inputs<'q>(&self, asker: &'q Asker<'_>, object: Id) -> &'q Inputs {
        asker.known.towards(self.is_essential(object))
    }

    /// The same once what was proved has ended, and when that is.
    pub(crate) fn inputs_later<'q>(
        &self,
        asker: &'q Asker<'_>,
        object: Id,
    ) -> impl Iterator<Item = (Uptime, &'q Inputs)> {
        let essential = !asker.later.is_empty() && self.is_essential(object);
        let now = asker.known.towards(essential);
        let told = asker.later.iter().map(move |(end, known)| (*end, known.towards(essential)));
        told.filter(move |(_, inputs)| *inputs != now)
    }

    /// Towards the zones that run the process, a double does not lower the assurance of a device that is bound: frames of
    /// the double do not pass the binding anyhow, and one forged frame must not be able to stop a plant.
    fn known(&self, id: Id, device: &Device, at: Uptime) -> Known {
        let assessment = self.standing.assessments.get(&device.name).copied().unwrap_or_default();
        let evidence = self.evidence(id, device, at);
        let inputs = Inputs {
            assurance: assurance(&evidence),
            posture: assessment.posture_at(self.clock.whole_second(self.at)),
            risk: assessment.risk,
            conforms: assessment.conforms,
        };
        let undoubted = assurance(&Evidence { is_doubted: false, ..evidence });
        let to_essential =
            (undoubted != inputs.assurance).then_some(Inputs { assurance: undoubted, ..inputs });
        let inputs = to_essential.filter(|_| self.is_essential(id)).unwrap_or(inputs);
        Known { inputs, to_essential }
    }

    /// What speaks for a device at `at`, if nothing comes to it.
    fn evidence(&self, id: Id, device: &Device, at: Uptime) -> Evidence {
        let binding = match self.takes_part(id) {
            false => Binding::None,
            true if self.is_declared(device) => Binding::Declared,
            true => Binding::Seen,
        };
        let lease = self.lease(device).filter(|lease| lease.ends > at);
        Evidence {
            binding,
            is_vouched: self.vouched(device).is_some_and(|vouched| vouched.ends > at),
            key: lease.map(|lease| match lease.protection {
                Protection::Software => Key::Software,
                Protection::Hardware => Key::Hardware,
            }),
            is_doubted: self.is_doubted(&device.name),
            is_odd: self.is_odd(device),
        }
    }

    fn takes_part(&self, id: Id) -> bool {
        matches!(self.lifecycle(id), Lifecycle::Active | Lifecycle::Conflict)
    }

    fn is_declared(&self, device: &Device) -> bool {
        self.declared_port(device).is_some() && device.mac.is_some() && !device.addresses.is_empty()
    }

    fn is_odd(&self, device: &Device) -> bool {
        let assessment = self.standing.assessments.get(&device.name);
        assessment.and_then(|assessment| assessment.conforms) == Some(false)
    }

    /// What the device proved at the place where it is.
    fn lease(&self, device: &Device) -> Option<&'a Lease> {
        let lease = self.standing.leases.get(&device.name)?;
        (self.home(device)? == (&lease.port, lease.mac)).then_some(lease)
    }

    /// Who vouches for the device at the place where it is.
    fn vouched(&self, device: &Device) -> Option<&'a Vouched> {
        let vouched = self.standing.vouched.get(&device.name)?;
        (self.home(device)? == (&vouched.port, vouched.mac)).then_some(vouched)
    }
}
