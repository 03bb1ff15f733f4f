//! What the agent knows of itself, in one file that is replaced as a whole.
//!
//! Its key is not in it: only the handle by which the keyring finds it. A file that cannot be read is left where it is,
//! and so are the keys.
//!
//! INVARIANT: one process at a time holds the directory ([`Store::lock`]), so that no two renew for one device.

use crate::file::{self, FileError};
use nullius_protocol::{from_hex, to_hex};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Bytes of the file at most: some certificates.
const MAX_FILE: usize = 256 << 10;

/// Where it lies in the state directory.
const FILE: &str = "agent.json";

/// What is locked.
const LOCK: &str = "agent.lock";

/// The form of the file.
const VERSION: u32 = 1;

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nothing was enrolled.
    #[error(
        "this device is not enrolled: `nullius-agent enrol --token TOKEN`, with a token of the controller"
    )]
    Absent,
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error(
        "`{}` is damaged: move it away and enrol anew with a new token; the keys beside it are left as they are",
        .0.display()
    )]
    Damaged(PathBuf),
    /// Somebody else has it.
    #[error("`{}` is in use: another agent runs (`systemctl stop nullius-agent` first)", .0.display())]
    Locked(PathBuf),
}

/// A request that is on its way. It outlives a restart, so that the answer to a try that was lost is asked for again
/// and not for another certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The handle of its key.
    pub(crate) key: String,
    /// The request (PKCS#10, DER).
    #[serde(with = "hex")]
    pub(crate) csr: Vec<u8>,
}

/// What the agent knows of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The form of this file.
    pub(crate) version: u32,
    /// Its site, and its name there: as its certificate has them.
    pub(crate) site: String,
    pub(crate) device: String,
    /// The trust domain.
    pub(crate) domain: String,
    /// Where the controller was reached, where that was said.
    pub(crate) server: Option<String>,
    /// How many certificates it had.
    pub(crate) generation: u64,
    /// The handle of its key.
    pub(crate) key: String,
    /// Its certificate and those above it (DER).
    #[serde(with = "hex_list")]
    pub(crate) chain: Vec<Vec<u8>>,
    /// Roots that it trusts (DER).
    #[serde(with = "hex_list")]
    pub(crate) anchors: Vec<Vec<u8>>,
    /// SHA-256 of keys of authorities that count no more.
    #[serde(with = "hex_list")]
    pub(crate) distrusted: Vec<Vec<u8>>,
    /// What time it was at least, in seconds since 1970.
    pub(crate) floor: u64,
    /// Tries to renew that failed in a row.
    pub(crate) failures: u32,
    /// When the last of them was, in seconds since 1970.
    pub(crate) tried: u64,
    /// The request that is on its way.
    pub(crate) wanted: Option<Wanted>,
}

impl State {
    /// Of a device that has just been given its first certificate.
    pub(crate) fn new((site, device, domain): (String, String, String), key: String) -> Self {
        Self {
            version: VERSION,
            site,
            device,
            domain,
            server: None,
            generation: 1,
            key,
            chain: Vec::new(),
            anchors: Vec::new(),
            distrusted: Vec::new(),
            floor: 0,
            failures: 0,
            tried: 0,
            wanted: None,
        }
    }

    /// The keys of authorities that count no more.
    pub(crate) fn distrusted(&self) -> impl Iterator<Item = [u8; 32]> {
        self.distrusted.iter().filter_map(|hash| hash.as_slice().try_into().ok())
    }
}

/// The state directory.
#[derive(Clone, Debug)]
pub(crate) struct Store(PathBuf);

impl Store {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// Holds the directory until the lock is dropped.
    pub(crate) fn lock(&self) -> Result<File, StateError> {
        file::make_directory(&self.0)?;
        let path = self.0.join(LOCK);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = opened.map_err(FileError::failed("opening", &path))?;
        file::give_to_owner(&path).map_err(FileError::failed("opening", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(StateError::Locked(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(FileError::failed("locking", &path)(error).into()),
        }
    }

    pub(crate) fn read(&self) -> Result<State, StateError> {
        let path = self.0.join(FILE);
        let bytes = file::read(&path, MAX_FILE);
        let bytes = match bytes {
            Err(error) if error.is_absent() => return Err(StateError::Absent),
            bytes => bytes?,
        };
        let state: Option<State> = serde_json::from_slice(&bytes).ok();
        state.filter(|state| state.version == VERSION).ok_or(StateError::Damaged(path))
    }

    /// Keeps it. Durable when this returns.
    pub(crate) fn write(&self, state: &State) -> Result<(), StateError> {
        let path = self.0.join(FILE);
        let bytes = serde_json::to_vec_pretty(state).map_err(|_| StateError::Damaged(path.clone()))?;
        Ok(file::replace(&path, &bytes)?)
    }
}

/// Bytes as hexadecimal digits.
mod hex {
    use super::{from_hex, to_hex};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to_hex(bytes).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from_hex(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("no hexadecimal digits"))
    }
}

/// Several of them.
mod hex_list {
    use super::{from_hex, to_hex};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(list: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(|bytes| to_hex(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let list = Vec::<String>::deserialize(from)?;
        let bytes = list.iter().map(|text| from_hex(text)).collect::<Option<_>>();
        bytes.ok_or_else(|| D::Error::custom("no hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scratch;

    #[test]
    fn the_state_is_what_was_written_and_a_damaged_one_is_left_where_it_is() {
        let scratch = Scratch::new();
        let store = Store::new(scratch.path());
        assert!(matches!(store.read(), Err(StateError::Absent)));
        let mut state = State::new(("lab".into(), "cam1".into(), "plant.example".into()), "00".repeat(16));
        state.chain = vec![vec![1, 2], vec![3]];
        state.wanted = Some(Wanted { key: "11".repeat(16), csr: vec![9] });
        store.write(&state).unwrap();
        assert_eq!(store.read().unwrap(), state);
        let path = scratch.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        let cases = [
            String::new(),
            whole.replace("\"version\": 1", "\"version\": 2"),
            whole.replace("\"site\"", "\"sight\""),
            whole.chars().take(whole.len() / 2).collect(),
        ];
        for damaged in cases {
            std::fs::write(&path, &damaged).unwrap();
            assert!(matches!(store.read(), Err(StateError::Damaged(_))));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn one_process_at_a_time_has_the_directory() {
        let scratch = Scratch::new();
        let store = Store::new(&scratch.path().join("state"));
        let held = store.lock().unwrap();
        assert!(matches!(store.lock(), Err(StateError::Locked(_))));
        drop(held);
        store.lock().unwrap();
    }
}
