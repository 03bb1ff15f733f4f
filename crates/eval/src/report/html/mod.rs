//! The report as one file to mail: a page that needs no network, no script and no other file.
//!
//! The answer comes first, then the map, then what there is to look up. The style sheet and the script are files beside
//! this one and are written into the page; a policy in its head lets the browser run and load nothing else, so that
//! even text which slipped through would do nothing. The script only adds: sorting, filtering, lighting up the map.
//!
//! INVARIANT: the same evaluation yields the same bytes, and every byte a device chose went through `markup`.

mod conversations;
mod devices;
mod findings;
mod internet;
mod map;
mod markup;
mod method;
mod overview;
mod page;
mod policy;
#[cfg(test)]
mod tests;
mod timeline;

use self::markup::{Html, PLAIN};
use self::page::Page;
use crate::run::Evaluation;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The sections, as the navigation lists them.
const SECTIONS: [(&str, &str); 7] = [
    ("answer", "Answer"),
    ("map", "Map"),
    ("findings", "Findings"),
    ("conversations", "Conversations"),
    ("internet", "Internet"),
    ("devices", "Devices"),
    ("method", "How it was judged"),
];

/// The whole page.
pub fn render(evaluation: &Evaluation) -> String {
    let page = Page::of(evaluation);
    let mut html = Html::default();
    html.doctype();
    html.element("html", &[("lang", &"en")], |html| {
        head(html, &page);
        html.element("body", PLAIN, |html| {
            html.leaf("a", &[("class", &"skip"), ("href", &"#answer")], "Skip to the answer");
            overview::header(html, &page);
            navigation(html);
            html.element("main", PLAIN, |html| body(html, &page));
            html.verbatim("script", SCRIPT);
        });
    });
    html.finish()
}

fn head(html: &mut Html, page: &Page<'_>) {
    html.element("head", PLAIN, |html| {
        html.void("meta", &[("charset", &"utf-8")]);
        let content = policy::of(STYLE, SCRIPT);
        html.void("meta", &[("http-equiv", &"Content-Security-Policy"), ("content", &content)]);
        html.void("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
        html.void("meta", &[("name", &"referrer"), ("content", &"no-referrer")]);
        html.leaf("title", PLAIN, overview::title(page));
        html.verbatim("style", STYLE);
    });
}

fn navigation(html: &mut Html) {
    html.element("nav", &[("aria-label", &"Sections")], |html| {
        for (id, name) in SECTIONS {
            html.leaf("a", &[("href", &format_args!("#{id}"))], name);
        }
    });
}

fn body(html: &mut Html, page: &Page<'_>) {
    overview::answer(html, page);
    map::section(html, page);
    overview::classes(html, page);
    findings::section(html, page);
    conversations::section(html, page);
    internet::section(html, page);
    devices::section(html, page);
    method::section(html);
}
