//! Why something passes or does not: asked of the same facts that the rules are made from.
//!
//! INVARIANT: every denial names the policy that decided, the input that is missing, or what keeps a device out.

mod operand;
mod text;

use crate::facts::{Facts, Lifecycle};
use crate::perimeter::{meetings, path};
use crate::record::inert;
use crate::site::Id;
use crate::{Gateway, Ground, Now, Place};
use nullius_model::{Channel, DeviceName, Rule, SmolStr, Stage, Terms, Verdict};
use nullius_policy::inventory::{Device, Service};
use nullius_policy::{Decision, Effect, Inputs, PolicyId, Request, ServiceId, Verb};
use operand::Operand;

/// May `subject` do `verb` to what `object` offers at `channel`?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub subject: DeviceName,
    /// Who is asked.
    pub object: DeviceName,
    /// Where.
    pub channel: Channel,
    /// To do what: a verb of the protocol, or a class of them. Anything at all where none is given.
    pub verb: Option<SmolStr>,
    /// On what of the service: a register (`40010`, `9`, `40010=55`), a topic, a path. Taken together with a verb.
    pub operand: Option<SmolStr>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// What policy and the state of both devices say of what was asked about; see [`Why::passes`].
    pub effect: Effect,
    /// What policy says of the conversation as a whole.
    pub verdict: Verdict,
    /// The service that is meant.
    pub service: Option<ServiceId>,
    /// The policies and grants that decided.
    pub policies: Vec<PolicyId>,
    /// Policies that failed, and how; any of them denies.
    pub errors: Vec<(PolicyId, String)>,
    /// What was known of the subject, by name.
    pub inputs: Vec<(&'static str, String)>,
    /// What the subject's assurance rests on, and what lowers it.
    pub grounds: Vec<Ground>,
    /// Inputs that a policy asked for and that nobody knows.
    pub missing: Vec<&'static str>,
    /// What keeps either device out, whatever policy says.
    pub obstacles: Vec<String>,
    /// What is worth knowing beside.
    pub notes: Vec<String>,
    /// What is denied passes all the same where this is not [`Stage::Enforce`].
    pub stage: Stage,
    /// The rules that the packet path should hold for it.
    pub rules: Vec<(Rule, Terms)>,
    /// How to get access, where there is none.
    pub remedy: Option<String>,
}

impl Gateway {
    /// Why something passes or does not.
    pub fn why(&self, question: &Question, now: Now) -> Why {
        let facts = self.facts().map(|facts| Facts { at: facts.at.max(now.uptime), ..facts });
        self.why_of(facts, question)
    }

    pub(super) fn why_now(&self, question: &Question) -> Why {
        self.why_of(self.facts(), question)
    }

    fn why_of(&self, facts: Option<Facts<'_>>, question: &Question) -> Why {
        let Some(facts) = facts else {
            return Why { obstacles: vec!["no policy is in force".to_owned()], ..Why::default() };
        };
        let mut why = facts.why(question);
        why.rules = self.rules_between(&facts, question);
        why
    }

    fn rules_between(&self, facts: &Facts<'_>, question: &Question) -> Vec<(Rule, Terms)> {
        let place = |name| facts.site.node(facts.site.id(name)?)?.place.as_ref();
        let Some((one, other)) = place(&question.subject).zip(place(&question.object)) else {
            return Vec::new();
        };
        let (channel, path) = (question.channel, path(one, other));
        meetings(one, other)
            .map(|(client, server)| Rule::Service { client, server, channel, path })
            .filter_map(|rule| Some((rule.clone(), *self.rules().get(&rule)?)))
            .collect()
    }
}

impl Facts<'_> {
    fn why(&self, question: &Question) -> Why {
        let mut why = Why::default();
        let subject = self.find(&question.subject, &mut why);
        let object = self.find(&question.object, &mut why);
        if let Some(((subject, one), (object, other))) = subject.zip(object) {
            why.stage = self.stage_between(one, other);
            self.note_conduit(one, other, &mut why);
            self.check_meeting(subject, object, &mut why);
            match other.services.values().find(|service| service.channel == question.channel) {
                Some(service) => {
                    self.judge_service(&mut why, subject, object, service, question);
                }
                None => {
                    why.obstacles.push(format!("{} offers no service at {}", other.name, question.channel))
                }
            }
        }
        if !why.obstacles.is_empty() {
            why.effect = Effect::Deny;
        }
        why.remedy = why.remedy(question);
        why
    }

    /// The device of this name, and what keeps it out.
    fn find(&self, name: &DeviceName, why: &mut Why) -> Option<(Id, &Device)> {
        let found = self.site.id(name).and_then(|id| Some((id, self.site.device(id)?)));
        match found {
            Some((id, device)) => why.obstacles.extend(self.obstacle(id, device)),
            None => why.obstacles.push(format!("the inventory names no device `{name}`")),
        }
        if let Some(ports) = self.standing.conflicts.get(name) {
            let ports: Vec<&str> = ports.iter().map(|port| port.as_str()).collect();
            why.notes.push(format!("a double of {name} was seen on port {}", ports.join(", ")));
        }
        if let Some(clone) = self.standing.clones.get(name) {
            why.notes
                .push(format!("{name} is doubted: a key lives on port {} too ({})", clone.port, clone.mac));
        }
        found
    }

    fn obstacle(&self, id: Id, device: &Device) -> Option<String> {
        let name = &device.name;
        let home = self.home(device);
        match self.lifecycle(id) {
            Lifecycle::Revoked => {
                let because = self.standing.revoked.get(name);
                let because =
                    because.map(|revoked| format!(" by {}: {}", inert(&revoked.by), inert(&revoked.reason)));
                Some(format!("{name} is revoked{}", because.unwrap_or_default()))
            }
            Lifecycle::Unknown => Some(match self.declared_port(device) {
                Some(port) => format!("{name} is not bound: no hardware address is known for it on {port}"),
                None => format!("{name} is not bound: no port has seen it"),
            }),
            Lifecycle::Onboarding => {
                Some(format!("{name} is not bound: it was seen, and nobody approved it"))
            }
            Lifecycle::Absent => {
                let port = home.map(|(port, _)| port.to_string()).unwrap_or_default();
                Some(format!("{name} is absent: port {port} has no link"))
            }
            Lifecycle::Active | Lifecycle::Conflict => match self.place(id) {
                None => Some(self.why_nowhere(device)),
                Some(place) if place.addresses.is_empty() => {
                    Some(format!("{name} is not bound to an address: no sighting on {}", place.port))
                }
                Some(_) => None,
            },
        }
    }

    fn why_nowhere(&self, device: &Device) -> String {
        let (name, home) = (&device.name, self.home(device));
        match home {
            Some((port, _)) if !self.settings.ports.contains_key(port) => {
                format!("{name} is not bound: this gateway has no port {port}")
            }
            Some((_, mac)) => format!("{name} is not bound: {mac} belongs to another device"),
            None => format!("{name} is not bound"),
        }
    }

    fn note_conduit(&self, one: &Device, other: &Device, why: &mut Why) {
        let declared = &self.site.inventory().conduits;
        let is_declared = declared.iter().any(|conduit| conduit.from == one.zone && conduit.to == other.zone);
        if one.zone != other.zone && !is_declared {
            why.notes.push(format!(
                "no conduit leads from zone {} to zone {}",
                inert(&one.zone),
                inert(&other.zone)
            ));
        }
    }

    fn check_meeting(&self, subject: Id, object: Id, why: &mut Why) {
        let (Some(one), Some(other)) = (self.place(subject), self.place(object)) else { return };
        let have_addresses = |place: &Place| !place.addresses.is_empty();
        if have_addresses(&one) && have_addresses(&other) && meetings(&one, &other).next().is_none() {
            why.obstacles.push("the two have no addresses of one family".to_owned());
        }
    }

    fn judge_service(&self, why: &mut Why, subject: Id, object: Id, service: &Service, question: &Question) {
        let Some((asks, asked)) = self.asker(subject).zip(self.site.node(object)) else { return };
        let id = ServiceId { device: asked.name.clone(), service: service.name.clone() };
        let inputs = self.inputs(&asks, object);
        why.inputs = named(inputs, self, object);
        why.grounds = self.grounds(subject);
        let permits: Vec<_> =
            self.permits(subject, object, &id).into_iter().map(|(_, permit)| permit).collect();
        let (connection, _) = self.connection(&asks, object, &id, inputs, &permits);
        why.verdict = connection.verdict;
        match question.verb.as_deref() {
            None => {
                why.effect = if connection.verdict == Verdict::Deny { Effect::Deny } else { Effect::Allow };
                (why.policies, why.missing) = (connection.reasons, connection.missing);
            }
            Some(word) => {
                let operand = question.operand.as_deref().map(|text| Operand::parse(service.protocol, text));
                let operand = match operand.transpose() {
                    Ok(operand) => operand,
                    Err(wrong) => return why.obstacles.push(wrong),
                };
                let decisions: Vec<Decision> = matching(service, word)
                    .filter(|verb| operand.as_ref().is_none_or(|operand| operand.suits(verb)))
                    .map(|verb| {
                        let request = Request {
                            subject: asks.name.clone(),
                            object: id.clone(),
                            verb: SmolStr::new(verb.name),
                            class: verb.class,
                            message: operand.as_ref().map(|operand| operand.message.clone()),
                        };
                        let moment = self.clock.moment(self.at, self.mode_of(object));
                        let site = self.site;
                        site.version.policies.decide(&site.directory, &request, inputs, &moment, &permits)
                    })
                    .collect();
                why.take_decisions(decisions, service, question);
            }
        }
        why.service = Some(id);
    }
}

/// Why what policy allows in part is denied.
const SOME_MESSAGES: &str =
    "policy allows some messages of this conversation only, and this gateway cannot judge messages yet";

/// The verbs of a service that a word means: itself, or all of its class.
fn matching<'a>(service: &Service, word: &'a str) -> impl Iterator<Item = &'static Verb> + use<'a> {
    let all = nullius_policy::verbs(service.protocol);
    all.iter().filter(move |verb| verb.name == word || verb.class.name() == word)
}

fn named(inputs: &Inputs, facts: &Facts<'_>, object: Id) -> Vec<(&'static str, String)> {
    let moment = facts.clock.moment(facts.at, facts.mode_of(object));
    let known = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    vec![
        ("ia", inputs.assurance.to_string()),
        ("mode", moment.mode.to_string()),
        (
            "time",
            format!("weekday {}, {:02}:{:02} UTC", moment.weekday, moment.minute / 60, moment.minute % 60),
        ),
        (
            "posture",
            known(inputs.posture.map(|posture| {
                format!("{}, {} s old", if posture.good { "good" } else { "bad" }, posture.age)
            })),
        ),
        ("risk", known(inputs.risk.map(|risk| risk.to_string()))),
        ("conforms", known(inputs.conforms.map(|conforms| conforms.to_string()))),
    ]
}

impl Why {
    /// It is allowed and gets through. What policy allows for some messages of a conversation only does not: nobody
    /// judges messages yet, so the packet path lets none of them through. A stage is not looked at.
    pub fn passes(&self) -> bool {
        self.effect == Effect::Allow && self.verdict == Verdict::Accept
    }

    fn waits_for_filter(&self) -> bool {
        self.effect == Effect::Allow && self.verdict == Verdict::Divert
    }

    /// Allowed where every verb meant is allowed; a word that means none is allowed nothing.
    fn take_decisions(&mut self, decisions: Vec<Decision>, service: &Service, question: &Question) {
        if decisions.is_empty() {
            let word = inert(question.verb.as_deref().unwrap_or_default());
            let about = question.operand.as_deref().map(|text| format!(" for `{}`", inert(text)));
            let about = about.unwrap_or_default();
            self.obstacles.push(format!("{} knows no verb `{word}`{about}", service.protocol));
        }
        let allowed = !decisions.is_empty() && decisions.iter().all(|one| one.effect == Effect::Allow);
        self.effect = if allowed { Effect::Allow } else { Effect::Deny };
        for decision in decisions.into_iter().filter(|decision| decision.effect == self.effect) {
            self.policies.extend(decision.reasons);
            self.errors.extend(decision.errors);
            self.missing.extend(decision.missing);
        }
        self.policies.sort();
        self.policies.dedup();
        self.missing.sort_unstable();
        self.missing.dedup();
    }

    /// What decided, in words; never nothing where it is denied.
    pub fn because(&self) -> Vec<String> {
        let mut words = self.obstacles.clone();
        words.extend(
            self.errors.iter().map(|(policy, error)| format!("policy `{policy}` failed: {}", inert(error))),
        );
        if self.effect == Effect::Deny {
            if words.is_empty() && self.policies.is_empty() {
                words.push("no policy permits it".to_owned());
            }
            words.extend(self.missing.iter().map(|input| format!("input `{input}` is missing")));
        }
        if self.waits_for_filter() {
            words.push(SOME_MESSAGES.to_owned());
        }
        words.extend(self.policies.iter().map(|policy| format!("decided by `{policy}`")));
        words
    }

    fn remedy(&self, question: &Question) -> Option<String> {
        let Question { subject, object, .. } = question;
        match (self.effect, &self.service) {
            (Effect::Allow, Some(service)) if self.verdict != Verdict::Accept => Some(format!(
                "ask the owner of {object} for a policy that permits every message of {service} to {subject}, or wait \
                 for a gateway that judges messages"
            )),
            (Effect::Allow, _) => None,
            (Effect::Deny, _) if !self.obstacles.is_empty() => {
                Some("remove what stands in the way".to_owned())
            }
            (Effect::Deny, Some(service)) if self.policies.is_empty() && self.errors.is_empty() => {
                Some(format!("ask for a grant of {service} to {subject}, or for a policy that permits it"))
            }
            (Effect::Deny, _) => Some(format!(
                "a policy forbids it, and no grant wins over that: ask the owner of {object} to change the policy"
            )),
        }
    }
}
