//! libFuzzer over one target, named by the variable `NULLIUS_FUZZ_TARGET`.
//!
//! One binary for all targets, because linking and instrumenting take longer than anything else about a target.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nullius_fuzz::{TARGETS, find};

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("NULLIUS_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = find(TARGETS, &name) else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("NULLIUS_FUZZ_TARGET is `{name}`; it must be one of: {}", names.join(", "));
        std::process::exit(2);
    };
    target.run
});

fuzz_target!(init: LazyLock::force(&RUN), |data: &[u8]| (*RUN)(data));
