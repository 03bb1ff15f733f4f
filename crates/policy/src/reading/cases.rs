//! `tests/*.toml`: requests with the effect somebody expects of them.

use super::document::{self, At, Fields, Sink};
use super::policies::Scoped;
use crate::testing::Case;
use crate::{
    Effect, Inputs, Inventory, MessageFields, Moment, Permit, PolicyId, Posture, Problem, Request, ServiceId,
    Verb, Verbs, verbs,
};
use nullius_model::{Assurance, DeviceName, Mode, SmolStr};
use std::collections::BTreeMap;

/// Most tests of one repository; all of them run before it is accepted.
const MAX_CASES: usize = 50_000;
/// Longest name of a test.
const MAX_NAME: usize = 256;
/// Noon on a Monday, where a test says nothing.
const NOON: Moment = Moment { mode: Mode::Normal, minute: 720, weekday: 1, second: 0, mode_change: None };
/// Noon again, as TOML numbers.
const MINUTES: std::ops::Range<i64> = 0..1_440;
const WEEKDAYS: std::ops::Range<i64> = 1..8;

pub(super) fn read_all<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    inventory: &Inventory,
    policies: Option<&BTreeMap<PolicyId, Scoped>>,
    problems: &mut Vec<Problem>,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, text) in files {
        let sink = Sink::new(file, text);
        let reader = Reader { file, sink: &sink, inventory, policies };
        reader.file(&mut cases);
        problems.append(&mut sink.into_problems());
    }
    if cases.len() > MAX_CASES {
        let message = format!("{} tests; the limit is {MAX_CASES}", cases.len());
        problems.push(
            Problem::of_file("tests", message).with_help("test what a policy is for, not every device"),
        );
    }
    cases
}

struct Reader<'a> {
    file: &'a str,
    sink: &'a Sink<'a>,
    inventory: &'a Inventory,
    /// Nothing where they could not be read: then nobody is told that one is missing.
    policies: Option<&'a BTreeMap<PolicyId, Scoped>>,
}

impl Reader<'_> {
    fn file(&self, cases: &mut Vec<Case>) {
        let table = document::parse(self.sink);
        let fields = Fields::new(self.sink, &table, "file of tests", 0);
        cases.extend(fields.tables("test").into_iter().filter_map(|test| self.case(test)));
        fields.finish();
    }

    fn case(&self, fields: Fields<'_, '_>) -> Option<Case> {
        let name = fields.text("name");
        let name = fields.required("name", name).filter(|name| self.short(*name));
        let subject = self.subject(&fields);
        let object = self.object(&fields);
        let verb = object.as_ref().and_then(|object| self.verb(&fields, object));
        let _ = fields.text("verb");
        let message = fields.table("message").map(|message| self.message(message));
        let inputs = fields.table("inputs").map_or_else(Inputs::default, |inputs| self.inputs(inputs));
        let moment = self.moment(&fields);
        let grant = fields.table("grant").map(|grant| self.grant(grant));
        let expect = self.expect(&fields);
        let because = self.because(&fields);
        let offset = fields.offset();
        fields.finish();
        let request = Request {
            subject: subject?,
            object: object?,
            verb: verb?.name.into(),
            class: verb?.class,
            message,
        };
        let permits = grant.map(|grant| permit(&request, grant)).into_iter().collect();
        let name = SmolStr::new(name?.value);
        let file = self.file.to_owned();
        Some(Case { name, file, offset, request, inputs, moment, permits, expect: expect?, because })
    }

    fn short(&self, name: At<&str>) -> bool {
        let short = !name.value.is_empty()
            && name.value.len() <= MAX_NAME
            && !name.value.chars().any(char::is_control);
        if !short {
            self.sink.error(
                name.offset,
                "a test is named by one line",
                "say what must be true: \"the HMI may read\"",
            );
        }
        short
    }

    fn subject(&self, fields: &Fields<'_, '_>) -> Option<DeviceName> {
        let text = fields.text("subject");
        let text = fields.required("subject", text)?;
        let found = DeviceName::new(text.value).ok().filter(|name| self.inventory.devices.contains_key(name));
        if found.is_none() {
            let message = format!("no device is called `{}`", text.value.escape_debug());
            self.sink.error(text.offset, message, "name a device of inventory.toml");
        }
        found
    }

    fn object(&self, fields: &Fields<'_, '_>) -> Option<ServiceId> {
        let text = fields.text("object");
        let text = fields.required("object", text)?;
        let found = service_id(text.value).filter(|id| self.inventory.service(id).is_some());
        if found.is_none() {
            let message = format!("no device offers `{}`", text.value.escape_debug());
            self.sink.error(text.offset, message, "write DEVICE/SERVICE of inventory.toml: plc1/modbus");
        }
        found
    }

    fn verb(&self, fields: &Fields<'_, '_>, object: &ServiceId) -> Option<Verb> {
        let protocol = self.inventory.service(object)?.protocol;
        let text = fields.text("verb");
        let text = fields.required("verb", text)?;
        let found = verbs(protocol).iter().copied().find(|verb| verb.action == text.value);
        if found.is_none() {
            let names: Vec<&str> = verbs(protocol).iter().map(|verb| verb.action).collect();
            let message = format!("{protocol} has no verb `{}`", text.value.escape_debug());
            self.sink.error(text.offset, message, format!("the verbs are: {}", names.join(", ")));
        }
        found
    }

    fn message(&self, fields: Fields<'_, '_>) -> MessageFields {
        let number = |key| fields.integer(key, 0..1 << 32).and_then(|found| u32::try_from(found.value).ok());
        let value = |key| fields.integer(key, i64::MIN..i64::MAX).map(|found| found.value);
        let text = |key| fields.text(key).map(|found| SmolStr::new(found.value));
        let message = MessageFields {
            unit: number("unit"),
            address: number("address"),
            quantity: number("quantity"),
            value_min: value("value_min"),
            value_max: value("value_max"),
            topic: text("topic"),
            qos: fields.integer("qos", 0..3).and_then(|found| u8::try_from(found.value).ok()),
            retain: fields.boolean("retain").map(|found| found.value),
            path: text("path"),
            size: fields.integer("size", 0..i64::MAX).and_then(|found| u64::try_from(found.value).ok()),
        };
        fields.finish();
        message
    }

    fn inputs(&self, fields: Fields<'_, '_>) -> Inputs {
        let level = fields.integer("ia", 0..7).and_then(|found| usize::try_from(found.value).ok());
        let inputs = Inputs {
            assurance: level.and_then(|level| Assurance::ALL.get(level).copied()).unwrap_or_default(),
            posture: fields.table("posture").and_then(posture),
            risk: fields.integer("risk", 0..5).and_then(|found| u8::try_from(found.value).ok()),
            conforms: fields.boolean("conforms").map(|found| found.value),
        };
        fields.finish();
        inputs
    }

    fn moment(&self, fields: &Fields<'_, '_>) -> Moment {
        let mode = fields.text("mode").and_then(|text| {
            let told = |why: nullius_model::UnknownWord| {
                let message = format!("no mode is called `{}`", text.value.escape_debug());
                self.sink.error(text.offset, message, why.to_string());
            };
            text.value.parse::<Mode>().map_err(told).ok()
        });
        let minute = fields.integer("minute", MINUTES).and_then(|found| u16::try_from(found.value).ok());
        let weekday = fields.integer("weekday", WEEKDAYS).and_then(|found| u8::try_from(found.value).ok());
        Moment {
            mode: mode.unwrap_or(NOON.mode),
            minute: minute.unwrap_or(NOON.minute),
            weekday: weekday.unwrap_or(NOON.weekday),
            ..NOON
        }
    }

    fn grant(&self, fields: Fields<'_, '_>) -> Grant {
        let classes = fields.texts("verbs").into_iter().filter_map(|text| self.class(text)).collect();
        let approvers = fields.integer("approvers", 0..256).and_then(|found| u8::try_from(found.value).ok());
        let work_order = fields.text("work_order").map(|text| SmolStr::new(text.value));
        fields.finish();
        Grant { verbs: Verbs::Classes(classes), approvers: approvers.unwrap_or(0), work_order }
    }

    fn class(&self, text: At<&str>) -> Option<nullius_model::VerbClass> {
        let found = super::words::verb_class(text.value);
        if found.is_none() {
            let message = format!("no class of verbs is called `{}`", text.value.escape_debug());
            self.sink.error(
                text.offset,
                message,
                format!("the classes are: {}", super::words::verb_class_names()),
            );
        }
        found
    }

    fn expect(&self, fields: &Fields<'_, '_>) -> Option<Effect> {
        let text = fields.text("expect");
        let text = fields.required("expect", text)?;
        match text.value {
            "allow" => Some(Effect::Allow),
            "deny" => Some(Effect::Deny),
            _ => {
                self.sink.error(
                    text.offset,
                    "`expect` is neither allow nor deny",
                    "write \"allow\" or \"deny\"",
                );
                None
            }
        }
    }

    fn because(&self, fields: &Fields<'_, '_>) -> Option<PolicyId> {
        let text = fields.text("because")?;
        let id = PolicyId(SmolStr::new(text.value));
        if self.policies.is_some_and(|policies| !policies.contains_key(&id)) {
            let message = format!("no policy has the id `{}`", text.value.escape_debug());
            self.sink.error(text.offset, message, "name the policy that must decide, by its @id");
        }
        Some(id)
    }
}

/// A grant that a test puts in force.
struct Grant {
    verbs: Verbs,
    approvers: u8,
    work_order: Option<SmolStr>,
}

fn permit(request: &Request, grant: Grant) -> Permit {
    Permit {
        id: PolicyId(SmolStr::new_static("grant")),
        subject: request.subject.clone(),
        object: request.object.clone(),
        verbs: grant.verbs,
        work_order: grant.work_order,
        approvers: grant.approvers,
    }
}

fn posture(fields: Fields<'_, '_>) -> Option<Posture> {
    let good = fields.boolean("good");
    let good = fields.required("good", good);
    let age = fields.integer("age", 0..1 << 32);
    let age = fields.required("age", age).and_then(|found| u32::try_from(found.value).ok());
    fields.finish();
    Some(Posture { good: good?.value, age: age? })
}

fn service_id(text: &str) -> Option<ServiceId> {
    let (device, service) = text.split_once('/')?;
    Some(ServiceId { device: DeviceName::new(device).ok()?, service: SmolStr::new(service) })
}
