//! Operators whose operands are all evaluated.

use super::{Evaluated, Fault, Term, World};
use crate::ir::{Expr, Operator, Value};
use std::collections::BTreeSet;

pub(super) fn negative(of: Term, world: &World<'_>) -> Evaluated {
    match of.built(world) {
        Term::Unknown { .. } => Ok(Term::Unknown { may_fail: true }),
        known => {
            known.map(world, |value| long(&value)?.checked_neg().map(Value::Long).ok_or(Fault::Overflow))
        }
    }
}

pub(super) fn binary(operator: Operator, [left, right]: &[Expr; 2], world: &World<'_>) -> Evaluated {
    let left = left.evaluate(world)?.built(world);
    let right = right.evaluate(world)?.built(world);
    match (&left, &right) {
        (Term::Known(left), Term::Known(right)) => apply(operator, left, right, world).map(Term::Known),
        _ => {
            let failed = |term: &Term| matches!(term, Term::Unknown { may_fail: true });
            Ok(Term::Unknown { may_fail: is_arithmetic(operator) || failed(&left) || failed(&right) })
        }
    }
}

const fn is_arithmetic(operator: Operator) -> bool {
    matches!(operator, Operator::Add | Operator::Subtract | Operator::Multiply)
}

fn apply(operator: Operator, left: &Value, right: &Value, world: &World<'_>) -> Result<Value, Fault> {
    Ok(match operator {
        Operator::Equal => Value::Bool(left == right),
        Operator::Unequal => Value::Bool(left != right),
        Operator::Less => Value::Bool(long(left)? < long(right)?),
        Operator::LessEqual => Value::Bool(long(left)? <= long(right)?),
        Operator::Greater => Value::Bool(long(left)? > long(right)?),
        Operator::GreaterEqual => Value::Bool(long(left)? >= long(right)?),
        Operator::Add => arithmetic(left, right, i64::checked_add)?,
        Operator::Subtract => arithmetic(left, right, i64::checked_sub)?,
        Operator::Multiply => arithmetic(left, right, i64::checked_mul)?,
        Operator::In => Value::Bool(is_in(left, right, world)?),
        Operator::Contains => Value::Bool(set(left)?.contains(right)),
        Operator::ContainsAll => Value::Bool(set(left)?.is_superset(set(right)?)),
        Operator::ContainsAny => Value::Bool(!set(left)?.is_disjoint(set(right)?)),
    })
}

fn arithmetic(left: &Value, right: &Value, with: fn(i64, i64) -> Option<i64>) -> Result<Value, Fault> {
    with(long(left)?, long(right)?).map(Value::Long).ok_or(Fault::Overflow)
}

fn is_in(left: &Value, right: &Value, world: &World<'_>) -> Result<bool, Fault> {
    let Value::Entity(uid) = left else { return Err(Fault::Type("entity")) };
    match right {
        Value::Entity(group) => Ok(world.is_in(uid, group)),
        Value::Set(groups) => {
            let mut found = false;
            for group in groups.iter() {
                let Value::Entity(group) = group else { return Err(Fault::Type("entity")) };
                found |= world.is_in(uid, group);
            }
            Ok(found)
        }
        _ => Err(Fault::Type("entity")),
    }
}

const fn long(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Long(value) => Ok(*value),
        _ => Err(Fault::Type("long")),
    }
}

fn set(value: &Value) -> Result<&BTreeSet<Value>, Fault> {
    match value {
        Value::Set(set) => Ok(set),
        _ => Err(Fault::Type("set")),
    }
}
