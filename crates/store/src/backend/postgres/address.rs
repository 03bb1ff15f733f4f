//! Where a server is and how it proves itself.
//!
//! A server on another machine is asked for TLS and its certificate is checked, always against the authority that the
//! URL names: `postgres://user@host/name?sslmode=verify-full&sslrootcert=FILE`. Words in the clear are only for a Unix
//! socket, or where `sslmode=disable` says so.

use crate::StoreError;
use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest wait for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Without an answer for so long, a connection is dead.
const SILENCE: Duration = Duration::from_secs(15);

pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (url, options) = split(url);
        let mut config: Config = url.parse().map_err(|error: postgres::Error| wrong(&error.to_string()))?;
        config.connect_timeout(PATIENCE).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        config.application_name("nullius");
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let tls = match (options.mode.as_deref(), options.authority) {
            (Some("disable"), _) => None,
            (None, None) if is_local => None,
            (Some("require" | "verify-full") | None, Some(path)) => Some(connector(&path)?),
            (Some("require" | "verify-full") | None, None) => {
                return Err(wrong("name the authority of its certificate: sslrootcert=FILE"));
            }
            (Some(_), _) => return Err(wrong("sslmode is `verify-full` or `disable`")),
        };
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, tls })
    }

    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        }
    }
}

#[derive(Default)]
struct Options {
    mode: Option<String>,
    authority: Option<String>,
}

/// Takes out what we see to ourselves.
fn split(url: &str) -> (String, Options) {
    let mut options = Options::default();
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), options);
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => options.mode = Some(mode.to_owned()),
            Some(("sslrootcert", path)) => options.authority = Some(path.replace("%2F", "/")),
            Some(_) | None => rest.push(pair),
        }
    }
    match rest.is_empty() {
        true => (base.to_owned(), options),
        false => (format!("{base}?{}", rest.join("&")), options),
    }
}

fn connector(authority: &str) -> Result<MakeRustlsConnect, StoreError> {
    let unreadable = |error: &dyn std::fmt::Display| wrong(&format!("sslrootcert {authority}: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unreadable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The URL may hold a password: it is not in the text.
fn wrong(why: &str) -> StoreError {
    StoreError::Database(format!("the address of the PostgreSQL server: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_asked_for_tls_and_a_certificate_unless_told_otherwise() {
        for (url, is_fine) in [
            ("postgres://nullius@%2Frun%2Fpostgresql/nullius", true),
            ("postgres://nullius@db/nullius?sslmode=disable", true),
            ("postgres://nullius@db/nullius", false),
            ("postgres://nullius@db/nullius?sslmode=require", false),
            ("postgres://nullius@db/nullius?sslmode=prefer&sslrootcert=x", false),
            ("postgres://nullius@db/nullius?sslmode=verify-full&sslrootcert=/nowhere", false),
            ("postgres://nullius@db/nullius?sslmode=disable&colour=red", false),
        ] {
            assert_eq!(Address::parse(url).is_ok(), is_fine, "{url}");
        }
    }

    #[test]
    fn an_address_that_is_wrong_does_not_show_its_password() {
        let told = Address::parse("postgres://nullius:hunter2@db/nullius").err().unwrap().to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }
}
