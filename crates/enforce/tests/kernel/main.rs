//! The real kernel, in network namespaces of the tests' own: what passes is seen at the receiver's end of the wire, and
//! what does not pass is found again in the counters, so that a test never takes a lost frame for a denied one.

#[cfg(test)]
mod frames;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod node;

mod bridge;
mod changes;
mod oracle;
mod resolution;
mod stages;
