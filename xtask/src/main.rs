//! The project's own commands: `cargo xtask <command>`.
//!
//! One command proves that everything holds (`test`), one shows the product (`up`), the others are the steps of
//! `test` run alone, or work that is done now and then. It knows files, `git`, `cargo` and a few programs of the
//! machine, never the code of the product: no crate of the workspace is a dependency of it.
//!
//! INVARIANT: what is checked is a pure function over text and metadata; only [`shell`] starts programs or reads
//! the clock, so every check can be shown to fail by a test.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command of the project talks to the terminal"
)]

mod bench;
mod ci;
mod deny;
mod dist;
mod eval;
mod fuzz;
mod install;
mod shell;
mod tidy;
mod up;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::shell::Root;

const HELP: &str = "\
usage: cargo xtask <command>

  test                  everything that must hold before a change lands (ci is another name for it)
  up                    build the product, start a plant with a gateway in it, try what is allowed and what is not
  eval [CAPTURE]        build the product and read a capture with it (a sample when none is given)
  tidy                  arrows, module docs, sizes, leftovers
  deny                  licences, sources, banned and doubled dependencies, known vulnerabilities
  fuzz [TARGET] [--seconds N] [--minimise]
                        look for inputs that break a parser, one target or all
  bench                 cost against tshark and ndpiReader; fails where a gate of docs/performance.md is missed
  dist                  a Debian package with the units of a gateway, in target/dist
  install               Debian packages the tests need
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match obey(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(words: &[&str]) -> Result<()> {
    let root = Root::find()?;
    match words {
        ["test" | "ci"] => ci::pass_everything(&root),
        ["up"] => up::show(&root),
        ["eval"] => eval::show(&root, &root.join(eval::SAMPLE)),
        ["eval", capture] => eval::show(&root, &std::path::absolute(capture)?),
        ["tidy"] => tidy::check(&root),
        ["deny"] => deny::check(&root),
        ["fuzz", rest @ ..] => fuzz::run(&root, &fuzz::Request::parse(rest)?),
        ["dist"] => dist::build(&root),
        ["bench"] => bench::run(&root),
        ["install"] => install::install(&root, install::Need::Tests),
        [] | ["help" | "-h" | "--help"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("`{}` is not a command\n\n{HELP}", words.join(" ")),
    }
}
