//! Policies as they are evaluated.

use crate::{
    Connection, Decision, Directory, Inputs, Moment, Permit, Problem, Repository, Request, ServiceId,
};
use nullius_model::DeviceName;

/// All policies of a repository, ready to decide.
#[derive(Clone, Debug, Default)]
pub struct Policies {}

impl Policies {
    /// Compiles the policies of a repository.
    ///
    /// # Errors
    /// A [`Problem`] for each policy that does not fit the schema or that this evaluator cannot take.
    pub fn compile(_repository: &Repository) -> Result<Self, Vec<Problem>> {
        Ok(Self {})
    }

    /// Judges one message.
    pub fn decide(
        &self,
        _directory: &Directory,
        _request: &Request,
        _inputs: &Inputs,
        _moment: &Moment,
        _permits: &[Permit],
    ) -> Decision {
        Decision::default()
    }

    /// Judges all messages of `subject` to a service at once.
    pub fn connection(
        &self,
        _directory: &Directory,
        _subject: &DeviceName,
        _object: &ServiceId,
        _inputs: &Inputs,
        _moment: &Moment,
        _permits: &[Permit],
    ) -> Connection {
        Connection::default()
    }

    /// The services a policy could give to `subject`: never fewer than it may use.
    pub fn services_of(&self, _directory: &Directory, _subject: &DeviceName) -> Vec<ServiceId> {
        Vec::new()
    }

    /// Who could be given a service of `device`: never fewer than may use it.
    pub fn clients_of(&self, _directory: &Directory, _device: &DeviceName) -> Vec<(DeviceName, ServiceId)> {
        Vec::new()
    }
}
