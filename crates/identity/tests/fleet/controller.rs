//! The controller's side: authorities, what it keeps of every device, and its answers.

use crate::chance::Chance;
use crate::device::{Device, LIFE, SITE};
use nullius_identity::chain::{Anchors, Purpose};
use nullius_identity::recovery::{self, Ask, Issued, Kept, RECOVERIES};
use nullius_identity::{
    Authority, Constraints, DeviceIdentity, KeyInMemory, Profile, Request, RequestedKey, TrustDomain,
    Validity, assertion,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

const DAY: u64 = 86_400;
const SECRET: [u8; 32] = [9; 32];

pub(crate) fn domain() -> TrustDomain {
    TrustDomain::new("plant.example").unwrap()
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(crate) fn signer(key: &KeyPair) -> KeyInMemory {
    KeyInMemory::from_pkcs8(&key.serialize_der()).unwrap()
}

/// A credential, and the serial by which it is known.
#[derive(Clone, Copy)]
struct Row {
    issued: Issued,
    serial: [u8; 16],
    until: u64,
    /// Which pair of authorities signed it.
    by: usize,
}

/// What is kept of a device: its last two credentials.
#[derive(Clone, Copy, Default)]
struct Record {
    last: Option<Row>,
    before: Option<Row>,
    recoveries: u32,
}

pub(crate) struct Controller {
    roots: Vec<Authority>,
    issuing: Vec<Authority>,
    /// Which of them signs.
    pub(crate) signs: usize,
    /// By the first root, about the second.
    pub(crate) cross: Option<Vec<u8>>,
    /// All roots there ever were: what nobody distrusts is good until it ends.
    anchors: Anchors,
    records: Vec<Record>,
    chance: Chance,
    server: Option<(u64, Vec<Vec<u8>>)>,
}

/// What comes of a question.
pub(crate) enum Answer {
    Enrolled(Vec<Vec<u8>>),
    Renewed(Vec<Vec<u8>>),
    Recovered(Vec<Vec<u8>>),
    Again(Vec<Vec<u8>>),
    Refused(String),
}

impl Controller {
    pub(crate) fn new(devices: usize, now: u64) -> Self {
        let mut controller = Self {
            roots: Vec::new(),
            issuing: Vec::new(),
            signs: 0,
            cross: None,
            anchors: Anchors::default(),
            records: vec![Record::default(); devices],
            chance: Chance::new(77),
            server: None,
        };
        controller.make(now);
        controller
    }

    /// A new root with an issuing authority under it. The root before vouches for it.
    pub(crate) fn make(&mut self, now: u64) {
        let life = |years: u64| Validity { from: now - DAY, until: now + years * 365 * DAY };
        let [one, other] = [(); 2].map(|()| Box::new(signer(&key())));
        let names = Constraints::parse(&["plant.example"]).unwrap();
        let root = Authority::root(domain(), one, self.chance.serial(), life(20)).unwrap();
        let issuing = Authority::issuing(&root, other, names, self.chance.serial(), life(5)).unwrap();
        let serial = self.chance.serial();
        let older = self.roots.last();
        self.cross = older.map(|older| older.issue(&Profile::Root, root.key(), serial, life(20)).unwrap());
        self.roots.push(root);
        self.issuing.push(issuing);
        self.anchors = Anchors::new(&self.anchors(0), []).unwrap();
    }

    /// Roots that gateways are to trust, from this one on.
    pub(crate) fn anchors(&self, from: usize) -> Vec<Vec<u8>> {
        self.roots[from..].iter().map(|root| root.certificate().to_vec()).collect()
    }

    /// How many certificates of the first authority count, and until when.
    pub(crate) fn remaining(&self, now: u64) -> nullius_identity::rollover::Remaining {
        let old = |record: &Record| record.last.filter(|row| row.by == 0 && row.until >= now);
        let ends: Vec<u64> = self.records.iter().filter_map(old).map(|row| row.until).collect();
        let until = ends.iter().copied().max().unwrap_or(0);
        nullius_identity::rollover::Remaining { count: ends.len() as u64, until }
    }

    /// For a gateway or a server: leaf, issuing authority, and the cross-certificate where there is one.
    pub(crate) fn sign(&mut self, profile: &Profile, key: &RequestedKey, life: Validity) -> Vec<Vec<u8>> {
        let serial = self.chance.serial();
        let issuing = &self.issuing[self.signs];
        let leaf = issuing.issue(profile, key, serial, life).unwrap();
        let cross = self.cross.iter().filter(|_| self.signs == 1).cloned();
        [leaf, issuing.certificate().to_vec()].into_iter().chain(cross).collect()
    }

    /// The chain that its own listener shows.
    pub(crate) fn server(&mut self, now: u64) -> Vec<Vec<u8>> {
        if let Some((made, chain)) = &self.server
            && now < made + 30 * DAY
        {
            return chain.clone();
        }
        let key = RequestedKey::of_key(&key().serialize_der()).unwrap();
        let profile = Profile::ControllerServer(vec!["controller.plant.example".into()]);
        let chain = self.sign(&profile, &key, Validity { from: now - DAY, until: now + 60 * DAY });
        self.server = Some((now, chain.clone()));
        chain
    }

    /// By a token: the first certificate.
    pub(crate) fn enrol(&mut self, device: &Device, request: &[u8], now: u64) -> Answer {
        let request = Request::read(request).unwrap();
        Answer::Enrolled(self.issue(device, &request, 1, now))
    }

    /// By the certificate that it has.
    pub(crate) fn renew(&mut self, device: &Device, request: &[u8], now: u64) -> Answer {
        if let Err(error) = self.anchors.verify(&device.chain, Purpose::Client, now) {
            return Answer::Refused(format!("{}: {error}", device.name()));
        }
        let identity = assertion::<DeviceIdentity>(&device.chain[0], &domain()).unwrap();
        let request = Request::read(request).unwrap();
        let (last, before) = (self.records[device.number].last.unwrap(), self.records[device.number].before);
        let is = |row: &Row| positive(row.serial) == identity.serial;
        if is(&last) {
            self.records[device.number].recoveries = 0;
            return Answer::Renewed(self.issue(device, &request, last.issued.generation + 1, now));
        }
        if before.is_some_and(|row| is(&row)) && request.key_hash() == last.issued.key {
            return Answer::Again(self.replace(device, &request, now));
        }
        Answer::Refused(format!("{}: not its last certificate", device.name()))
    }

    pub(crate) fn nonce(&self, device: &Device, now: u64) -> recovery::Nonce {
        recovery::nonce(&SECRET, SITE, &device.name(), now)
    }

    /// By the key of the last certificate, which ran out.
    pub(crate) fn recover(&mut self, device: &Device, ask: &Ask, now: u64) -> Answer {
        let record = self.records[device.number];
        let kept = Kept {
            last: record.last.unwrap().issued,
            asked: record.before.map(|row| row.issued),
            recoveries: record.recoveries,
            allowed: RECOVERIES,
            frozen: false,
        };
        match recovery::judge(ask, &domain(), &SECRET, &kept, now) {
            Ok(granted) if granted.again => Answer::Again(self.replace(device, &granted.request, now)),
            Ok(granted) => {
                self.records[device.number].recoveries += 1;
                Answer::Recovered(self.issue(device, &granted.request, granted.generation, now))
            }
            Err(error) => Answer::Refused(format!("{}: {error}", device.name())),
        }
    }

    fn issue(&mut self, device: &Device, request: &Request, generation: u64, now: u64) -> Vec<Vec<u8>> {
        let (row, chain) = self.row(device, request, generation, now);
        let record = &mut self.records[device.number];
        (record.before, record.last) = (record.last, Some(row));
        chain
    }

    /// The last once more.
    fn replace(&mut self, device: &Device, request: &Request, now: u64) -> Vec<Vec<u8>> {
        let generation = self.records[device.number].last.unwrap().issued.generation;
        let (row, chain) = self.row(device, request, generation, now);
        self.records[device.number].last = Some(row);
        chain
    }

    fn row(&mut self, device: &Device, request: &Request, generation: u64, now: u64) -> (Row, Vec<Vec<u8>>) {
        let profile = device.profile();
        request.check_names(&profile, &domain()).unwrap();
        let life = Validity { from: now, until: now + LIFE };
        let serial = self.chance.serial();
        let issuing = &self.issuing[self.signs];
        let leaf = issuing.issue(&profile, request.key(), serial, life).unwrap();
        let issued =
            Issued { generation, key: request.key_hash(), protection: device.protection, revoked: false };
        let row = Row { issued, serial, until: life.until, by: self.signs };
        (row, vec![leaf, issuing.certificate().to_vec()])
    }
}

/// As it stands in a certificate.
fn positive(mut serial: [u8; 16]) -> Vec<u8> {
    serial[0] = serial[0] & 0x7f | 0x40;
    serial.to_vec()
}
