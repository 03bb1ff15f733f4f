//! Another certificate in time, and a way back where it is too late.
//!
//! In time: EST with the certificate that is to be replaced. Too late, or where its authority counts no more: recovery,
//! a signature by the last key over a nonce, with the generation of the last certificate. Each certificate is for a new
//! key, but where somebody vouched for the one that is in hardware: it would be another one. The request is kept until it is answered, so that an answer that was lost is given again, and does not look
//! like a copy of this device.

use crate::agent::AgentError;
use crate::config::Config;
use crate::credential::{self, Accepted};
use crate::est::{Est, EstError, HttpError, Issued, Reach, ReachError, Server};
use crate::key::{DeviceKey, Keyring};
use crate::plant::Plant;
use crate::state::{State, Store, Wanted};
use crate::time::Time;
use crate::tls::{self, Credential};
use crate::trust::{Said, Trust};
use nullius_identity::chain::Purpose;
use nullius_identity::recovery::Ask;
use nullius_identity::{
    DeviceIdentity, Protection, RequestedKey, Signer, SignerError, SiteGateway, TrustDomain, assertion,
};
use nullius_protocol::enrol::{RecoverRequest, VERSION};
use rustls::pki_types::CertificateDer;
use std::error::Error;
use std::io;
use std::sync::Arc;

/// What a renewal works with.
#[derive(Debug)]
pub(crate) struct Renewing<'a> {
    pub(crate) config: &'a Config,
    pub(crate) keyring: &'a Arc<dyn Keyring>,
    pub(crate) store: &'a Store,
    pub(crate) time: &'a Arc<Time>,
    pub(crate) plant: &'a Plant,
    pub(crate) domain: &'a TrustDomain,
    pub(crate) state: &'a mut State,
}

impl Renewing<'_> {
    /// Gets another certificate and keeps it, by the first way that leads there.
    pub(crate) async fn run(&mut self) -> Result<(), AgentError> {
        let wanted = self.wanted()?;
        let key = self.keyring.open(&wanted.key)?;
        let mut last = None;
        for reach in self.ways()? {
            match self.ask(&reach, &wanted).await {
                Ok(issued) => return self.take(issued, wanted, &key),
                Err(error @ AgentError::Est(EstError::Refused(_))) => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(AgentError::NoWay))
    }

    /// The request that is on its way, or a new one: on the disk before it is sent.
    fn wanted(&mut self) -> Result<Wanted, AgentError> {
        if let Some(wanted) = self.state.wanted.clone() {
            return Ok(wanted);
        }
        let own = self.state.chain.first().map(|leaf| assertion::<DeviceIdentity>(leaf, self.domain));
        let (handle, key) = match own {
            Some(Ok(own)) if own.protection == Protection::Hardware => {
                (self.state.key.clone(), self.keyring.open(&self.state.key)?)
            }
            Some(_) | None => self.keyring.make()?,
        };
        let wanted = Wanted { key: handle, csr: credential::request(key)? };
        self.state.wanted = Some(wanted.clone());
        self.store.write(self.state)?;
        Ok(wanted)
    }

    fn ways(&self) -> Result<Vec<Reach>, AgentError> {
        let server = self.config.server.as_ref().or(self.state.server.as_ref());
        let direct = server.map(|server| Server::parse(server)).transpose()?.map(Reach::Direct);
        Ok(direct.into_iter().chain([Reach::Gateway(self.plant.clone())]).collect())
    }

    async fn ask(&self, reach: &Reach, wanted: &Wanted) -> Result<Issued, AgentError> {
        if self.late()? {
            return self.recover(reach, wanted).await;
        }
        match self.est(reach, true)?.renew(&wanted.csr).await {
            // the controller knows something of this certificate that this device does not
            Err(error) if is_about_us(&error) || self.late()? => self.recover(reach, wanted).await,
            issued => Ok(issued?),
        }
    }

    /// Whether the certificate opens no door any more.
    fn late(&self) -> Result<bool, AgentError> {
        let now = self.time.now();
        let judged = self.trust().judge().map_err(credential::BadCredential::from)?;
        Ok(judged.verify(&self.state.chain, Purpose::Client, now).is_err())
    }

    fn trust(&self) -> Trust {
        Trust { anchors: self.state.anchors.clone(), distrusted: self.state.distrusted().collect() }
    }

    fn est<'r>(&self, reach: &'r Reach, shown: bool) -> Result<Est<'r>, AgentError> {
        let anchors = Arc::new(self.trust().judge().map_err(credential::BadCredential::from)?);
        let controller = SiteGateway::controller(anchors, self.domain.clone(), &tls::provider()).behind();
        let credential = self.credential()?;
        let tls = tls::client(controller, self.time, shown.then_some(&credential))?;
        Ok(Est { reach, tls })
    }

    fn credential(&self) -> Result<Credential, AgentError> {
        let key = self.keyring.open(&self.state.key)?;
        let chain = self.state.chain.iter().cloned().map(CertificateDer::from).collect();
        Ok(Credential { chain, key })
    }

    async fn recover(&self, reach: &Reach, wanted: &Wanted) -> Result<Issued, AgentError> {
        let est = self.est(reach, false)?;
        let State { site, device, generation, .. } = &*self.state;
        let nonce = est.nonce(site, device).await?;
        let nonce = nonce.try_into().map_err(|_| EstError::Answer("no nonce"))?;
        let last = Last::new(self.keyring.open(&self.state.key)?)?;
        let (domain, names, csr) = (self.domain.clone(), (site.clone(), device.clone()), wanted.csr.clone());
        let generation = *generation;
        let signed =
            move || Ask::sign(&domain, (names.0.as_str(), names.1.as_str()), generation, nonce, &csr, &last);
        let signed = tokio::task::spawn_blocking(signed).await.map_err(|_| AgentError::Interrupted)?;
        let Ask { site, name, generation, nonce, request, key, signature } = signed?;
        let request = RecoverRequest {
            version: VERSION,
            site,
            device: name,
            generation,
            nonce: nonce.to_vec(),
            csr: request,
            key,
            signature,
        };
        Ok(est.recover(&request).await?)
    }

    /// The new certificate becomes this device's, and the old key is forgotten.
    fn take(&mut self, issued: Issued, wanted: Wanted, key: &Arc<dyn DeviceKey>) -> Result<(), AgentError> {
        let now = self.time.now();
        let trust = self.trust();
        let said = Said { cross: issued.anchors.clone(), anchors: issued.anchors, distrusted: Vec::new() };
        let trust = trust.after(&said, now).unwrap_or(trust);
        let Accepted { chain, identity } = credential::accept(issued.chain, key, &trust, self.domain, now)?;
        if identity.site != self.state.site || identity.name != self.state.device {
            return Err(credential::BadCredential::OtherName(identity.name.clone()).into());
        }
        self.time.proved(identity.from);
        let old = std::mem::replace(&mut self.state.key, wanted.key);
        self.state.wanted = None;
        self.state.generation = issued.generation.unwrap_or_else(|| self.state.generation.saturating_add(1));
        self.state.chain = chain;
        self.state.anchors = trust.anchors;
        self.state.floor = self.time.floor();
        (self.state.failures, self.state.tried) = (0, 0);
        self.store.write(self.state)?;
        if old != self.state.key {
            // what cannot be removed now is of no use to anybody either: its certificate is replaced
            let _ = self.keyring.forget(&old);
        }
        Ok(())
    }
}

/// Whether the controller has something against the certificate that was shown: by a status, or by an alert of TLS.
fn is_about_us(error: &EstError) -> bool {
    match error {
        EstError::Refused(refusal) => matches!(refusal.status, 401 | 403),
        EstError::Reach(ReachError::Tls(error)) => is_alert(error),
        EstError::Http(HttpError::Exchange(error)) => {
            error.source().and_then(|source| source.downcast_ref()).is_some_and(is_alert)
        }
        EstError::Reach(_) | EstError::Http(_) | EstError::Silent | EstError::Answer(_) => false,
    }
}

fn is_alert(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(_)))
}

/// The key of the last certificate, as a recovery asks for it.
struct Last {
    key: Arc<dyn DeviceKey>,
    public: RequestedKey,
}

impl Last {
    fn new(key: Arc<dyn DeviceKey>) -> Result<Self, AgentError> {
        let public = credential::public(&key)?;
        Ok(Self { key, public })
    }
}

impl Signer for Last {
    fn public(&self) -> &RequestedKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.key.sign(message).map_err(|error| SignerError(error.to_string()))
    }
}
