//! What a person says in `agent.toml`: where the key is, where the state is, and, where it must be said, the way.

use crate::file::{self, FileError};
use crate::key::{KeyFiles, Keyring};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of the file at most.
const MAX_FILE: usize = 64 << 10;

/// Bytes of a file with a PIN at most.
#[cfg(feature = "pkcs11")]
const MAX_PIN: usize = 256;

/// Most interfaces that can be named: each is tried in turn, which takes seconds.
const MAX_INTERFACES: usize = 16;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error("`{}`: {problem}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        problem: String,
    },
    /// More than are tried.
    #[error("at most {MAX_INTERFACES} interfaces can be named")]
    Interfaces,
    /// A kind of key that this program was built without.
    #[error("keys of the kind `{0}` need a program that was built with them (feature `{0}`)")]
    Without(&'static str),
}

/// The configuration. Every line may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the agent keeps its state, and keys that are files.
    pub state: PathBuf,
    /// Where the running agent says how it is; gone with a restart of the machine.
    pub runtime: PathBuf,
    /// The controller's EST listener, `https://HOST[:PORT]`. Without it, the way leads through the gateway.
    pub server: Option<String>,
    /// Interfaces behind which a gateway may be; all that are up where none is named.
    pub interfaces: Vec<String>,
    /// Where the key is.
    pub key: KeyConfig,
}

/// Where the key is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
pub enum KeyConfig {
    /// A file in the state directory.
    #[default]
    File,
    /// A PKCS#11 token.
    Pkcs11 {
        /// The library of its maker.
        module: PathBuf,
        /// Its label.
        token: String,
        /// A file with the user's PIN.
        pin_file: PathBuf,
    },
    /// A TPM 2.0.
    Tpm {
        /// The way to it, as libtss2 names it.
        #[serde(default = "resource_manager")]
        tcti: String,
    },
}

/// The kernel's resource manager, which lets others use the TPM meanwhile.
fn resource_manager() -> String {
    "device:/dev/tpmrm0".to_owned()
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state: PathBuf::from("/var/lib/nullius-agent"),
            runtime: PathBuf::from("/run/nullius-agent"),
            server: None,
            interfaces: Vec::new(),
            key: KeyConfig::default(),
        }
    }
}

impl Config {
    /// From its file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let form = |problem: String| ConfigError::Form { path: path.to_owned(), problem };
        let text =
            String::from_utf8(file::read(path, MAX_FILE)?).map_err(|_| form("it is no text".to_owned()))?;
        let config: Self = toml::from_str(&text).map_err(|error| form(error.to_string()))?;
        if config.interfaces.len() > MAX_INTERFACES { Err(ConfigError::Interfaces) } else { Ok(config) }
    }

    /// Where keys are kept.
    ///
    /// # Errors
    /// [`ConfigError::Without`], and what is wrong with the file of a PIN.
    pub fn keyring(&self) -> Result<Arc<dyn Keyring>, ConfigError> {
        match &self.key {
            KeyConfig::File => Ok(Arc::new(KeyFiles(self.state.join("keys")))),
            #[cfg(feature = "pkcs11")]
            KeyConfig::Pkcs11 { module, token, pin_file } => {
                let pin = zeroize::Zeroizing::new(file::read(pin_file, MAX_PIN)?);
                let pin = zeroize::Zeroizing::new(String::from_utf8_lossy(&pin).trim_end().to_owned());
                Ok(Arc::new(crate::key::Token { library: module.clone(), label: token.clone(), pin }))
            }
            #[cfg(not(feature = "pkcs11"))]
            KeyConfig::Pkcs11 { .. } => Err(ConfigError::Without("pkcs11")),
            #[cfg(feature = "tpm")]
            KeyConfig::Tpm { tcti } => Ok(Arc::new(crate::key::Tpm(tcti.clone()))),
            #[cfg(not(feature = "tpm"))]
            KeyConfig::Tpm { .. } => Err(ConfigError::Without("tpm")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scratch;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let scratch = Scratch::new();
        let path = scratch.path().join("agent.toml");
        let written = std::fs::write(&path, text);
        assert!(written.is_ok());
        Config::read(&path)
    }

    #[test]
    fn every_line_may_be_missing_and_none_may_be_misspelt() {
        assert_eq!(read("").unwrap(), Config::default());
        let tpm = KeyConfig::Tpm { tcti: "device:/dev/tpmrm0".to_owned() };
        assert_eq!(read("[key]\nkind = \"tpm\"").unwrap().key, tpm);
        let token = "[key]\nkind = \"pkcs11\"\nmodule = \"/m.so\"\ntoken = \"t\"\npin_file = \"/pin\"";
        assert!(matches!(read(token).unwrap().key, KeyConfig::Pkcs11 { .. }));
        for wrong in
            ["sever = \"https://c\"", "[key]\nkind = \"paper\"", "[key]\nkind = \"tpm\"\npin = 1", "\u{0}"]
        {
            assert!(matches!(read(wrong), Err(ConfigError::Form { .. })), "{wrong:?}");
        }
        let many = format!("interfaces = {:?}", vec!["eth0"; 17]);
        assert!(matches!(read(&many), Err(ConfigError::Interfaces)));
    }

    #[test]
    fn the_file_of_the_package_says_what_is_so_anyway() {
        let text = include_str!("../../../packaging/agent.toml");
        assert_eq!(toml::from_str::<Config>(text), Ok(Config::default()));
    }
}
