//! Records of the context, looked into without being built, and attributes of everything else.

use super::{Evaluated, Fault, Message, Term, World};
use crate::ir::Value;
use crate::request::MessageFields;
use crate::vocabulary::Language;
use nullius_model::SmolStr;

/// A record of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Context,
    Time,
    Posture,
    Message,
}

impl Part {
    /// Every field it may have.
    const fn names(self, language: Language) -> &'static [&'static str] {
        match self {
            Self::Context => {
                &["ia", "mode", "time", "posture", "risk", "conforms", "approved_by", "work_order", "message"]
            }
            Self::Time => &["minute", "weekday"],
            Self::Posture => &["good", "age"],
            Self::Message => message_fields(language),
        }
    }

    /// A field, where it is there.
    fn field(self, name: &str, world: &World<'_>) -> Option<Term> {
        match self {
            Self::Context => world.context(name),
            Self::Time => match name {
                "minute" => Some(Value::Long(i64::from(world.moment.minute))),
                "weekday" => Some(Value::Long(i64::from(world.moment.weekday))),
                _ => None,
            }
            .map(Term::Known),
            Self::Posture => world.inputs.posture.and_then(|posture| match name {
                "good" => Some(Term::bool(posture.good)),
                "age" => Some(Term::Known(Value::Long(i64::from(posture.age)))),
                _ => None,
            }),
            Self::Message => message_field(name, world),
        }
    }

    /// The record as a value; unknown where a message in it is.
    pub(super) fn build(self, world: &World<'_>) -> Term {
        let mut fields = Vec::new();
        for name in self.names(world.language) {
            match self.field(name, world).map(|term| term.built(world)) {
                Some(Term::Known(value)) => fields.push((*name, value)),
                Some(unknown) => return unknown,
                None => {}
            }
        }
        Term::Known(Value::record(fields))
    }
}

/// `of.name`.
pub(super) fn attribute(of: Term, name: &SmolStr, world: &World<'_>) -> Evaluated {
    match of {
        Term::Unknown { may_fail } => Ok(Term::Unknown { may_fail }),
        Term::Part(part) => part.field(name, world).ok_or_else(|| Fault::NoAttribute(name.clone())),
        Term::Known(Value::Record(fields)) => {
            fields.get(name).cloned().map(Term::Known).ok_or_else(|| Fault::NoAttribute(name.clone()))
        }
        Term::Known(Value::Entity(uid)) => {
            let entity = world.entity(&uid).ok_or(Fault::NoEntity(uid))?;
            let value = entity.attribute(name).cloned();
            value.map(Term::Known).ok_or_else(|| Fault::NoAttribute(name.clone()))
        }
        Term::Known(_) => Err(Fault::Type("record")),
    }
}

/// `of has name`.
pub(super) fn has(of: &Term, name: &SmolStr, world: &World<'_>) -> Evaluated {
    let found = match of {
        Term::Unknown { may_fail } => return Ok(Term::Unknown { may_fail: *may_fail }),
        Term::Part(Part::Message) if world.message == Message::Unknown => {
            return Ok(match message_fields(world.language).contains(&name.as_str()) {
                true => Term::Unknown { may_fail: false },
                false => Term::bool(false),
            });
        }
        Term::Part(part) => part.field(name, world).is_some(),
        Term::Known(Value::Record(fields)) => fields.contains_key(name),
        Term::Known(Value::Entity(uid)) => {
            world.entity(uid).is_some_and(|entity| entity.attribute(name).is_some())
        }
        Term::Known(_) => return Err(Fault::Type("record")),
    };
    Ok(Term::bool(found))
}

/// The fields messages of a protocol may have; the schema names the same.
const fn message_fields(language: Language) -> &'static [&'static str] {
    match language {
        Language::Opaque => &[],
        Language::Modbus => &["unit", "address", "quantity", "value_min", "value_max"],
        Language::Mqtt => &["topic", "qos", "retain", "size"],
        Language::Coap | Language::Http => &["path", "size"],
    }
}

fn message_field(name: &str, world: &World<'_>) -> Option<Term> {
    if !message_fields(world.language).contains(&name) {
        return None;
    }
    match world.message {
        Message::Unknown => Some(Term::Unknown { may_fail: false }),
        Message::Nothing => None,
        Message::Says(fields) => said(name, fields).map(Term::Known),
    }
}

fn said(name: &str, fields: &MessageFields) -> Option<Value> {
    let long = |value: Option<u32>| value.map(|value| Value::Long(i64::from(value)));
    match name {
        "unit" => long(fields.unit),
        "address" => long(fields.address),
        "quantity" => long(fields.quantity),
        "value_min" => fields.value_min.map(Value::Long),
        "value_max" => fields.value_max.map(Value::Long),
        "topic" => fields.topic.clone().map(Value::Text),
        "qos" => fields.qos.map(|qos| Value::Long(i64::from(qos))),
        "retain" => fields.retain.map(Value::Bool),
        "path" => fields.path.clone().map(Value::Text),
        "size" => fields.size.map(|size| Value::Long(i64::try_from(size).unwrap_or(i64::MAX))),
        _ => None,
    }
}
