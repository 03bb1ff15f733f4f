//! Tests that stand beside policies: requests with the effect somebody expects.
//!
//! A repository whose tests fail is not accepted. A failure says what was expected, what came out, and why.

use crate::explain::Because;
use crate::{
    Decision, Directory, Effect, Inputs, Moment, Permit, Policies, PolicyId, Problem, Repository, Request,
};
use nullius_model::SmolStr;
use std::fmt;

/// One test, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What must be true, in words.
    pub name: SmolStr,
    /// The file it stands in.
    pub file: String,
    /// Where in that file, in bytes.
    pub offset: usize,
    /// Who wants what.
    pub request: Request,
    /// What is known of who asks.
    pub inputs: Inputs,
    /// What is true of the site.
    pub moment: Moment,
    /// Grants in force.
    pub permits: Vec<Permit>,
    /// What must come of it.
    pub expect: Effect,
    /// The policy that must be among those that decide.
    pub because: Option<PolicyId>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The test's name.
    pub name: SmolStr,
    /// What is wrong, at the test's place; nothing where it passed.
    pub failure: Option<Problem>,
}

impl TestResult {
    /// It came out as expected.
    pub const fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// `pass  the HMI may read`, or the failure with its place.
impl fmt::Display for TestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => write!(f, "pass  {}", self.name),
            Some(problem) => write!(f, "FAIL  {}\n  {problem}", self.name),
        }
    }
}

impl Repository {
    /// The tests of this repository, in the order of their files.
    pub fn tests(&self) -> &[Case] {
        &self.written.cases
    }

    /// Runs every test against `policies`, which this repository was compiled to.
    pub fn run_tests(&self, policies: &Policies) -> Vec<TestResult> {
        let directory = Directory::from_inventory(self.inventory());
        self.tests().iter().map(|case| run(self, policies, &directory, case)).collect()
    }
}

fn run(repository: &Repository, policies: &Policies, directory: &Directory, case: &Case) -> TestResult {
    let decision = policies.decide(directory, &case.request, &case.inputs, &case.moment, &case.permits);
    let as_expected = decision.effect == case.expect;
    let for_the_reason = case.because.as_ref().is_none_or(|id| decision.reasons.contains(id));
    let failure = (!as_expected || !for_the_reason).then(|| failure(repository, case, &decision));
    TestResult { name: case.name.clone(), failure }
}

fn failure(repository: &Repository, case: &Case, decision: &Decision) -> Problem {
    let expected = match &case.because {
        Some(id) => format!("{} because of `{id}`", word(case.expect)),
        None => word(case.expect).to_owned(),
    };
    let got = word(decision.effect);
    let message = format!("expected {expected}, got {got}: {}", Because { repository, decision });
    let help = format!("correct the policy, or what \"{}\" expects", case.name.escape_debug());
    repository.written.problem(&case.file, case.offset, message).with_help(help)
}

const fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}
