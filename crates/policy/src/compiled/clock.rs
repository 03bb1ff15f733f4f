//! When what a policy says about time can change.

use crate::ir::{Expr, Operator, Value};
use std::collections::BTreeSet;

/// The points where comparisons with the time or an age can change their answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Minutes of the day at which a comparison changes.
    pub(crate) minutes: BTreeSet<i64>,
    /// The minute is used for more than comparing it: every minute may change something.
    pub(crate) every_minute: bool,
    /// Midnight may change something.
    pub(crate) midnight: bool,
    /// Ages of the posture, in seconds, at which a comparison changes.
    pub(crate) ages: BTreeSet<i64>,
    /// The age is used for more than comparing it.
    pub(crate) every_second: bool,
    /// Another mode may change something.
    pub(crate) mode: bool,
}

/// What moves by itself.
#[derive(Clone, Copy)]
enum Hand {
    Minute,
    Weekday,
    Age,
}

impl Clock {
    /// The points at which `expr` can change.
    pub(crate) fn of(expr: &Expr) -> Self {
        let mut clock = Self::default();
        clock.collect(expr);
        clock
    }

    /// Takes the points of another in.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.minutes.extend(&other.minutes);
        self.ages.extend(&other.ages);
        self.every_minute |= other.every_minute;
        self.midnight |= other.midnight;
        self.every_second |= other.every_second;
        self.mode |= other.mode;
    }

    fn collect(&mut self, expr: &Expr) {
        if let Expr::Binary(operator, operands) = expr
            && self.comparison(*operator, operands)
        {
            return;
        }
        // Whether it is there does not change with time.
        if matches!(expr, Expr::Has(of, _) if of.context_path().is_some()) {
            return;
        }
        match expr.context_path() {
            Some(path) => self.read(&path),
            None => expr.children().into_iter().for_each(|child| self.collect(child)),
        }
    }

    /// A comparison of a hand with a number, in whatever order, is exactly that many points.
    fn comparison(&mut self, operator: Operator, [left, right]: &[Expr; 2]) -> bool {
        let (hand, number, operator) = match (hand(left), right, left, hand(right)) {
            (Some(hand), Expr::Literal(Value::Long(number)), ..) => (hand, *number, Some(operator)),
            (_, _, Expr::Literal(Value::Long(number)), Some(hand)) => (hand, *number, mirrored(operator)),
            _ => return false,
        };
        let Some(points) = operator.and_then(|operator| changes(operator, number)) else { return false };
        match hand {
            // Midnight takes the minute back to zero.
            Hand::Minute => self.minutes.extend(points.into_iter().flatten().chain([0])),
            Hand::Weekday => self.midnight = true,
            Hand::Age => self.ages.extend(points.into_iter().flatten()),
        }
        true
    }

    /// Any other use.
    fn read(&mut self, path: &[&str]) {
        match path {
            ["time", "weekday"] => self.midnight = true,
            ["time", "minute"] => self.every_minute = true,
            ["posture", "age"] | ["posture"] => self.every_second = true,
            ["time"] => self.every_minute = true,
            ["mode"] => self.mode = true,
            [] => {
                self.every_minute = true;
                self.every_second = true;
                self.mode = true;
            }
            _ => {}
        }
    }
}

fn hand(expr: &Expr) -> Option<Hand> {
    match expr.context_path()?.as_slice() {
        ["time", "minute"] => Some(Hand::Minute),
        ["time", "weekday"] => Some(Hand::Weekday),
        ["posture", "age"] => Some(Hand::Age),
        _ => None,
    }
}

/// `a < b` as `b > a`.
const fn mirrored(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Less => Operator::Greater,
        Operator::LessEqual => Operator::GreaterEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterEqual => Operator::LessEqual,
        Operator::Equal => Operator::Equal,
        Operator::Unequal => Operator::Unequal,
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::In
        | Operator::Contains
        | Operator::ContainsAll
        | Operator::ContainsAny => return None,
    })
}

/// Where `hand operator number` changes while the hand grows.
const fn changes(operator: Operator, number: i64) -> Option<[Option<i64>; 2]> {
    let next = number.checked_add(1);
    Some(match operator {
        Operator::Less | Operator::GreaterEqual => [Some(number), None],
        Operator::LessEqual | Operator::Greater => [next, None],
        Operator::Equal | Operator::Unequal => [Some(number), next],
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::In
        | Operator::Contains
        | Operator::ContainsAll
        | Operator::ContainsAny => return None,
    })
}
