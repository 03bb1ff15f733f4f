//! The drawing itself, as SVG: colours and fonts come from the style sheet, so that it follows light, dark and print.

use super::gather::Place;
use super::graph::{Edge, Graph, Node};
use super::layout::{BOX, Drawing, End, Rectangle, WIDTH};
use crate::report::html::markup::{Html, PLAIN};
use crate::report::words::{self, count};
use std::fmt::Display;

/// Characters of a name, and of the smaller line below it, that fit into a box.
const FITS: (usize, usize) = (22, 31);
/// Services that fit beside an arrow.
const MAX_SERVICES: usize = 2;
/// Characters of what is spoken.
const SERVICE_FITS: usize = 40;
/// More lines than this are drawn fainter and without their services.
const DENSE: usize = 40;
/// Length and half the width of an arrow's head.
const HEAD: (f64, f64) = (9.0, 4.5);
/// Room that a label needs to the next line.
const LABEL_ROOM: f64 = 14.0;

/// The whole drawing: lines first, so that boxes lie on top.
pub(super) fn drawing(html: &mut Html, graph: &Graph, drawing: &Drawing) {
    let is_dense = graph.edges.len() > DENSE;
    let frame: [(&str, &dyn Display); 5] = [
        ("class", &if is_dense { "dense" } else { "sparse" }),
        ("viewBox", &format_args!("0 0 {WIDTH:.0} {:.0}", drawing.height)),
        ("role", &"group"),
        ("aria-labelledby", &"map-title map-text"),
        ("id", &"drawing"),
    ];
    html.element("svg", &frame, |html| {
        html.leaf("title", &[("id", &"map-title")], "Communication map");
        let (nodes, edges) = (graph.nodes.len() as u64, graph.edges.len() as u64);
        let text = format!("{} and {} between them.", count(nodes, "node"), count(edges, "line"));
        html.leaf("desc", &[("id", &"map-text")], text);
        // What should be noticed is drawn last, on top of the rest.
        let lines = || graph.edges.iter().zip(&drawing.lines);
        for (edge, (from, to)) in
            lines().filter(|(edge, _)| !edge.alert).chain(lines().filter(|(edge, _)| edge.alert))
        {
            line(html, graph, edge, *from, *to);
        }
        for heading in &drawing.headings {
            let class = if heading.is_column { "column" } else { "network" };
            label(html, class, (heading.x, heading.y), &heading.text);
        }
        for (index, (node, rectangle)) in graph.nodes.iter().zip(&drawing.boxes).enumerate() {
            linked_node(html, index, node, *rectangle);
        }
    });
}

fn line(html: &mut Html, graph: &Graph, edge: &Edge, from: End, to: End) {
    let family = if edge.alert { "alert" } else { edge.family.class() };
    let dashes = if edge.crosses { " dashed" } else { "" };
    let attributes: [(&str, &dyn Display); 3] = [
        ("class", &format_args!("edge {family}{dashes}")),
        ("data-client", &edge.client),
        ("data-server", &edge.server),
    ];
    html.element("g", &attributes, |html| {
        html.leaf("title", PLAIN, in_words(graph, edge));
        let path = curve(from, to);
        let line: [(&str, &dyn Display); 3] = [
            ("class", &format_args!("line {family}{dashes}")),
            ("d", &path),
            ("stroke-width", &format_args!("{:.1}", width(edge))),
        ];
        html.void("path", &line);
        html.void("path", &[("class", &format_args!("head {family}")), ("d", &head(to))]);
        if graph.edges.len() <= DENSE && to.room >= LABEL_ROOM && to.toward.0 != 0.0 {
            service_label(html, edge, from, to);
        }
    });
}

/// What is spoken, just before the arrow's head, on the side that the line does not come from.
fn service_label(html: &mut Html, edge: &Edge, from: End, to: End) {
    let (class, x) = if to.toward.0 < 0.0 { ("service end", to.x - 16.0) } else { ("service", to.x + 16.0) };
    let services: Vec<String> = edge.services.iter().cloned().collect();
    let mut text = match services.len() {
        0..=MAX_SERVICES => services.join(", "),
        all => format!("{all} services"),
    };
    if edge.messages > 0 {
        text.push_str(&format!(" · {}", words::number(edge.messages)));
    }
    let y = if from.y < to.y - BOX.1 / 2.0 { to.y + 14.0 } else { to.y - 6.0 };
    label(html, class, (x, y), &fit(&text, SERVICE_FITS));
}

fn in_words(graph: &Graph, edge: &Edge) -> String {
    let name = |index: usize| graph.nodes.get(index).map_or("", |node| node.label.as_str());
    let services: Vec<String> = edge.services.iter().cloned().collect();
    let services = crate::report::html::page::list(&services, 4);
    let mut text = format!(
        "{} → {}: {services}; {}, {}, {}",
        name(edge.client),
        name(edge.server),
        count(edge.conversations, "conversation"),
        count(edge.messages, "message"),
        count(edge.frames, "frame")
    );
    if edge.blocked > 0 {
        text.push_str(&format!("; {} would have been blocked", words::number(edge.blocked)));
    }
    text
}

/// Wider the more is said, but a thousandfold only a few times as wide.
fn width(edge: &Edge) -> f64 {
    let said = edge.messages.max(edge.frames / 2) as f64;
    1.2 + said.max(1.0).log10() * 0.8
}

/// A curve that leaves and arrives straight. Lines within a column bulge out by how far they go.
fn curve(from: End, to: End) -> String {
    let to = End { x: to.x + to.toward.0 * HEAD.0, y: to.y + to.toward.1 * HEAD.0, ..to };
    let (dx, dy) = ((to.x - from.x).abs(), (to.y - from.y).abs());
    let bend = if from.toward == to.toward { 36.0 + dy * 0.2 } else { 24.0 + dx.max(dy) * 0.42 };
    let control = |end: End| (end.x + end.toward.0 * bend, end.y + end.toward.1 * bend);
    let ((ax, ay), (bx, by)) = (control(from), control(to));
    format!("M {:.1} {:.1} C {ax:.1} {ay:.1} {bx:.1} {by:.1} {:.1} {:.1}", from.x, from.y, to.x, to.y)
}

/// A triangle whose tip touches the box.
fn head(to: End) -> String {
    let (tx, ty) = to.toward;
    let (bx, by) = (to.x + tx * HEAD.0, to.y + ty * HEAD.0);
    let (sx, sy) = (ty * HEAD.1, tx * HEAD.1);
    format!("M {:.1} {:.1} L {:.1} {:.1} L {:.1} {:.1} Z", to.x, to.y, bx + sx, by + sy, bx - sx, by - sy)
}

fn linked_node(html: &mut Html, index: usize, node: &Node, rectangle: Rectangle) {
    match &node.anchor {
        Some(anchor) => {
            let href: [(&str, &dyn Display); 2] =
                [("href", &format_args!("#{anchor}")), ("data-node", &index)];
            html.element("a", &href, |html| shape(html, node, rectangle));
        }
        None => html.element("g", &[("data-node", &index)], |html| shape(html, node, rectangle)),
    }
}

fn shape(html: &mut Html, node: &Node, Rectangle { x, y, width, height }: Rectangle) {
    html.leaf("title", PLAIN, format_args!("{}, {}", node.label, node.detail));
    let class = match (node.alert, node.place) {
        (true, _) => "node alert",
        (false, Place::Internet) => "node cloud",
        (false, Place::Nowhere) => "node nobody",
        (false, Place::Supervision | Place::Service | Place::Field) => "node",
    };
    let radius = if node.place == Place::Internet { 22 } else { 8 };
    let attributes: [(&str, &dyn Display); 6] = [
        ("class", &class),
        ("x", &format_args!("{x:.1}")),
        ("y", &format_args!("{y:.1}")),
        ("width", &format_args!("{width:.1}")),
        ("height", &format_args!("{height:.1}")),
        ("rx", &radius),
    ];
    html.void("rect", &attributes);
    // An inner drawing cuts off what a wide font would write over the edge.
    let inside: [(&str, &dyn Display); 4] = [
        ("x", &format_args!("{:.1}", x + 14.0)),
        ("y", &format_args!("{y:.1}")),
        ("width", &format_args!("{:.1}", width - 18.0)),
        ("height", &format_args!("{height:.1}")),
    ];
    html.element("svg", &inside, |html| {
        let middle = height / 2.0;
        label(html, "name", (0.0, middle - 3.0), &fit(&node.label, FITS.0));
        label(html, "detail", (0.0, middle + 13.0), &fit(&node.detail, FITS.1));
    });
}

fn label(html: &mut Html, class: &'static str, (x, y): (f64, f64), text: &str) {
    let attributes: [(&str, &dyn Display); 3] =
        [("class", &class), ("x", &format_args!("{x:.1}")), ("y", &format_args!("{y:.1}"))];
    html.leaf("text", &attributes, text);
}

/// As much of a text as fits.
fn fit(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(std::iter::once('…')).collect()
}
