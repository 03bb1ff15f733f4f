//! Conditions of policies as small typed trees.
//!
//! Read from the JSON form of a policy that Cedar itself gives (its EST), so that no second parser of the language exists.
//! What this tree has no node for is refused at its policy.
//!
//! INVARIANT: evaluation answers what Cedar's evaluator answers (a property test holds the two together), and is no deeper
//! than `read::MAX_DEPTH`.

mod eval;
mod expr;
mod read;
mod reads;
mod value;

pub(crate) use eval::{Fault, Message, Term, World};
pub(crate) use expr::{Expr, Operator, Variable};
pub(crate) use read::{condition, entity};
pub(crate) use reads::{Input, Reads};
pub(crate) use value::Value;
