//! What is allowed to be written and is probably not what was meant.
//!
//! An error keeps a repository from being activated; a warning does not. Lint reads scopes, not conditions: a permit that
//! only its `when` narrows counts as wide as its scope.

mod covers;
mod inventory;
mod members;
#[cfg(test)]
mod tests;
mod width;

use crate::reading::{Scoped, helped};
use crate::{Policies, Problem, Repository, Severity};
use members::Members;

/// A repository that may be activated: no error in its lint, and every test passed.
#[derive(Debug)]
pub struct Accepted {
    /// What it compiles to.
    pub policies: Policies,
    /// What somebody should look at all the same.
    pub warnings: Vec<Problem>,
}

impl Repository {
    /// What looks wrong in a repository that can be read, in the order of files and lines.
    pub fn lint(&self) -> Vec<Problem> {
        let members = Members::of(self.inventory());
        let lint = Lint { repository: self, members: &members };
        let mut problems = inventory::check(self);
        problems.extend(helped(self.checked.warnings.clone()));
        for policy in self.written.policies.values() {
            problems.extend(members.unreachable(policy).map(|found| lint.told(policy, found)));
            problems.extend(width::check(&lint, policy));
        }
        problems.extend(covers::check(&lint));
        problems.sort();
        problems
    }

    /// Compiles, lints and tests: all that must hold before a policy is in force.
    ///
    /// # Errors
    /// Every [`Problem`] that is an error, failed tests among them.
    pub fn accept(&self) -> Result<Accepted, Vec<Problem>> {
        let policies = Policies::compile(self)?;
        let (mut errors, warnings): (Vec<Problem>, Vec<Problem>) =
            self.lint().into_iter().partition(|problem| problem.severity == Severity::Error);
        errors.extend(self.run_tests(&policies).into_iter().filter_map(|result| result.failure));
        if errors.is_empty() { Ok(Accepted { policies, warnings }) } else { Err(errors) }
    }
}

/// What every rule of this lint needs.
#[derive(Debug)]
struct Lint<'a> {
    repository: &'a Repository,
    members: &'a Members<'a>,
}

/// Something found about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    severity: Severity,
    message: String,
    help: &'static str,
}

impl Found {
    fn error(message: String, help: &'static str) -> Self {
        Self { severity: Severity::Error, message, help }
    }

    fn warning(message: String, help: &'static str) -> Self {
        Self { severity: Severity::Warning, message, help }
    }
}

impl Lint<'_> {
    fn told(&self, policy: &Scoped, found: Found) -> Problem {
        let message = format!("`{}` {}", policy.id, found.message);
        let problem = Problem::of_file(&policy.file, message).with_help(found.help);
        Problem { line: policy.line, column: policy.column, severity: found.severity, ..problem }
    }
}
