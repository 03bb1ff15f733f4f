//! What the kernel denied, as it tells it: a stream that may be somebody else's for a while.

use nullius_enforce::{Denials, Error};
use nullius_model::Denial;
use std::future::pending;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use tokio::io::unix::AsyncFd;

/// Denials taken at one wake-up, so that a flood keeps nothing else waiting.
const AT_ONCE: usize = 256;

/// The stream of one NFLOG group, once it is open.
#[derive(Debug)]
pub(crate) struct Ear {
    group: u16,
    open: Option<AsyncFd<Stream>>,
}

#[derive(Debug)]
struct Stream(Denials);

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Ear {
    /// Of `group`, and deaf until [`Ear::open`].
    pub(crate) const fn new(group: u16) -> Self {
        Self { group, open: None }
    }

    /// Listens, if it does not already.
    ///
    /// # Errors
    /// Why not: most often, somebody else listens to the group.
    pub(crate) fn open(&mut self) -> Result<(), String> {
        if self.open.is_none() {
            let denials = Denials::open(self.group).map_err(|error| error.to_string())?;
            self.open = Some(super::readable(Stream(denials)).map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// What was denied since the last call; waits for something. A stream that fails is closed.
    pub(crate) async fn hear(&mut self) -> Vec<(Denial, u64)> {
        let Some(open) = &mut self.open else { return pending().await };
        let heard = match open.readable_mut().await {
            Ok(mut ready) => {
                let heard = take(&mut ready.get_inner_mut().0);
                if heard.as_ref().is_ok_and(|heard| heard.len() < AT_ONCE) {
                    ready.clear_ready();
                }
                heard.ok()
            }
            Err(_) => None,
        };
        if heard.is_none() {
            self.open = None;
        }
        heard.unwrap_or_default()
    }
}

fn take(denials: &mut Denials) -> Result<Vec<(Denial, u64)>, Error> {
    let mut heard = Vec::new();
    while heard.len() < AT_ONCE {
        match denials.next()? {
            Some(denial) => heard.push(denial),
            None => break,
        }
    }
    Ok(heard)
}
