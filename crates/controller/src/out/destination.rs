//! Where sinks and witnesses send to, as `controller.toml` says it.
//!
//! ```toml
//! [[sink]]
//! name = "siem"
//! to = "syslog+tls://siem.example:6514"   # or syslog+tcp://…, https://…, file:/…
//! ca = "/etc/nullius/siem-ca.pem"         # who signs the receiver's certificate; needed with TLS
//!
//! [[sink]]
//! name = "lake"
//! to = "https://lake.example/ingest"
//! ca = "/etc/nullius/lake-ca.pem"
//! token_file = "/etc/nullius/lake.token"  # sent as `Authorization: Bearer …`
//!
//! [[sink]]
//! name = "disk"
//! to = "file:/var/lib/nullius-controller/events.jsonl"
//! rotate_mib = 256
//! ```
//!
//! INVARIANT: only this file names receivers. Nothing that a caller of the API says becomes an address to connect to
//! (threats: the server fetches no URL a caller names).

use reqwest::Url;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// Most sinks, and most witnesses: each costs a task, a connection and a batch of leaves in memory.
pub(crate) const MAX_RECEIVERS: usize = 16;

/// Port of syslog over TLS (RFC 5425 §4.1).
const SYSLOG_TLS: u16 = 6514;

/// Port of syslog over TCP (RFC 6587 §3.2 says there is none of its own; this is what receivers use).
const SYSLOG_TCP: u16 = 514;

/// Size at which a file is set aside, in MiB, where nothing is said.
const ROTATE_MIB: u64 = 256;

/// One receiver, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    to: String,
    ca: Option<PathBuf>,
    token_file: Option<PathBuf>,
    rotate_mib: Option<u64>,
}

/// A receiver of events or checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Receiver {
    /// What it is called here.
    pub name: String,
    /// Where it is.
    pub to: Destination,
}

/// Where a receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Syslog (RFC 5424) over TCP, with TLS where there is somebody to trust.
    Syslog {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Certificates that sign the receiver's, as PEM; without, there is no TLS.
        ca: Option<PathBuf>,
    },
    /// HTTP POST.
    Http {
        /// Where to.
        url: Url,
        /// Certificates that sign the receiver's, as PEM.
        ca: Option<PathBuf>,
        /// What is sent as bearer token, read at each start.
        token_file: Option<PathBuf>,
    },
    /// A file of lines.
    File {
        /// Which.
        path: PathBuf,
        /// Size at which it is set aside, in bytes.
        rotate: u64,
    },
}

impl Destination {
    /// Something that is asked by HTTP.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(crate) fn http(to: &str, ca: Option<PathBuf>, token_file: Option<PathBuf>) -> Result<Self, String> {
        let written = Written { name: String::new(), to: to.to_owned(), ca, token_file, rotate_mib: None };
        match destination(&written)? {
            http @ Self::Http { .. } => Ok(http),
            Self::Syslog { .. } | Self::File { .. } => Err(format!("`{to}` is no address of HTTP")),
        }
    }
}

impl TryFrom<Written> for Receiver {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let name = nullius_model::DeviceName::new(&written.name)
            .map_err(|error| format!("`{}` is no name: {error}", written.name))?;
        let to = destination(&written).map_err(|error| format!("`{name}`: {error}"))?;
        Ok(Self { name: name.to_string(), to })
    }
}

fn destination(written: &Written) -> Result<Destination, String> {
    let url = Url::parse(&written.to).map_err(|error| format!("`{}` is no address: {error}", written.to))?;
    let to = match url.scheme() {
        "syslog+tls" => syslog(&url, written, SYSLOG_TLS, true)?,
        "syslog+tcp" => syslog(&url, written, SYSLOG_TCP, false)?,
        "https" | "http" => http(url, written)?,
        "file" => file(&url, written)?,
        other => return Err(format!("`{other}:` is none of syslog+tls, syslog+tcp, https, http, file")),
    };
    let surplus = match to {
        Destination::Http { .. } => written.rotate_mib.is_some(),
        Destination::Syslog { .. } => written.rotate_mib.is_some() || written.token_file.is_some(),
        Destination::File { .. } => written.ca.is_some() || written.token_file.is_some(),
    };
    if surplus { Err("`ca`, `token_file` or `rotate_mib` has no meaning there".to_owned()) } else { Ok(to) }
}

fn syslog(url: &Url, written: &Written, port: u16, tls: bool) -> Result<Destination, String> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("there is no host")?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
    match (bare, tls, &written.ca) {
        (false, ..) => Err("an address of a syslog ends behind its port".to_owned()),
        (true, true, None) => Err("say with `ca` who signs the receiver's certificate".to_owned()),
        (true, false, Some(_)) => Err("`ca` has a meaning with syslog+tls only".to_owned()),
        (true, _, ca) => Ok(Destination::Syslog { host, port: url.port().unwrap_or(port), ca: ca.clone() }),
    }
}

/// Events say who may do what on a plant's network: in the clear they go to this machine only.
fn http(url: Url, written: &Written) -> Result<Destination, String> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a secret goes into `token_file`, not into the address".to_owned());
    }
    let (ca, token_file) = (written.ca.clone(), written.token_file.clone());
    match (url.scheme(), &ca) {
        ("http", None) if local => Ok(Destination::Http { url, ca, token_file }),
        ("http", None) => Err("without TLS only this machine itself is a receiver: use https".to_owned()),
        ("http", Some(_)) => Err("`ca` has a meaning with https only".to_owned()),
        (_, None) => Err("say with `ca` who signs the receiver's certificate".to_owned()),
        (_, Some(_)) => Ok(Destination::Http { url, ca, token_file }),
    }
}

fn file(url: &Url, written: &Written) -> Result<Destination, String> {
    let path = url.to_file_path().map_err(|()| "write a file as `file:/path`")?;
    let rotate = written.rotate_mib.unwrap_or(ROTATE_MIB);
    match (path.is_absolute() && path.file_name().is_some(), rotate) {
        (false, _) => Err("that is no file".to_owned()),
        (true, 0) => Err("`rotate_mib` is at least 1".to_owned()),
        (true, _) => Ok(Destination::File { path, rotate: rotate.saturating_mul(1 << 20) }),
    }
}

/// What is wrong with a list of receivers, if something is.
///
/// # Errors
/// A sentence that names the receiver.
pub(crate) fn check(receivers: &[Receiver]) -> Result<(), String> {
    if receivers.len() > MAX_RECEIVERS {
        return Err(format!("there are more than {MAX_RECEIVERS} receivers"));
    }
    let mut names: Vec<_> = receivers.iter().map(|receiver| &receiver.name).collect();
    names.sort();
    match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first) {
        Some(name) => Err(format!("there are two receivers `{name}`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        sink: Vec<Receiver>,
    }

    fn read(text: &str) -> Result<Destination, String> {
        let file: Result<File, _> = toml::from_str(&format!("[[sink]]\nname = 'x'\n{text}\n"));
        file.map(|file| file.sink[0].to.clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_receiver_is_where_its_address_says() {
        let syslog = |port, ca: Option<&str>| Destination::Syslog {
            host: "h.example".to_owned(),
            port,
            ca: ca.map(PathBuf::from),
        };
        assert_eq!(read("to = 'syslog+tls://h.example'\nca = '/ca'").unwrap(), syslog(6514, Some("/ca")));
        assert_eq!(read("to = 'syslog+tls://h.example:1'\nca = '/ca'").unwrap(), syslog(1, Some("/ca")));
        assert_eq!(read("to = 'syslog+tcp://h.example'").unwrap(), syslog(514, None));
        let file = Destination::File { path: "/var/x.jsonl".into(), rotate: 3 << 20 };
        assert_eq!(read("to = 'file:/var/x.jsonl'\nrotate_mib = 3").unwrap(), file);
        assert!(matches!(read("to = 'https://h/x'\nca = '/ca'").unwrap(), Destination::Http { .. }));
        assert!(matches!(read("to = 'http://[::1]:8/x'").unwrap(), Destination::Http { .. }));
    }

    #[test]
    fn what_would_be_unsafe_or_has_no_meaning_is_refused() {
        for (text, word) in [
            ("to = 'syslog+tls://h.example'", "say with `ca`"),
            ("to = 'syslog+tls://h.example/path'\nca = '/ca'", "ends behind its port"),
            ("to = 'syslog+tcp://h'\nca = '/ca'", "syslog+tls only"),
            ("to = 'syslog+tcp://'", "there is no host"),
            ("to = 'http://lake.example/x'", "without TLS"),
            ("to = 'https://lake.example/x'", "say with `ca`"),
            ("to = 'https://anna:secret@h/x'\nca = '/ca'", "token_file"),
            ("to = 'file:/x'\nca = '/ca'", "has no meaning"),
            ("to = 'file:/x'\nrotate_mib = 0", "at least 1"),
            ("to = 'gopher://h'", "is none of"),
            ("to = 'nowhere'", "is no address"),
            ("to = 'file:/x'\nrotate = 3", "unknown field `rotate`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn names_are_used_once() {
        let one: File = toml::from_str("[[sink]]\nname = 'x'\nto = 'file:/x'").unwrap();
        assert_eq!(check(&one.sink), Ok(()));
        assert!(check(&[one.sink.clone(), one.sink].concat()).unwrap_err().contains("two receivers `x`"));
    }
}
