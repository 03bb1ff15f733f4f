//! The tree itself.

use super::Value;
use crate::entity::Kind;
use nullius_model::SmolStr;

/// What a request is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    Principal,
    Action,
    Resource,
    Context,
}

/// Operators of two operands that are both evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    In,
    Contains,
    ContainsAll,
    ContainsAny,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Literal(Value),
    Variable(Variable),
    Not(Box<Self>),
    Negative(Box<Self>),
    IsEmpty(Box<Self>),
    /// In order; the first that is false decides.
    And(Vec<Self>),
    /// In order; the first that is true decides.
    Or(Vec<Self>),
    If(Box<[Self; 3]>),
    Binary(Operator, Box<[Self; 2]>),
    Attribute(Box<Self>, SmolStr),
    Has(Box<Self>, SmolStr),
    Is(Box<Self>, Kind),
    /// Pieces of text with anything between them.
    Like(Box<Self>, Vec<Piece>),
    Set(Vec<Self>),
    Record(Vec<(SmolStr, Self)>),
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// This character.
    One(char),
    /// Any text.
    Any,
}

impl Expr {
    /// What stands directly beneath.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Variable(_) => Vec::new(),
            Self::Not(of)
            | Self::Negative(of)
            | Self::IsEmpty(of)
            | Self::Attribute(of, _)
            | Self::Has(of, _)
            | Self::Is(of, _)
            | Self::Like(of, _) => vec![of],
            Self::And(parts) | Self::Or(parts) | Self::Set(parts) => parts.iter().collect(),
            Self::If(parts) => parts.iter().collect(),
            Self::Binary(_, operands) => operands.iter().collect(),
            Self::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }

    /// `context.a.b` as `["a", "b"]`.
    pub(crate) fn context_path(&self) -> Option<Vec<&str>> {
        if let Self::Attribute(of, name) = self {
            let mut path = of.context_path()?;
            path.push(name);
            return Some(path);
        }
        (*self == Self::Variable(Variable::Context)).then(Vec::new)
    }
}
