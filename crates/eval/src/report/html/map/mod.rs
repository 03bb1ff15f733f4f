//! The communication map: who speaks with whom, drawn without a script.
//!
//! `gather` decides who gets a box, `graph` what is drawn between them in the colours of `family`, `layout` where, `draw`
//! how. All are pure, so that the same evaluation always yields the same drawing.

mod draw;
mod family;
mod gather;
mod graph;
mod layout;
#[cfg(test)]
mod tests;

use self::family::Family;
use self::graph::Graph;
use super::markup::{Html, PLAIN};
use super::page::Page;
use crate::report::words::{count, number};
use std::fmt::Display;

/// The map with its key.
pub(super) fn section(html: &mut Html, page: &Page<'_>) {
    html.element("section", &[("id", &"map")], |html| {
        html.leaf("h2", PLAIN, "Who speaks with whom");
        let graph = Graph::of(page);
        if graph.nodes.is_empty() {
            html.leaf("p", PLAIN, "Nobody was seen.");
            return;
        }
        key(html, &graph);
        let frame: [(&str, &dyn Display); 4] = [
            ("class", &"scroll map"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Communication map"),
        ];
        let drawing = layout::place(&graph);
        html.element("div", &frame, |html| draw::drawing(html, &graph, &drawing));
        html.leaf("p", &[("class", &"note")], how_to_read(&graph));
    });
}

fn how_to_read(graph: &Graph) -> String {
    let mut text =
        "Arrows point at whoever is asked; the more messages, the wider. Choose a device to read about it."
            .to_owned();
    if graph.grouped > 0 {
        text.push_str(&format!(
            " {} with less to say are gathered by network.",
            count(graph.grouped, "device")
        ));
    }
    if graph.left_out > 0 {
        let left = number(graph.left_out);
        text.push_str(&format!(" The {left} lines that carry least are not drawn: see --json."));
    }
    text
}

fn key(html: &mut Html, graph: &Graph) {
    html.element("ul", &[("class", &"key")], |html| {
        for family in Family::ALL {
            if graph.edges.iter().any(|edge| edge.family == family && !edge.alert) {
                entry(html, family.class(), family.name());
            }
        }
        if graph.edges.iter().any(|edge| edge.alert) {
            entry(html, "alert", "would have been blocked in part, or a finding of high severity");
        }
        if graph.edges.iter().any(|edge| edge.crosses) {
            entry(html, "other dashed", "crosses to the internet");
        }
    });
}

fn entry(html: &mut Html, class: &'static str, name: &'static str) {
    html.element("li", PLAIN, |html| {
        let frame: [(&str, &dyn Display); 4] =
            [("viewBox", &"0 0 28 8"), ("width", &"28"), ("height", &"8"), ("aria-hidden", &"true")];
        html.element("svg", &frame, |html| {
            let class = format!("line {class}");
            let line: [(&str, &dyn Display); 3] =
                [("class", &class), ("d", &"M 0 4 H 28"), ("stroke-width", &"3")];
            html.void("path", &line);
        });
        html.text(name);
    });
}
