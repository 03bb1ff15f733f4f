//! Why something is allowed or is not, as the record alone has it: for when no gateway can be asked.
//!
//! INVARIANT: what only a gateway knows (where a device is, how it behaves, which grants run) counts as unknown, and what
//! is unknown is never good.

use super::plan::moment;
use crate::http::Problem;
use nullius_model::{Assurance, DeviceName, SmolStr, Timestamp, VerbClass};
use nullius_policy::{
    Directory, Effect, Explanation, Files, Inputs, Policies, Repository, Request, ServiceId, explain, verbs,
};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Who.
    pub(crate) subject: String,
    /// To whom.
    pub(crate) object: String,
    /// On what: the name of a service, `tcp/502`, or a port.
    pub(crate) service: String,
    /// To do what; the connection itself where none is given.
    pub(crate) verb: Option<String>,
}

/// The answer, by the policy in force and what was last reported of the subject's identity.
///
/// # Errors
/// 422 where the record does not know what was asked about.
pub(crate) fn explained(
    files: &Files,
    asked: &Asked,
    ia: u8,
    now: Timestamp,
) -> Result<Explanation, Problem> {
    let unread = |_| Problem::conflict("no-policy", "the policy in force cannot be read");
    let repository = Repository::parse(files).map_err(unread)?;
    let policies = Policies::compile(&repository).map_err(unread)?;
    let directory = Directory::from_inventory(repository.inventory());
    let request = request(&repository, asked)?;
    let assurance = Assurance::ALL.get(usize::from(ia)).copied().unwrap_or_default();
    let inputs = Inputs { assurance, ..Inputs::default() };
    Ok(explain(&repository, &policies, &directory, &request, &inputs, &moment(now), &[]))
}

/// It is allowed.
pub(crate) fn allowed(explanation: &Explanation) -> bool {
    explanation.decision.effect == Effect::Allow
}

fn request(repository: &Repository, asked: &Asked) -> Result<Request, Problem> {
    let unknown = |what: &str| Problem::wrong("not-there", format!("the policy in force has no such {what}"));
    let devices = &repository.inventory().devices;
    let named = |name: &str| DeviceName::new(name).ok().filter(|name| devices.contains_key(name));
    let subject = named(&asked.subject).ok_or_else(|| unknown("subject"))?;
    let object = named(&asked.object).and_then(|name| devices.get(&name)).ok_or_else(|| unknown("object"))?;
    let matches = |service: &&nullius_policy::inventory::Service| {
        let channel = service.channel.to_string();
        let port = channel.split('/').nth(1);
        service.name == asked.service || channel == asked.service || port == Some(asked.service.as_str())
    };
    let service = object.services.values().find(matches).ok_or_else(|| unknown("service"))?;
    let known = verbs(service.protocol);
    let (verb, class) = match &asked.verb {
        None => known.first().map_or(("connect", VerbClass::Connect), |verb| (verb.name, verb.class)),
        Some(word) => {
            let verb = known.iter().find(|verb| verb.name == word || verb.class.name() == word);
            verb.map(|verb| (verb.name, verb.class)).ok_or_else(|| unknown("verb"))?
        }
    };
    let object = ServiceId { device: object.name.clone(), service: service.name.clone() };
    Ok(Request { subject, object, verb: SmolStr::new(verb), class, message: None })
}
