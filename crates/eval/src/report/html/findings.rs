//! What should worry somebody, the worst first.

use super::markup::{Html, PLAIN};
use super::page::{MAX_ROWS, Page, cell, frames, more, number, severity, table};
use nullius_device::risk::findings::Finding;

/// All findings.
pub(super) fn section(html: &mut Html, page: &Page<'_>) {
    html.element("section", &[("id", &"findings")], |html| {
        html.leaf("h2", PLAIN, "Findings");
        let findings = &page.picture.findings;
        if findings.is_empty() {
            html.leaf("p", PLAIN, "None: the capture shows none of the weaknesses that are looked for.");
            return;
        }
        list(html, page, "Findings, the worst first", findings.iter().take(MAX_ROWS));
        more(html, findings.len(), MAX_ROWS, "finding");
    });
}

/// Findings as a table.
pub(super) fn list<'f>(
    html: &mut Html,
    page: &Page<'_>,
    caption: &'static str,
    findings: impl Iterator<Item = &'f Finding>,
) {
    let heads = [
        ("Severity", false),
        ("Kind", false),
        ("About", false),
        ("With", false),
        ("What", false),
        ("Times", true),
        ("Frames", true),
    ];
    table(html, caption, &heads, |html| {
        html.element("tbody", PLAIN, |html| findings.for_each(|finding| row(html, page, finding)));
    });
}

fn row(html: &mut Html, page: &Page<'_>, finding: &Finding) {
    html.element("tr", PLAIN, |html| {
        html.element("td", &[("data-value", &(finding.severity as u8))], |html| {
            severity(html, finding.severity)
        });
        cell(html, finding.kind.name());
        html.element("td", PLAIN, |html| page.party(html, finding.subject));
        html.element("td", PLAIN, |html| {
            if let Some(peer) = finding.peer {
                page.party(html, peer);
            }
        });
        html.leaf("td", &[("class", &"long")], &finding.detail);
        number(html, finding.count);
        frames(html, finding.first, finding.last);
    });
}
