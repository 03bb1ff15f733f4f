//! The policy in force: shown, compared, replaced, taken back.
//!
//! What goes to a gateway is signed here with the key it trusts. The number of a policy only grows, so an earlier one
//! comes back under a new number.

use nullius_model::{Epoch, inert};
use nullius_policy::Files;
use nullius_protocol::bundle::{Body as Content, Bundle, BundleError, PublicKey, SigningKey};
use nullius_protocol::local::{Body, Command, Policy};
use std::io::Write;
use std::path::Path;

use super::change;
use super::folder::{self, Folder};
use super::judged::Judged;
use crate::connection::{Connection, unexpected};
use crate::show::{json, json_value, minute, table};
use crate::{Failure, Outcome, Site, World};

/// Longest key file, in bytes: 64 digits and some room for a line end.
const MAX_KEY: usize = 256;

pub(super) fn status(site: &Site, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let body = site.connect()?.ask(Command::PolicyStatus)?;
    let Body::Policy(policy) = &body else { return Err(unexpected(&body)) };
    match site.json {
        true => json(world.out, &body)?,
        false => show(policy, world.out)?,
    }
    Ok(Outcome::Positive)
}

fn show(policy: &Policy, out: &mut dyn Write) -> Result<(), Failure> {
    let (by, made) = (inert(&policy.by), minute(&policy.made));
    match policy.epoch == Epoch::default() {
        true => writeln!(out, "no policy is in force yet: nullius policy apply DIR")?,
        false => writeln!(out, "policy {} is in force, made by {by}, {made}", policy.epoch)?,
    }
    writeln!(out, "signed by the key {}", inert(&policy.trusted))?;
    if policy.stored.is_empty() {
        return Ok(());
    }
    let stored = policy.stored.iter().map(|old| [old.epoch.to_string(), minute(&old.made), old.by.clone()]);
    Ok(write!(out, "\n{}", table(["KEPT", "MADE", "BY"], &stored.collect::<Vec<_>>()))?)
}

pub(super) fn plan(folder: &Folder, site: &Site, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let judged = Judged::acceptable(folder)?;
    let mut gateway = Gateway::of(site)?;
    let present = gateway.files_in_force()?;
    let change = change::between(present.as_ref(), &judged, world.now)?;
    match site.json {
        true => json_value(world.out, &change::described(&change))?,
        false => {
            judged.show(world.out)?;
            change::show(&change, world.out)?;
        }
    }
    Ok(Outcome::Positive)
}

pub(super) fn apply(
    folder: &Folder,
    key: Option<&Path>,
    site: &Site,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let judged = Judged::acceptable(folder)?;
    let mut gateway = Gateway::of(site)?;
    let key = gateway.key(key)?;
    if !site.json {
        let present = gateway.files_in_force()?;
        judged.show(world.out)?;
        change::show(&change::between(present.as_ref(), &judged, world.now)?, world.out)?;
    }
    gateway.put_in_force(folder.files.clone(), &key, site, world)
}

pub(super) fn rollback(
    wanted: Option<Epoch>,
    reason: &str,
    key: Option<&Path>,
    site: &Site,
    world: &mut World<'_>,
) -> Result<Outcome, Failure> {
    let mut gateway = Gateway::of(site)?;
    let key = match gateway.key(key) {
        // a controller signs: the gateway goes back by itself
        Err(_) if key.is_none() && gateway.is_handed_over() => {
            return gateway.go_back(wanted, reason, site, world);
        }
        key => key?,
    };
    let epoch = gateway.earlier(wanted)?;
    let files = gateway.files(epoch)?;
    if !site.json {
        let present = gateway.files_in_force()?;
        let judged = Judged::acceptable(&Folder { files: files.clone() })?;
        writeln!(world.out, "back to what policy {epoch} said")?;
        change::show(&change::between(present.as_ref(), &judged, world.now)?, world.out)?;
    }
    gateway.put_in_force(files, &key, site, world)
}

/// A gateway and the policy it has.
struct Gateway {
    connection: Connection,
    policy: Policy,
}

impl Gateway {
    fn of(site: &Site) -> Result<Self, Failure> {
        let mut connection = site.connect()?;
        let body = connection.ask(Command::PolicyStatus)?;
        let Body::Policy(policy) = body else { return Err(unexpected(&body)) };
        Ok(Self { connection, policy })
    }

    /// The key in `path`, or the gateway's own, if it is the one that is trusted: a bundle that will be refused is not worth an alarm.
    fn key(&self, path: Option<&Path>) -> Result<SigningKey, Failure> {
        let path = path.unwrap_or(Path::new(&self.policy.key));
        let shown = path.display();
        let digits = folder::text(path, MAX_KEY)?;
        let key = SigningKey::from_seed(digits.trim())
            .map_err(|error| Failure::Unable(format!("`{shown}` holds no key: {error}")))?;
        match key.public().to_string() == self.policy.trusted {
            true => Ok(key),
            false => Err(Failure::refused(format!(
                "the gateway does not trust the key in `{shown}`: name the key that signed policy {} with --key",
                self.policy.epoch
            ))),
        }
    }

    /// Its own key is there, and is not the one whose signature counts.
    fn is_handed_over(&self) -> bool {
        let digits = folder::text(Path::new(&self.policy.key), MAX_KEY);
        let key = digits.ok().and_then(|digits| SigningKey::from_seed(digits.trim()).ok());
        key.is_some_and(|key| key.public().to_string() != self.policy.trusted)
    }

    fn go_back(
        &mut self,
        wanted: Option<Epoch>,
        reason: &str,
        site: &Site,
        world: &mut World<'_>,
    ) -> Result<Outcome, Failure> {
        let command = Command::PolicyRollback { epoch: wanted, reason: reason.to_owned() };
        let body = self.connection.ask(command)?;
        let Body::Policy(policy) = &body else { return Err(unexpected(&body)) };
        match site.json {
            true => json(world.out, &body)?,
            false => writeln!(
                world.out,
                "policy {} is in force again until the controller sends another; `nullius hold on` keeps it",
                policy.epoch
            )?,
        }
        Ok(Outcome::Positive)
    }

    fn files_in_force(&mut self) -> Result<Option<Files>, Failure> {
        match self.policy.epoch == Epoch::default() {
            true => Ok(None),
            false => self.files(self.policy.epoch).map(Some),
        }
    }

    fn files(&mut self, epoch: Epoch) -> Result<Files, Failure> {
        let body = self.connection.ask(Command::PolicyFetch { epoch: Some(epoch) })?;
        let Body::Bundle { bundle: bytes } = body else { return Err(unexpected(&body)) };
        let trusted =
            PublicKey::from_text(&self.policy.trusted).map_err(|error| Failure::unable(error.to_string()))?;
        let earlier_signer = self.is_handed_over();
        match Bundle::open(&bytes, &trusted).map(|bundle| bundle.body) {
            Ok(Content::Policy(files)) => Ok(files),
            Ok(Content::Handover(_) | Content::Order { .. }) => {
                Err(Failure::refused(format!("{epoch} is no policy: name another")))
            }
            // a change of another policy: the gateway puts it together, and verifies each
            Ok(Content::PolicyDelta(_)) => self.put_together(epoch),
            Err(BundleError::Signature) if earlier_signer => self.put_together(epoch),
            Err(error) => {
                Err(Failure::refused(format!("policy {epoch} is kept, but not as it was signed: {error}")))
            }
        }
    }

    fn put_together(&mut self, epoch: Epoch) -> Result<Files, Failure> {
        let body = self.connection.ask(Command::PolicyFiles { epoch: Some(epoch) })?;
        let Body::Files(files) = body else { return Err(unexpected(&body)) };
        Ok(files)
    }

    fn earlier(&self, wanted: Option<Epoch>) -> Result<Epoch, Failure> {
        let stored = || self.policy.stored.iter().map(|stored| stored.epoch);
        match wanted {
            Some(epoch) if stored().any(|stored| stored == epoch) => Ok(epoch),
            Some(epoch) => Err(Failure::refused(format!(
                "policy {epoch} is not kept: `nullius policy status` lists those that are"
            ))),
            None => stored().filter(|&epoch| epoch < self.policy.epoch).max().ok_or_else(|| {
                Failure::refused("no earlier policy is kept: apply a folder with `nullius policy apply`")
            }),
        }
    }

    fn put_in_force(
        &mut self,
        files: Files,
        key: &SigningKey,
        site: &Site,
        world: &mut World<'_>,
    ) -> Result<Outcome, Failure> {
        let Epoch { term, counter } = self.policy.epoch;
        let epoch = Epoch { term: term.max(1), counter: counter.saturating_add(1) };
        let (made, by) = (world.now.as_secs(), world.who.clone());
        let bundle = Bundle { epoch, made, by, body: Content::Policy(files) };
        let bundle = bundle.sign(key).map_err(|error| Failure::refused(error.to_string()))?;
        let body = self.connection.ask(Command::PolicyApply { bundle })?;
        let Body::Policy(policy) = &body else { return Err(unexpected(&body)) };
        match site.json {
            true => json(world.out, &body)?,
            false => writeln!(
                world.out,
                "policy {} is in force; `nullius policy rollback` takes it back",
                policy.epoch
            )?,
        }
        Ok(Outcome::Positive)
    }
}
