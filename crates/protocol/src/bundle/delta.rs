//! What has changed from one policy to the next, for a gateway that has the first.

use super::{BundleError, MAX_FILES, encode};
use aws_lc_rs::digest;
use nullius_model::Epoch;
use std::collections::{BTreeMap, BTreeSet};

/// SHA-256 over the deterministic CBOR of the files.
pub type FilesDigest = [u8; 32];

/// The difference between two policies. Both are named by their digest: it is put to what it was made from, and gives
/// what was meant, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDelta {
    /// The bundle whose files it changes.
    pub base: Epoch,
    /// Of those files.
    pub base_digest: FilesDigest,
    /// Files that are new or changed, as they shall be.
    pub put: BTreeMap<String, String>,
    /// Files that go.
    pub drop: BTreeSet<String>,
    /// Of the files that come of it.
    pub result: FilesDigest,
}

/// The digest of a policy's files.
///
/// # Errors
/// [`BundleError::TooLarge`] where they cannot be encoded.
pub fn files_digest(files: &BTreeMap<String, String>) -> Result<FilesDigest, BundleError> {
    let hash = digest::digest(&digest::SHA256, &encode::files(files)?);
    hash.as_ref().first_chunk().copied().ok_or(BundleError::TooLarge)
}

impl PolicyDelta {
    /// From the files of the bundle with epoch `base` to others.
    ///
    /// # Errors
    /// As [`files_digest`].
    pub fn between(
        base: Epoch,
        from: &BTreeMap<String, String>,
        to: &BTreeMap<String, String>,
    ) -> Result<Self, BundleError> {
        let changed = to.iter().filter(|(path, text)| from.get(*path) != Some(*text));
        Ok(Self {
            base,
            base_digest: files_digest(from)?,
            put: changed.map(|(path, text)| (path.clone(), text.clone())).collect(),
            drop: from.keys().filter(|path| !to.contains_key(*path)).cloned().collect(),
            result: files_digest(to)?,
        })
    }

    /// The files that come of it, put to those of the bundle with the epoch [`PolicyDelta::base`].
    ///
    /// # Errors
    /// [`BundleError::Base`] where `files` are others than it was made from, [`BundleError::Result`] where what comes of
    /// it is not what was meant.
    pub fn apply(&self, files: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, BundleError> {
        if files_digest(files)? != self.base_digest {
            return Err(BundleError::Base);
        }
        let mut changed = files.clone();
        changed.retain(|path, _| !self.drop.contains(path));
        changed.extend(self.put.iter().map(|(path, text)| (path.clone(), text.clone())));
        if changed.len() > MAX_FILES {
            return Err(BundleError::TooManyFiles);
        }
        if files_digest(&changed)? == self.result { Ok(changed) } else { Err(BundleError::Result) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_delta_gives_what_was_meant_and_carries_only_what_changed() {
        let from = files(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let to = files(&[("a", "1"), ("b", "4"), ("d", "5")]);
        let delta = PolicyDelta::between(Epoch::default(), &from, &to).unwrap();
        assert_eq!(delta.put, files(&[("b", "4"), ("d", "5")]));
        assert_eq!(delta.drop, BTreeSet::from(["c".to_owned()]));
        assert_eq!(delta.apply(&from), Ok(to));
    }

    #[test]
    fn a_delta_is_put_to_nothing_but_its_base_and_is_not_applied_in_part() {
        let (from, to) = (files(&[("a", "1")]), files(&[("a", "2"), ("b", "3")]));
        let delta = PolicyDelta::between(Epoch::default(), &from, &to).unwrap();
        assert_eq!(delta.apply(&to), Err(BundleError::Base));
        let partial = PolicyDelta { put: files(&[("a", "2")]), ..delta };
        assert_eq!(partial.apply(&from), Err(BundleError::Result));
    }

    #[test]
    fn the_digest_is_over_the_cbor_of_the_files() {
        // a2 61 61 61 31 61 62 60: {"a": "1", "b": ""}, by `sha256sum`
        let digest = files_digest(&files(&[("a", "1"), ("b", "")])).unwrap();
        let expected = "cf0ec1c372ebcffeb588a32f0931531ec4243e9bb8339ae1a0308718c113b5aa";
        assert_eq!(crate::to_hex(&digest), expected);
    }
}
