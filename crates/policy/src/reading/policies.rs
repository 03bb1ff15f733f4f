//! `policies/*.cedar`: each policy by itself, with its id and its place.
//!
//! Whether a policy fits the schema is not asked here; what Cedar cannot read, is a template, is nested too deep or has
//! the id of another is refused.

use super::statements::{Statement, statements};
use crate::{Effect, PolicyId, PolicySource, Problem};
use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, ResourceConstraint, Template};
use miette::Diagnostic;
use nullius_model::SmolStr;
use std::collections::BTreeMap;

/// Most policies of one site.
const MAX_POLICIES: usize = 20_000;
/// Longest policy, in bytes, and deepest nesting of brackets: both cost stack where a syntax tree is walked.
const MAX_POLICY: usize = 16 << 10;
const MAX_DEPTH: usize = 48;
/// Longest id.
const MAX_ID: usize = 128;
/// Most problems told of one file.
const MAX_PROBLEMS: usize = 200;

/// A policy as somebody wrote it: what its scope says, without its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authored {
    pub(crate) id: PolicyId,
    pub(crate) file: String,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) effect: Effect,
    pub(crate) principal: Scope,
    /// Any of these, or of what is in them; none stands for every action.
    pub(crate) actions: Vec<EntityUid>,
    pub(crate) resource: Scope,
    /// It has a `when` or an `unless`.
    pub(crate) conditional: bool,
    pub(crate) owner: Option<SmolStr>,
    pub(crate) reason: Option<SmolStr>,
}

/// Whom a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everybody.
    Any,
    /// This one.
    Only(EntityUid),
    /// This one and all in it; of this type where one is given.
    In(Option<String>, EntityUid),
    /// All of this type.
    Is(String),
}

pub(super) fn read(sources: &[PolicySource], problems: &mut Vec<Problem>) -> BTreeMap<PolicyId, Authored> {
    let mut read = BTreeMap::new();
    for source in sources {
        let mut found = Vec::new();
        for (number, statement) in statements(&source.text).into_iter().enumerate() {
            match one(source, number, statement) {
                Ok(policy) => register(policy, source, &mut found, &mut read),
                Err(wrong) => found.extend(wrong),
            }
        }
        found.truncate(MAX_PROBLEMS);
        problems.append(&mut found);
    }
    if read.len() > MAX_POLICIES {
        let message = format!("{} policies; the limit is {MAX_POLICIES}", read.len());
        problems
            .push(Problem::of_file("policies", message).with_help("use groups: one policy for many devices"));
    }
    read
}

fn register(
    policy: Authored,
    source: &PolicySource,
    problems: &mut Vec<Problem>,
    read: &mut BTreeMap<PolicyId, Authored>,
) {
    if let Some(other) = read.get(&policy.id) {
        let message = format!("a second policy has the id `{}`; the other is in {}", policy.id, other.file);
        let problem = Problem::error(&source.file, &source.text, policy.offset, message);
        problems
            .push(problem.with_help("decisions are explained by id: give each policy its own @id(\"…\")"));
    } else {
        read.insert(policy.id.clone(), policy);
    }
}

fn one(source: &PolicySource, number: usize, statement: Statement<'_>) -> Result<Authored, Vec<Problem>> {
    let problem = |offset: usize, message: String, help: &str| {
        vec![Problem::error(&source.file, &source.text, statement.offset + offset, message).with_help(help)]
    };
    if statement.text.len() > MAX_POLICY || statement.depth > MAX_DEPTH {
        let message = format!("a policy of {} bytes, nested {} deep", statement.text.len(), statement.depth);
        let help = format!("split it; the limits are {MAX_POLICY} bytes and {MAX_DEPTH} levels of brackets");
        return Err(problem(0, message, &help));
    }
    let policy = Policy::parse(None, statement.text).map_err(|errors| {
        if Template::parse(None, statement.text).is_ok_and(|template| template.slots().next().is_some()) {
            return problem(
                0,
                "a template cannot be used here".to_owned(),
                "write the policy out, or use a group",
            );
        }
        errors
            .iter()
            .flat_map(|error| problem(offset_of(error), error.to_string(), &help_of(error)))
            .collect()
    })?;
    let id = match policy.annotation("id") {
        Some(id) => id.to_owned(),
        None => format!("{}#{}", stem(&source.file), number + 1),
    };
    if id.is_empty() || id.len() > MAX_ID || id.chars().any(char::is_control) {
        return Err(problem(
            0,
            format!("`{}` is no id", id.escape_debug()),
            "write one short line: @id(\"hmi-reads\")",
        ));
    }
    Ok(authored(&policy, PolicyId(SmolStr::new(id)), source, statement))
}

fn authored(policy: &Policy, id: PolicyId, source: &PolicySource, statement: Statement<'_>) -> Authored {
    Authored {
        id,
        file: source.file.clone(),
        offset: statement.offset,
        length: statement.text.len(),
        effect: match policy.effect() {
            cedar_policy::Effect::Permit => Effect::Allow,
            cedar_policy::Effect::Forbid => Effect::Deny,
        },
        principal: match policy.principal_constraint() {
            PrincipalConstraint::Any => Scope::Any,
            PrincipalConstraint::Eq(uid) => Scope::Only(uid),
            PrincipalConstraint::In(uid) => Scope::In(None, uid),
            PrincipalConstraint::Is(kind) => Scope::Is(kind.to_string()),
            PrincipalConstraint::IsIn(kind, uid) => Scope::In(Some(kind.to_string()), uid),
        },
        actions: match policy.action_constraint() {
            ActionConstraint::Any => Vec::new(),
            ActionConstraint::Eq(uid) => vec![uid],
            ActionConstraint::In(uids) => uids,
        },
        resource: match policy.resource_constraint() {
            ResourceConstraint::Any => Scope::Any,
            ResourceConstraint::Eq(uid) => Scope::Only(uid),
            ResourceConstraint::In(uid) => Scope::In(None, uid),
            ResourceConstraint::Is(kind) => Scope::Is(kind.to_string()),
            ResourceConstraint::IsIn(kind, uid) => Scope::In(Some(kind.to_string()), uid),
        },
        conditional: policy.has_non_scope_constraint(),
        owner: policy.annotation("owner").map(SmolStr::new),
        reason: policy.annotation("reason").map(SmolStr::new),
    }
}

fn offset_of(error: &dyn Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

fn help_of(error: &dyn Diagnostic) -> String {
    error.help().map_or_else(
        || "see docs/policy-cookbook.md for policies that work".to_owned(),
        |help| help.to_string(),
    )
}

/// `policies/hmi.cedar` is `hmi`.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".cedar").unwrap_or(name)
}
