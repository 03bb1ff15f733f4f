//! The ring on a real interface: two network namespaces, a veth pair between them, real packets.
//!
//! Needs root and `ip` (Debian: iproute2), and fails without them.

#[cfg(test)]
mod lab;
#[cfg(test)]
mod live;
