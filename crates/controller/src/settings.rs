//! What an operator writes about a controller: `controller.toml`.
//!
//! ```toml
//! names = ["nullius.example", "192.0.2.10"]   # what it is called by browsers, commands and gateways
//! trust_domain = "plant.example"              # what its identities begin with: spiffe://plant.example/…
//! listen = "[::]:8443"                        # people and programs
//! links = "[::]:8444"                         # gateways, once they have joined
//! state = "/var/lib/nullius-controller"       # the store and its key, unless said otherwise
//! store = "postgres://nullius@db/nullius"     # a file in `state` where left out
//!
//! [key]                                       # what the store's secrets are sealed under
//! file = "/etc/nullius/controller.key"        # or: passphrase_file = "/run/credentials/…"
//! ```
//!
//!
//! ```toml
//! [limits]                                    # what callers may cost; larger behind a proxy, where all have one address
//! connections = 1024
//! of_one_address = 64
//! requests_per_second = 50                    # of somebody who signed in
//! ```
//!
//! The certificate authorities are described in `pki::settings`, enrolment of devices in `est::settings`, receivers of
//! events in `out::destination`, telemetry in `out::telemetry`.
//!
//! INVARIANT: what is not understood is an error with its line, never a default.

use crate::est::EstSettings;
use crate::http::{Limits, Rate, Rates};
use crate::out::{Receiver, Telemetry};
use crate::people::oidc::Provider;
use crate::pki::PkiSettings;
use nullius_store::{Kek, Location, Secret, StoreError};
use serde::Deserialize;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::{fs, io};
use thiserror::Error;

/// Largest file, in bytes: whatever lies at that path is read whole.
const MAX: u64 = 1 << 20;

/// Most names of one controller: each stands in its certificate.
const MAX_NAMES: usize = 16;

/// Shortest passphrase, in bytes.
const SHORTEST: usize = 12;

/// How one controller is set up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is called; the first is where browsers find it.
    pub names: Vec<String>,
    /// The domain of the identities it gives.
    pub trust_domain: String,
    /// Where people and programs are served.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where gateways are served.
    #[serde(default = "default_links")]
    pub links: SocketAddr,
    /// Where metrics are served without TLS and without asking who; nowhere where left out.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
    /// Where everything durable lies that has no place of its own.
    #[serde(default = "default_state")]
    pub state: PathBuf,
    /// The store, where it is no file in `state`.
    #[serde(default)]
    store: Option<String>,
    /// What its secrets are sealed under.
    #[serde(default)]
    key: Key,
    /// What callers may cost.
    #[serde(default, rename = "limits")]
    bounds: Bounds,
    /// The certificate authorities.
    #[serde(default)]
    pub pki: PkiSettings,
    /// Who else signs people in.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// How devices get certificates.
    #[serde(default)]
    pub est: EstSettings,
    /// Who is sent what happens.
    #[serde(default, rename = "sink")]
    pub sinks: Vec<Receiver>,
    /// Who is sent checkpoints of the log.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<Receiver>,
    /// Who is sent traces and metrics; nobody where left out.
    #[serde(default)]
    pub telemetry: Option<Telemetry>,
}

/// Where the key is that seals the store's secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
}

/// What callers may cost.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    connections: Option<usize>,
    of_one_address: Option<usize>,
    requests_per_second: Option<u32>,
}

/// The settings cannot be followed.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// No such file, or none that can be read.
    #[error("`{}` cannot be read", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says what is not understood.
    #[error("`{}`: {message}", .path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// What, with its line.
        message: String,
    },
    /// The store's address is none.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settings {
    /// Reads them from a file.
    ///
    /// # Errors
    /// [`SettingsError`] says what is wrong, and where.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = read(path)?;
        Self::parse(&text).map_err(|message| SettingsError::Form { path: path.to_owned(), message })
    }

    /// For a controller that serves this machine alone, with everything in `state`.
    ///
    /// # Errors
    /// None but those of [`Settings::read`].
    pub fn of_one_machine(state: &Path) -> Result<Self, SettingsError> {
        let text = "names = [\"localhost\", \"127.0.0.1\"]\ntrust_domain = \"nullius\"\nlisten = \"127.0.0.1:8443\"\n\
                    links = \"127.0.0.1:8444\"\n[est]\nlisten = \"127.0.0.1:8446\"\n";
        let settings =
            Self::parse(text).map_err(|message| SettingsError::Form { path: state.to_owned(), message })?;
        Ok(Self { state: state.to_owned(), ..settings })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        match settings {
            Self { ref names, .. } if names.is_empty() || names.len() > MAX_NAMES => {
                Err(format!("`names` has between 1 and {MAX_NAMES} entries"))
            }
            Self { ref names, .. } if names.iter().any(|name| !is_host(name)) => {
                Err("`names` holds host names and addresses, without scheme and port".to_owned())
            }
            Self { key: Key { file: Some(_), passphrase_file: Some(_) }, .. } => {
                Err("`key` has a `file` or a `passphrase_file`, not both".to_owned())
            }
            Self { metrics: Some(address), .. } if !address.ip().is_loopback() => {
                Err("`metrics` are served without asking who: on this machine's own address only".to_owned())
            }
            settings => {
                settings.est.check()?;
                crate::out::check(&settings.sinks)?;
                crate::out::check(&settings.witnesses)?;
                settings.pki.check(&settings.names)?;
                Ok(settings)
            }
        }
    }

    /// Where the store is.
    ///
    /// # Errors
    /// Where its address is none.
    pub fn location(&self) -> Result<Location, StoreError> {
        match &self.store {
            Some(store) => Location::parse(store),
            None => Ok(Location::Sqlite(self.state.join("controller.db"))),
        }
    }

    /// What the store's secrets are sealed under.
    ///
    /// # Errors
    /// Where the passphrase cannot be read, or is too short.
    pub fn kek(&self) -> Result<Kek, SettingsError> {
        let Some(path) = &self.key.passphrase_file else {
            let file = self.key.file.clone().unwrap_or_else(|| self.state.join("controller.key"));
            return Ok(Kek::file(&file));
        };
        Ok(Kek::passphrase(passphrase(path)?).marked(&self.state.join("controller.mark")))
    }

    /// The certificate authorities; the first root's key goes to a folder of `state`.
    pub(crate) fn authorities(&self) -> PkiSettings {
        PkiSettings { root: Some(self.state.join("root")), ..self.pki.clone() }
    }

    /// Where browsers find it.
    pub fn origin(&self) -> String {
        address(self.names.first().map_or("localhost", String::as_str), self.listen.port())
    }

    /// How many connections there are at once.
    pub(crate) fn limits(&self) -> Limits {
        let (Bounds { connections, of_one_address, .. }, usual) = (self.bounds, Limits::default());
        Limits {
            connections: connections.unwrap_or(usual.connections),
            of_one_address: of_one_address.unwrap_or(usual.of_one_address),
        }
    }

    /// How often somebody may ask: an address four times as often as who signed in, and four seconds' worth at once.
    pub(crate) fn rates(&self) -> Rates {
        let usual = Rates::default();
        let Some(rate) = self.bounds.requests_per_second.map(f64::from) else { return usual };
        let times = |times: f64| Rate { burst: rate * times * 4.0, refill: rate * times };
        Rates { address: times(4.0), caller: times(1.0), ..usual }
    }

    /// Where gateways dial, in turn.
    pub(crate) fn link_urls(&self) -> Vec<String> {
        self.names.iter().map(|name| address(name, self.links.port())).collect()
    }
}

/// The first line of a file, as a passphrase.
///
/// # Errors
/// Where it cannot be read, or is too short.
pub fn passphrase(path: &Path) -> Result<Secret, SettingsError> {
    let bytes = read(path)?.trim_end_matches(['\r', '\n']).to_owned().into_bytes();
    if bytes.len() < SHORTEST {
        let message = format!("a passphrase has at least {SHORTEST} characters");
        return Err(SettingsError::Form { path: path.to_owned(), message });
    }
    Ok(Secret::new(bytes))
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let failed = |source| SettingsError::Read { path: path.to_owned(), source };
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > MAX {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(failed)
}

/// As a browser writes it.
fn address(name: &str, port: u16) -> String {
    let host = match name.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => name.to_owned(),
    };
    match port {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    }
}

/// A name or an address, as it may stand in a certificate.
fn is_host(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    !name.is_empty() && name.len() <= 253 && name.bytes().all(is_part)
}

fn default_listen() -> SocketAddr {
    (Ipv6Addr::UNSPECIFIED, 8443).into()
}

fn default_links() -> SocketAddr {
    (Ipv6Addr::UNSPECIFIED, 8444).into()
}

fn default_state() -> PathBuf {
    PathBuf::from("/var/lib/nullius-controller")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "names = [\"plant.example\"]\ntrust_domain = \"plant.example\"\n";

    #[test]
    fn a_name_and_a_domain_are_enough() {
        let settings = Settings::parse(LEAST).unwrap();
        assert_eq!(settings.origin(), "https://plant.example:8443");
        let file = default_state().join("controller.db");
        assert_eq!(settings.location().unwrap(), Location::Sqlite(file));
    }

    #[test]
    fn where_browsers_find_it_is_written_as_they_write_it() {
        for (name, port, origin) in [
            ("plant.example", 443, "https://plant.example"),
            ("192.0.2.1", 8443, "https://192.0.2.1:8443"),
            ("2001:db8::1", 8443, "https://[2001:db8::1]:8443"),
        ] {
            let text = format!("names = [\"{name}\"]\ntrust_domain = \"x\"\nlisten = \"[::]:{port}\"\n");
            assert_eq!(Settings::parse(&text).unwrap().origin(), origin);
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_line() {
        for (added, expected) in [
            ("lisen = \"[::]:1\"", "lisen"),
            ("listen = 8443", "listen"),
            ("[key]\nfile = \"a\"\npassphrase_file = \"b\"", "not both"),
            ("[[sink]]\nname = \"x\"\nto = \"ftp://x\"", "ftp"),
            ("metrics = \"0.0.0.0:9464\"", "own address only"),
            ("[telemetry]\nto = \"http://collector.example:4318\"", "without TLS"),
            ("[telemetry]\nto = \"file:/traces\"", "no address of HTTP"),
            ("[[sink]]\nname = \"x\"\nto = \"file:/a\"\n[[sink]]\nname = \"x\"\nto = \"file:/b\"", "x"),
        ] {
            let error = Settings::parse(&format!("{LEAST}{added}\n")).unwrap_err();
            assert!(error.contains(expected), "{added}: {error}");
        }
        assert!(Settings::parse("names = []\ntrust_domain = \"x\"").unwrap_err().contains("names"));
        assert!(
            Settings::parse("names = [\"https://x\"]\ntrust_domain = \"x\"").unwrap_err().contains("scheme")
        );
    }
}
