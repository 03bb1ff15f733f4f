//! Evaluates captures as a person would, without a progress bar.

use nullius_eval::{Evaluation, Learn, Options, Progress, Source, evaluate};
use std::path::{Path, PathBuf};

struct Silent;

impl Progress for Silent {
    fn at(&mut self, _read: u64, _total: Option<u64>) {}

    fn go_on(&mut self) -> bool {
        true
    }
}

/// A path from the root of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// 85 s of a plant: one master, 13 controllers.
pub(crate) const PLANT: &str = "crates/wire/tests/data/modbus/ModbusTCP.pcap";

/// What comes of one file.
pub(crate) fn look_at(path: &Path, learn: Learn) -> Evaluation {
    let options = Options {
        source: Source::Files(vec![path.to_owned()]),
        learn,
        cycles: Vec::new(),
        since: None,
        until: None,
        filter: None,
        follow_values: false,
        seed: 1,
    };
    evaluate(&options, &mut Silent).unwrap()
}
