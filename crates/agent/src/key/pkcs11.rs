//! Keys in a PKCS#11 token (OASIS, version 2.40 and later).
//!
//! A key is made in the token, marked sensitive and not extractable, and found again by its `CKA_ID`, which is the
//! handle. A session is opened for each signature: a token that was unplugged meanwhile is no broken connection.

use super::{DeviceKey, KeyError, Keyring, Point, bytes_of, der, draw};
use aws_lc_rs::digest::{SHA256, digest};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The curve P-256 as its object identifier in ASN.1 (RFC 5480 §2.1.1.1).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Bytes of either half of a signature.
const HALF: usize = 32;

/// Libraries that are loaded. They stay: what one knows, and who is logged in, are facts of the whole process. One use
/// at a time.
static LOADED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// A token. Its `Debug` form keeps the PIN.
#[derive(Clone)]
pub(crate) struct Token {
    /// The library of the token's maker.
    pub(crate) library: PathBuf,
    /// The token's label.
    pub(crate) label: String,
    /// The user's PIN.
    pub(crate) pin: Zeroizing<String>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Token {
    fn with<T>(&self, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, KeyError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let told =
            |error: Error| KeyError::Hardware(format!("the module {}: {error}", self.library.display()));
        let session = self.log_in(&mut loaded).map_err(told)?;
        let absent = || KeyError::Hardware(format!("no token `{}` is plugged in", self.label));
        work(&session.ok_or_else(absent)?).map_err(told)
    }

    fn log_in(&self, loaded: &mut BTreeMap<PathBuf, Pkcs11>) -> Result<Option<Session>, Error> {
        let context = match loaded.entry(self.library.clone()) {
            Entry::Occupied(present) => present.into_mut(),
            Entry::Vacant(place) => {
                let context = Pkcs11::new(&self.library)?;
                context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
                place.insert(context)
            }
        };
        for slot in context.get_slots_with_token()? {
            if context.get_token_info(slot)?.label() == self.label {
                let session = context.open_rw_session(slot)?;
                let pin = AuthPin::from(self.pin.as_str().to_owned());
                return match session.login(UserType::User, Some(&pin)) {
                    Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) | Ok(()) => Ok(Some(session)),
                    Err(error) => Err(error),
                };
            }
        }
        Ok(None)
    }

    fn point(&self, handle: &str) -> Result<Point, KeyError> {
        let id = bytes_of(handle)?;
        let found = self.with(|session| {
            let Some(key) = find(session, ObjectClass::PUBLIC_KEY, id)? else { return Ok(None) };
            let found = session.get_attributes(key, &[AttributeType::EcPoint])?;
            let point = |found| if let Attribute::EcPoint(point) = found { Some(point) } else { None };
            Ok(found.into_iter().find_map(point))
        })?;
        // an octet string around the point; some modules leave that away
        let point = found.as_deref().map(|bytes| bytes.strip_prefix(&[0x04, 0x41]).unwrap_or(bytes));
        let point = point.and_then(|point| point.try_into().ok());
        point.ok_or_else(|| KeyError::Damaged(handle.to_owned()))
    }
}

impl Keyring for Token {
    fn make(&self) -> Result<(String, Arc<dyn DeviceKey>), KeyError> {
        let handle = draw()?;
        let id = bytes_of(&handle)?;
        let [public, private] = templates(&id);
        self.with(|session| {
            session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).map(|_| ())
        })?;
        let key = self.open(&handle)?;
        Ok((handle, key))
    }

    fn open(&self, handle: &str) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let id = bytes_of(handle)?;
        Ok(Arc::new(TokenKey { token: self.clone(), id, point: self.point(handle)? }))
    }

    fn forget(&self, handle: &str) -> Result<(), KeyError> {
        let id = bytes_of(handle)?;
        self.with(|session| {
            for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
                if let Some(key) = find(session, class, id)? {
                    session.destroy_object(key)?;
                }
            }
            Ok(())
        })
    }
}

fn find(
    session: &Session,
    class: ObjectClass,
    id: [u8; super::HANDLE],
) -> Result<Option<ObjectHandle>, Error> {
    let wanted = [Attribute::Class(class), Attribute::Id(id.to_vec())];
    Ok(session.find_objects(&wanted)?.first().copied())
}

fn templates(id: &[u8]) -> [Vec<Attribute>; 2] {
    let named =
        || vec![Attribute::Token(true), Attribute::Id(id.to_vec()), Attribute::Label(b"nullius".to_vec())];
    let public =
        [Attribute::KeyType(KeyType::EC), Attribute::EcParams(P256.to_vec()), Attribute::Verify(true)];
    let private = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    [named().into_iter().chain(public).collect(), named().into_iter().chain(private).collect()]
}

#[derive(Debug)]
struct TokenKey {
    token: Token,
    id: [u8; super::HANDLE],
    point: Point,
}

impl DeviceKey for TokenKey {
    fn point(&self) -> &Point {
        &self.point
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let hash = digest(&SHA256, message);
        let signature = self.token.with(|session| {
            let key = find(session, ObjectClass::PRIVATE_KEY, self.id)?.ok_or(Error::InvalidValue)?;
            session.sign(&Mechanism::Ecdsa, key, hash.as_ref())
        })?;
        let halves = signature.split_at_checked(HALF).and_then(|(r, s)| der::signature(r, s));
        halves.ok_or_else(|| KeyError::Hardware("the token gave no ECDSA signature".to_owned()))
    }
}
