//! Who acts on the record, and when.

use crate::App;
use crate::access::Caller;
use nullius_model::Timestamp;

/// Who acts, and when.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// As the log has it: `user:anna`.
    pub(crate) who: String,
    /// Ids of the people behind it; none for the controller itself.
    pub(crate) people: Vec<String>,
    /// When.
    pub(crate) now: Timestamp,
}

impl Actor {
    /// The caller of a request, now.
    pub(crate) fn of(app: &App, caller: &Caller) -> Self {
        let people = caller.principal.people().into_iter().map(str::to_owned).collect();
        Self { who: caller.who(), people, now: app.now() }
    }

    /// The controller itself.
    pub(crate) fn system(now: Timestamp) -> Self {
        Self { who: "system".to_owned(), people: Vec::new(), now }
    }

    /// In seconds since 1970.
    pub(crate) const fn seconds(&self) -> u64 {
        self.now.as_secs()
    }
}
