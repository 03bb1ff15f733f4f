//! What an expression is evaluated in: a request, and all that is true beside it.

use super::{Part, Term};
use crate::directory::{Directory, Entity};
use crate::entity::{Kind, Uid};
use crate::inputs::{Inputs, Moment, Permit};
use crate::ir::{Value, Variable};
use crate::request::MessageFields;
use crate::vocabulary::{self, Language};
use nullius_model::SmolStr;

/// What is known of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// It says nothing.
    Nothing,
    Says(&'a MessageFields),
    /// Any message there could be.
    Unknown,
}

/// A request and all that is true beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) subject: &'a Entity,
    pub(crate) object: &'a Entity,
    pub(crate) language: Language,
    pub(crate) action: &'static str,
    pub(crate) inputs: &'a Inputs,
    pub(crate) moment: &'a Moment,
    /// The grant in use.
    pub(crate) grant: Option<&'a Permit>,
    pub(crate) message: Message<'a>,
}

impl<'a> World<'a> {
    pub(super) fn variable(&self, variable: Variable) -> Term {
        let uid = match variable {
            Variable::Principal => self.subject.uid.clone(),
            Variable::Resource => self.object.uid.clone(),
            Variable::Action => Uid::new(Kind::Action(self.language), SmolStr::new_static(self.action)),
            Variable::Context => return Term::Part(Part::Context),
        };
        Term::Known(Value::Entity(uid))
    }

    /// A field of the context, where it is there.
    pub(super) fn context(&self, name: &str) -> Option<Term> {
        let value = match name {
            "time" => return Some(Term::Part(Part::Time)),
            "message" => return (self.language != Language::Opaque).then_some(Term::Part(Part::Message)),
            "posture" => return self.inputs.posture.map(|_| Term::Part(Part::Posture)),
            "ia" => Value::Long(self.inputs.assurance as i64),
            "mode" => Value::text(self.moment.mode.name()),
            "risk" => Value::Long(i64::from(self.inputs.risk?)),
            "conforms" => Value::Bool(self.inputs.conforms?),
            "approved_by" => Value::Long(i64::from(self.grant?.approvers)),
            "work_order" => Value::Text(self.grant?.work_order.clone()?),
            _ => return None,
        };
        Some(Term::Known(value))
    }

    pub(super) fn entity(&self, uid: &Uid) -> Option<&'a Entity> {
        match uid {
            _ if self.subject.uid == *uid => Some(self.subject),
            _ if self.object.uid == *uid => Some(self.object),
            _ => self.directory.entity(uid),
        }
    }

    /// `uid in group`.
    pub(super) fn is_in(&self, uid: &Uid, group: &Uid) -> bool {
        match (uid.kind, group.kind) {
            _ if uid == group => true,
            (Kind::Action(language), Kind::Action(of)) => {
                vocabulary::is_within(&uid.name, language, &group.name, of)
            }
            _ => self.entity(uid).is_some_and(|entity| entity.is_in(group)),
        }
    }
}
