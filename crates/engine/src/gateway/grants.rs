//! Grants: made, ended, and never extended (R-28, attack 19).

use super::Gateway;
use super::perimeters::Work;
use crate::site::Id;
use crate::{Act, Actor, Grant, GrantEnd, GrantId, GrantRequest, Refusal, Reply};
use nullius_model::{DeviceName, Verdict};
use std::time::Duration;

/// Shorter is a slip of the hand.
const SHORTEST: Duration = Duration::from_secs(1);

/// Number of the first grant there ever is: people count from one.
const FIRST: u64 = 1;

impl Gateway {
    pub(super) fn grant(&mut self, request: GrantRequest, by: &Actor) -> Result<Reply, Refusal> {
        self.open_grant(request, by, Some(by))
    }

    /// The same; `asker` counts as an approver, where there is one.
    pub(super) fn open_grant(
        &mut self,
        request: GrantRequest,
        by: &Actor,
        asker: Option<&Actor>,
    ) -> Result<Reply, Refusal> {
        let pair = self.check_grant(&request)?;
        let grant = self.chained(request, asker)?;
        let id = GrantId(self.standing.next_grant.max(FIRST));
        self.standing.grants.insert(id, grant.clone());
        self.index_grants();
        if let Some(refusal) = self.forbidden(pair, &grant) {
            self.standing.grants.remove(&id);
            self.index_grants();
            return Err(refusal);
        }
        self.standing.next_grant = id.0.saturating_add(1);
        let work = self.refresh_pairs(&[pair]);
        self.save();
        let ends = grant.ends;
        self.open_transcript(id, &grant);
        let Grant { subject, object, reason, work_order, .. } = grant;
        self.audit(Some(by), Act::Granted { grant: id, subject, object, ends, reason, work_order }, work);
        Ok(Reply { granted: Some((id, ends)), ..work.into() })
    }

    pub(super) fn end_grant(&mut self, id: GrantId, why: GrantEnd, by: &Actor) -> Result<Reply, Refusal> {
        let grant = self.standing.grants.remove(&id).ok_or(Refusal::UnknownGrant(id))?;
        self.index_grants();
        let pairs: Vec<_> = self.pair_of(&grant).into_iter().collect();
        let work = self.refresh_pairs(&pairs);
        self.save();
        self.record_end(Some(by), id, &grant, why, work);
        Ok(work.into())
    }

    /// Ends what is over. The packet path ended it by itself already; this writes it down.
    pub(super) fn end_grants(&mut self) {
        let now = self.now.uptime;
        let over: Vec<_> = self.standing.grants.extract_if(.., |_, grant| grant.ends <= now).collect();
        if over.is_empty() {
            return;
        }
        self.index_grants();
        let pairs: Vec<_> = over.iter().filter_map(|(_, grant)| self.pair_of(grant)).collect();
        let work = self.refresh_pairs(&pairs);
        self.save();
        for (id, grant) in &over {
            self.record_end(None, *id, grant, GrantEnd::Expired, work);
        }
    }

    /// Takes every grant that names a revoked device; the caller judges anew what depends on it.
    pub(super) fn drop_grants_of(&mut self, device: &DeviceName) {
        let named = |grant: &Grant| grant.subject == *device || grant.object.device == *device;
        let over: Vec<_> = self.standing.grants.extract_if(.., |_, grant| named(grant)).collect();
        self.index_grants();
        for (id, grant) in over {
            self.record_end(None, id, &grant, GrantEnd::Revoked(device.clone()), Work::default());
        }
    }

    /// A standing from another boot: its uptimes mean nothing here, so its grants are over and its postures are old.
    pub(super) fn leave_other_boot(&mut self) {
        if self.standing.boot == self.settings.boot {
            return;
        }
        self.standing.boot = self.settings.boot.clone();
        for (id, grant) in std::mem::take(&mut self.standing.grants) {
            self.record_end(None, id, &grant, GrantEnd::Rebooted, Work::default());
        }
        self.leave_other_calendar();
        self.leave_other_proofs();
        for assessment in self.standing.assessments.values_mut() {
            *assessment = assessment.after_reboot();
        }
        self.save();
    }

    /// Finds the grants of two devices quickly. A grant whose devices the policy no longer names gives nothing.
    pub(super) fn index_grants(&mut self) {
        self.grants.clear();
        for (&id, grant) in &self.standing.grants {
            if let Some(pair) = self.pair_of(grant) {
                self.grants.entry(pair).or_default().push(id);
            }
        }
    }

    fn pair_of(&self, grant: &Grant) -> Option<(Id, Id)> {
        let site = self.site.as_ref()?;
        Some((site.id(&grant.subject)?, site.id(&grant.object.device)?))
    }

    fn check_grant(&self, request: &GrantRequest) -> Result<(Id, Id), Refusal> {
        let limits = &self.settings.limits;
        let GrantRequest { subject, object, duration, .. } = request;
        let pair = (self.known(subject)?, self.known(&object.device)?);
        let inventory = self.site.as_ref().ok_or(Refusal::NoPolicy)?.inventory();
        inventory.service(object).ok_or_else(|| Refusal::UnknownService(object.clone()))?;
        let revoked =
            [subject, &object.device].into_iter().find(|name| self.standing.revoked.contains_key(*name));
        match () {
            () if let Some(device) = revoked => Err(Refusal::Revoked(device.clone())),
            () if *duration < SHORTEST => Err(Refusal::TooShort),
            () if *duration > limits.longest_grant => Err(Refusal::TooLong(limits.longest_grant)),
            () if self.standing.grants.len() >= limits.grants => Err(Refusal::TooManyGrants(limits.grants)),
            () => Ok(pair),
        }
    }

    /// The grant that is asked for, tied to those it overlaps.
    fn chained(&self, request: GrantRequest, asker: Option<&Actor>) -> Result<Grant, Refusal> {
        let GrantRequest { subject, object, verbs, duration, reason, work_order, mut approvers } = request;
        let live =
            self.standing.grants.values().filter(|live| live.subject == subject && live.object == object);
        let chain_began =
            live.map(|live| live.chain_began).chain([self.now.uptime]).min().unwrap_or_default();
        let (made, ends) = (self.now.wall, self.now.uptime.after(duration));
        let limit = self.settings.limits.longest_chain;
        if ends.since(chain_began) > limit {
            return Err(Refusal::ChainTooLong(limit));
        }
        approvers.extend(asker.map(|asker| asker.0.clone()));
        Ok(Grant { subject, object, verbs, made, chain_began, ends, reason, work_order, approvers })
    }

    /// The forbids that defeat a grant, if any do: told now, rather than found out at the machine. What they overrule
    /// beside the grant is not named; where no forbid spoke, a policy failed, and that is.
    fn forbidden(&self, (subject, object): (Id, Id), grant: &Grant) -> Option<Refusal> {
        let facts = self.facts()?;
        let permits: Vec<_> =
            facts.permits(subject, object, &grant.object).into_iter().map(|(_, permit)| permit).collect();
        let asker = facts.asker(subject)?;
        let inputs = facts.inputs(&asker, object);
        let (connection, _) = facts.connection(&asker, object, &grant.object, inputs, &permits);
        if connection.verdict != Verdict::Deny {
            return None;
        }
        let spoke = connection.reasons.into_iter().filter(|id| permits.iter().all(|permit| permit.id != *id));
        let policies = &facts.site.version.policies;
        let (forbids, others): (Vec<_>, Vec<_>) = spoke.partition(|id| policies.is_forbid(id));
        Some(Refusal::Forbidden(if forbids.is_empty() { others } else { forbids }))
    }

    fn record_end(&mut self, by: Option<&Actor>, id: GrantId, grant: &Grant, why: GrantEnd, work: Work) {
        self.close_transcript(id, &why);
        let Grant { subject, object, .. } = grant.clone();
        self.audit(by, Act::GrantEnded { grant: id, subject, object, why }, work);
    }
}
