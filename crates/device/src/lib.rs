//! Who is it (`discovery`), what does it normally do (`behaviour`), how risky is it (`risk`).
//!
//! A [`Site`] takes observations as they come and keeps, bounded, what a person or a policy may later ask: stations and
//! what they claim, conversations and their alphabets, evidence with its frame. Nothing is decided while frames
//! arrive. [`Site::picture`] then resolves stations into devices and judges once.
//!
//! It knows no file, no policy and no clock.
//!
//! INVARIANT: what a device says of itself is a claim with a source; it never names the device and never ends a doubt.

pub mod behaviour;
pub mod discovery;
pub mod risk;

mod limits;
mod picture;
mod quality;
mod site;
#[cfg(test)]
mod testing;

pub use limits::Limits;
pub use picture::{ConversationView, DeviceView, Party, Picture, Role};
pub use quality::{DamageCount, Quality};
pub use site::{Config, Site};
