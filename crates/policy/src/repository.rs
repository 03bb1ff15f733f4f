//! What people write about a site, read and checked: inventory and policies.

use crate::reading::Written;
use crate::schema::Checked;
use crate::{Inventory, Problem, schema};
use std::collections::BTreeMap;

/// Relative path to text.
pub type Files = BTreeMap<String, String>;

/// One file of policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySource {
    /// Path in the repository.
    pub file: String,
    /// Cedar.
    pub text: String,
}

/// An authored repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    inventory: Inventory,
    sources: Vec<PolicySource>,
    /// The policies, which fit the schema.
    pub(crate) checked: Checked,
    /// What only [`Repository::parse`] knows.
    pub(crate) written: Written,
}

impl Repository {
    /// From parts that were read elsewhere.
    ///
    /// # Errors
    /// A [`Problem`] for each policy that does not fit the schema.
    pub fn new(inventory: Inventory, sources: Vec<PolicySource>) -> Result<Self, Vec<Problem>> {
        let checked = schema::check(&sources)?;
        Ok(Self { inventory, sources, checked, written: Written::default() })
    }

    /// What is declared about the site.
    pub const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The policies as they were written.
    pub fn sources(&self) -> &[PolicySource] {
        &self.sources
    }
}
