//! Operators whose operands are all evaluated.

use super::{Evaluated, Fault, Term, World};
use crate::ir::{Expr, Operator, Value};

pub(super) fn negative(of: Term, world: &World<'_>) -> Evaluated {
    let of = of.built(world);
    if matches!(of, Term::Unknown { .. }) {
        return Ok(Term::Unknown { may_fail: true });
    }
    of.map(world, |value| value.long()?.checked_neg().map(Value::Long).ok_or(Fault::Overflow))
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
        Operator::Less => Value::Bool(left.long()? < right.long()?),
        Operator::LessEqual => Value::Bool(left.long()? <= right.long()?),
        Operator::Greater => Value::Bool(left.long()? > right.long()?),
        Operator::GreaterEqual => Value::Bool(left.long()? >= right.long()?),
        Operator::Add => arithmetic(left, right, i64::checked_add)?,
        Operator::Subtract => arithmetic(left, right, i64::checked_sub)?,
        Operator::Multiply => arithmetic(left, right, i64::checked_mul)?,
        Operator::In => Value::Bool(is_in(left, right, world)?),
        Operator::Contains => Value::Bool(left.members()?.contains(right)),
        Operator::ContainsAll => Value::Bool(left.members()?.is_superset(right.members()?)),
        Operator::ContainsAny => Value::Bool(!left.members()?.is_disjoint(right.members()?)),
    })
}

fn arithmetic(left: &Value, right: &Value, with: fn(i64, i64) -> Option<i64>) -> Result<Value, Fault> {
    with(left.long()?, right.long()?).map(Value::Long).ok_or(Fault::Overflow)
}

fn is_in(left: &Value, right: &Value, world: &World<'_>) -> Result<bool, Fault> {
    let uid = left.entity()?;
    let Value::Set(groups) = right else { return Ok(world.is_in(uid, right.entity()?)) };
    let mut found = false;
    for group in groups.iter() {
        found |= world.is_in(uid, group.entity()?);
    }
    Ok(found)
}
