//! The gateway's core as the door knows it: it says whom to trust, and takes proofs.

use nullius_protocol::link::Hash;
use nullius_protocol::local::{self, Answer, Body, Command, Failure, Reply, Request, Trust};
use std::io::{BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) proven: Vec<Command>,
    pub(crate) unproven: Vec<(String, Hash, String)>,
    /// What a proof is answered with instead of a lease.
    pub(crate) refusal: Option<String>,
    trust: Trust,
}

#[derive(Clone, Default)]
pub(crate) struct Core(Arc<(Mutex<Heard>, Condvar)>);

impl Core {
    pub(crate) fn start(socket: &Path) -> Self {
        let core = Self::default();
        let listener = UnixListener::bind(socket).unwrap();
        let served = core.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let core = served.clone();
                thread::spawn(move || core.serve(stream));
            }
        });
        core
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Heard) -> T) -> T {
        look(&mut self.0.0.lock().unwrap())
    }

    /// Changes whom to trust; whoever follows is told at once.
    pub(crate) fn trust(&self, change: impl FnOnce(&mut Trust)) {
        self.with(|heard| {
            change(&mut heard.trust);
            heard.trust.epoch += 1;
        });
        self.0.1.notify_all();
    }

    /// The link of a port came, at this time.
    pub(crate) fn plug(&self, port: &str, at: u64) {
        self.with(|heard| heard.trust.plugged.insert(port.to_owned(), at));
        self.0.1.notify_all();
    }

    fn serve(&self, stream: UnixStream) {
        let mut to = stream.try_clone().unwrap();
        let mut from = BufReader::new(stream);
        while let Ok(Some(line)) = local::read_line(&mut from) {
            let Ok(Request { command, .. }) = local::decode::<Request>(&line) else { return };
            if command == Command::WatchTrust {
                return self.tell(&mut to);
            }
            let answer = self.answer(command);
            if to.write_all(&local::encode(&Reply { id: None, answer }).unwrap()).is_err() {
                return;
            }
        }
    }

    fn tell(&self, to: &mut UnixStream) {
        let mut told = None;
        loop {
            let trust = self.with(|heard| heard.trust.clone());
            if told.as_ref() != Some(&trust) {
                let answer = Answer::Ok(Box::new(Body::Trust(trust.clone())));
                if to.write_all(&local::encode(&Reply { id: None, answer }).unwrap()).is_err() {
                    return;
                }
                told = Some(trust);
            }
            let guard = self.0.0.lock().unwrap();
            if Some(&guard.trust) == told.as_ref() {
                drop(self.0.1.wait_timeout(guard, Duration::from_secs(1)).unwrap());
            }
        }
    }

    fn answer(&self, command: Command) -> Answer {
        let failed = |error: &str| Answer::Error(Failure { error: error.to_owned(), ..Failure::default() });
        self.with(|heard| {
            if let Command::Proven { seconds, ref port, plugged, .. } = command {
                if heard.trust.plugged.get(port).is_some_and(|at| *at > plugged) {
                    return Answer::Ok(Box::new(Body::Anew));
                }
                heard.proven.push(command);
                let leased = || Answer::Ok(Box::new(Body::Leased { seconds }));
                return heard.refusal.as_deref().map_or_else(leased, failed);
            }
            if let Command::Unproven { device, key, reason } = command {
                heard.unproven.push((device, key, reason));
                return Answer::Ok(Box::new(Body::Done));
            }
            failed("this core does not do that")
        })
    }
}
