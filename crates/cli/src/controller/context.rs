//! Which controller a person works with, and as whom: one small file of theirs, kept between commands.
//!
//! It holds a session, so nobody else may read it: a file that others may read is refused rather than used.

use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::Failure;

/// Largest file that is read.
const MAX: u64 = 64 << 10;

/// Who may read and write the file: its owner.
const PRIVATE: u32 = 0o600;

/// A controller, and who one is to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// `https://plant:8443`.
    pub(crate) url: String,
    /// The site that commands are about where none is named.
    pub(crate) site: Option<String>,
    /// The session that signing in began, as the cookie that proves it.
    pub(crate) session: String,
    /// The authority that vouches for the controller, as PEM.
    pub(crate) authority: String,
}

impl Context {
    /// The one that was kept, if any was.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, &error)),
        };
        if metadata.mode() & 0o077 != 0 {
            let path = path.display();
            return Err(Failure::Unable(format!(
                "others may read `{path}`, which holds a session: chmod 600 {path}"
            )));
        }
        if metadata.len() > MAX {
            return Err(unusable(path, &"it is too large"));
        }
        let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        toml::from_str(&text).map(Some).map_err(|error| unusable(path, &error.message()))
    }

    /// The site that was named, or the one that was named when signing in.
    pub(crate) fn site_or(&self, named: Option<&str>) -> Result<String, Failure> {
        let site = named.or(self.site.as_deref());
        site.map(str::to_owned).ok_or_else(|| Failure::unable("say with --site which site"))
    }

    /// Keeps it, in place of the one before.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = toml::to_string(self).map_err(|error| unusable(path, &error))?;
        let written = || {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let fresh = path.with_extension("new");
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, path)
        };
        written().map_err(|error: std::io::Error| unusable(path, &error))
    }

    /// Forgets it; whether there was one.
    pub(crate) fn forget(path: &Path) -> Result<bool, Failure> {
        match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(unusable(path, &error)),
        }
    }
}

/// Where it is kept: in `home`'s `.config/nullius/controller.toml`.
pub(crate) fn place(home: &Path) -> PathBuf {
    home.join(".config/nullius/controller.toml")
}

/// The session is nobody's to see.
impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("url", &self.url).field("site", &self.site).finish_non_exhaustive()
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Unable(format!("`{}` cannot be used: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn context() -> Context {
        Context {
            url: "https://plant:8443".to_owned(),
            site: Some("lab".to_owned()),
            session: "secret".to_owned(),
            authority: "-----BEGIN CERTIFICATE-----\n".to_owned(),
        }
    }

    #[test]
    fn a_context_is_kept_for_its_owner_alone() {
        let home = std::env::temp_dir().join(format!("nullius-context-{}", std::process::id()));
        let path = place(&home);
        assert_eq!(Context::read(&path).unwrap(), None);
        context().write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, PRIVATE);
        assert_eq!(Context::read(&path).unwrap(), Some(context()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Context::read(&path).unwrap_err().to_string().starts_with("others may read"));
        assert!(Context::forget(&path).unwrap());
        assert!(!Context::forget(&path).unwrap());
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_session_does_not_show() {
        assert!(!format!("{:?}", context()).contains("secret"));
    }
}
