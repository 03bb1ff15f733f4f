//! Names in certificates: a trust domain, a site, a gateway or a device, and the URI made of them.
//!
//! The URI has the form of a SPIFFE ID (SPIFFE-ID §2): no port, no user, no query, no empty or dotted segment.

use std::fmt;

/// Longest site and gateway name, in bytes: a name also stands in the subject, which has room for 64.
const MAX_SEGMENT: usize = 63;

/// Longest trust domain, in bytes (SPIFFE-ID §2.3).
const MAX_DOMAIN: usize = 255;

/// A text that cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to 63 letters, digits, `-`, `_` or `.`, and is not made of dots; a trust domain is lower-case"
)]
pub struct BadName;

/// Whose certificates these are: lower-case letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// From text.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn new(text: &str) -> Result<Self, BadName> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        let good = !text.is_empty() && text.len() <= MAX_DOMAIN && text.chars().all(fits);
        if good { Ok(Self(text.to_owned())) } else { Err(BadName) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn controller_uri(&self) -> String {
        format!("{self}/controller")
    }

    pub(crate) fn gateway_uri(&self, site: &str, name: &str) -> Result<String, BadName> {
        Ok(format!("{self}/site/{}/gateway/{}", segment(site)?, segment(name)?))
    }

    pub(crate) fn device_uri(&self, site: &str, name: &str) -> Result<String, BadName> {
        Ok(format!("{self}/site/{}/device/{}", segment(site)?, segment(name)?))
    }

    /// Whose controller a URI names.
    pub(crate) fn of_controller(uri: &str) -> Option<Self> {
        Self::new(uri.strip_prefix("spiffe://")?.strip_suffix("/controller")?).ok()
    }

    /// Site and name of a gateway of this domain, from its URI.
    pub(crate) fn gateway_of(&self, uri: &str) -> Option<(String, String)> {
        self.named(uri, "gateway")
    }

    /// Site and name of a device of this domain, from its URI.
    pub(crate) fn device_of(&self, uri: &str) -> Option<(String, String)> {
        self.named(uri, "device")
    }

    fn named(&self, uri: &str, kind: &str) -> Option<(String, String)> {
        let path = uri.strip_prefix("spiffe://")?.strip_prefix(self.as_str())?;
        let parts: Vec<_> = path.split('/').collect();
        let ["", "site", site, found, name] = *parts else { return None };
        (found == kind).then_some(())?;
        Some((segment(site).ok()?.to_owned(), segment(name).ok()?.to_owned()))
    }
}

/// `spiffe://DOMAIN`.
impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}", self.0)
    }
}

/// The name of a site, where it can stand in a certificate.
///
/// # Errors
/// [`BadName`].
pub fn site_name(text: &str) -> Result<&str, BadName> {
    segment(text)
}

/// The name of a gateway, where it can stand in a certificate.
///
/// # Errors
/// [`BadName`].
pub fn gateway_name(text: &str) -> Result<&str, BadName> {
    segment(text)
}

/// The name of a device, where it can stand in a certificate.
///
/// # Errors
/// [`BadName`].
pub fn device_name(text: &str) -> Result<&str, BadName> {
    segment(text)
}

/// A name as the subject of a certificate shows it. With a dot it would be taken for a host's name, and be held against
/// the constraints on those: a stroke before it says that it is none.
pub(crate) fn common_name(name: &str) -> String {
    if name.contains('.') { format!("/{name}") } else { name.to_owned() }
}

fn segment(text: &str) -> Result<&str, BadName> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let only_dots = text.chars().all(|c| c == '.');
    if text.len() <= MAX_SEGMENT && text.chars().all(fits) && !only_dots { Ok(text) } else { Err(BadName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_read_from_the_uri_that_names_it_and_from_no_other() {
        let domain = TrustDomain::new("plant.example").unwrap();
        let uri = domain.gateway_uri("lab", "gw1").unwrap();
        assert_eq!(uri, "spiffe://plant.example/site/lab/gateway/gw1");
        assert_eq!(domain.gateway_of(&uri), Some(("lab".to_owned(), "gw1".to_owned())));
        for other in [
            "spiffe://plant.example.org/site/lab/gateway/gw1",
            "spiffe://other/site/lab/gateway/gw1",
            "spiffe://plant.example:1/site/lab/gateway/gw1",
            "https://plant.example/site/lab/gateway/gw1",
            "spiffe://plant.example/site/lab/gateway/gw1/",
            "spiffe://plant.example/site/lab/gateway/gw1?x",
            "spiffe://plant.example/site/lab/gateway/..",
            "spiffe://plant.example/site//gateway/gw1",
            "spiffe://plant.example/site/lab/device/gw1",
            "spiffe://plant.example/site/a%2fb/gateway/gw1",
            "spiffe://plant.examplesite/lab/gateway/gw1",
            "SPIFFE://plant.example/site/lab/gateway/gw1",
        ] {
            assert_eq!(domain.gateway_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_device_is_no_gateway_and_a_gateway_no_device() {
        let domain = TrustDomain::new("plant.example").unwrap();
        let (device, gateway) =
            (domain.device_uri("lab", "p1").unwrap(), domain.gateway_uri("lab", "p1").unwrap());
        assert_eq!(device, "spiffe://plant.example/site/lab/device/p1");
        assert_eq!(domain.device_of(&device), Some(("lab".to_owned(), "p1".to_owned())));
        assert_eq!((domain.device_of(&gateway), domain.gateway_of(&device)), (None, None));
    }

    #[test]
    fn whose_controller_it_is_stands_in_its_uri() {
        let domain = TrustDomain::new("plant.example").unwrap();
        assert_eq!(TrustDomain::of_controller(&domain.controller_uri()), Some(domain));
        for other in [
            "spiffe:///controller",
            "spiffe://plant.example/site/lab/gateway/controller",
            "spiffe://plant.example/controller/",
            "https://plant.example/controller",
        ] {
            assert_eq!(TrustDomain::of_controller(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_what_fits_into_a_path() {
        let long = "x".repeat(MAX_SEGMENT + 1);
        for bad in ["", ".", "..", "a/b", "a b", "ä", "a\0", &long] {
            assert!(site_name(bad).is_err() && device_name(bad).is_err(), "{bad}");
        }
        assert!(TrustDomain::new("Plant").is_err() && TrustDomain::new("").is_err());
    }
}
