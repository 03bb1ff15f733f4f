//! Keys in a TPM 2.0 (TCG, library specification 1.38 and later), by the system's libtss2.
//!
//! A key is a primary key of the owner's hierarchy: the TPM derives it anew, each time, from its own seed and from the
//! handle, which stands in the template as its `unique` field. So nothing is stored in the TPM, no slot runs out, and
//! the handle alone is worth nothing on another machine. `tpm2_clear` changes the seed, and with it every key is gone.
//! The connection is opened for each signature: another program may use the TPM in between, and a resource manager that
//! was started again is no broken connection.

use super::{DeviceKey, KeyError, Keyring, Point, bytes_of, der, draw};
use aws_lc_rs::digest::{SHA256, digest};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use tss_esapi::attributes::ObjectAttributesBuilder;
use tss_esapi::constants::tss::{TPM2_RH_NULL, TPM2_ST_HASHCHECK};
use tss_esapi::handles::{KeyHandle, ObjectHandle};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::structures::{
    Digest, EccParameter, EccPoint, EccScheme, HashScheme, HashcheckTicket, Public, PublicBuilder,
    PublicEccParametersBuilder, Signature, SignatureScheme,
};
use tss_esapi::tss2_esys::TPMT_TK_HASHCHECK;
use tss_esapi::{Context, Error, TctiNameConf};

/// One use at a time in this process: a TPM without a resource manager has room for three keys.
static USE: Mutex<()> = Mutex::new(());

/// A TPM, by the name of the way to it: `device:/dev/tpmrm0`, `swtpm:host=localhost,port=2321`.
#[derive(Clone, Debug)]
pub(crate) struct Tpm(pub(crate) String);

impl Tpm {
    /// Does `work` with the key that `handle` makes.
    fn with<T>(
        &self,
        handle: &str,
        work: impl FnOnce(&mut Context, KeyHandle, &Public) -> Result<T, Error>,
    ) -> Result<T, KeyError> {
        let unique = bytes_of(handle)?;
        let _one = USE.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |error: Error| KeyError::Hardware(format!("the TPM `{}`: {error}", self.0));
        let way = TctiNameConf::from_str(&self.0).map_err(told)?;
        let mut context = Context::new(way).map_err(told)?;
        let derived = context.execute_with_nullauth_session(|context| {
            let made = context.create_primary(Hierarchy::Owner, template(unique)?, None, None, None, None)?;
            let public = made.out_public;
            context.execute_with_temporary_object(ObjectHandle::from(made.key_handle), |context, key| {
                work(context, KeyHandle::from(key), &public)
            })
        });
        derived.map_err(told)
    }

    fn key(&self, handle: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let public = self.with(handle, |_, _, public| Ok(public.clone()))?;
        let damaged = || KeyError::Damaged(handle.to_owned());
        let Public::Ecc { unique, .. } = public else { return Err(damaged()) };
        let point = der::point(unique.x().value(), unique.y().value()).ok_or_else(damaged)?;
        Ok(Arc::new(TpmKey { tpm: self.clone(), handle: handle.to_owned(), point }))
    }
}

impl Keyring for Tpm {
    fn make(&self) -> Result<(String, Arc<dyn DeviceKey>), KeyError> {
        let handle = draw()?;
        let key = self.key(&handle)?;
        Ok((handle, key))
    }

    fn open(&self, handle: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.key(handle)
    }

    /// There is nothing to remove: whoever forgets the handle has no key.
    fn forget(&self, _: &str) -> Result<(), KeyError> {
        Ok(())
    }
}

/// A key that signs anything, cannot leave this TPM, and was made in it.
fn template(handle: [u8; super::HANDLE]) -> Result<Public, Error> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_sign_encrypt(true)
        .build()?;
    let scheme = EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256));
    let parameters = PublicEccParametersBuilder::new_unrestricted_signing_key(scheme, EccCurve::NistP256);
    let unique = digest(&SHA256, &handle);
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters.build()?)
        .with_ecc_unique_identifier(EccPoint::new(
            EccParameter::try_from(unique.as_ref())?,
            EccParameter::default(),
        ))
        .build()
}

#[derive(Debug)]
struct TpmKey {
    tpm: Tpm,
    handle: String,
    point: Point,
}

impl DeviceKey for TpmKey {
    fn point(&self) -> &Point {
        &self.point
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.tpm.with(&self.handle, |context, key, _| {
            let hash = Digest::try_from(digest(&SHA256, message).as_ref())?;
            let scheme = SignatureScheme::EcDsa { hash_scheme: HashScheme::new(HashingAlgorithm::Sha256) };
            context.sign(key, hash, scheme, unchecked()?)
        })?;
        let damaged = || KeyError::Hardware("the TPM gave no ECDSA signature".to_owned());
        let Signature::EcDsa(signature) = signature else { return Err(damaged()) };
        let (r, s) = (signature.signature_r().value(), signature.signature_s().value());
        der::signature(r, s).ok_or_else(damaged)
    }
}

/// The hash was not made by the TPM, which a key that is not restricted may sign.
fn unchecked() -> Result<HashcheckTicket, Error> {
    let ticket = TPMT_TK_HASHCHECK {
        tag: TPM2_ST_HASHCHECK,
        hierarchy: TPM2_RH_NULL,
        digest: tss_esapi::tss2_esys::TPM2B_DIGEST::default(),
    };
    HashcheckTicket::try_from(ticket)
}
