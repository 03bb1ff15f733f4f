//! A server on another machine, played by one that speaks TLS and hands on to the cluster's socket.

use crate::testing::{Scratch, postgres};
use crate::{Kek, Location, Store, StoreError, meta};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[test]
fn a_server_that_proves_itself_is_spoken_to() {
    let scratch = postgres();
    let server = Server::start(&scratch, Some("localhost")).unwrap();
    let location = server.location("localhost", "verify-full", &server.authority);
    let store = Store::open(&location, Kek::for_tests()).unwrap();
    store.write(|tx| meta::put(tx, "k", b"through TLS")).unwrap();
    assert_eq!(scratch.store.read(|tx| meta::find(tx, "k")).unwrap().unwrap(), b"through TLS");
}

#[test]
fn a_server_that_does_not_is_told_nothing() {
    let scratch = postgres();
    let right = Server::start(&scratch, Some("localhost")).unwrap();
    let other_name = Server::start(&scratch, Some("db.example")).unwrap();
    let plain = Server::start(&scratch, None).unwrap();
    for (location, what) in [
        (right.location("localhost", "verify-full", &other_name.authority), "another authority"),
        (other_name.location("localhost", "verify-full", &other_name.authority), "another name"),
        (plain.location("localhost", "require", &right.authority), "no TLS"),
    ] {
        let opened = Store::open(&location, Kek::for_tests());
        assert!(matches!(opened, Err(StoreError::Database(_))), "{what}: {opened:?}");
    }
}

struct Server {
    port: u16,
    database: String,
    authority: PathBuf,
}

impl Server {
    /// With a certificate for `name`, or without TLS.
    fn start(scratch: &Scratch, name: Option<&str>) -> Result<Self, Failure> {
        let Location::Postgres(url) = &scratch.location else { return Err("not PostgreSQL".into()) };
        let (address, database) = url.rsplit_once('/').ok_or("no database")?;
        let folder = address.rsplit_once('@').ok_or("no folder")?.1.replace("%2F", "/");
        let socket = PathBuf::from(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("localhost:0")?;
        let port = listener.local_addr()?.port();
        let authority = scratch.folder().join(format!("authority-{port}.pem"));
        let config = name.map(|name| certified(name, &authority)).transpose()?;
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, socket) = (config.clone(), socket.clone());
                // one that is refused ends its connection with an error, as it should
                std::thread::spawn(move || serve(client, config, &socket));
            }
        });
        Ok(Self { port, database: database.to_owned(), authority })
    }

    fn location(&self, host: &str, mode: &str, authority: &std::path::Path) -> Location {
        let (port, database, authority) = (self.port, &self.database, authority.display());
        Location::Postgres(format!(
            "postgres://nullius@{host}:{port}/{database}?sslmode={mode}&sslrootcert={authority}"
        ))
    }
}

/// A certificate for `name`, of an authority that is written to a file.
fn certified(name: &str, authority: &std::path::Path) -> Result<Arc<ServerConfig>, Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    std::fs::write(authority, issuer.pem())?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Arc::new(config))
}

fn serve(
    mut client: TcpStream,
    config: Option<Arc<ServerConfig>>,
    socket: &std::path::Path,
) -> Result<(), Failure> {
    // SSLRequest: eight bytes, answered with one
    client.read_exact(&mut [0; 8])?;
    let Some(config) = config else {
        client.write_all(b"N")?;
        return hand_on(client, UnixStream::connect(socket)?);
    };
    client.write_all(b"S")?;
    client.set_read_timeout(Some(Duration::from_millis(1)))?;
    hand_on(StreamOwned::new(ServerConnection::new(config)?, client), UnixStream::connect(socket)?)
}

fn hand_on(mut client: impl Read + Write, mut server: UnixStream) -> Result<(), Failure> {
    server.set_read_timeout(Some(Duration::from_millis(1)))?;
    while pass(&mut client, &mut server)? && pass(&mut server, &mut client)? {}
    Ok(())
}

/// Hands on what is there; whether there will be more.
fn pass(from: &mut impl Read, to: &mut impl Write) -> Result<bool, Failure> {
    let mut bytes = [0; 4096];
    match from.read(&mut bytes) {
        Ok(0) => Ok(false),
        Ok(length) => {
            to.write_all(bytes.get(..length).unwrap_or_default())?;
            to.flush()?;
            Ok(true)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
