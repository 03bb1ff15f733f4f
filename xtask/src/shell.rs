//! Starting programs and reading the clock: the one place of `xtask` that does either.
//!
//! It does not know what it runs. Programs inherit the terminal unless their output is asked for, and always start
//! at the root of the repository, so that no command depends on where it was called.
#![expect(clippy::disallowed_methods, reason = "xtask starts programs and measures how long they take")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The root of the repository.
#[derive(Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    /// Asks cargo's environment, because a path compiled in would be wrong after the checkout is moved.
    pub(crate) fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
        let root = Path::new(&package).parent().context("xtask lies in a folder of the repository")?;
        Ok(Self(root.to_path_buf()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.join(path)
    }

    /// A program that will start at the root.
    pub(crate) fn program(&self, name: impl AsRef<std::ffi::OsStr>) -> Program {
        let mut command = Command::new(name);
        command.current_dir(&self.0);
        Program(command)
    }

    /// `cargo`, in the toolchain that runs `xtask`.
    pub(crate) fn cargo<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Program {
        self.program("cargo").args(words)
    }
}

/// A program with its arguments.
#[derive(Debug)]
pub(crate) struct Program(Command);

impl Program {
    pub(crate) fn arg(mut self, word: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.arg(word);
        self
    }

    pub(crate) fn args(mut self, words: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Self {
        self.0.args(words);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    /// Runs it on the terminal; a status other than 0 is an error.
    pub(crate) fn run(self) -> Result<()> {
        let line = self.line();
        match self.try_out()? {
            true => Ok(()),
            false => bail!("`{line}` failed"),
        }
    }

    /// Runs it on the terminal; whether its status was 0.
    pub(crate) fn try_out(mut self) -> Result<bool> {
        println!("$ {}", self.line());
        let status = self.0.status().with_context(|| format!("`{}` did not start", self.line()))?;
        Ok(status.success())
    }

    /// Runs it silently and returns what it printed; a status other than 0 is an error that quotes its complaint.
    pub(crate) fn read(mut self) -> Result<String> {
        let (succeeded, printed, complaint) = self.finish()?;
        if !succeeded {
            bail!("`{}` failed: {}", self.line(), complaint.trim());
        }
        Ok(printed)
    }

    /// Runs it silently and returns what it printed, whatever its status was.
    pub(crate) fn read_anyway(mut self) -> Result<String> {
        Ok(self.finish()?.1)
    }

    fn finish(&mut self) -> Result<(bool, String, String)> {
        let output = self.0.output().with_context(|| format!("`{}` did not start", self.line()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((output.status.success(), text(&output.stdout), text(&output.stderr)))
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// Runs `work` and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}
