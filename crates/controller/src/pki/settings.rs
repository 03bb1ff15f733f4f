//! What the authorities are told at the start.
//!
//! ```toml
//! [pki]
//! names = ["plant.example", "10.0.0.0/8"]     # hosts that may stand in certificates, beside the controller's own
//! distribution = "[::]:8447"                  # lists of revoked certificates, in the clear
//! url = "http://pki.plant.example:8447"       # where others find them; certificates say so then
//!
//! [pki.module]                                # the issuing key stays in a hardware module (PKCS#11)
//! library = "/usr/lib/softhsm/libsofthsm2.so"
//! token = "nullius"
//! key = "nullius issuing"                     # what its label begins with
//! pin_file = "/run/credentials/nullius/pin"
//! ```

use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What is permitted where nobody says: the networks that are nobody's, in which plants are (RFC 1918, RFC 4193), and
/// this machine.
const PRIVATE: [&str; 7] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "127.0.0.0/8", "::1", "localhost"];

/// What the authorities are told at the start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiSettings {
    /// Domains and networks that may stand in certificates, beside the controller's own names; private networks where
    /// left out.
    #[serde(default)]
    pub names: Option<Vec<String>>,
    /// Where lists of revoked certificates are served without TLS; nowhere but at the API where left out.
    #[serde(default)]
    pub distribution: Option<SocketAddr>,
    /// Where others find them; certificates say so then.
    #[serde(default)]
    pub url: Option<String>,
    /// The hardware module with the issuing key; it is sealed in the store where left out.
    #[serde(default)]
    pub module: Option<Hsm>,
    /// Where the first root's key is put, sealed under a passphrase; it is forgotten where left out.
    #[serde(skip)]
    pub root: Option<PathBuf>,
}

/// A hardware module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hsm {
    /// The library of its maker.
    pub library: PathBuf,
    /// The token's label.
    pub token: String,
    /// What labels of keys begin with.
    pub key: String,
    /// Where the user's PIN is.
    pub pin_file: PathBuf,
}

impl PkiSettings {
    /// Domains and networks that an issuing authority may name, the controller's own hosts first.
    pub(crate) fn permitted(&self, hosts: &[String]) -> Vec<String> {
        let usual = || PRIVATE.map(str::to_owned).to_vec();
        let mut all = hosts.to_vec();
        all.extend(self.names.clone().unwrap_or_else(usual));
        all
    }

    /// Whether it can be followed.
    pub(crate) fn check(&self, hosts: &[String]) -> Result<(), String> {
        nullius_identity::Constraints::parse(&self.permitted(hosts))
            .map_err(|error| format!("`[pki] names`: {error}"))?;
        if self.module.is_some() && !cfg!(feature = "pkcs11") {
            return Err("`[pki.module]`: this program was built without PKCS#11".to_owned());
        }
        match &self.url {
            Some(url) if !url.starts_with("http://") => {
                Err("`[pki] url` begins with `http://`: who checks a certificate cannot check another for it"
                    .to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }
}
