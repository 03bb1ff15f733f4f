//! A bar on the terminal while a long file is read; nothing where nobody looks.

use indicatif::{ProgressBar, ProgressStyle};
use nullius_eval::Progress;
use std::io::IsTerminal as _;

/// Shorter files are read before a bar is worth looking at.
const LONG: u64 = 10_000_000;

/// Progress of reading files.
#[derive(Debug, Default)]
pub(super) struct Bar {
    bar: Option<ProgressBar>,
}

impl Progress for Bar {
    fn at(&mut self, read: u64, total: Option<u64>) {
        let Some(total) = total.filter(|total| *total > LONG) else { return };
        if !std::io::stderr().is_terminal() {
            return;
        }
        self.bar.get_or_insert_with(|| begin(total)).set_position(read);
    }

    fn go_on(&mut self) -> bool {
        true
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn begin(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = "reading {bar:30} {bytes} of {total_bytes}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
