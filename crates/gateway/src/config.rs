//! What an operator writes about a gateway: `gateway.toml`.
//!
//! ```toml
//! name = "gw1"                        # what devices of the inventory call it; left out where there is one only
//! values_in_records = false           # true where the audit may hold process values
//! bridge = "br0"                      # a transparent gateway; leave out for a router only
//! state = "/var/lib/nullius"          # bundles, standing, audit
//! socket = "/run/nullius/gateway.sock"
//! group = "nullius"                   # who may use the socket beside root; root alone where left out
//! nflog_group = 86                    # where the kernel reports denials
//!
//! [port.enp3s0]
//! strangers = "onboard"               # hold (the default), onboard or watch
//!
//! [port.enp4s0]
//! path = "routed"                     # bridged (the default) or routed
//!
//! [controller]                        # left out where the gateway stands alone
//! urls = ["https://nullius.example:9443"]
//! group = "nullius-link"              # who may use the link's socket beside root
//! spool = 256                         # MiB of audit that may wait for the controller
//!
//! [agents]                            # left out where no agent is to be let in
//! lease = 300                         # seconds that a proof of a device's key lasts, from 5 to 900
//! ports = ["enp3s0"]                  # all of them where left out
//! relay = true                        # devices may reach the controller's enrolment server through this gateway
//! est = "10.0.0.1:8446"               # and those without an agent by TCP to this address
//! ```
//!
//! INVARIANT: what is not understood is an error with its line, never a default: a misspelt `strangers` must not open
//! a port.

use nullius_model::{Path as PacketPath, PortName};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Largest configuration, in bytes: whatever lies at that path is read whole.
const MAX_CONFIG: u64 = 1 << 20;

/// Most ports of a gateway: each costs a capture ring and a thread.
pub const MAX_PORTS: usize = 64;

/// How much of the audit may wait for the controller where nothing is said, in MiB.
pub const DEFAULT_SPOOL: u64 = 256;

/// How long a proof may last, in seconds: long enough for a round trip, short enough that what was revoked elsewhere ends.
pub const LEASES: RangeInclusive<u32> = 5..=900;

/// Most addresses of a controller: each is tried in turn.
const MAX_URLS: usize = 8;

/// How one gateway is set up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the inventory calls this gateway, where a site has several: `gateway = "gw1"` of a device.
    #[serde(default)]
    pub name: Option<String>,
    /// The values that were written under a grant go into the audit too, not a digest of them only: whoever reads the
    /// audit then reads process values (R-87).
    #[serde(default)]
    pub values_in_records: bool,
    /// The bridge that the bridged ports belong to.
    #[serde(default)]
    pub bridge: Option<Interface>,
    /// Where everything durable lies.
    #[serde(default = "default_state")]
    pub state: PathBuf,
    /// Where the local API listens.
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
    /// The group whose members may use the local API beside root.
    #[serde(default)]
    pub group: Option<String>,
    /// The NFLOG group of this gateway's denials.
    #[serde(default = "default_nflog_group")]
    pub nflog_group: u16,
    /// What is plugged in where.
    #[serde(default)]
    pub port: BTreeMap<Interface, Port>,
    /// The controller this gateway belongs to; it stands alone where there is none.
    #[serde(default)]
    pub controller: Option<Controller>,
    /// How agents of devices are let in; none is where there is nothing of it.
    #[serde(default)]
    pub agents: Option<Agents>,
}

/// How agents of devices are let in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// How long a proof lasts, in seconds; one of [`LEASES`].
    #[serde(default = "default_lease")]
    pub lease: u32,
    /// Ports whose agents are heard; all of them where none is named.
    #[serde(default)]
    pub ports: Vec<Interface>,
    /// Devices may reach the controller's enrolment server through this gateway.
    #[serde(default = "relays")]
    pub relay: bool,
    /// Where devices without an agent reach that server by TCP.
    #[serde(default)]
    pub est: Option<SocketAddr>,
}

/// Where the gateway's controller is, and what its link may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Where it takes links: `https://nullius.example:9443`. Several are tried in turn; where none is named, those that
    /// the controller named when the gateway joined.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Where the link keeps its key and certificate, beside what the gateway keeps.
    #[serde(default = "default_identity")]
    pub identity: PathBuf,
    /// Where the gateway listens for its link: a socket that knows few commands.
    #[serde(default = "default_link_socket")]
    pub socket: PathBuf,
    /// The group whose members are the link; root alone where left out.
    #[serde(default)]
    pub group: Option<String>,
    /// How much of the audit may wait for the controller, in MiB.
    #[serde(default = "default_spool")]
    pub spool: u64,
}

impl Controller {
    /// How much of the audit may wait for the controller, in bytes.
    pub const fn spool_bytes(&self) -> u64 {
        self.spool.saturating_mul(1 << 20)
    }
}

/// One port of the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// What becomes of stations that are no device of the inventory.
    #[serde(default)]
    pub strangers: Strangers,
    /// Bridged to other ports, or a network of its own.
    #[serde(default)]
    pub path: PathKind,
}

/// What becomes of strangers on a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strangers {
    /// They reach nobody.
    #[default]
    Hold,
    /// They reach the onboarding services.
    Onboard,
    /// They reach anybody: the port is only watched.
    Watch,
}

/// How packets of a port cross the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// To other ports of the bridge.
    #[default]
    Bridged,
    /// To other networks, with the gateway as router.
    Routed,
}

impl From<PathKind> for PacketPath {
    fn from(kind: PathKind) -> Self {
        match kind {
            PathKind::Bridged => Self::Bridged,
            PathKind::Routed => Self::Routed,
        }
    }
}

/// The name of an interface, checked where it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Interface(pub PortName);

impl TryFrom<String> for Interface {
    type Error = nullius_model::BadName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        PortName::new(&text).map(Self)
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It does not say what it should. The text shows the line.
    #[error("`{}` is not understood: {message}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Line, column, and what is wrong there.
        message: String,
    },
}

impl Config {
    /// From a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and the line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            read_bounded(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|message| ConfigError::Parse { path: path.to_owned(), message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if config.port.len() > MAX_PORTS {
            return Err(format!("a gateway has at most {MAX_PORTS} ports"));
        }
        config.controller.as_ref().map_or(Ok(()), check_urls)?;
        config.agents.as_ref().map_or(Ok(()), |agents| check_agents(agents, &config.port))?;
        let bridged = config.port.iter().find(|(_, port)| port.path == PathKind::Bridged);
        match bridged {
            Some((Interface(port), _)) if config.bridge.is_none() => {
                Err(format!("port `{port}` is bridged, but there is no `bridge`"))
            }
            Some(_) | None => Ok(config),
        }
    }
}

fn check_urls(controller: &Controller) -> Result<(), String> {
    if controller.urls.len() > MAX_URLS {
        return Err(format!("`controller.urls` names at most {MAX_URLS} addresses"));
    }
    let plain = controller.urls.iter().find(|url| !url.starts_with("https://"));
    plain.map_or(Ok(()), |url| Err(format!("`{}` does not begin with `https://`", url.escape_debug())))
}

fn check_agents(agents: &Agents, ports: &BTreeMap<Interface, Port>) -> Result<(), String> {
    if !LEASES.contains(&agents.lease) {
        return Err(format!("`agents.lease` is from {} to {} seconds", LEASES.start(), LEASES.end()));
    }
    let unknown = agents.ports.iter().find(|port| !ports.contains_key(port));
    unknown.map_or(Ok(()), |Interface(port)| Err(format!("`agents.ports` names `{port}`, which is no port")))
}

fn read_bounded(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_CONFIG {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 1 MiB"));
    }
    fs::read_to_string(path)
}

fn default_state() -> PathBuf {
    "/var/lib/nullius".into()
}

fn default_socket() -> PathBuf {
    "/run/nullius/gateway.sock".into()
}

/// Where a link keeps its key and certificate unless something else is said.
pub fn default_identity() -> PathBuf {
    "/var/lib/nullius-link".into()
}

fn default_link_socket() -> PathBuf {
    "/run/nullius/link.sock".into()
}

const fn default_spool() -> u64 {
    DEFAULT_SPOOL
}

const fn default_lease() -> u32 {
    300
}

const fn relays() -> bool {
    true
}

const fn default_nflog_group() -> u16 {
    86
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_says_what_is_plugged_in_where() {
        let config = Config::parse(
            "bridge = 'br0'\n[port.p1]\nstrangers = 'onboard'\n[port.p2]\n[port.wan]\npath = 'routed'\n",
        )
        .unwrap();
        let port = |name: &str| config.port[&Interface(PortName::new(name).unwrap())];
        assert_eq!(port("p1").strangers, Strangers::Onboard);
        assert_eq!(port("p2"), Port::default());
        assert_eq!(PacketPath::from(port("wan").path), PacketPath::Routed);
        assert_eq!((config.state, config.nflog_group), (default_state(), 86));
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_line() {
        for (text, line, word) in [
            ("bridge = 'br0'\n[port.p1]\nstranger = 'hold'\n", "line 3", "unknown field `stranger`"),
            ("bridge = 'br0'\n[port.p1]\nstrangers = 'open'\n", "line 3", "unknown variant `open`"),
            ("bridge = 'br 0'\n", "line 1", "a name has no"),
            ("nflog_group = 65536\n", "line 1", "65536"),
            ("[port.'a/b']\n", "line 1", "a name has no"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(line) && error.contains(word), "{text}: {error}");
        }
        for urls in ["['http://a']", "['ftp://a']"] {
            assert!(Config::parse(&format!("[controller]\nurls = {urls}\n")).is_err(), "{urls}");
        }
        for agents in ["lease = 4", "lease = 901", "ports = ['p9']", "est = 'host'", "leases = 5"] {
            assert!(Config::parse(&format!("[agents]\n{agents}\n")).is_err(), "{agents}");
        }
        let error = Config::parse("[port.p1]\n").unwrap_err();
        assert_eq!(error, "port `p1` is bridged, but there is no `bridge`");
    }
}
