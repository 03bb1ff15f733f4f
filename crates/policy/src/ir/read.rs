//! From the JSON form of a policy to our tree.

use super::expr::Piece;
use super::{Expr, Operator, Value, Variable};
use crate::entity::{Kind, Uid};
use nullius_model::SmolStr;
use serde_json::Value as Json;

/// How deep expressions may nest, chains of `&&` and `||` not counted: a policy must not exhaust the stack.
pub(crate) const MAX_DEPTH: usize = 64;

/// Why an expression is not taken.
type Refused = String;

/// All conditions of a policy, as one expression.
pub(crate) fn condition(policy: &Json) -> Result<Expr, Refused> {
    let clauses = policy.get("conditions").and_then(Json::as_array).ok_or("no conditions")?;
    let clauses: Result<Vec<Expr>, Refused> = clauses.iter().map(clause).collect();
    Ok(Expr::And(clauses?))
}

/// `{"type": "Group", "id": "plcs"}`.
pub(crate) fn entity(json: &Json) -> Result<Uid, Refused> {
    let json = json.get("__entity").unwrap_or(json);
    let (kind, id) = (text(json, "type")?, text(json, "id")?);
    let kind = Kind::named(kind).ok_or_else(|| format!("there is no entity type {kind}"))?;
    Ok(Uid::new(kind, id))
}

fn clause(clause: &Json) -> Result<Expr, Refused> {
    let body = expr(clause.get("body").ok_or("a condition without a body")?, MAX_DEPTH)?;
    match text(clause, "kind")? {
        "when" => Ok(body),
        "unless" => Ok(Expr::Not(Box::new(body))),
        other => Err(format!("`{other}` is not supported")),
    }
}

fn expr(json: &Json, depth: usize) -> Result<Expr, Refused> {
    let depth = depth.checked_sub(1).ok_or("the condition is nested too deeply")?;
    let object = json.as_object().ok_or("not an expression")?;
    let (name, body) = object.iter().next().ok_or("an empty expression")?;
    let read = |key: &str| field(body, key).and_then(|part| expr(part, depth));
    let boxed = |key: &str| read(key).map(Box::new);
    Ok(match name.as_str() {
        "Value" => Expr::Literal(value(body)?),
        "Var" => Expr::Variable(variable(body)?),
        "!" => Expr::Not(boxed("arg")?),
        "neg" => Expr::Negative(boxed("arg")?),
        "isEmpty" => Expr::IsEmpty(boxed("arg")?),
        "&&" => Expr::And(chain(name, body, depth)?),
        "||" => Expr::Or(chain(name, body, depth)?),
        "if-then-else" => Expr::If(Box::new([read("if")?, read("then")?, read("else")?])),
        "." => Expr::Attribute(boxed("left")?, text(body, "attr")?.into()),
        "has" => has(read("left")?, field(body, "attr")?)?,
        "is" => is(read("left")?, body, depth)?,
        "like" => Expr::Like(boxed("left")?, pattern(field(body, "pattern")?)?),
        "Set" => Expr::Set(elements(body)?.iter().map(|part| expr(part, depth)).collect::<Result<_, _>>()?),
        "Record" => record(body, depth)?,
        other => Expr::Binary(operator(other)?, Box::new([read("left")?, read("right")?])),
    })
}

fn operator(name: &str) -> Result<Operator, Refused> {
    Ok(match name {
        "==" => Operator::Equal,
        "!=" => Operator::Unequal,
        "<" => Operator::Less,
        "<=" => Operator::LessEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterEqual,
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "in" => Operator::In,
        "contains" => Operator::Contains,
        "containsAll" => Operator::ContainsAll,
        "containsAny" => Operator::ContainsAny,
        other => return Err(format!("`{other}` is not supported")),
    })
}

/// The operands of `a && b && c`, which Cedar nests to the left: as many levels as operands, read without recursion.
fn chain(name: &str, body: &Json, depth: usize) -> Result<Vec<Expr>, Refused> {
    let mut operands = Vec::new();
    let mut body = body;
    loop {
        operands.push(expr(field(body, "right")?, depth)?);
        let left = field(body, "left")?;
        match left.get(name) {
            Some(inner) => body = inner,
            None => {
                operands.push(expr(left, depth)?);
                operands.reverse();
                return Ok(operands);
            }
        }
    }
}

/// `x has a`, and `x has a.b`, which is `x has a && x.a has b`.
fn has(of: Expr, attribute: &Json) -> Result<Expr, Refused> {
    let names: Vec<SmolStr> = match attribute.as_str() {
        Some(name) => vec![name.into()],
        None => elements(attribute)?.iter().filter_map(Json::as_str).map(SmolStr::new).collect(),
    };
    let mut of = of;
    let mut parts = Vec::new();
    for name in names {
        parts.push(Expr::Has(Box::new(of.clone()), name.clone()));
        of = Expr::Attribute(Box::new(of), name);
    }
    match parts.len() {
        0 => Err("`has` without a name".to_owned()),
        1 => parts.pop().ok_or_else(String::new),
        _ => Ok(Expr::And(parts)),
    }
}

/// `x is T`, and `x is T in y`, which is `x is T && x in y`.
fn is(of: Expr, body: &Json, depth: usize) -> Result<Expr, Refused> {
    let name = text(body, "entity_type")?;
    let kind = Kind::named(name).ok_or_else(|| format!("there is no entity type {name}"))?;
    let Some(within) = body.get("in") else { return Ok(Expr::Is(Box::new(of), kind)) };
    let within = Expr::Binary(Operator::In, Box::new([of.clone(), expr(within, depth)?]));
    Ok(Expr::And(vec![Expr::Is(Box::new(of), kind), within]))
}

fn record(body: &Json, depth: usize) -> Result<Expr, Refused> {
    let fields = body.as_object().ok_or("not a record")?;
    let fields = fields.iter().map(|(name, value)| Ok((name.into(), expr(value, depth)?)));
    Ok(Expr::Record(fields.collect::<Result<_, Refused>>()?))
}

fn value(json: &Json) -> Result<Value, Refused> {
    match json {
        Json::Bool(value) => Ok(Value::Bool(*value)),
        Json::Number(number) => {
            number.as_i64().map(Value::Long).ok_or_else(|| format!("{number} is not a long"))
        }
        Json::String(text) => Ok(Value::Text(text.into())),
        Json::Object(_) => entity(json).map(Value::Entity),
        Json::Array(_) | Json::Null => Err("a literal of this kind is not supported".to_owned()),
    }
}

fn variable(json: &Json) -> Result<Variable, Refused> {
    match json.as_str() {
        Some("principal") => Ok(Variable::Principal),
        Some("action") => Ok(Variable::Action),
        Some("resource") => Ok(Variable::Resource),
        Some("context") => Ok(Variable::Context),
        _ => Err(format!("there is no variable {json}")),
    }
}

fn pattern(json: &Json) -> Result<Vec<Piece>, Refused> {
    let mut pieces = Vec::new();
    for piece in elements(json)? {
        match piece.get("Literal").and_then(Json::as_str) {
            Some(literal) => pieces.extend(literal.chars().map(Piece::One)),
            None if piece.as_str() == Some("Wildcard") => pieces.push(Piece::Any),
            None => return Err("a pattern of this kind is not supported".to_owned()),
        }
    }
    Ok(pieces)
}

fn field<'a>(json: &'a Json, key: &str) -> Result<&'a Json, Refused> {
    json.get(key).ok_or_else(|| format!("no `{key}`"))
}

fn text<'a>(json: &'a Json, key: &str) -> Result<&'a str, Refused> {
    field(json, key)?.as_str().ok_or_else(|| format!("`{key}` is no text"))
}

fn elements(json: &Json) -> Result<&Vec<Json>, Refused> {
    json.as_array().ok_or_else(|| "not a list".to_owned())
}
