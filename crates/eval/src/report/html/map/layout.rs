//! Where everything is drawn: three columns, the internet above them, nobody in particular below.
//!
//! It knows boxes and lines, not what they mean.
//!
//! INVARIANT: no two boxes overlap, and every box lies within the drawing.

use super::gather::Place;
use super::graph::{Edge, Graph};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Width of the drawing, in its own units: close to pixels on a wide screen.
pub(super) const WIDTH: f64 = 1_160.0;
/// Size of a box.
pub(super) const BOX: (f64, f64) = (218.0, 44.0);
/// Left edges of the columns: supervision, service, field.
const COLUMNS: [(Place, f64); 3] =
    [(Place::Supervision, 8.0), (Place::Service, (WIDTH - BOX.0) / 2.0), (Place::Field, WIDTH - BOX.0 - 8.0)];
/// Between boxes of a column.
const GAP: f64 = 14.0;
/// Above a column's first box, for its head.
const HEAD: f64 = 30.0;
/// Room for the name of a network.
const NETWORK: f64 = 22.0;
/// Between the internet and the columns, and the columns and nobody.
const BAND: f64 = 64.0;
/// A busy box grows by this for each line, so that lines stay apart.
const GROWTH: f64 = 9.0;
/// The tallest a box gets.
const TALLEST: f64 = 200.0;

/// A box's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rectangle {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where a line leaves or meets a box, and which way it points there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct End {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) toward: (f64, f64),
    /// Room to the next line's end at this side of the box.
    pub(super) room: f64,
}

/// A text that names a column or network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heading {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) is_column: bool,
}

/// Everything placed; `boxes` and `lines` in the order of the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawing {
    pub(super) height: f64,
    pub(super) boxes: Vec<Rectangle>,
    pub(super) lines: Vec<(End, End)>,
    pub(super) headings: Vec<Heading>,
}

/// Places a graph.
pub(super) fn place(graph: &Graph) -> Drawing {
    let mut drawing = Drawing { boxes: vec![Rectangle::default(); graph.nodes.len()], ..Drawing::default() };
    let top = 8.0 + band(graph, &mut drawing, Place::Internet, 8.0);
    let tallest = COLUMNS
        .iter()
        .map(|(place, _)| column_height(graph, *place))
        .max_by(f64::total_cmp)
        .unwrap_or_default();
    for (place, x) in COLUMNS {
        let spare = tallest - column_height(graph, place);
        column(graph, &mut drawing, place, (x, top + spare / 2.0));
    }
    drawing.height = top + tallest + band(graph, &mut drawing, Place::Nowhere, top + tallest + BAND) + 8.0;
    drawing.lines = lines(graph, &drawing.boxes);
    drawing
}

/// Boxes side by side; the answer is the height they take with the room to the columns.
fn band(graph: &Graph, drawing: &mut Drawing, place: Place, y: f64) -> f64 {
    let members = members(graph, place);
    let count = members.len() as f64;
    if members.is_empty() {
        return 0.0;
    }
    let step = (BOX.0 + GAP).min((WIDTH - 16.0) / count);
    let start = (WIDTH - step * count + GAP) / 2.0;
    for (position, index) in members.iter().enumerate() {
        let x = start + step * position as f64;
        set(drawing, *index, Rectangle { x, y, width: step - GAP, height: BOX.1 });
    }
    BOX.1 + BAND
}

fn column(graph: &Graph, drawing: &mut Drawing, place: Place, (x, top): (f64, f64)) {
    let members = members(graph, place);
    if members.is_empty() {
        return;
    }
    drawing.headings.push(Heading { x, y: top + 14.0, text: title(place).to_owned(), is_column: true });
    let mut y = top + HEAD;
    let mut network = None;
    for index in members {
        let Some(node) = graph.nodes.get(index) else { continue };
        if network != Some(&node.network) {
            network = Some(&node.network);
            let text = if node.network.is_empty() { "elsewhere".to_owned() } else { node.network.clone() };
            drawing.headings.push(Heading { x, y: y + 14.0, text, is_column: false });
            y += NETWORK;
        }
        let height = height(graph, index);
        set(drawing, index, Rectangle { x, y, width: BOX.0, height });
        y += height + GAP;
    }
}

fn column_height(graph: &Graph, place: Place) -> f64 {
    let members = members(graph, place);
    if members.is_empty() {
        return 0.0;
    }
    let boxes: f64 = members.iter().map(|index| height(graph, *index) + GAP).sum();
    let mut networks: Vec<&str> = members
        .iter()
        .filter_map(|index| graph.nodes.get(*index))
        .map(|node| node.network.as_str())
        .collect();
    networks.dedup();
    HEAD + boxes + NETWORK * networks.len() as f64
}

const fn title(place: Place) -> &'static str {
    match place {
        Place::Supervision => "Supervise and operate",
        Place::Service => "Serve and connect",
        Place::Field => "Field",
        Place::Internet => "Internet",
        Place::Nowhere => "Nobody in particular",
    }
}

/// Nodes of a place: by network, then in the order of the graph, which is that of addresses.
fn members(graph: &Graph, place: Place) -> Vec<usize> {
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    let of_place = || graph.nodes.iter().enumerate().filter(move |(_, node)| node.place == place);
    for (index, node) in of_place() {
        first_of.entry(&node.network).or_insert(index);
    }
    let mut members: Vec<usize> = of_place().map(|(index, _)| index).collect();
    members.sort_by_key(|index| {
        let network = graph.nodes.get(*index).and_then(|node| first_of.get(node.network.as_str()));
        (network.copied(), *index)
    });
    members
}

fn height(graph: &Graph, index: usize) -> f64 {
    let lines = graph.edges.iter().filter(|edge| edge.client == index || edge.server == index).count();
    (lines as f64 * GROWTH + GROWTH).clamp(BOX.1, TALLEST)
}

fn set(drawing: &mut Drawing, index: usize, rectangle: Rectangle) {
    if let Some(place) = drawing.boxes.get_mut(index) {
        *place = rectangle;
    }
}

/// The side of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

/// Both ends of every line, spread over the sides of the boxes in the order of where they come from.
fn lines(graph: &Graph, boxes: &[Rectangle]) -> Vec<(End, End)> {
    let mut at_side: BTreeMap<(usize, Side), Vec<(usize, bool)>> = BTreeMap::new();
    for (index, edge) in graph.edges.iter().enumerate() {
        at_side
            .entry((edge.client, side(graph, boxes, edge.client, edge.server)))
            .or_default()
            .push((index, true));
        at_side
            .entry((edge.server, side(graph, boxes, edge.server, edge.client)))
            .or_default()
            .push((index, false));
    }
    let mut lines = vec![(End::default(), End::default()); graph.edges.len()];
    for ((node, side), mut ends) in at_side {
        let other = |index: usize, is_client: bool| {
            let edge = graph.edges.get(index);
            edge.map_or(node, |edge: &Edge| if is_client { edge.server } else { edge.client })
        };
        ends.sort_by(|a, b| order(boxes, side, other(a.0, a.1), other(b.0, b.1)).then(a.cmp(b)));
        let rectangle = boxes.get(node).copied().unwrap_or_default();
        let count = ends.len();
        for (position, (index, is_client)) in ends.into_iter().enumerate() {
            let end = end(rectangle, side, position, count);
            if let Some(line) = lines.get_mut(index) {
                if is_client { line.0 = end } else { line.1 = end }
            }
        }
    }
    lines
}

/// Lines to what lies higher leave higher; to what lies further left, further left.
fn order(boxes: &[Rectangle], side: Side, a: usize, b: usize) -> Ordering {
    let center = |index: usize| {
        let rectangle = boxes.get(index).copied().unwrap_or_default();
        match side {
            Side::Left | Side::Right => rectangle.y + rectangle.height / 2.0,
            Side::Top | Side::Bottom => rectangle.x + rectangle.width / 2.0,
        }
    };
    center(a).total_cmp(&center(b))
}

/// The side of `from` that faces `to`.
fn side(graph: &Graph, boxes: &[Rectangle], from: usize, to: usize) -> Side {
    let place = |index: usize| graph.nodes.get(index).map_or(Place::Service, |node| node.place);
    let middle = |index: usize| boxes.get(index).map_or(0.0, |one| one.x + one.width / 2.0);
    let own_column =
        || graph.nodes.iter().zip(boxes).filter(|(node, _)| node.place == place(from)).map(|(_, one)| one.y);
    let y = boxes.get(from).map_or(0.0, |one| one.y);
    let (is_left, to) = (middle(to) < middle(from), place(to));
    match place(from) {
        Place::Internet => Side::Bottom,
        Place::Nowhere => Side::Top,
        Place::Supervision => Side::Right,
        Place::Field => Side::Left,
        Place::Service if to == Place::Internet && own_column().all(|other| other >= y) => Side::Top,
        Place::Service if to == Place::Nowhere && own_column().all(|other| other <= y) => Side::Bottom,
        Place::Service if is_left => Side::Left,
        Place::Service => Side::Right,
    }
}

fn end(rectangle: Rectangle, side: Side, position: usize, count: usize) -> End {
    let Rectangle { x, y, width, height } = rectangle;
    let share = (position as f64 + 1.0) / (count as f64 + 1.0);
    let room = if count == 1 { f64::INFINITY } else { height / (count as f64 + 1.0) };
    match side {
        Side::Left => End { x, y: y + height * share, toward: (-1.0, 0.0), room },
        Side::Right => End { x: x + width, y: y + height * share, toward: (1.0, 0.0), room },
        Side::Top => End { x: x + width * share, y, toward: (0.0, -1.0), room },
        Side::Bottom => End { x: x + width * share, y: y + height, toward: (0.0, 1.0), room },
    }
}
