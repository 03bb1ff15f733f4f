//! A folder of policies, judged as the gateway will: read, compiled, linted, tested.

use nullius_model::inert;
use nullius_policy::testing::TestResult;
use nullius_policy::{Accepted, Directory, Policies, Problem, Repository, World as Compiled};
use serde_json::json;
use std::io::Write;

use super::folder::{Folder, refused};
use crate::show::{count, json_value};
use crate::{Failure, Outcome, World};

/// A folder that can be compiled.
pub(super) struct Judged {
    pub(super) repository: Repository,
    pub(super) policies: Policies,
    pub(super) warnings: Vec<Problem>,
    /// How many there are.
    pub(super) tests: usize,
}

impl Judged {
    pub(super) fn of(folder: &Folder) -> Result<Self, Failure> {
        let repository = Repository::parse(&folder.files).map_err(refused)?;
        let policies = Policies::compile(&repository).map_err(refused)?;
        let tests = repository.tests().len();
        Ok(Self { repository, policies, warnings: Vec::new(), tests })
    }

    /// The same, where whatever the gateway would refuse is an error: failing tests, and errors of the lint.
    pub(super) fn acceptable(folder: &Folder) -> Result<Self, Failure> {
        let repository = Repository::parse(&folder.files).map_err(refused)?;
        let Accepted { policies, warnings } = repository.accept().map_err(refused)?;
        let tests = repository.tests().len();
        Ok(Self { repository, policies, warnings, tests })
    }

    /// As the reports of `policy` want it.
    pub(super) const fn compiled<'a>(&'a self, directory: &'a Directory) -> Compiled<'a> {
        Compiled { repository: &self.repository, policies: &self.policies, directory }
    }

    /// What the folder holds, and its warnings.
    pub(super) fn show(&self, out: &mut dyn Write) -> Result<(), Failure> {
        for warning in &self.warnings {
            problem(out, warning)?;
        }
        let inventory = self.repository.inventory();
        writeln!(
            out,
            "{}: {}, {} of policies, {} passed, {}",
            inert(&inventory.site.name),
            count(inventory.devices.len() as u64, "device"),
            count(self.repository.sources().len() as u64, "file"),
            count(self.tests as u64, "test"),
            count(self.warnings.len() as u64, "warning"),
        )?;
        Ok(())
    }
}

pub(super) fn check(folder: &Folder, as_json: bool, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let judged = Judged::acceptable(folder)?;
    match as_json {
        true => {
            let warnings: Vec<_> = judged.warnings.iter().map(described).collect();
            json_value(world.out, &json!({ "problems": warnings }))?;
        }
        false => judged.show(world.out)?,
    }
    Ok(Outcome::Positive)
}

pub(super) fn test(folder: &Folder, as_json: bool, world: &mut World<'_>) -> Result<Outcome, Failure> {
    let Judged { repository, policies, .. } = Judged::of(folder)?;
    let tests = repository.run_tests(&policies);
    let failed = tests.iter().filter(|test| !test.passed()).count();
    if as_json {
        let tests: Vec<_> = tests.iter().map(outcome).collect();
        json_value(world.out, &json!({ "tests": tests }))?;
        return Ok(Outcome::of(failed == 0));
    }
    for test in &tests {
        for line in test.to_string().lines() {
            writeln!(world.out, "{}", inert(line))?;
        }
    }
    writeln!(world.out, "{}, {failed} failed", count(tests.len() as u64, "test"))?;
    Ok(Outcome::of(failed == 0))
}

fn problem(out: &mut dyn Write, problem: &Problem) -> Result<(), Failure> {
    for line in problem.to_string().lines() {
        writeln!(out, "{}", inert(line))?;
    }
    Ok(())
}

fn described(problem: &Problem) -> serde_json::Value {
    json!({
        "file": problem.file, "line": problem.line, "column": problem.column,
        "severity": problem.severity.to_string(), "message": problem.message, "help": problem.help,
    })
}

fn outcome(test: &TestResult) -> serde_json::Value {
    json!({ "name": test.name.as_str(), "passed": test.passed(), "problem": test.failure.as_ref().map(described) })
}
