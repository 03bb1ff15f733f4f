//! Carrying acts out.

use super::{Act, Actor, Done};
use crate::http::Problem;
use crate::record::{devices, grants, policy, site, tell};
use nullius_model::Epoch;
use nullius_protocol::local::StageTarget;
use nullius_protocol::order::Order;
use nullius_store::Tx;
use nullius_store::standing::{self, Standing};

impl Act {
    /// Does it. `approvers` are those who agreed beside who asked, as the log has them.
    ///
    /// # Errors
    /// What stands in its way; then nothing has changed.
    pub(crate) fn carry_out(
        &self,
        tx: &mut Tx<'_>,
        site: &str,
        actor: &Actor,
        approvers: &[String],
    ) -> Result<Done, Problem> {
        match self {
            Self::Device { device, event, seen, reason } => {
                let event = event.event(site, &devices::find(tx, site, device)?);
                let moved = devices::transition(tx, site, actor, (device, *seen), (event, reason))?;
                Ok(Done { epoch: moved.epoch, outcome: format!("{device} is {}", moved.device.life.state()) })
            }
            Self::Stage { target, stage, despite, reason } => {
                self.possible(tx, site)?;
                let order =
                    Order::Stage { target: target.clone(), stage: stage.clone(), despite: despite.clone() };
                told(tell::order(tx, site, actor, &order, (stage, reason))?, format!("the stage is {stage}"))
            }
            Self::Mode { mode, zone, reason } => {
                self.possible(tx, site)?;
                let order = Order::Mode { mode: mode.clone(), zone: zone.clone(), reason: reason.clone() };
                told(tell::order(tx, site, actor, &order, (mode, reason))?, format!("the mode is {mode}"))
            }
            Self::Grant { grant } => grants::begin(tx, site, actor, grant, approvers),
            Self::Policy { revision, reason } => policy::apply(tx, site, actor, *revision, reason),
            Self::TwoPerson { on, reason } => {
                super::noted(tx, site, actor, (self, reason))?;
                let value = if *on { "on" } else { "off" };
                let rule = Standing {
                    key: site::TWO_PERSON.to_owned(),
                    value: value.to_owned(),
                    version: 0,
                    author: actor.who.clone(),
                    made: actor.seconds(),
                    reason: reason.clone(),
                    epoch: Epoch::default(),
                };
                standing::put(tx, site, &rule)?;
                Ok(Done { epoch: None, outcome: format!("the rule of two people is {value}") })
            }
        }
    }

    /// Whether what it is about is there: nobody is asked to agree to what cannot be.
    pub(super) fn possible(&self, tx: &mut Tx<'_>, site: &str) -> Result<(), Problem> {
        let known = |tx: &mut Tx<'_>, zone: &str| {
            let zones = site::zones(tx, site)?;
            let known = zones.is_some_and(|zones| zones.classes().contains_key(zone));
            if known {
                Ok(())
            } else {
                Err(Problem::wrong("no-zone", "the policy in force has no such zone"))
            }
        };
        match self {
            Self::Stage { target: StageTarget::Device(device), .. } => {
                devices::find(tx, site, device).map(drop)
            }
            Self::Stage { target: StageTarget::Conduit { from, to }, .. } => {
                known(tx, from)?;
                known(tx, to)
            }
            Self::Mode { zone: Some(zone), .. } => known(tx, zone),
            Self::Policy { revision, .. } => policy::find(tx, site, *revision).map(drop),
            Self::Grant { grant } => grants::find(tx, site, grant).map(drop),
            Self::Device { device, .. } => devices::find(tx, site, device).map(drop),
            Self::Stage { .. } | Self::Mode { .. } | Self::TwoPerson { .. } => Ok(()),
        }
    }
}

fn told(epoch: Epoch, outcome: String) -> Result<Done, Problem> {
    Ok(Done { epoch: Some(epoch), outcome })
}
