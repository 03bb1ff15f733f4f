//! What devices prove, and which keys prove nothing any more: the door's part, and the agents'.

use super::events::{addresses, device, number, text};
use super::{World, port};
use nullius_engine::{Actor, Command, KeyHash, NoLease, Ordered, Proof, Protection};
use nullius_model::{Epoch, Rule, SmolStr, Uptime};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// Proofs of one line: a lease of a second for a day.
const MAX_PROOFS: u64 = 200_000;

impl World {
    /// What happens to identities; nothing where the words are about something else.
    pub(super) fn happen_to_identities(&mut self, words: &[&str]) -> Result<bool, String> {
        match words {
            ["prove", name, kind, seconds] => self.prove(name, kind, seconds, None)?,
            ["prove", name, kind, seconds, "from", other] => self.prove(name, kind, seconds, Some(other))?,
            ["agents", kind, seconds, "for", total, names @ ..] if !names.is_empty() => {
                self.agents(kind, number(seconds)?, number(total)?, names)?;
            }
            ["vouch", name, seconds, reason @ ..] => self.obey(Command::Vouch {
                device: device(name)?,
                duration: Duration::from_secs(number(seconds)?),
                reason: text(reason),
            }),
            ["revoke-key", epoch, name, reason @ ..] => self.revoke_key(number(epoch)?, name, reason)?,
            ["evidence", name] => self.show_evidence(name)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A device proves its key, at its own place or at that of another.
    fn prove(&mut self, name: &str, kind: &str, seconds: &str, from: Option<&str>) -> Result<(), String> {
        let leased = self.proven(name, kind, number(seconds)?, from.unwrap_or(name))?;
        self.drain();
        match leased {
            Some(Ok(ends)) => self.say(&format!("  leased until {ends} after the start")),
            Some(Err(refusal)) => self.say(&format!("  refused: {refusal}")),
            None => self.say("  no gateway answers"),
        }
        Ok(())
    }

    fn proven(
        &mut self,
        name: &str,
        kind: &str,
        seconds: u64,
        from: &str,
    ) -> Result<Option<Result<Uptime, NoLease>>, String> {
        let protection = match kind {
            "software" => Protection::Software,
            "hardware" => Protection::Hardware,
            _ => return Err(format!("`{kind}` is neither software nor hardware")),
        };
        let proof = Proof {
            device: device(name)?,
            key: key_of(name),
            serial: SmolStr::new_static("0a"),
            protection,
            port: port(&format!("p-{from}"))?,
            mac: addresses(from)?.mac,
            addresses: BTreeSet::new(),
            duration: Duration::from_secs(seconds),
        };
        let now = self.now();
        Ok(self.gateway.as_mut().map(|gateway| gateway.handle_proof(proof, now)))
    }

    /// Healthy agents: each proves its key whenever half of its lease is over, all in the same instant.
    fn agents(&mut self, kind: &str, seconds: u64, total: u64, names: &[&str]) -> Result<(), String> {
        let rounds = (total * 2).checked_div(seconds).filter(|rounds| *rounds <= MAX_PROOFS);
        let rounds = rounds.ok_or("too many proofs")?;
        let begin = self.at;
        let (mut proofs, mut gaps, mut wanted) = (0_u64, 0, None);
        let before = self.changes;
        self.is_quiet = true;
        for round in 0..=u32::try_from(rounds).map_err(|error| error.to_string())? {
            self.wait_until(begin + Duration::from_secs(seconds) * round / 2);
            gaps += u64::from(wanted.as_ref().is_some_and(|wanted| *wanted != self.open_to(names)));
            for name in names {
                let leased = self.proven(name, kind, seconds, name)?;
                proofs += u64::from(leased.is_some_and(|leased| leased.is_ok()));
                self.drain();
            }
            wanted.get_or_insert_with(|| self.open_to(names));
        }
        self.is_quiet = false;
        let open = wanted.map(|wanted| wanted.len()).unwrap_or_default();
        let changes = self.changes - before;
        self.say(&format!("  {proofs} proofs, {changes} changes, {open} services open, {gaps} gaps"));
        Ok(())
    }

    /// What the packet path lets these devices use at this moment.
    fn open_to(&self, names: &[&str]) -> BTreeSet<Rule> {
        let now = self.uptime();
        let all = names.iter().filter_map(|name| addresses(name).ok());
        let clients: BTreeSet<IpAddr> = all.map(|addresses| addresses.v4.into()).collect();
        let open = self.kernel.iter().filter(|(rule, terms)| {
            matches!(rule, Rule::Service { client, .. } if clients.contains(client))
                && terms.ends.is_none_or(|end| end > now)
        });
        open.map(|(rule, _)| rule.clone()).collect()
    }

    /// The controller says that a key proves nothing any more. Nobody hears it while the gateway is away.
    fn revoke_key(&mut self, epoch: u64, name: &str, reason: &[&str]) -> Result<(), String> {
        let order = Ordered::RevokeKey { device: device(name)?, key: key_of(name), reason: text(reason) };
        let (now, by) = (self.now(), Actor("ben (controller)".into()));
        let Some(gateway) = &mut self.gateway else {
            self.say("  no gateway answers");
            return Ok(());
        };
        let answer = gateway.handle_order(order, Epoch { term: 1, counter: epoch }, &by, now);
        self.drain();
        if let Err(refusal) = answer {
            self.say(&format!("  refused: {refusal}"));
        }
        Ok(())
    }

    fn show_evidence(&mut self, name: &str) -> Result<(), String> {
        let name = device(name)?;
        let view = self.gateway.as_ref().and_then(|gateway| gateway.device(&name));
        let Some(view) = view else { return Err(format!("no device {name}")) };
        self.say(&format!("  {}, {}", view.lifecycle, view.assurance));
        for ground in &view.grounds {
            let until = ground.ends().map(|end| format!(", until {end} after the start"));
            self.say(&format!("    {}: {ground}{}", ground.kind(), until.unwrap_or_default()));
        }
        Ok(())
    }
}

/// A key for each name: what it is does not matter, as long as no two are the same.
fn key_of(name: &str) -> KeyHash {
    let mut key = [0; 32];
    key.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    KeyHash(key)
}
