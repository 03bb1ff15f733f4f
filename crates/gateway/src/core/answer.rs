//! Answers to the local API, as far as they are quick.

use super::Core;
use super::Settled;
use super::policy::failure;
use crate::convert;
use nullius_engine::{Actor, Gateway, GrantId, Now, Refusal, Why};
use nullius_model::DeviceName;
use nullius_policy::Inventory;
use nullius_protocol::local::{self, Answer, Body, Command, Failure};

/// Alarms that `alarms` shows.
const ALARMS: usize = 100;

impl Core {
    /// Does what was asked, or says why not. What is answered with [`Answer::Ok`] is in the kernel and on the disk.
    pub(crate) fn answer(&mut self, command: Command, actor: &Actor) -> Answer {
        let answered = match command {
            Command::Status => Ok(Body::Status(self.status())),
            Command::Devices => Ok(self.devices()),
            Command::Device { device } => self.device(&device),
            Command::PolicyStatus => Ok(Body::Policy(self.policy_view())),
            Command::PolicyFetch { epoch } => self.fetch(epoch),
            Command::Stages => Ok(Body::Stages(convert::stages(self.engine.standing()))),
            Command::Grants => Ok(self.grants()),
            Command::Modes => Ok(Body::Modes(self.modes())),
            Command::Emergencies => Ok(self.emergencies()),
            Command::Receipt { grant } => self.receipt(grant),
            Command::Denials => Ok(self.denials()),
            Command::Alarms => Ok(Body::Alarms(self.newest_alarms(ALARMS))),
            Command::Why(question) => self.why(&question),
            act @ (Command::Approve { .. }
            | Command::Forget { .. }
            | Command::Settle { .. }
            | Command::Revoke { .. }
            | Command::Restore { .. }
            | Command::Vouch { .. }
            | Command::Assess { .. }
            | Command::StageSet { .. }
            | Command::GrantCreate { .. }
            | Command::GrantEnd { .. }
            | Command::ModeSet { .. }
            | Command::ModeClear { .. }
            | Command::EmergencyTrigger { .. }
            | Command::EmergencyArm { .. }
            | Command::EmergencyEnd { .. }
            | Command::Hold { .. }) => self.act(act, actor),
            Command::PolicyFiles { epoch } => self.files(epoch),
            Command::PolicyRollback { epoch, reason } => self.roll_back(epoch, &reason, &actor.0),
            Command::LinkState { trouble } => Ok(Body::Link(self.link_state(&trouble))),
            Command::SpoolRead { after, max } => self.spool_read(after, max),
            Command::SpoolAcked { through } => self.spool_acked(through),
            Command::PolicyApply { .. }
            | Command::Handover { .. }
            | Command::Deliver { .. }
            | Command::WatchTrust
            | Command::Tail => Err(failure("this command has an answer of its own")),
            proven @ Command::Proven { .. } => self.proven(proven),
            Command::Unproven { device, key, reason } => self.unproven(&device, key, reason),
            Command::Trust => Ok(Body::Trust(self.trust())),
        };
        match answered {
            Ok(body) => Answer::Ok(Box::new(body)),
            Err(failure) => Answer::Error(failure),
        }
    }

    /// What a person does: judged by the engine, put into the kernel, kept on the disk, and only then answered.
    fn act(&mut self, asked: Command, actor: &Actor) -> Result<Body, Failure> {
        let unknown = || Err("this command is not for the engine".to_owned());
        let command = convert::command(asked).unwrap_or_else(unknown).map_err(|error| failure(&error))?;
        let now = self.now();
        let reply = self.engine.handle_command(command, actor, now);
        let settled = self.settle_durably();
        self.done(reply, settled)
    }

    fn done(&self, reply: Result<nullius_engine::Reply, Refusal>, settled: Settled) -> Result<Body, Failure> {
        let reply = reply.map_err(|refusal| failure(&refusal.to_string()))?;
        if let Some(error) = settled.not_applied {
            return Err(Failure {
                error: format!("the kernel does not take it: {error}"),
                help: "it is tried again until it does; `nullius status` shows when".to_owned(),
                problems: Vec::new(),
            });
        }
        if let Some(error) = settled.not_saved {
            return Err(Failure {
                error: format!("it is in force, but a restart will forget it: {error}"),
                help: "make room on the disk; it is written as soon as there is some".to_owned(),
                problems: Vec::new(),
            });
        }
        if let Some(until) = reply.awaits {
            return Ok(Body::Awaits { seconds: until.since(self.now().uptime).as_secs() });
        }
        Ok(match reply.granted.and_then(|(id, _)| self.grant(id)) {
            Some(grant) => Body::Grant(grant),
            None => Body::Done,
        })
    }

    fn devices(&self) -> Body {
        let (standing, now) = (self.engine.standing(), self.now());
        let inventory = self.inventory();
        Body::Devices {
            devices: self
                .engine
                .devices()
                .map(|view| convert::device(&view, inventory, standing, now))
                .collect(),
            stations: self.engine.strangers().map(|stranger| convert::station(stranger, inventory)).collect(),
        }
    }

    fn device(&self, name: &str) -> Result<Body, Failure> {
        let found = DeviceName::new(name).ok().and_then(|name| self.engine.device(&name));
        let view = found.ok_or_else(|| Failure {
            error: format!("the inventory names no device `{}`", name.escape_debug()),
            help: "`nullius device list` shows which there are".to_owned(),
            problems: Vec::new(),
        })?;
        Ok(Body::Device(convert::device(&view, self.inventory(), self.engine.standing(), self.now())))
    }

    fn fetch(&self, epoch: Option<nullius_model::Epoch>) -> Result<Body, Failure> {
        let epoch = epoch.unwrap_or_else(|| self.epoch());
        let verified = self.store.load(epoch).map_err(|error| failure(&crate::chain(&error)))?;
        Ok(Body::Bundle { bundle: verified.bytes().to_vec() })
    }

    fn grants(&self) -> Body {
        let now = self.now();
        Body::Grants(self.engine.grants().map(|(id, grant)| convert::grant(id, grant, now)).collect())
    }

    fn modes(&self) -> local::Modes {
        let now = self.now();
        local::Modes {
            site: self.engine.standing().mode.to_string(),
            zones: self.engine.zones().map(|view| convert::zone(&view, now)).collect(),
            windows: self.engine.windows().map(|view| convert::window(&view)).collect(),
        }
    }

    fn emergencies(&self) -> Body {
        let now = self.now();
        Body::Emergencies(self.engine.emergencies().map(|view| convert::emergency(&view, now)).collect())
    }

    fn grant(&self, id: GrantId) -> Option<local::Grant> {
        let now = self.now();
        let (id, grant) = self.engine.grants().find(|(other, _)| *other == id)?;
        Some(convert::grant(id, grant, now))
    }

    fn denials(&self) -> Body {
        let now = self.now();
        Body::Denials(self.engine.denials().map(|summary| convert::denial(summary, now)).collect())
    }

    fn why(&self, question: &local::Question) -> Result<Body, Failure> {
        let Some(policy) = &self.policy else {
            return Err(failure("no policy is in force: everything is denied"));
        };
        let inventory = policy.version.repository.inventory();
        ask(&self.engine, inventory, self.epoch(), self.now(), question)
    }

    fn inventory(&self) -> &Inventory {
        static NONE: std::sync::LazyLock<Inventory> = std::sync::LazyLock::new(Inventory::default);
        self.policy.as_ref().map_or(&NONE, |policy| policy.version.repository.inventory())
    }
}

/// Asks an engine, of now or of then, why.
pub(super) fn ask(
    engine: &Gateway,
    inventory: &Inventory,
    epoch: nullius_model::Epoch,
    now: Now,
    question: &local::Question,
) -> Result<Body, Failure> {
    let question = convert::question(engine, inventory, question);
    let why = engine.why(&question.map_err(|error| failure(&error))?, now);
    Ok(Body::Why(why_view(&why, epoch)))
}

fn why_view(why: &Why, epoch: nullius_model::Epoch) -> local::Why {
    local::Why {
        allowed: why.passes(),
        epoch,
        lines: why.to_string().lines().map(str::to_owned).collect(),
        policies: why.policies.iter().map(ToString::to_string).collect(),
        missing: why.missing.iter().map(|&name| name.to_owned()).collect(),
    }
}
