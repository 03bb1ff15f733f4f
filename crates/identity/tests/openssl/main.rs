//! What this crate signs and reads, held against OpenSSL: the tool that third parties have.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod plant;
#[cfg(test)]
mod requests;
