//! Servers of Debian that ask for certificates, on the loopback: TLS 1.3, X25519, the same chains, no session kept.

use crate::device::Credential;
use crate::server::{cpu, only};
use crate::site::Site;
use anyhow::{Context as _, Result};
use nullius_identity::chain::Anchors;
use nullius_identity::{Profile, SiteGateway, pem};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::kx_group::X25519;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection};
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
}

impl Peer {
    pub(crate) fn nginx(site: &Site, place: &Path) -> Result<Self> {
        write_certificates(site, place)?;
        let shown = place.display();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {shown}/nginx.pid;\nerror_log {shown}/nginx.log;\nevents {{ }}\n\
             http {{\n access_log off;\n server {{\n listen 127.0.0.1:8443 ssl;\n ssl_certificate {shown}/chain.pem;\n\
             ssl_certificate_key {shown}/key.pem;\n ssl_client_certificate {shown}/root.pem;\n ssl_verify_client on;\n\
             ssl_verify_depth 3;\n ssl_protocols TLSv1.3;\n ssl_ecdh_curve X25519;\n ssl_session_tickets off;\n\
             ssl_session_cache off;\n return 204;\n }}\n}}\n"
        );
        std::fs::write(place.join("nginx.conf"), config)?;
        Self::start("nginx", &["-c", &format!("{shown}/nginx.conf"), "-p", &shown.to_string()], 8443)
    }

    pub(crate) fn haproxy(site: &Site, place: &Path) -> Result<Self> {
        write_certificates(site, place)?;
        let shown = place.display();
        let config = format!(
            "global\n maxconn 100\n nbthread 1\n tune.ssl.cachesize 0\ndefaults\n mode http\n timeout connect 5s\n\
             timeout client 5s\n timeout server 5s\nfrontend f\n bind 127.0.0.1:8444 ssl crt {shown}/all.pem ca-file {shown}/root.pem \
             verify required ssl-min-ver TLSv1.3 curves X25519 no-tls-tickets\n http-request return status 204\n"
        );
        std::fs::write(place.join("haproxy.cfg"), config)?;
        Self::start("haproxy", &["-db", "-f", &format!("{shown}/haproxy.cfg")], 8444)
    }

    #[expect(clippy::disallowed_methods, reason = "a bench starts what it compares with")]
    fn start(program: &str, arguments: &[&str], port: u16) -> Result<Self> {
        let mut command = Command::new(Path::new("/usr/sbin").join(program));
        let child =
            command.args(arguments).stdout(Stdio::null()).spawn().with_context(|| program.to_owned())?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }

    /// CPU time of a handshake, in microseconds.
    pub(crate) fn handshakes(&self, site: &Site, devices: &[Credential]) -> Result<u64> {
        let before = cpu(self.child.id())?;
        for credential in devices {
            self.handshake(client(site, credential)?)?;
        }
        std::thread::sleep(Duration::from_millis(50));
        Ok((cpu(self.child.id())? - before) / u64::try_from(devices.len())?)
    }

    fn handshake(&self, config: ClientConfig) -> Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut tls = ClientConnection::new(Arc::new(config), "gateway.invalid".try_into()?)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        tls.send_close_notify();
        tls.write_tls(&mut stream)?;
        // it has read the last of the handshake when it hangs up
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(site: &Site, credential: &Credential) -> Result<ClientConfig> {
    let provider = only(X25519);
    let anchors = Arc::new(Anchors::new(&[site.root()], [])?);
    let verifier = SiteGateway::gateway(anchors, site.domain(), "lab", &provider);
    let chain = credential.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(credential.key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn write_certificates(site: &Site, place: &Path) -> Result<()> {
    let gateway = Profile::Gateway { site: "lab".into(), name: "gw1".into() };
    let credential = site.issue(&gateway, crate::site::LONG);
    let chain: String = credential.chain.iter().map(|certificate| pem(certificate)).collect();
    let key = credential.key.serialize_pem();
    std::fs::write(place.join("chain.pem"), &chain)?;
    std::fs::write(place.join("key.pem"), &key)?;
    std::fs::write(place.join("all.pem"), format!("{chain}{key}"))?;
    Ok(std::fs::write(place.join("root.pem"), pem(site.root()))?)
}
