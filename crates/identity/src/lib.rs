//! Keys and certificates: what a peer has proved, and what we vouch for (design §7, R-16).
//!
//! An [`Authority`] turns a public key that somebody proved to hold ([`Request`]) into a certificate that says what a
//! [`Profile`] says, and nothing the asker wrote; two tiers of them, whose keys may lie in a module ([`Signer`]). And
//! [`assertion`] turns the leaf certificate of a finished TLS handshake into [`Verified`], the only thing that the rest of
//! the product takes for an identity. Chains are judged in [`chain`], on which the verifiers of both ends of the agents'
//! connection stand ([`DeviceClients`], [`SiteGateway`]); [`PinnedRoot`] and [`PinnedController`] are how a controller is known at
//! first contact, and [`Signatures`] is what all of them say of a handshake.
//! Signatures and dates are webpki's to check; which trust domain a name is of is ours, since a name constraint cannot say
//! it of URIs.
//!
//! A credential's life is here as well: when it is renewed ([`renewal`]), how a device comes back that missed that
//! ([`recovery`]), what runs out when ([`forecast`]), how one authority follows another ([`rollover`]). What third parties
//! read and write: [`cms`] for EST, [`ocsp`] and lists of what is revoked ([`Revoked`]), and a manufacturer's signed
//! [`manifest`].
//!
//! It makes no keys, draws no numbers and reads no clock: keys, serials and times are arguments.
//!
//! INVARIANT: [`Verified`] has one constructor, [`assertion`]; no certificate holds a byte of a request but its public
//! key.

mod authority;
pub mod chain;
pub mod cms;
mod der;
pub mod forecast;
mod host;
mod key;
pub mod manifest;
mod name;
pub mod ocsp;
mod peer;
mod pem;
mod pinned;
mod profile;
mod protection;
pub mod recovery;
pub mod renewal;
mod request;
mod revoked;
mod roles;
pub mod rollover;
mod signatures;
mod signer;
mod time;
mod verifiers;

pub use authority::{Authority, BadAuthority, Published, Serial, Validity};
pub use cms::signed::BadSignature;
pub use host::{BadHost, Constraints, Subnet};
pub use key::RequestedKey;
pub use name::{BadName, TrustDomain, device_name, gateway_name, site_name};
pub use peer::{BadPeer, Verified, assertion, certificate_end, certificate_serial};
pub use pem::pem;
pub use pinned::{Pinned, PinnedController, PinnedRoot};
pub use profile::{BadProfile, Profile};
pub use protection::Protection;
pub use request::{BadRequest, MAX_REQUEST, Request};
pub use revoked::{Reason, Revoked};
pub use roles::{ControllerIdentity, DeviceIdentity, GatewayIdentity, ManufacturerIdentity, Role};
pub use signatures::Signatures;
pub use signer::{KeyInMemory, Signer, SignerError};
pub use verifiers::{DeviceClients, SiteGateway};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
