//! Whose signature counts: the key made at first start, and those it handed over to.
//!
//! `local.key` holds a seed; `trusted.pub` a line for every signer there was: from which epoch on, and its public key.
//! A bundle is judged by the key of its own epoch, so that the policy in force stays verifiable after a handover.

use super::file::{self, FileError};
use nullius_model::Epoch;
use nullius_protocol::bundle::{BadKey, PublicKey, SigningKey};
use nullius_protocol::parse_epoch;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Most signers that are remembered: a handover is a rare and deliberate act.
const MAX_SIGNERS: usize = 64;

/// Bytes of a line of `trusted.pub` at most: two numbers, a key, and what separates them.
const MAX_LINE: usize = 128;

/// Why there is no key to judge bundles by.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error("`{}` is damaged: restore it from a backup, or move the whole directory away to start anew", .0.display())]
    Damaged(PathBuf),
    /// It is gone, and this is no first start.
    #[error("`{}` is missing, and bundles were taken: restore it from a backup, or move the whole directory away to start anew", .0.display())]
    Missing(PathBuf),
    /// The system has no randomness.
    #[error("no key could be made")]
    Key(#[from] BadKey),
    /// More handovers than anybody needs.
    #[error("a gateway remembers at most {MAX_SIGNERS} signers")]
    TooMany,
}

/// Every signer there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signers {
    first: PublicKey,
    /// From which epoch on which other key signed, in order.
    later: Vec<(Epoch, PublicKey)>,
}

/// The key made at the first start.
pub(super) const LOCAL_KEY: &str = "local.key";

impl Signers {
    /// Reads them, and at first start makes a key.
    pub(super) fn open(directory: &Path) -> Result<Self, KeyError> {
        let path = directory.join("trusted.pub");
        match file::read(&path, MAX_SIGNERS * MAX_LINE) {
            Ok(bytes) => Self::parse(&bytes).ok_or(KeyError::Damaged(path)),
            // a bundle was taken: somebody's signature counted, and whose is not for anybody to guess
            Err(error) if error.is_absent() && is_used(directory) => Err(KeyError::Missing(path)),
            Err(error) if error.is_absent() => Self::first(directory),
            Err(error) => Err(error.into()),
        }
    }

    fn first(directory: &Path) -> Result<Self, KeyError> {
        let path = directory.join(LOCAL_KEY);
        let key = match file::read(&path, MAX_LINE) {
            Ok(bytes) => read_seed(&bytes).ok_or(KeyError::Damaged(path))?,
            Err(error) if error.is_absent() => make_key(&path)?,
            Err(error) => return Err(error.into()),
        };
        let signers = Self { first: key.public(), later: Vec::new() };
        signers.write(directory)?;
        Ok(signers)
    }

    /// Who signs now.
    pub(crate) fn present(&self) -> PublicKey {
        self.later.last().map_or(self.first, |(_, key)| *key)
    }

    /// The epoch of the last handover; nothing at or below it is taken any more.
    pub(crate) fn since(&self) -> Epoch {
        self.later.last().map(|(from, _)| *from).unwrap_or_default()
    }

    /// Who signed bundles of `epoch`. A handover carries the epoch it starts from, and is signed by whoever came before.
    pub(crate) fn at(&self, epoch: Epoch) -> PublicKey {
        let signer = self.later.iter().rev().find(|(from, _)| *from < epoch);
        signer.map_or(self.first, |(_, key)| *key)
    }

    /// From bundles after `epoch` on, `key` signs. Durable when this returns.
    pub(super) fn hand_over(&self, epoch: Epoch, key: PublicKey, directory: &Path) -> Result<Self, KeyError> {
        let mut signers = self.clone();
        if signers.later.len() >= MAX_SIGNERS {
            return Err(KeyError::TooMany);
        }
        signers.later.push((epoch, key));
        signers.write(directory)?;
        Ok(signers)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let lines = str::from_utf8(bytes).ok()?.strip_suffix('\n')?.split('\n');
        let mut signers = lines.map(|line| {
            let (epoch, key) = line.split_once(' ')?;
            Some((parse_epoch(epoch)?, PublicKey::from_text(key).ok()?))
        });
        let (_, first) = signers.next()??;
        Some(Self { first, later: signers.collect::<Option<_>>()? })
    }

    fn write(&self, directory: &Path) -> Result<(), FileError> {
        let mut text = String::new();
        for (epoch, key) in [(Epoch::default(), self.first)].iter().chain(&self.later) {
            // writing to a string does not fail
            let _ = writeln!(text, "{epoch} {key}");
        }
        file::replace(&directory.join("trusted.pub"), text.as_bytes())
    }
}

fn is_used(directory: &Path) -> bool {
    let mut bundles = std::fs::read_dir(directory.join("bundles")).into_iter().flatten();
    bundles.next().is_some() || directory.join("current").exists()
}

fn make_key(path: &Path) -> Result<SigningKey, KeyError> {
    let key = SigningKey::generate()?;
    file::replace(path, format!("{}\n", key.seed()?).as_bytes())?;
    Ok(key)
}

fn read_seed(bytes: &[u8]) -> Option<SigningKey> {
    let text = str::from_utf8(bytes).ok()?;
    SigningKey::from_seed(text.strip_suffix('\n')?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: &str) -> PublicKey {
        SigningKey::from_seed(&fill.repeat(32)).unwrap().public()
    }

    #[test]
    fn a_bundle_is_judged_by_the_key_of_its_own_epoch() {
        let epoch = |counter| Epoch { term: 1, counter };
        let signers = Signers { first: key("01"), later: vec![(epoch(5), key("02")), (epoch(9), key("03"))] };
        for (counter, fill) in [(1, "01"), (5, "01"), (6, "02"), (9, "02"), (10, "03")] {
            assert_eq!(signers.at(epoch(counter)), key(fill), "{counter}");
        }
        assert_eq!((signers.present(), signers.since()), (key("03"), epoch(9)));
    }

    #[test]
    fn damage_is_not_taken_for_a_first_start() {
        let good = format!("0.0 {}\n1.5 {}\n", key("01"), key("02"));
        assert!(Signers::parse(good.as_bytes()).is_some());
        for length in 0..good.len() {
            assert_eq!(Signers::parse(&good.as_bytes()[..length]).is_some(), length == 69, "{length}");
        }
    }
}
