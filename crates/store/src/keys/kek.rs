//! Where the key-encryption key comes from.

#[cfg(feature = "pkcs11")]
use super::pkcs11::Place;
use super::{Secret, Stretch, Wrapper, file};
use crate::StoreError;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The key that wraps the store's keys, or where it is found. It is never in the store.
#[derive(Clone, Debug)]
pub struct Kek {
    source: Source,
    mark: Option<PathBuf>,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Passphrase(Secret),
    #[cfg(feature = "pkcs11")]
    Pkcs11(Place),
    #[cfg(any(test, feature = "test-support"))]
    Known,
}

/// What the store remembers of its key: how to come by it, and nothing of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Descriptor {
    File,
    Passphrase { stretch: Stretch },
    Pkcs11,
}

impl Kek {
    /// A key in a file, made where a new store has none. Its mark (see [`Kek::marked`]) is `PATH.mark`.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        let mut mark: OsString = path.as_os_str().to_owned();
        mark.push(".mark");
        Self { source: Source::File(path.to_owned()), mark: Some(mark.into()) }
    }

    /// A key made of a passphrase by Argon2id; the salt is in the store.
    #[must_use]
    pub fn passphrase(passphrase: Secret) -> Self {
        Self { source: Source::Passphrase(passphrase), mark: None }
    }

    /// A key in a hardware security module: the library of its maker, the label of the token, the user's PIN, and the label
    /// of the key, which is made in the module for a new store.
    #[cfg(feature = "pkcs11")]
    #[must_use]
    pub fn pkcs11(library: &Path, token: &str, pin: Secret, key: &str) -> Self {
        let place = Place { module: super::Module::new(library, token, pin), key: key.to_owned() };
        Self { source: Source::Pkcs11(place), mark: None }
    }

    /// Keeps how far the store has come in a file outside it, so that an older copy in its place is noticed.
    #[must_use]
    pub fn marked(mut self, path: &Path) -> Self {
        self.mark = Some(path.to_owned());
        self
    }

    /// A key that everybody knows.
    #[cfg(any(test, feature = "test-support"))]
    #[must_use]
    pub fn for_tests() -> Self {
        Self { source: Source::Known, mark: None }
    }

    pub(crate) fn mark(&self) -> Option<&Path> {
        self.mark.as_deref()
    }

    /// A key for a new store, and how to find it again.
    pub(crate) fn first(&self) -> Result<(Wrapper, Descriptor), StoreError> {
        match &self.source {
            Source::File(path) => {
                let key = file::read(path)?.map_or_else(|| file::create(path), Ok)?;
                Ok((Wrapper::Key(key), Descriptor::File))
            }
            Source::Passphrase(passphrase) => {
                let stretch = Stretch::new()?;
                Ok((Wrapper::Key(stretch.cipher(passphrase)?), Descriptor::Passphrase { stretch }))
            }
            #[cfg(feature = "pkcs11")]
            Source::Pkcs11(place) => {
                place.ensure()?;
                Ok((Wrapper::Module(place.clone()), Descriptor::Pkcs11))
            }
            #[cfg(any(test, feature = "test-support"))]
            Source::Known => Ok((known()?, Descriptor::File)),
        }
    }

    /// A key for a store that has `old`. A key file waits as the next one until [`Kek::take_over`].
    pub(crate) fn replacement(&self, old: &Self) -> Result<(Wrapper, Descriptor), StoreError> {
        #[cfg(feature = "pkcs11")]
        if let Source::Pkcs11(place) = &self.source
            && place.exists()?
        {
            return Err(StoreError::Key(format!("a key `{}` exists already: name another", place.key)));
        }
        let Source::File(path) = &self.source else {
            return self.first();
        };
        let is_same = matches!(&old.source, Source::File(present) if present == path);
        if !is_same && path.exists() {
            return Err(StoreError::Key(format!("{} exists already: name another file", path.display())));
        }
        file::discard_next(path)?;
        Ok((Wrapper::Key(file::create(&file::next(path))?), Descriptor::File))
    }

    /// The store is wrapped by what [`Kek::replacement`] made.
    pub(crate) fn take_over(&self) -> Result<(), StoreError> {
        if let Source::File(path) = &self.source {
            file::promote(path)?;
        }
        Ok(())
    }

    /// The key of a store that exists: the one that `opens` it.
    pub(crate) fn again(
        &self,
        found: &Descriptor,
        opens: impl Fn(&Wrapper) -> Result<bool, StoreError>,
    ) -> Result<Wrapper, StoreError> {
        match (&self.source, found) {
            (Source::File(path), Descriptor::File) => from_file(path, opens),
            (Source::Passphrase(passphrase), Descriptor::Passphrase { stretch }) => {
                checked(Wrapper::Key(stretch.cipher(passphrase)?), opens)
            }
            #[cfg(feature = "pkcs11")]
            (Source::Pkcs11(place), Descriptor::Pkcs11) => match place.exists()? {
                true => checked(Wrapper::Module(place.clone()), opens),
                false => Err(StoreError::Key(format!("the module has no key `{}`", place.key))),
            },
            #[cfg(any(test, feature = "test-support"))]
            (Source::Known, Descriptor::File) => checked(known()?, opens),
            (_, _) => Err(StoreError::Key(format!(
                "the store is sealed with {}, not with {}",
                found.name(),
                self.source.name()
            ))),
        }
    }
}

impl Source {
    fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "a key file",
            Self::Passphrase(_) => "a passphrase",
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(_) => "a key in a hardware module",
            #[cfg(any(test, feature = "test-support"))]
            Self::Known => "a key that everybody knows",
        }
    }
}

impl Descriptor {
    fn name(&self) -> &'static str {
        match self {
            Self::File => "a key file",
            Self::Passphrase { .. } => "a passphrase",
            Self::Pkcs11 => "a key in a hardware module",
        }
    }
}

fn from_file(
    path: &Path,
    opens: impl Fn(&Wrapper) -> Result<bool, StoreError>,
) -> Result<Wrapper, StoreError> {
    let present = file::read(path)?.map(Wrapper::Key);
    if let Some(key) = present
        && opens(&key)?
    {
        file::discard_next(path)?;
        return Ok(key);
    }
    let next = file::next(path);
    match file::read(&next)?.map(Wrapper::Key) {
        Some(key) if opens(&key)? => file::promote(path).map(|()| key),
        Some(_) => Err(StoreError::WrongKey),
        None if path.exists() => Err(StoreError::WrongKey),
        None => Err(StoreError::Key(format!(
            "{} is missing, and what is in the store was sealed with it: put it back, or restore a backup",
            path.display()
        ))),
    }
}

fn checked(
    key: Wrapper,
    opens: impl Fn(&Wrapper) -> Result<bool, StoreError>,
) -> Result<Wrapper, StoreError> {
    match opens(&key)? {
        true => Ok(key),
        false => Err(StoreError::WrongKey),
    }
}

#[cfg(any(test, feature = "test-support"))]
fn known() -> Result<Wrapper, StoreError> {
    super::cipher::Cipher::new(&Secret::new(vec![0x4E; super::cipher::KEY_LEN])).map(Wrapper::Key)
}
