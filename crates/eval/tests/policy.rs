//! A policy made from what was learned, tried on all that was recorded: what it would block is what the report says
//! default deny would have blocked.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

mod support;

use nullius_eval::Learn;
use nullius_eval::output::Existing;
use nullius_eval::report::draft::{self, RULES_FILE, ZONES_FILE};
use nullius_policy::simulate::{Count, Outcome, Simulation, simulate};
use nullius_policy::{Inputs, Moment, Policies, Repository, draft_history, from_draft};
use std::fs;
use std::time::Duration;
use support::{PLANT, look_at, workspace};

/// Learned over `learn`, tried on everything.
fn tried(learn: Learn, folder: &str) -> Simulation {
    let folder = std::env::temp_dir().join(format!("nullius-{folder}-{}", std::process::id()));
    draft::write(&look_at(&workspace(PLANT), learn), &folder, Existing::Replace).unwrap();
    let [zones, rules] = [ZONES_FILE, RULES_FILE].map(|file| fs::read_to_string(folder.join(file)).unwrap());
    fs::remove_dir_all(&folder).unwrap();
    let repository = Repository::parse(&from_draft(&zones, &rules).unwrap()).unwrap();
    let policies = Policies::compile(&repository).unwrap();
    let history = draft_history(&rules).unwrap();
    simulate(&repository, &policies, &history, |_| Inputs::default(), &Moment::default())
}

#[test]
fn a_policy_learned_in_21_s_would_have_blocked_43_messages_of_41_kinds() {
    let simulation = tried(Learn::For(Duration::from_secs(21)), "early");
    assert_eq!(simulation.refused(), Count { conversations: 2, symbols: 41, messages: 43 });
    assert_eq!((simulation.total.conversations, simulation.total.messages), (13, 7_990));
    assert_eq!(simulation.verdict, Outcome::Blocks);
    assert_eq!(simulation.strangers, []);
}

#[test]
fn a_policy_learned_to_the_end_would_have_blocked_nothing() {
    let simulation = tried(Learn::Everything, "whole");
    assert_eq!(simulation.refused(), Count::default());
    assert_eq!(simulation.verdict, Outcome::Clean);
}
