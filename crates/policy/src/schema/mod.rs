//! The published Cedar schema, and policies held against it.
//!
//! Policies are validated strictly: an optional input is only read after `has`, a comparison only between things of one
//! type. What can then still fail when a policy is evaluated is arithmetic that leaves 64 bits, and an attribute of an
//! entity the inventory does not declare.

mod split;

use crate::{PolicyId, PolicySource, Problem};
use cedar_policy::{Policy, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use nullius_model::SmolStr;
use split::Statement;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What policies speak about, in Cedar's schema language, version 1.
pub const SCHEMA: &str = include_str!("../../schema/nullius-1.cedarschema");

/// More policies than any site needs; a repository of many small ones must not hold up a gateway.
pub const MAX_POLICIES: usize = 20_000;

/// A policy that fits the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authored {
    pub(crate) id: PolicyId,
    /// Path in the repository.
    pub(crate) file: String,
    /// Of its first character, from 1.
    pub(crate) line: u32,
    /// Of its first character, from 1.
    pub(crate) column: u32,
    pub(crate) policy: Policy,
}

impl Authored {
    /// An error at the start of this policy.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { line: self.line, column: self.column, ..Problem::of_file(&self.file, message) }
    }

    /// The text of an annotation.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.policy.annotation(name)
    }
}

/// Policies that fit the schema, in the order they are written, and what is odd about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) policies: Vec<Authored>,
    pub(crate) warnings: Vec<Problem>,
}

/// The policies of all sources.
///
/// # Errors
/// A [`Problem`] for each that does not parse, does not fit the schema, or has the id of another.
pub(crate) fn check(sources: &[PolicySource]) -> Result<Checked, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut found: BTreeMap<PolicyId, (&PolicySource, Statement<'_>)> = BTreeMap::new();
    let mut policies = Vec::new();
    for (source, statement, number) in statements(sources, &mut problems) {
        match parsed(source, statement, number) {
            Ok(policy) if found.contains_key(&policy.id) => {
                problems.push(policy.problem(format!("another policy has the id `{}`", policy.id)));
            }
            Ok(policy) => {
                found.insert(policy.id.clone(), (source, statement));
                policies.push(policy);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if policies.len() > MAX_POLICIES {
        problems.push(Problem::of_file("policies", format!("more than {MAX_POLICIES} policies")));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let warnings = validated(&policies, &found)?;
    Ok(Checked { policies, warnings })
}

/// The schema as Cedar reads it.
///
/// # Errors
/// Never for the published one, which a test reads.
pub(crate) fn schema() -> Result<&'static Schema, String> {
    static READ: LazyLock<Result<Schema, String>> =
        LazyLock::new(|| match Schema::from_cedarschema_str(SCHEMA) {
            Ok((schema, _)) => Ok(schema),
            Err(error) => Err(error.to_string()),
        });
    READ.as_ref().map_err(Clone::clone)
}

type Numbered<'s> = (&'s PolicySource, Statement<'s>, usize);

fn statements<'s>(sources: &'s [PolicySource], problems: &mut Vec<Problem>) -> Vec<Numbered<'s>> {
    let mut all = Vec::new();
    for source in sources {
        match split::statements(&source.text) {
            Ok(found) => {
                all.extend(found.into_iter().enumerate().map(|(place, found)| (source, found, place + 1)));
            }
            Err((at, message)) => problems.push(Problem::error(&source.file, &source.text, at, message)),
        }
    }
    all
}

fn parsed(source: &PolicySource, statement: Statement<'_>, number: usize) -> Result<Authored, Problem> {
    let policy = Policy::parse(None, statement.text).map_err(|errors| problem(&errors, source, statement))?;
    let named = policy.annotation("id").filter(|id| !id.is_empty());
    let id = named.map_or_else(|| smol_str::format_smolstr!("{}#{number}", source.file), SmolStr::new);
    let start = Problem::error(&source.file, &source.text, statement.start, "");
    let policy = policy.new_id(cedar_policy::PolicyId::new(&id));
    Ok(Authored {
        id: PolicyId(id),
        file: source.file.clone(),
        line: start.line,
        column: start.column,
        policy,
    })
}

fn validated(
    policies: &[Authored],
    found: &BTreeMap<PolicyId, (&PolicySource, Statement<'_>)>,
) -> Result<Vec<Problem>, Vec<Problem>> {
    let whole = |message: String| vec![Problem::of_file("policies", message)];
    let set = PolicySet::from_policies(policies.iter().map(|authored| authored.policy.clone()));
    let set = set.map_err(|error| whole(error.to_string()))?;
    let validator = Validator::new(schema().map_err(whole)?.clone());
    let result = validator.validate(&set, ValidationMode::Strict);
    let place = |id: &cedar_policy::PolicyId, diagnostic: &dyn Diagnostic| {
        let id: &str = id.as_ref();
        match found.get(&PolicyId(id.into())) {
            Some((source, statement)) => problem(diagnostic, source, *statement),
            None => Problem::of_file("policies", diagnostic.to_string()),
        }
    };
    let mut errors: Vec<Problem> =
        result.validation_errors().map(|error| place(error.policy_id(), error)).collect();
    let mut warnings: Vec<Problem> =
        result.validation_warnings().map(|warning| place(warning.policy_id(), warning).warning()).collect();
    // One mistake is found again for each verb it is checked with.
    for problems in [&mut errors, &mut warnings] {
        problems.sort_unstable();
        problems.dedup();
    }
    if errors.is_empty() { Ok(warnings) } else { Err(errors) }
}

/// Where Cedar says a mistake in a statement is, or at its start.
fn problem(
    diagnostic: &(impl Diagnostic + ?Sized),
    source: &PolicySource,
    statement: Statement<'_>,
) -> Problem {
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    let within = label.map_or(0, |label| label.offset()).min(statement.text.len());
    let problem = Problem::error(&source.file, &source.text, statement.start + within, message(diagnostic));
    match diagnostic.help() {
        Some(help) => problem.with_help(help.to_string()),
        None => problem,
    }
}

/// Cedar's words, without the name it gives to a policy: file and line say which.
fn message(diagnostic: &(impl Diagnostic + ?Sized)) -> String {
    let message = diagnostic.to_string();
    match message.split_once("`, ") {
        Some((policy, rest)) if policy.starts_with("for policy `") => rest.to_owned(),
        _ => message,
    }
}
