//! A network namespace that lives as long as its thread, and is never named.

use nix::sched::{CloneFlags, unshare};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() + Send>;

/// A thread in a network namespace of its own.
pub(crate) struct Node {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// What `ip link … netns` takes.
    pub(crate) id: i32,
}

impl Node {
    pub(crate) fn new() -> Self {
        let (jobs, queue) = channel::<Job>();
        let (tell, told) = channel();
        let thread = std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).expect("the tests need root");
            tell.send(nix::unistd::gettid().as_raw()).unwrap();
            queue.into_iter().for_each(|job| job());
        });
        Self { jobs: Some(jobs), thread: Some(thread), id: told.recv().unwrap() }
    }

    /// Runs something inside.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (answer, answered) = channel();
        let job = Box::new(move || {
            let _ = answer.send(work());
        });
        self.jobs.as_ref().unwrap().send(job).unwrap();
        answered.recv().expect("what ran inside the namespace has failed")
    }

    /// Runs a program inside; its output.
    pub(crate) fn shell(&self, line: &str) -> String {
        let line = line.to_owned();
        self.run(move || shell(&line))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test sets up its network with the system's own tools")]
fn shell(line: &str) -> String {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}
