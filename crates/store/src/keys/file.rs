//! A key in a file: 32 bytes as text, readable by its owner alone.
//!
//! A change of the key writes the next one to `FILE.next`, wraps the data keys anew in one transaction, and puts the file
//! in its place. A crash between the two leaves both files: whichever opens the store is the right one.

use super::Secret;
use super::cipher::{Cipher, KEY_LEN, new_key};
use crate::StoreError;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the only line begins with, so that nobody takes it for something else.
const LABEL: &str = "nullius-kek-1 ";

/// Longest file that is read: the line, and an editor's line end.
const LENGTH_MAX: u64 = 128;

/// Readable and writable by the owner.
const MODE: u32 = 0o600;

/// The key; nothing where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Cipher>, StoreError> {
    let file = match OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(path, &error)),
    };
    private(path, &file)?;
    let mut text = Zeroizing::new(String::new());
    file.take(LENGTH_MAX).read_to_string(&mut text).map_err(|error| cannot(path, &error))?;
    let key = text.trim_end().strip_prefix(LABEL).and_then(unhex);
    let key = key.ok_or_else(|| StoreError::Key(format!("{} holds no key of ours", path.display())))?;
    Cipher::new(&key).map(Some)
}

/// Makes a new key where no file is.
pub(super) fn create(path: &Path) -> Result<Cipher, StoreError> {
    let key = new_key()?;
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(MODE).open(path).map_err(|error| cannot(path, &error))?;
    let text = Zeroizing::new(format!("{LABEL}{}\n", *hex(key.expose())));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| cannot(path, &error))?;
    flush_folder(path)?;
    Cipher::new(&key)
}

/// Where the next key waits.
pub(super) fn next(path: &Path) -> PathBuf {
    let mut next = path.as_os_str().to_owned();
    next.push(".next");
    next.into()
}

/// The next key is the key.
pub(super) fn promote(path: &Path) -> Result<(), StoreError> {
    fs::rename(next(path), path).map_err(|error| cannot(path, &error))?;
    flush_folder(path)
}

/// Forgets a next key that nothing was wrapped by.
pub(super) fn discard_next(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(next(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A key that others may read is no key.
fn private(path: &Path, file: &File) -> Result<(), StoreError> {
    let facts = file.metadata().map_err(|error| cannot(path, &error))?;
    let refused = |why: &str| Err(StoreError::Key(format!("{} {why}", path.display())));
    if !facts.is_file() {
        return refused("is no plain file");
    }
    if facts.mode() & 0o077 != 0 {
        return refused("may be read by others: chmod 600 it, and change the key if it matters");
    }
    match facts.uid() == nix::unistd::geteuid().as_raw() {
        true => Ok(()),
        false => refused("belongs to another user than the one who runs this program"),
    }
}

fn flush_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(path, &error))
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unhex(text: &str) -> Option<Secret> {
    let digits = text.as_bytes().chunks(2).map(|two| {
        let two = std::str::from_utf8(two).ok().filter(|two| two.len() == 2)?;
        u8::from_str_radix(two, 16).ok()
    });
    let key = Secret::new(digits.collect::<Option<Vec<u8>>>()?);
    (key.expose().len() == KEY_LEN).then_some(key)
}

fn cannot(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Key(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sqlite;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_file_is_for_its_owner_alone() {
        let scratch = sqlite();
        let path = scratch.folder().join("mode");
        assert!(read(&path).unwrap().is_none());
        let made = create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        let sealed = made.seal(b"", b"plain").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().unseal(b"", &sealed).unwrap().expose(), b"plain");
        assert!(create(&path).is_err(), "a key is never overwritten");
        for mode in [0o640, 0o604, 0o620, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(read(&path).is_err(), "{mode:o}");
        }
    }

    #[test]
    fn a_file_with_something_else_is_no_key() {
        let scratch = sqlite();
        let path = scratch.folder().join("other");
        for text in ["", "nullius-kek-1 ", "nullius-kek-1 00ff", "nullius-kek-1 +1+1", "hello"] {
            let _ = fs::remove_file(&path);
            OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path).unwrap();
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }

    #[test]
    fn a_link_is_not_followed() {
        let scratch = sqlite();
        let [path, target] = ["link", "target"].map(|name| scratch.folder().join(name));
        create(&target).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(read(&path).is_err());
    }
}
