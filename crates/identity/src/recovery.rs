//! How a device comes back whose certificate ran out, without anybody taking a certificate that ran out.
//!
//! Every credential of a device has a generation, 1, 2 and so on, which both sides keep. A device that missed its renewals
//! asks for a nonce, signs [`message`] with the key of its last credential, and sends it with a request for a new one
//! ([`Ask`]). The controller ([`judge`]) takes it where the generation is the last that it issued. Who comes with an older
//! one and proves that credential's key has been overtaken by somebody with the same key: two devices, one of them a
//! copy. Nobody can tell which, so both are stopped and a person looks.
//!
//! An answer can get lost: the device then comes again with the generation before, and with the same new key, which is
//! how it is told from a copy. A key in software must be a new one, or two copies could ask in the same words.
//!
//! It knows no clock and no store. INVARIANT: nothing but a proof by the key of a credential makes a clone of a device;
//! a stranger cannot stop one.

use crate::{BadRequest, Protection, Request, RequestedKey, Signer, SignerError, TrustDomain, key::sha256};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

/// How often a device may come back before it renews in good time again; a person may allow more.
pub const RECOVERIES: u32 = 2;

/// How long a nonce is good for, in seconds: a TPM on a slow bus signs in one or two.
pub const NONCE_SECONDS: u64 = 120;

/// A number of the controller that has not been seen before.
pub type Nonce = [u8; 32];

/// What a device sends that wants to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its site.
    pub site: String,
    /// Its name there.
    pub name: String,
    /// Of its last credential.
    pub generation: u64,
    /// From the controller.
    pub nonce: Nonce,
    /// A certificate request (PKCS#10, DER).
    pub request: Vec<u8>,
    /// The key of its last credential (`SubjectPublicKeyInfo`, DER).
    pub key: Vec<u8>,
    /// By that key, over [`message`].
    pub signature: Vec<u8>,
}

/// A credential, as the controller keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The first of a device is 1.
    pub generation: u64,
    /// SHA-256 of its key.
    pub key: [u8; 32],
    /// How that key is kept.
    pub protection: Protection,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What the controller has on a device that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its last credential.
    pub last: Issued,
    /// The one with the generation that it asks with, where there was one.
    pub asked: Option<Issued>,
    /// How often it came back since it last renewed in good time.
    pub recoveries: u32,
    /// How often it may: [`RECOVERIES`], or what a person said.
    pub allowed: u32,
    /// Whether it gets nothing until a person has looked: a clone, or a device out of use.
    pub frozen: bool,
}

/// It comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What to sign a certificate for.
    pub request: Request,
    /// Of the new credential.
    pub generation: u64,
    /// Whether it was granted before and the answer got lost: it does not count as another recovery, and the credential
    /// of this generation is replaced.
    pub again: bool,
}

/// It does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request itself.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// Not this controller's nonce for this device, or too old.
    #[error("the nonce is unknown or too old: ask for another")]
    Nonce,
    /// There was no such credential, or it is not the one whose key signed.
    #[error("this is not signed by the key of that credential")]
    Proof,
    /// The credential it had was revoked.
    #[error("the credential was revoked")]
    Revoked,
    /// A person has to look first.
    #[error("enrolment of this device is frozen")]
    Frozen,
    /// It came back too often.
    #[error(
        "the device came back {allowed} times without renewing in good time: a person has to allow another"
    )]
    TooOften {
        /// How often it may.
        allowed: u32,
    },
    /// A key in software has to be new.
    #[error("a key in software is not used twice: make a new one")]
    SameKey,
    /// Somebody else holds the same key, and was here first.
    #[error("generation {asked} was overtaken by {last}: two devices hold the same key")]
    Clone {
        /// It asks with this.
        asked: u64,
        /// The last that was issued.
        last: u64,
    },
}

/// What is signed: everything that must not change on the way, each with its length before it.
pub fn message(domain: &TrustDomain, ask: &Ask) -> Vec<u8> {
    let generation = ask.generation.to_be_bytes();
    let request = sha256(&ask.request);
    let parts: [&[u8]; 7] = [
        b"nullius recovery 1",
        domain.as_str().as_bytes(),
        ask.site.as_bytes(),
        ask.name.as_bytes(),
        &generation,
        &ask.nonce,
        &request,
    ];
    // none is as long as 4 GiB
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
    parts.iter().flat_map(|part| [&length(part)[..], part].concat()).collect()
}

impl Ask {
    /// Signed by the key of the last credential.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn sign(
        domain: &TrustDomain,
        (site, name): (&str, &str),
        generation: u64,
        nonce: Nonce,
        request: &[u8],
        last: &dyn Signer,
    ) -> Result<Self, SignerError> {
        let mut ask = Self {
            site: site.to_owned(),
            name: name.to_owned(),
            generation,
            nonce,
            request: request.to_vec(),
            key: last.public().spki(),
            signature: Vec::new(),
        };
        ask.signature = last.sign(&message(domain, &ask))?;
        Ok(ask)
    }
}

/// A nonce for this device. It is not kept: it says when it was made, and that this secret made it. Used twice within
/// its time it does no harm, because the generation has moved on.
pub fn nonce(secret: &[u8; 32], site: &str, name: &str, now: u64) -> Nonce {
    let made = now.to_be_bytes();
    let said = [&made[..], b"\0nullius nonce\0", site.as_bytes(), b"\0", name.as_bytes()].concat();
    let tag = sign(&Key::new(HMAC_SHA256, secret), &said);
    let tag = tag.as_ref().get(..24).unwrap_or_default();
    [&made[..], tag].concat().first_chunk().copied().unwrap_or_default()
}

/// Whether a device comes back.
///
/// # Errors
/// [`Refused`]. At [`Refused::Clone`] the device is to be frozen, and people are to hear of it.
pub fn judge(
    ask: &Ask,
    domain: &TrustDomain,
    secret: &[u8; 32],
    kept: &Kept,
    now: u64,
) -> Result<Granted, Refused> {
    let request = Request::read(&ask.request)?;
    if !is_fresh(ask, secret, now) {
        return Err(Refused::Nonce);
    }
    let asked = proved(ask, domain, kept).ok_or(Refused::Proof)?;
    if kept.frozen {
        return Err(Refused::Frozen);
    }
    if asked.revoked || kept.last.revoked {
        return Err(Refused::Revoked);
    }
    let new = request.key_hash();
    if asked.protection == Protection::Software && new == asked.key {
        return Err(Refused::SameKey);
    }
    if asked.generation == kept.last.generation {
        return first_time(request, kept);
    }
    let answered = asked.generation.saturating_add(1) == kept.last.generation && new == kept.last.key;
    if answered {
        return Ok(Granted { request, generation: kept.last.generation, again: true });
    }
    Err(Refused::Clone { asked: asked.generation, last: kept.last.generation })
}

fn first_time(request: Request, kept: &Kept) -> Result<Granted, Refused> {
    if kept.recoveries >= kept.allowed {
        return Err(Refused::TooOften { allowed: kept.allowed });
    }
    Ok(Granted { request, generation: kept.last.generation.saturating_add(1), again: false })
}

fn is_fresh(ask: &Ask, secret: &[u8; 32], now: u64) -> bool {
    let made = ask.nonce.first_chunk().copied().map_or(0, u64::from_be_bytes);
    let ours = nonce(secret, &ask.site, &ask.name, made);
    verify_slices_are_equal(&ours, &ask.nonce).is_ok() && made <= now && now - made <= NONCE_SECONDS
}

/// The credential that is asked with, once its key has signed.
fn proved(ask: &Ask, domain: &TrustDomain, kept: &Kept) -> Option<Issued> {
    let known = [Some(kept.last), kept.asked];
    let asked = known.into_iter().flatten().find(|issued| issued.generation == ask.generation)?;
    let key = RequestedKey::from_spki(&ask.key).ok()?;
    let signed = key.hash() == asked.key && key.verifies(&message(domain, ask), &ask.signature);
    signed.then_some(asked)
}

#[cfg(test)]
mod tests;
