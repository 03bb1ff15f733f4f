//! Where the reports go: planned before anything is read, written when all is known.

use super::arguments::{Arguments, Kind};
use anyhow::{Context as _, bail};
use nullius_eval::Evaluation;
use nullius_eval::output::{self, Existing};
use nullius_eval::report::terminal::Style;
use nullius_eval::report::{draft, html, json, terminal};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// Where HTML goes when nobody says where.
const HTML_FILE: &str = "nullius-report.html";
/// Columns where nobody looks, as in a file.
const DEFAULT_WIDTH: usize = 100;

/// A place for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Stdout,
    File(PathBuf),
}

impl Place {
    fn of(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdout } else { Self::File(path.to_owned()) }
    }
}

/// What is written, and where.
#[derive(Debug)]
pub(super) struct Outputs {
    text: Option<Place>,
    html: Option<Place>,
    json: Option<Place>,
    draft: Option<PathBuf>,
    existing_draft: Existing,
    all: bool,
}

impl Outputs {
    /// Says before anything is read what cannot be: two reports in one place, or one in place of a capture or of a draft.
    pub(super) fn plan(arguments: &Arguments) -> anyhow::Result<Self> {
        let output = arguments.output.as_deref().map(Place::of);
        let json = arguments.json.as_deref().map(Place::of);
        let (text, html) = match arguments.report {
            Kind::Terminal => (output.clone(), None),
            Kind::Html => (None, Some(output.clone().unwrap_or_else(|| Place::File(HTML_FILE.into())))),
        };
        let free = [&text, &html, &json].into_iter().flatten().all(|place| *place != Place::Stdout);
        let text = text.or_else(|| (free && (html.is_some() || output.is_none())).then_some(Place::Stdout));
        let places: Vec<&Place> = [&text, &html, &json].into_iter().flatten().collect();
        for (index, place) in places.iter().enumerate() {
            if places.iter().skip(index + 1).any(|other| other == place) {
                bail!("two reports cannot go to one place: give one of them another path");
            }
            if let Place::File(path) = place {
                refuse_captures(path, &arguments.files)?;
            }
        }
        let existing_draft = if arguments.force { Existing::Replace } else { Existing::Keep };
        let draft = arguments.draft.clone();
        if let Some(folder) = &draft {
            draft::check(folder, existing_draft)?;
        }
        Ok(Self { text, html, json, draft, existing_draft, all: arguments.all })
    }

    pub(super) fn write(&self, evaluation: &Evaluation) -> anyhow::Result<()> {
        if let Some(folder) = &self.draft {
            let files = draft::write(evaluation, folder, self.existing_draft)?;
            files.iter().for_each(|file| tell("draft", file));
        }
        if let Some(place) = &self.html {
            write(place, "HTML", |out| out.write_all(html::render(evaluation).as_bytes()))?;
        }
        if let Some(place) = &self.json {
            write(place, "JSON", |out| json::to_writer(evaluation, out).map_err(io::Error::other))?;
        }
        if let Some(place) = &self.text {
            let text = terminal::render(evaluation, self.style(place));
            write(place, "text", |out| out.write_all(text.as_bytes()))?;
        }
        Ok(())
    }

    fn style(&self, place: &Place) -> Style {
        let terminal = *place == Place::Stdout && io::stdout().is_terminal();
        // https://no-color.org: any value but an empty one
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = terminal.then(terminal_size::terminal_size).flatten();
        Style {
            colour: terminal && !no_colour,
            width: width.map_or(DEFAULT_WIDTH, |(width, _)| width.0.into()),
            all: self.all,
        }
    }
}

/// A report is never written over a capture that it was made from.
fn refuse_captures(path: &Path, captures: &[PathBuf]) -> anyhow::Result<()> {
    let Ok(path) = path.canonicalize() else { return Ok(()) };
    match captures.iter().find(|capture| capture.canonicalize().is_ok_and(|capture| capture == path)) {
        Some(capture) => bail!("`{}` is a capture: the report needs another path", capture.display()),
        None => Ok(()),
    }
}

fn write(
    place: &Place,
    what: &str,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    match place {
        Place::Stdout => to_stdout(content).context("standard output cannot be written"),
        Place::File(path) => {
            output::write(path, Existing::Replace, content)?;
            tell(what, path);
            Ok(())
        }
    }
}

/// A reader that has seen enough, as `head`, is no failure.
fn to_stdout(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = Watched { inner: io::BufWriter::new(io::stdout().lock()), closed: false };
    match content(&mut out).and_then(|()| out.flush()) {
        Err(_) if out.closed => Ok(()),
        other => other,
    }
}

/// Standard output that remembers that its reader left, whatever an encoder makes of that error.
struct Watched<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.closed |= result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.closed |= result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

/// Beside the report, so that piping it somewhere stays possible.
fn tell(what: &str, path: &Path) {
    let path = nullius_model::inert(&path.display().to_string());
    let _ = writeln!(io::stderr(), "{what}: {path}");
}
