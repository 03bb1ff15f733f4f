//! A namespace held open by a thread that does nothing else than work in it when asked.

use crate::namespace;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace. It lives as long as its thread or a process in it.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    jobs: Sender<Job>,
}

impl Place {
    /// A new, empty namespace.
    pub(crate) fn open(name: &str) -> Result<Self> {
        let (jobs, work) = channel::<Job>();
        let (opened, answer) = channel();
        let inhabit = move || {
            let path = namespace::leave_network().and_then(|()| namespace::here());
            let failed = path.is_err();
            if opened.send(path).is_err() || failed {
                return;
            }
            work.into_iter().for_each(|job| job());
        };
        Builder::new().name(name.to_owned()).spawn(inhabit).context("no thread for a namespace")?;
        Ok(Self { path: answer.recv().context("the thread of a namespace ended")??, jobs })
    }

    /// Where others can open it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does `job` inside and waits for it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, answer) = channel();
        let job = Box::new(move || drop(done.send(job())));
        self.jobs.send(job).ok().context("the thread of a namespace ended")?;
        answer.recv().context("the thread of a namespace ended")?
    }
}
