//! What should worry somebody, each with the frame to look at.

use super::page::{Cell, Page, Paint, Table};
use super::short;
use crate::report::words::{count, number};
use nullius_device::Picture;
use nullius_device::risk::evidence::Kind;
use nullius_device::risk::findings::{Finding, Severity};

/// Findings shown unless all are asked for.
const SHOWN: usize = 10;

pub(super) fn write(page: &mut Page, picture: &Picture) {
    let findings = &picture.findings;
    if findings.is_empty() {
        return page.section("findings", &Cell::new("none").paint(Paint::Good));
    }
    page.section(&count(findings.len() as u64, "finding"), &by_severity(findings));
    let shown = page.shown(findings.len(), SHOWN);
    let mut table = Table::default();
    for finding in findings.iter().take(shown) {
        table.row(vec![
            Cell::new(finding.severity.name()).paint(paint(finding.severity)),
            Cell::new(whom(picture, finding)),
            Cell::new(what(finding)),
            Cell::new(frames(finding)).paint(Paint::Dim),
        ]);
    }
    page.table(&table);
    page.more(findings.len() - shown, "finding");
}

fn by_severity(findings: &[Finding]) -> Cell {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let all = [Severity::High, Severity::Medium, Severity::Low].map(|severity| (severity, of(severity)));
    let named = all.iter().filter(|(_, count)| *count > 0);
    let text = named.map(|(severity, count)| format!("{count} {}", severity.name())).collect::<Vec<_>>();
    let worst = findings.first().map_or(Paint::Plain, |finding| paint(finding.severity));
    Cell::new(text.join(", ")).paint(worst)
}

const fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::High => Paint::Bad,
        Severity::Medium => Paint::Doubt,
        Severity::Low => Paint::Dim,
    }
}

fn whom(picture: &Picture, finding: &Finding) -> String {
    let subject = short(picture, finding.subject);
    match finding.peer {
        Some(peer) => format!("{subject} with {}", short(picture, peer)),
        None => subject,
    }
}

/// What was found, with its kind where the detail alone does not tell it.
fn what(finding: &Finding) -> String {
    let (kind, detail) = (finding.kind, &finding.detail);
    match kind {
        Kind::CleartextLogin
        | Kind::Malformed
        | Kind::UnexpectedVerb
        | Kind::WeakCertificate
        | Kind::WeakCrypto => format!("{}: {detail}", kind.name()),
        Kind::AddressConflict
        | Kind::Exposure
        | Kind::FromInternet
        | Kind::Scan
        | Kind::SecondWriter
        | Kind::ToInternet => detail.clone(),
    }
}

/// `frame 7`, `42×, from frame 7`.
fn frames(finding: &Finding) -> String {
    match finding.count {
        0 | 1 => format!("frame {}", finding.first.frame),
        many => format!("{}×, from frame {}", number(many), finding.first.frame),
    }
}
