//! One policy, compiled.

use super::clock::Clock;
use crate::decision::{Effect, PolicyId};
use crate::directory::Entity;
use crate::entity::{Kind, Uid};
use crate::ir::{self, Expr, Reads};
use crate::vocabulary::{self, Language};
use serde_json::Value as Json;

/// One policy, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: PolicyId,
    pub(crate) effect: Effect,
    pub(crate) subject: Scope,
    pub(crate) object: Scope,
    verbs: [u64; Language::ALL.len()],
    pub(crate) condition: Expr,
    pub(crate) reads: Reads,
    pub(crate) clock: Clock,
}

/// Whom a policy speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    kind: Option<Kind>,
    pub(crate) of: Option<Uid>,
    /// The entity itself, and nothing in it.
    is_exact: bool,
}

impl Rule {
    /// From the JSON form of a policy.
    ///
    /// # Errors
    /// What in it cannot be taken.
    pub(crate) fn read(id: PolicyId, policy: &Json) -> Result<Self, String> {
        let part = |name: &str| policy.get(name).ok_or_else(|| format!("no {name}"));
        let condition = ir::condition(policy)?;
        Ok(Self {
            id,
            effect: match part("effect")?.as_str() {
                Some("permit") => Effect::Allow,
                Some("forbid") => Effect::Deny,
                _ => return Err("the effect is neither permit nor forbid".to_owned()),
            },
            subject: Scope::read(part("principal")?)?,
            object: Scope::read(part("resource")?)?,
            verbs: verbs(part("action")?)?,
            reads: Reads::of(&condition),
            clock: Clock::of(&condition),
            condition,
        })
    }

    /// The verbs of `language` it speaks of, one bit each.
    pub(crate) fn verbs(&self, language: Language) -> u64 {
        self.verbs.get(language as usize).copied().unwrap_or_default()
    }
}

impl Scope {
    fn read(json: &Json) -> Result<Self, String> {
        let of = json.get("entity").or_else(|| json.get("in")?.get("entity"));
        if json.get("slot").is_some() || json.get("in").is_some_and(|within| within.get("slot").is_some()) {
            return Err("templates are not supported".to_owned());
        }
        let kind = match json.get("entity_type").and_then(Json::as_str) {
            Some(name) => Some(Kind::named(name).ok_or_else(|| format!("there is no entity type {name}"))?),
            None => None,
        };
        let is_exact = json.get("op").and_then(Json::as_str) == Some("==");
        Ok(Self { kind, of: of.map(ir::entity).transpose()?, is_exact })
    }

    pub(crate) fn contains(&self, entity: &Entity) -> bool {
        self.kind.is_none_or(|kind| kind == entity.uid.kind)
            && self.of.as_ref().is_none_or(|of| match self.is_exact {
                true => entity.uid == *of,
                false => entity.is_in(of),
            })
    }
}

fn verbs(json: &Json) -> Result<[u64; Language::ALL.len()], String> {
    let several = json.get("entities").and_then(Json::as_array);
    let named = json.get("entity").into_iter().chain(several.into_iter().flatten());
    let named: Vec<Uid> = named.map(ir::entity).collect::<Result<_, _>>()?;
    let is_any = json.get("entity").is_none() && several.is_none();
    let is_exact = json.get("op").and_then(Json::as_str) == Some("==");
    Ok(Language::ALL.map(|language| {
        let verbs = language.verbs().iter().enumerate();
        let fits = |action: &str| is_any || named.iter().any(|uid| names(uid, action, language, is_exact));
        verbs.filter(|(_, verb)| fits(verb.action)).fold(0, |bits, (bit, _)| bits | 1 << bit)
    }))
}

fn names(uid: &Uid, action: &str, language: Language, is_exact: bool) -> bool {
    match uid.kind {
        Kind::Action(of) if is_exact => of == language && uid.name == action,
        Kind::Action(of) => vocabulary::is_within(action, language, &uid.name, of),
        Kind::Device | Kind::Service | Kind::Group | Kind::Zone | Kind::User | Kind::ServiceAccount => false,
    }
}
