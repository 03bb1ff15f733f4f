//! How things stood at a past time: the standing and the policy of then, in an engine of their own.
//!
//! The engine is deterministic, so what it answers from the same standing and policy is what it decided then.

use super::{Core, answer, policy};
use crate::convert;
use nullius_engine::{BootId, Gateway, Now, PolicyVersion, Settings, Standing};
use nullius_model::{Marker, Timestamp, Uptime};
use nullius_policy::Files;
use nullius_protocol::local::{Body as Reply, Failure, Question};
use nullius_protocol::state::Moment;
use std::sync::Arc;
use std::time::Duration;

/// All that is needed to ask about a past time, in a thread of its own.
#[derive(Debug)]
pub(crate) struct Then {
    settings: Settings,
    standing: Standing,
    marker: Marker,
    files: Files,
    now: Now,
}

impl Core {
    /// What was true at `at`, in seconds since 1970.
    ///
    /// # Errors
    /// A [`Failure`] where the history does not reach that far back.
    pub(crate) fn then(&self, at: u64) -> Result<Then, Failure> {
        let moment = self.moment_at(Timestamp::from_secs(at)).ok_or_else(|| Failure {
            error: "the history does not reach back to that time".to_owned(),
            help: "`history.jsonl` in the state directory begins with the oldest time there is".to_owned(),
            problems: Vec::new(),
        })?;
        let verified =
            self.store.load(moment.epoch).map_err(|error| policy::failure(&crate::chain(&error)))?;
        let (files, _) =
            self.store.files(&verified).map_err(|error| policy::failure(&crate::chain(&error)))?;
        let passed = Timestamp::from_secs(at).since(Timestamp::from_nanos(moment.at));
        let uptime = Uptime::new(Duration::from_nanos(moment.uptime)).after(passed);
        let mut standing = convert::to_standing(moment.standing).map_err(|error| policy::failure(&error))?;
        // renewals are no moment of the history, and ends are: a lease that stands in the last moment lived then
        for lease in standing.leases.values_mut() {
            lease.ends = lease.ends.max(uptime.after(Duration::from_secs(1)));
        }
        // the boot of then: its grants were in force
        let boot = BootId(standing.boot.0.clone());
        let settings = Settings { boot, ..self.settings.clone() };
        Ok(Then {
            settings,
            standing,
            marker: verified.marker,
            files,
            now: Now { uptime, wall: Timestamp::from_secs(at) },
        })
    }

    fn moment_at(&self, at: Timestamp) -> Option<Moment> {
        self.keeping.history.files().find_map(|lines| {
            let moments = lines.filter_map(|line| serde_json::from_str::<Moment>(&line).ok());
            moments.filter(|moment| moment.at <= at.as_nanos()).last()
        })
    }
}

impl Then {
    /// Asks as it was then. Compiles a policy: for a thread of its own.
    ///
    /// # Errors
    /// A [`Failure`] where the policy of then does not compile with this program, or the question makes no sense.
    pub(crate) fn why(self, question: &Question) -> Result<Reply, Failure> {
        let (repository, policies) = policy::compile(&self.files)?;
        let repository = Arc::new(repository);
        let version = PolicyVersion {
            marker: self.marker,
            repository: Arc::clone(&repository),
            policies: Arc::new(policies),
        };
        let epoch = version.marker.epoch;
        let mut engine = Gateway::new(self.settings, self.standing, self.now);
        engine.handle_policy(version, self.now);
        answer::ask(&engine, repository.inventory(), epoch, self.now, question)
    }
}
