//! Where a store is.

use crate::StoreError;
use std::path::PathBuf;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// One file of SQLite's.
    Sqlite(PathBuf),
    /// A server of PostgreSQL's, as a connection string.
    Postgres(String),
}

impl Location {
    /// `/path`, `sqlite:/path`, or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Location`] for another scheme.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            None if !text.is_empty() => Ok(Self::Sqlite(text.into())),
            Some(_) | None => Err(StoreError::Location(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_path_or_a_url() {
        let path = Location::Sqlite("/var/lib/nullius/controller.db".into());
        assert_eq!(Location::parse("/var/lib/nullius/controller.db").ok(), Some(path.clone()));
        assert_eq!(Location::parse("sqlite:/var/lib/nullius/controller.db").ok(), Some(path));
        let url = "postgres://nullius@db/nullius";
        assert_eq!(Location::parse(url).ok(), Some(Location::Postgres(url.to_owned())));
        for wrong in ["", "mysql://x", "sqlite:"] {
            assert!(Location::parse(wrong).is_err(), "{wrong}");
        }
    }
}
