//! `policies/*.cedar`: what each policy's scope says, and where it stands.
//!
//! Whether it is a policy at all, `schema` has said before.

use crate::entity::{Kind, Uid};
use crate::schema::{self, Checked};
use crate::{Effect, PolicyId, Problem};
use cedar_policy::{ActionConstraint, EntityTypeName, EntityUid, PrincipalConstraint, ResourceConstraint};
use nullius_model::SmolStr;
use std::collections::BTreeMap;

/// A policy as somebody wrote it, without its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scoped {
    pub(crate) id: PolicyId,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) text: String,
    pub(crate) effect: Effect,
    pub(crate) principal: Scope,
    pub(crate) actions: Actions,
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
    Only(Uid),
    /// This one and all in it; of this type where one is given.
    In(Option<Kind>, Uid),
    /// All of this type.
    Is(Kind),
}

/// What a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actions {
    /// Whatever is done.
    Any,
    /// This alone.
    Only(Uid),
    /// These, and what lies beneath them.
    In(Vec<Uid>),
}

/// The scopes of policies, by their ids.
pub(super) fn scopes(checked: &Checked) -> BTreeMap<PolicyId, Scoped> {
    let scoped = checked.policies.iter().filter_map(scoped);
    scoped.map(|policy| (policy.id.clone(), policy)).collect()
}

/// Nobody is left without help, where Cedar gives none.
pub(crate) fn helped(problems: Vec<Problem>) -> Vec<Problem> {
    let help =
        || Some("docs/policy.md says what policies speak of, docs/policy-cookbook.md shows some".to_owned());
    problems
        .into_iter()
        .map(|problem| Problem { help: problem.help.clone().or_else(help), ..problem })
        .collect()
}

/// Nothing for a policy that names a type the schema has not: it has been refused before.
fn scoped(authored: &schema::Authored) -> Option<Scoped> {
    let policy = &authored.policy;
    let annotation = |name| authored.annotation(name).map(SmolStr::new);
    Some(Scoped {
        id: authored.id.clone(),
        file: authored.file.clone(),
        line: authored.line,
        column: authored.column,
        text: policy.to_string(),
        effect: match policy.effect() {
            cedar_policy::Effect::Permit => Effect::Allow,
            cedar_policy::Effect::Forbid => Effect::Deny,
        },
        principal: match policy.principal_constraint() {
            PrincipalConstraint::Any => Scope::Any,
            PrincipalConstraint::Eq(of) => Scope::Only(uid(&of)?),
            PrincipalConstraint::In(of) => Scope::In(None, uid(&of)?),
            PrincipalConstraint::Is(of) => Scope::Is(kind(&of)?),
            PrincipalConstraint::IsIn(of, within) => Scope::In(Some(kind(&of)?), uid(&within)?),
        },
        actions: match policy.action_constraint() {
            ActionConstraint::Any => Actions::Any,
            ActionConstraint::Eq(of) => Actions::Only(uid(&of)?),
            ActionConstraint::In(several) => Actions::In(several.iter().map(uid).collect::<Option<_>>()?),
        },
        resource: match policy.resource_constraint() {
            ResourceConstraint::Any => Scope::Any,
            ResourceConstraint::Eq(of) => Scope::Only(uid(&of)?),
            ResourceConstraint::In(of) => Scope::In(None, uid(&of)?),
            ResourceConstraint::Is(of) => Scope::Is(kind(&of)?),
            ResourceConstraint::IsIn(of, within) => Scope::In(Some(kind(&of)?), uid(&within)?),
        },
        conditional: policy.has_non_scope_constraint(),
        owner: annotation("owner"),
        reason: annotation("reason"),
    })
}

fn uid(of: &EntityUid) -> Option<Uid> {
    let name: &str = of.id().unescaped();
    Some(Uid::new(kind(of.type_name())?, name))
}

fn kind(of: &EntityTypeName) -> Option<Kind> {
    Kind::named(&of.to_string())
}
