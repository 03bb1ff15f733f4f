//! What a provider of OpenID Connect is, to us.

use crate::access::Role;
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;

/// A provider of OpenID Connect that signs people in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// As it calls itself.
    pub issuer: String,
    /// As it calls us.
    pub client: String,
    /// What proves us to it, where it asks for more than PKCE.
    #[serde(default)]
    pub secret: Option<String>,
    /// Who signs its certificate: a PEM file. Without one only a provider on this machine is asked.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
    /// What to ask for beside `openid profile`.
    #[serde(default)]
    pub scopes: String,
    /// Where it says what somebody is called.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// Where it says in which groups somebody is.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Ways to sign in there that are enough (`amr`, RFC 8176), such as `mfa` or `hwk`; all where none is named.
    #[serde(default)]
    pub methods: Vec<String>,
    /// What its groups make of people. Of several on one site the first counts.
    pub roles: Vec<GroupRole>,
}

/// What a group makes of people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// As the provider calls it.
    pub group: String,
    /// Where; `*` for all sites.
    pub site: String,
    /// What.
    pub role: Role,
}

fn name_claim() -> String {
    "preferred_username".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

/// Without its secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
