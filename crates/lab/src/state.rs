//! The directory a running lab keeps its few files in: the lock, the control socket, logs, what the gateway stores.
//!
//! INVARIANT: only files the lab made are removed, by name; a directory that holds anything else stays.

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Where a lab keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    directory: PathBuf,
}

impl State {
    /// In `directory`, or in the usual place of the calling user: `/run/nullius-lab` for root, else below
    /// `$XDG_RUNTIME_DIR`, else below the directory for temporary files.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory: directory.unwrap_or_else(usual_place) }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the gateway keeps: configuration, policy, keys.
    pub fn gateway(&self) -> PathBuf {
        self.directory.join("gateway")
    }

    /// How the gateway is set up.
    pub fn gateway_config(&self) -> PathBuf {
        self.gateway().join("gateway.toml")
    }

    /// The policy that the controller begins with, where there is one.
    pub(crate) fn policy(&self) -> PathBuf {
        self.gateway().join("policy")
    }

    /// Where the gateway listens: what the commands that speak to a gateway are to be told.
    pub fn gateway_socket(&self) -> PathBuf {
        self.gateway().join("gateway.sock")
    }

    /// What the processes of node `name` print.
    pub fn log(&self, name: &str) -> PathBuf {
        self.directory.join("log").join(format!("{name}.log"))
    }

    /// Where the supervisor listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("lab.sock")
    }

    /// Whether a supervisor holds the lock.
    pub(crate) fn is_claimed(&self) -> bool {
        let Ok(file) = File::open(self.directory.join("lock")) else { return false };
        Flock::lock(file, FlockArg::LockExclusiveNonblock).is_err()
    }

    /// Makes the directory, for its owner only, and takes the lock; what an earlier lab left behind goes.
    pub(crate) fn claim(&self) -> Result<Flock<File>> {
        self.make(&self.directory)?;
        let lock = self.lock()?;
        self.sweep()?;
        self.make(&self.directory.join("log"))?;
        Ok(lock)
    }

    /// Removes everything the lab made.
    pub(crate) fn remove(&self, lock: Flock<File>) -> Result<()> {
        self.sweep()?;
        gone(fs::remove_file(self.directory.join("lock")))?;
        drop(lock);
        match fs::remove_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            result => gone(result),
        }
    }

    fn make(&self, directory: &Path) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(|| format!("{} cannot be made", directory.display()))?;
        // a directory below the one for temporary files may have been put there by anybody
        let owner = fs::metadata(&self.directory)?.uid();
        if owner != nix::unistd::geteuid().as_raw() {
            bail!("{} belongs to somebody else", self.directory.display());
        }
        Ok(())
    }

    fn lock(&self) -> Result<Flock<File>> {
        let path = self.directory.join("lock");
        let file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(lock),
            Err((_, Errno::EWOULDBLOCK)) => {
                bail!("a lab is up in {} (`nullius lab down` ends it)", self.directory.display())
            }
            Err((_, error)) => Err(error).context("the lock cannot be taken"),
        }
    }

    fn sweep(&self) -> Result<()> {
        gone(fs::remove_file(self.socket()))?;
        for directory in [self.directory.join("log"), self.gateway()] {
            gone(fs::remove_dir_all(directory))?;
        }
        Ok(())
    }
}

fn gone(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result.context("a file of the lab cannot be removed"),
    }
}

fn usual_place() -> PathBuf {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        return PathBuf::from("/run/nullius-lab");
    }
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(directory) => PathBuf::from(directory).join("nullius-lab"),
        None => std::env::temp_dir().join(format!("nullius-lab-{user}")),
    }
}
