//! Devices enrol over real TLS on the loopback, or are told why not.

mod client;
mod manifests;
mod openssl;
mod plant;
mod recovery;
mod refusals;
mod renewal;
