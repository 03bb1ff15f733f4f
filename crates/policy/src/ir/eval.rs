//! Evaluation, with a message that may be unknown.
//!
//! Three answers there are for a condition: a value, a [`Fault`], or *unknown* where it hangs on the message. Policies are
//! strictly validated, so an optional field is only read after `has`; what can still fail is arithmetic, and whatever
//! hangs on an entity that is not there.

mod operate;
mod part;
mod world;

pub(crate) use part::Part;
pub(crate) use world::{Message, World};

use super::expr::Piece;
use super::{Expr, Value};
use crate::entity::Uid;
use nullius_model::SmolStr;
use std::fmt;

/// Why an evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A sum, difference or product leaves 64 bits.
    Overflow,
    /// Neither the record nor the entity has it.
    NoAttribute(SmolStr),
    /// The inventory does not declare it.
    NoEntity(Uid),
    /// An operand of another type was wanted.
    Type(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str("the number leaves 64 bits"),
            Self::NoAttribute(name) => write!(f, "there is no attribute `{name}`"),
            Self::NoEntity(uid) => write!(f, "the inventory declares no {uid}"),
            Self::Type(wanted) => write!(f, "a {wanted} was wanted"),
        }
    }
}

/// What an expression stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Known(Value),
    /// A record of the context that need not be built to look into it.
    Part(Part),
    /// Hangs on the message; `may_fail` where some message makes it fail.
    Unknown {
        may_fail: bool,
    },
}

type Evaluated = Result<Term, Fault>;

impl Expr {
    /// What it stands for in `world`.
    pub(crate) fn evaluate(&self, world: &World<'_>) -> Evaluated {
        match self {
            Self::Literal(value) => Ok(Term::Known(value.clone())),
            Self::Variable(variable) => Ok(world.variable(*variable)),
            Self::Not(of) => of.evaluate(world)?.map(world, |value| Ok(Value::Bool(!value.bool()?))),
            Self::Negative(of) => operate::negative(of.evaluate(world)?, world),
            Self::IsEmpty(of) => {
                of.evaluate(world)?.map(world, |value| Ok(Value::Bool(value.members()?.is_empty())))
            }
            Self::And(parts) => all(parts, false, world),
            Self::Or(parts) => all(parts, true, world),
            Self::If(parts) => choose(parts, world),
            Self::Binary(operator, operands) => operate::binary(*operator, operands, world),
            Self::Attribute(of, name) => part::attribute(of.evaluate(world)?, name, world),
            Self::Has(of, name) => part::has(&of.evaluate(world)?, name, world),
            Self::Is(of, kind) => {
                of.evaluate(world)?.map(world, |value| Ok(Value::Bool(value.entity()?.kind == *kind)))
            }
            Self::Like(of, pieces) => {
                of.evaluate(world)?.map(world, |value| Ok(Value::Bool(is_like(value.string()?, pieces))))
            }
            Self::Set(parts) => collect(parts.iter(), world, Value::set),
            Self::Record(fields) => collect(fields.iter().map(|(_, value)| value), world, |values| {
                Value::record(fields.iter().map(|(name, _)| name.as_str()).zip(values))
            }),
        }
    }
}

impl Term {
    const fn bool(value: bool) -> Self {
        Self::Known(Value::Bool(value))
    }

    /// Applies what cannot fail on a value of the right type; nothing unknown becomes known by it.
    fn map(self, world: &World<'_>, with: impl FnOnce(Value) -> Result<Value, Fault>) -> Evaluated {
        match self.built(world) {
            Self::Known(value) => with(value).map(Self::Known),
            unknown @ (Self::Unknown { .. } | Self::Part(_)) => Ok(unknown),
        }
    }

    /// The same, with records built.
    fn built(self, world: &World<'_>) -> Self {
        if let Self::Part(part) = self { part.build(world) } else { self }
    }
}

/// `&&` where `absorbing` is false, `||` where it is true: the first operand that absorbs decides, later ones are not
/// looked at. Past an unknown operand, one that absorbs decides all the same unless the unknown one may fail; a fault
/// may then be reached or not.
fn all(parts: &[Expr], absorbing: bool, world: &World<'_>) -> Evaluated {
    let mut unknown = None;
    for part in parts {
        match part.evaluate(world) {
            Ok(Term::Unknown { may_fail }) => unknown = Some(may_fail || unknown == Some(true)),
            Ok(Term::Known(value)) if value.bool()? != absorbing => {}
            Ok(_) => match unknown {
                Some(true) => return Ok(Term::Unknown { may_fail: true }),
                _ => return Ok(Term::bool(absorbing)),
            },
            Err(fault) if unknown.is_none() => return Err(fault),
            Err(_) => return Ok(Term::Unknown { may_fail: true }),
        }
    }
    Ok(unknown.map_or(Term::bool(!absorbing), |may_fail| Term::Unknown { may_fail }))
}

fn choose([condition, then, otherwise]: &[Expr; 3], world: &World<'_>) -> Evaluated {
    let condition_may_fail = match condition.evaluate(world)? {
        Term::Known(value) if value.bool()? => return then.evaluate(world),
        Term::Known(_) => return otherwise.evaluate(world),
        Term::Part(_) => return Err(Fault::Type("boolean")),
        Term::Unknown { may_fail } => may_fail,
    };
    match (then.evaluate(world), otherwise.evaluate(world)) {
        (Err(fault), Err(_)) => Err(fault),
        (Ok(one), Ok(other)) if one == other && !condition_may_fail => Ok(one),
        (one, other) => {
            Ok(Term::Unknown { may_fail: condition_may_fail || may_fail(&one) || may_fail(&other) })
        }
    }
}

const fn may_fail(evaluated: &Evaluated) -> bool {
    matches!(evaluated, Err(_) | Ok(Term::Unknown { may_fail: true }))
}

fn collect<'e>(
    parts: impl Iterator<Item = &'e Expr>,
    world: &World<'_>,
    with: impl FnOnce(Vec<Value>) -> Value,
) -> Evaluated {
    let mut values = Vec::new();
    let mut unknown = None;
    for part in parts {
        match part.evaluate(world)?.built(world) {
            Term::Known(value) => values.push(value),
            Term::Unknown { may_fail } => unknown = Some(may_fail || unknown == Some(true)),
            Term::Part(_) => return Err(Fault::Type("value")),
        }
    }
    Ok(unknown.map_or_else(|| Term::Known(with(values)), |may_fail| Term::Unknown { may_fail }))
}

/// Greedy, with one place to come back to: time is at most the product of the lengths.
fn is_like(text: &str, pieces: &[Piece]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut piece) = (0, 0);
    let mut retry = None;
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                piece += 1;
                retry = Some((at, piece));
            }
            Some(Piece::One(character)) if text.get(at) == Some(character) => {
                at += 1;
                piece += 1;
            }
            _ => match &mut retry {
                Some((from, after)) => {
                    *from += 1;
                    at = *from;
                    piece = *after;
                }
                None => return false,
            },
        }
    }
    pieces.iter().skip(piece).all(|rest| *rest == Piece::Any)
}
