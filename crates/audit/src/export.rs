//! Writing a log out as files that others can check.

use crate::layout::Resource;

/// Writes every file of a log of that size, the checkpoint last. `read` gives the bytes of a file, `write` puts them where
/// its name says; the caller takes size and checkpoint at one moment, the rest never changes.
///
/// # Errors
/// The first that `read` or `write` fails with; there is no checkpoint then.
pub fn export<E>(
    size: u64,
    mut read: impl FnMut(Resource) -> Result<Vec<u8>, E>,
    mut write: impl FnMut(&str, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    Resource::all(size).try_for_each(|resource| write(&resource.path(), &read(resource)?))
}
