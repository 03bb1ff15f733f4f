//! `cargo xtask fuzz`: looks for inputs that break a parser, with libFuzzer.
//!
//! One binary holds every target and is told by a variable which one to run, so that it is linked once. Coverage
//! comes from LLVM's own pass, which the stable compiler can switch on; no address sanitizer, because the parsers
//! are safe Rust. Targets are known by their folders of committed inputs; a test of the fuzz package holds that
//! each has one.
//!
//! What is new goes to `fuzz/growing`, what breaks to `fuzz/artifacts`; neither is committed. `--minimise` carries
//! over to `fuzz/corpus` the inputs that reach something no committed one does.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::install::{self, Need};
use crate::shell::Root;

/// Switches on coverage of edges and of compared values, and the checks that a release leaves out. Branches are not
/// folded, so that an input that meets the first of several conditions counts as new; comparisons of byte strings
/// stay calls, so that libFuzzer sees what was expected.
const FLAGS: &str = "\
    -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Cllvm-args=-max-loads-per-memcmp=0 \
    -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 -Copt-level=3";

const SECONDS_EACH: u32 = 60;

/// What the parsers may hold for one input, in MiB: far more is a way to exhaust the gateway.
const MEMORY_LIMIT: &str = "-rss_limit_mb=1024";
/// How long one input may take, in seconds: a packet takes microseconds.
const TIME_LIMIT: &str = "-timeout=10";
/// How long an input may be, in bytes: several frames, or a message in many segments.
const LENGTH_LIMIT: &str = "-max_len=16384";

/// An input that comes nearer to an expected value counts as new: parsers compare numbers of one or two bytes, which
/// libFuzzer does not copy into inputs as it does with longer ones.
const NEARLY_COUNTS: &str = "-use_value_profile=1";

/// What the words after `fuzz` ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    target: Option<String>,
    seconds: u32,
    minimise: bool,
}

impl Request {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut request = Self { target: None, seconds: SECONDS_EACH, minimise: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--minimise" => request.minimise = true,
                "--seconds" => {
                    let seconds = words.next().context("--seconds asks for a number")?;
                    request.seconds =
                        seconds.parse().with_context(|| format!("`{seconds}` is not a number"))?;
                }
                option if option.starts_with('-') => bail!("`{option}` is not an option of fuzz"),
                name if request.target.is_none() => request.target = Some(name.to_owned()),
                name => bail!("`{name}`: one target at a time, or none for all"),
            }
        }
        Ok(request)
    }
}

/// Fuzzes what is asked for, one target after the other, and stops at the first input that breaks one.
pub(crate) fn run(root: &Root, request: &Request) -> Result<()> {
    install::install(root, Need::Fuzzing)?;
    let all = targets(root)?;
    let chosen = choose(&all, request.target.as_deref())?;
    let fuzzer = build(root)?;
    chosen.into_iter().try_for_each(|target| fuzz(root, &fuzzer, target, request))
}

fn targets(root: &Root) -> Result<Vec<String>> {
    let folder = root.join("fuzz/corpus");
    let entries = std::fs::read_dir(&folder).context("no target has a corpus in fuzz/corpus")?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

fn choose<'a>(all: &'a [String], wanted: Option<&str>) -> Result<Vec<&'a str>> {
    let chosen: Vec<_> =
        all.iter().map(String::as_str).filter(|name| wanted.is_none_or(|wanted| *name == wanted)).collect();
    match (chosen.is_empty(), wanted) {
        (true, Some(wanted)) => {
            bail!("`{wanted}` has no folder in fuzz/corpus; there are: {}", all.join(", "))
        }
        (true, None) => bail!("no target has a corpus in fuzz/corpus"),
        (false, _) => Ok(chosen),
    }
}

/// Names the machine explicitly: without it the flags would apply to build scripts, which link no fuzzer.
fn build(root: &Root) -> Result<PathBuf> {
    let printed = root.program("rustc").arg("-vV").read()?;
    let machine =
        printed.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let folder = root.join("target/fuzz");
    let words = ["build", "--release", "--manifest-path", "fuzz/libfuzzer/Cargo.toml", "--target", machine];
    root.cargo(words).arg("--target-dir").arg(&folder).env("RUSTFLAGS", FLAGS).run()?;
    Ok(folder.join(machine).join("release/nullius-libfuzzer"))
}

fn fuzz(root: &Root, fuzzer: &PathBuf, target: &str, request: &Request) -> Result<()> {
    let [growing, artifacts] = ["growing", "artifacts"].map(|kind| format!("fuzz/{kind}/{target}/"));
    let corpus = format!("fuzz/corpus/{target}");
    for folder in [&growing, &artifacts] {
        std::fs::create_dir_all(root.join(folder)).with_context(|| format!("{folder} cannot be made"))?;
    }
    let start = || {
        let program = root.program(fuzzer).env("NULLIUS_FUZZ_TARGET", target);
        program.args([MEMORY_LIMIT, TIME_LIMIT, LENGTH_LIMIT, &format!("-artifact_prefix={artifacts}")])
    };
    // libFuzzer takes 0 for no end
    if request.seconds > 0 {
        let seconds = format!("-max_total_time={}", request.seconds);
        start().args([&seconds, NEARLY_COUNTS, &growing, &corpus]).run().with_context(|| broken(target))?;
    }
    if request.minimise {
        start().args(["-merge=1", &corpus, &growing]).run().with_context(|| broken(target))?;
    }
    Ok(())
}

fn broken(target: &str) -> String {
    format!(
        "`{target}` broke: the input is in fuzz/artifacts/{target}; mend the parser, then commit the input to \
         fuzz/corpus/{target}, where every test run replays it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_which_target_how_long_and_whether_to_minimise() {
        let cases: [(&[&str], _); 4] = [
            (&[], (None, SECONDS_EACH, false)),
            (&["modbus"], (Some("modbus"), SECONDS_EACH, false)),
            (&["--seconds", "5", "modbus", "--minimise"], (Some("modbus"), 5, true)),
            (&["--minimise", "--seconds", "0"], (None, 0, true)),
        ];
        for (words, (target, seconds, minimise)) in cases {
            let expected = Request { target: target.map(str::to_owned), seconds, minimise };
            assert_eq!(Request::parse(words).unwrap(), expected, "{words:?}");
        }
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        let cases: [&[&str]; 4] =
            [&["--seconds"], &["--seconds", "soon"], &["--minimize"], &["modbus", "mqtt"]];
        for words in cases {
            assert!(Request::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_target_is_chosen_by_name_or_all_are() {
        let all = ["dns".to_owned(), "modbus".to_owned()];
        assert_eq!(choose(&all, None).unwrap(), ["dns", "modbus"]);
        assert_eq!(choose(&all, Some("dns")).unwrap(), ["dns"]);
        assert!(choose(&all, Some("mqtt")).unwrap_err().to_string().contains("dns, modbus"));
        assert!(choose(&[], None).is_err());
    }
}
