//! Messages that make tables and fill sets.

use crate::elements::{Element, marker};
use crate::netlink::{Attributes, Batch, CREATE, EXCLUSIVE, Message};
use crate::plan::{Placed, Steps};
use crate::plane::Plane;
use crate::set::Set;
use crate::skeleton::{Chain, Hook, Site, counter_names};
use nullius_model::{Marker, Uptime};

/// Bytes of elements in one message. An attribute holds less than 64 KiB.
const CHUNK_BYTES: usize = 60_000;

const TABLE: u16 = 1;
const COUNTER: u32 = 1;
const LIST_ITEM: u16 = 1;

/// Writes one batch for the tables of one name.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    table: &'a str,
    batch: Batch,
    set_count: u32,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(table: &'a str) -> Self {
        Self { table, batch: Batch::new(), set_count: 0 }
    }

    pub(crate) fn into_batch(self) -> Batch {
        self.batch
    }

    /// The table anew, with whatever stands there now gone in the same step.
    pub(crate) fn rebuild(&mut self, plane: Plane, site: &Site) {
        self.table(plane, Message::NewTable);
        self.table(plane, Message::DeleteTable);
        self.table(plane, Message::NewTable);
        for &set in Set::ALL {
            self.set(plane, set);
        }
        for name in counter_names() {
            self.counter(plane, &name);
        }
        let chains = plane.chains(site);
        for chain in &chains {
            self.chain(plane, chain);
        }
        for chain in &chains {
            self.rules(plane, chain);
        }
    }

    /// A chain that nothing enters, and that is gone again in the same step: whether the kernel takes its rules.
    pub(crate) fn trial(&mut self, chain: &Chain) {
        self.table(Plane::Bridge, Message::NewTable);
        self.chain(Plane::Bridge, chain);
        self.rules(Plane::Bridge, chain);
        self.table(Plane::Bridge, Message::DeleteTable);
    }

    pub(crate) fn table(&mut self, plane: Plane, message: Message) {
        self.push(plane, message, 0, &self.named(), format!("table {} {}", plane.name(), self.table));
    }

    /// Every set that rules fill, empty; what the packet path learned stays.
    pub(crate) fn flush(&mut self, plane: Plane) {
        for &set in Set::ALL.iter().filter(|set| !set.is_learned()) {
            self.flush_set(plane, set);
        }
    }

    /// Elements away, then elements in.
    pub(crate) fn steps(&mut self, steps: &Steps, now: Uptime) {
        let lasting = |placed: &Placed| (placed.clone(), None);
        // an element that may have ended is put back first, so that there is one to take away
        let may_have_ended = steps.remove.iter().filter(|(_, element)| element.set.ends());
        self.elements(Message::NewElements, CREATE, may_have_ended.map(lasting).collect(), now);
        self.elements(Message::DeleteElements, 0, steps.remove.iter().map(lasting).collect(), now);
        self.elements(Message::NewElements, CREATE | EXCLUSIVE, steps.add.clone(), now);
    }

    /// Which policy the rules were made from, beside them.
    pub(crate) fn marker(&mut self, plane: Plane, value: Marker) {
        self.flush_set(plane, Set::Marker);
        let mut list = Attributes::default();
        list.nest(LIST_ITEM, |item| write_element(item, &marker(), None, Some(&marker_text(value))));
        self.element_message(plane, Message::NewElements, CREATE, Set::Marker, &list);
    }

    fn elements(
        &mut self,
        message: Message,
        flags: u16,
        mut elements: Vec<(Placed, Option<Uptime>)>,
        now: Uptime,
    ) {
        elements.sort_by_key(|((plane, element), _)| (*plane, element.set));
        for of_set in elements.chunk_by(|((a, one), _), ((b, other), _)| (a, one.set) == (b, other.set)) {
            let Some(((plane, Element { set, .. }), _)) = of_set.first() else { continue };
            let mut list = Attributes::default();
            for ((_, element), end) in of_set {
                let comment = end.map(ending_text);
                let left = end.map(|end| end.since(now).as_millis());
                let left = left.map(|left| u64::try_from(left).unwrap_or(u64::MAX));
                list.nest(LIST_ITEM, |item| write_element(item, element, left, comment.as_deref()));
                if list.len() > CHUNK_BYTES {
                    self.element_message(*plane, message, flags, *set, &std::mem::take(&mut list));
                }
            }
            if list.len() > 0 {
                self.element_message(*plane, message, flags, *set, &list);
            }
        }
    }

    fn element_message(&mut self, plane: Plane, message: Message, flags: u16, set: Set, list: &Attributes) {
        let mut attributes = self.named();
        attributes.put_text(2, set.name()).nest(3, |elements| {
            elements.append(list);
        });
        self.push(plane, message, flags, &attributes, self.set_label(plane, set));
    }

    fn flush_set(&mut self, plane: Plane, set: Set) {
        let mut attributes = self.named();
        attributes.put_text(2, set.name());
        self.push(plane, Message::DeleteElements, 0, &attributes, self.set_label(plane, set));
    }

    fn set(&mut self, plane: Plane, set: Set) {
        let shape = set.shape();
        self.set_count = self.set_count.saturating_add(1);
        let key_type = shape.key.iter().fold(0, |all, part| all << 6 | part.data_type());
        let key_bytes = u32::try_from(crate::elements::key_bytes(shape.key)).unwrap_or_default();
        let mut attributes = self.named();
        attributes.put_text(2, shape.name).put_u32(3, shape.flags).put_u32(4, key_type).put_u32(5, key_bytes);
        attributes.put_u32(10, self.set_count).nest(9, |description| {
            description.put_u32(1, shape.size);
        });
        self.push(plane, Message::NewSet, 0, &attributes, self.set_label(plane, set));
    }

    fn counter(&mut self, plane: Plane, name: &str) {
        let mut attributes = self.named();
        attributes.put_text(2, name).put_u32(3, COUNTER).nest(4, |counter| {
            counter.put_u64(1, 0).put_u64(2, 0);
        });
        self.push(plane, Message::NewObject, 0, &attributes, format!("counter {name}"));
    }

    fn chain(&mut self, plane: Plane, chain: &Chain) {
        let mut attributes = self.named();
        attributes.put_text(3, &chain.name);
        if let Some(hook) = chain.hook {
            attributes.nest(4, |nest| {
                nest.put_u32(1, hook.number).put(2, &hook.priority.to_be_bytes());
            });
            attributes.put_u32(5, Hook::POLICY).put_text(7, "filter");
        }
        self.push(plane, Message::NewChain, 0, &attributes, format!("chain {}", chain.name));
    }

    fn rules(&mut self, plane: Plane, chain: &Chain) {
        for (index, line) in chain.lines.iter().enumerate() {
            let mut attributes = self.named();
            attributes.put_text(2, &chain.name).nest(4, |expressions| {
                expressions.append(line.expressions());
            });
            if !line.note().is_empty() {
                attributes.put(7, &comment_bytes(line.note()));
            }
            let label = format!("rule {index} of chain {} in table {}", chain.name, plane.name());
            self.push(plane, Message::NewRule, 0, &attributes, label);
        }
    }

    fn named(&self) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.put_text(TABLE, self.table);
        attributes
    }

    fn set_label(&self, plane: Plane, set: Set) -> String {
        format!("set {} of table {} {}", set.name(), plane.name(), self.table)
    }

    fn push(&mut self, plane: Plane, message: Message, flags: u16, attributes: &Attributes, label: String) {
        self.batch.push(message, plane.family(), flags, attributes, label);
    }
}

fn write_element(item: &mut Attributes, element: &Element, left: Option<u64>, comment: Option<&str>) {
    item.nest(1, |key| {
        key.put(1, &element.key);
    });
    if let Some(left) = left {
        item.put_u64(4, left);
    }
    if let Some(comment) = comment {
        item.put(6, &comment_bytes(comment));
    }
}

/// As `nft` stores comments: type 0, length, text, zero.
fn comment_bytes(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len().saturating_add(1)).unwrap_or_default();
    [&[0, length], text.as_bytes(), &[0]].concat()
}

/// The comment of an element that ends: when, in milliseconds after the start of the machine.
pub(crate) fn ending_text(end: Uptime) -> String {
    format!("ends at uptime {} ms", end.since_boot().as_millis())
}

/// The comment of the marker: epoch and digest.
pub(crate) fn marker_text(marker: Marker) -> String {
    let digest: String = marker.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("policy {} {digest}", marker.epoch)
}
