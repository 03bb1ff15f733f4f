//! The agent of a device.

mod file;
mod key;
#[cfg(test)]
mod testing;

pub use file::FileError;
pub use key::{DeviceKey, KeyError, Keyring, Point};
