//! Attack 10: bundles that must not be taken: older, altered, cut short, and signed by somebody else.

use super::Target;
use super::api;
use super::probe::{Finding, Findings};
use anyhow::{Result, bail};
use nullius_model::Epoch;
use nullius_protocol::bundle::{Bundle, SigningKey, decode_unverified};
use nullius_protocol::local::{Body, Command};

pub(super) fn run(target: &Target<'_>) -> Result<Findings> {
    let key = api::key(target.state)?;
    let older = api::bundle_in_force(target.state)?;
    let bundle = decode_unverified(&older)?;
    let newer = next(&bundle, 1).sign(&key)?;
    // what the right key signs is taken: without this, a refusal would prove nothing
    let control = apply(target, &newer)?;
    let foreign = next(&bundle, 2).sign(&SigningKey::generate()?)?;
    let cases = [
        ("an older bundle, replayed", older),
        ("a newer bundle signed by somebody else", foreign),
        ("a newer bundle with one bit turned", turned(next(&bundle, 2).sign(&key)?)),
        ("half of a newer bundle", halved(next(&bundle, 2).sign(&key)?)),
        ("nothing", Vec::new()),
    ];
    let mut of_probes = Vec::new();
    for (what, bytes) in cases {
        of_probes.push(found(what, apply(target, &bytes)?));
    }
    let stays = epoch(target)? == next(&bundle, 1).epoch;
    of_probes.push(found("another policy in force afterwards", !stays));
    Ok(Findings { of_probes, others: usize::from(control) })
}

fn found(what: &str, taken: bool) -> Finding {
    Finding { what: what.to_owned(), sent: 1, arrived: usize::from(taken), held: !taken }
}

fn next(bundle: &Bundle, by: u64) -> Bundle {
    let Epoch { term, counter } = bundle.epoch;
    Bundle { epoch: Epoch { term, counter: counter.saturating_add(by) }, ..bundle.clone() }
}

fn turned(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
    bytes
}

fn halved(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

fn apply(target: &Target<'_>, bundle: &[u8]) -> Result<bool> {
    Ok(api::ask(target.state, Command::PolicyApply { bundle: bundle.to_vec() })?.is_ok())
}

fn epoch(target: &Target<'_>) -> Result<Epoch> {
    match api::ask(target.state, Command::PolicyStatus)? {
        Ok(Body::Policy(policy)) => Ok(policy.epoch),
        _ => bail!("the gateway does not say what is in force"),
    }
}
