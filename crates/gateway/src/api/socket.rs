//! The socket's file: made for its owner and group alone, before anybody can connect.

use super::Access;
use nix::sys::stat::{Mode, umask};
use nix::unistd::chown;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Why the local API has no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another gateway answers there.
    #[error("another gateway is listening on `{}`", .0.display())]
    Taken(PathBuf),
    /// Something lies there that is no socket.
    #[error("`{}` is no socket: remove it, or choose another path", .0.display())]
    Occupied(PathBuf),
    /// Anything else.
    #[error("`{}` cannot be listened on", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Listens at `path`; takes the place of a socket that nobody answers on any more.
///
/// # Errors
/// [`SocketError`].
pub(crate) fn bind(path: &Path, access: &Access) -> Result<UnixListener, SocketError> {
    let failed = |source| SocketError::Io { path: path.to_owned(), source };
    make_way(path)?;
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(directory).map_err(failed)?;
    }
    let before = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound.map_err(failed)?;
    if let Some(group) = access.gid() {
        chown(path, None, Some(group)).map_err(|error| failed(error.into()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(failed)?;
    }
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

fn make_way(path: &Path) -> Result<(), SocketError> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(SocketError::Occupied(path.to_owned()));
    }
    if UnixStream::connect(path).is_ok() {
        return Err(SocketError::Taken(path.to_owned()));
    }
    fs::remove_file(path).map_err(|source| SocketError::Io { path: path.to_owned(), source })
}
