//! The real kernel, in network namespaces of the tests' own: what passes is seen at the receiver's end of the wire, and
//! what does not pass is found again in the counters, so that a test never takes a lost frame for a denied one.

#[cfg(test)]
mod bridge;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod door;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod node;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod resolution;
#[cfg(test)]
mod routed;
#[cfg(test)]
mod stages;
