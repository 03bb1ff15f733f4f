//! The drawing of sites from two devices to a thousand.

use super::graph::Graph;
use super::layout;
use crate::report::html::page::Page;
use crate::report::html::tests::site::made_up;

#[test]
fn boxes_of_the_map_never_overlap_and_the_rest_is_gathered() {
    for (devices, boxes) in [(2, 3), (14, 16), (200, 35), (1_200, 41)] {
        let evaluation = made_up(devices, 2);
        let graph = Graph::of(&Page::of(&evaluation));
        let drawing = layout::place(&graph);
        assert_eq!(graph.nodes.len(), boxes, "{devices} devices");
        let own = graph.nodes.iter().filter(|node| is_device(node.anchor.as_deref())).count() as u64;
        assert_eq!(own + graph.grouped, u64::from(devices), "each device is somewhere");
        for (index, a) in drawing.boxes.iter().enumerate() {
            assert!(a.x >= 0.0 && a.x + a.width <= layout::WIDTH && a.y >= 0.0);
            assert!(a.y + a.height <= drawing.height, "{a:?} within {}", drawing.height);
            for b in drawing.boxes.iter().skip(index + 1) {
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x;
                assert!(apart || a.y + a.height <= b.y || b.y + b.height <= a.y, "{a:?} {b:?}");
            }
        }
        assert!(graph.edges.len() <= 100, "{} lines", graph.edges.len());
    }
}

fn is_device(anchor: Option<&str>) -> bool {
    anchor.and_then(|anchor| anchor.strip_prefix('d')).is_some_and(|number| number.parse::<u32>().is_ok())
}
