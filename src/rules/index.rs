//! Which nodes can match an element at all: each node lies in the bucket of the rarest thing it
//! asks for (id, class, attribute value, name word, type), so that the time a start tag takes does
//! not depend on the number of rules. All substring tests of one attribute are tried together.

use super::sheet::{Node, NodeId, Test};
use crate::tag::Name;
use rustc_hash::FxHashMap;
use selectors::attr::AttrSelectorOperator as Operator;

type Bucket<K> = FxHashMap<K, Vec<NodeId>>;

/// The buckets.
#[derive(Default)]
pub(crate) struct Index {
    pub ids: Bucket<Box<str>>,
    pub classes: Bucket<Box<str>>,
    pub words: Bucket<Name>,
    pub types: Bucket<Name>,
    attributes: FxHashMap<Box<str>, AttributeIndex>,
    /// Which attributes there are, by length, first and last letter.
    attribute_sieve: [u64; SIEVE],
    pub universal: Vec<NodeId>,
}

/// Nodes that ask for one attribute.
#[derive(Default)]
pub(crate) struct AttributeIndex {
    /// By the whole value, ASCII in lower case; the longest of them.
    values: Bucket<Box<str>>,
    longest_value: usize,
    /// By a part of the value.
    parts: Parts,
    /// By the first byte of the value, ASCII in lower case: of beginnings that are too short for
    /// `parts`.
    firsts: Bucket<u8>,
    /// Whatever the value.
    any: Vec<NodeId>,
}

impl AttributeIndex {
    /// Calls `found` with the nodes that ask for this value, and some others.
    pub(crate) fn find(&self, value: &str, mut found: impl FnMut(&[NodeId])) {
        found(&self.any);
        let ids = if value.len() > self.longest_value {
            None
        } else if value.bytes().any(|b| b.is_ascii_uppercase()) {
            self.values.get(&*value.to_ascii_lowercase())
        } else {
            self.values.get(value)
        };
        found(ids.map_or(&[], Vec::as_slice));
        let first = value.bytes().next().unwrap_or(0).to_ascii_lowercase();
        found(self.firsts.get(&first).map_or(&[], Vec::as_slice));
        self.parts.find(value, found);
    }
}

/// Nodes by three bytes of a part of a value, ASCII in lower case: of all that stand in the part those
/// that the fewest other parts have, so that a hundred parts that begin with `https://www.` are not
/// all looked at for every link. A table of bits tells most places of a value at which none of them
/// stands.
#[derive(Default)]
struct Parts {
    /// What `settle` has yet to find a place for.
    unsettled: Vec<(Box<str>, NodeId)>,
    sieve: Box<[u64]>,
    /// 32 less the number of bits that say a place in the sieve.
    shift: u32,
    by_bytes: Bucket<u32>,
}

impl Parts {
    /// Bytes of a part that are looked for.
    const WINDOW: usize = 3;
    /// Bits of the sieve for each entry, and at least.
    const SPARSE: usize = 64;
    const LEAST: usize = 1 << 12;

    #[inline]
    fn place(&self, bytes: u32) -> (usize, u64) {
        let hash = bytes.wrapping_mul(0x9e37_79b1) >> self.shift;
        (hash as usize / 64, 1 << (hash % 64))
    }

    /// The last bytes of a window, and the byte that follows them: letters in lower case, and others as
    /// may be.
    #[inline]
    fn next(bytes: u32, byte: u8) -> u32 {
        (bytes << 8 | u32::from(byte | 0x20)) & 0x00ff_ffff
    }

    /// The windows of a part, from the left.
    fn windows(part: &str) -> impl Iterator<Item = u32> {
        let windows = part.as_bytes().windows(Self::WINDOW);
        windows.map(|window| window.iter().copied().fold(0, Self::next))
    }

    /// Adds a part of at least [`Parts::WINDOW`] bytes. It is found once [`Parts::settle`] has been
    /// called.
    fn add(&mut self, part: Box<str>, id: NodeId) {
        self.unsettled.push((part, id));
    }

    fn settle(&mut self) {
        let mut count: FxHashMap<u32, u32> = FxHashMap::default();
        for window in self
            .unsettled
            .iter()
            .flat_map(|(part, _)| Self::windows(part))
        {
            *count.entry(window).or_default() += 1;
        }
        for (part, id) in std::mem::take(&mut self.unsettled) {
            // The leftmost of those that are equally rare.
            let rarest = Self::windows(&part).min_by_key(|window| count[window]);
            if let Some(bytes) = rarest {
                self.by_bytes.entry(bytes).or_default().push(id);
            }
        }
        let bits = (self.by_bytes.len() * Self::SPARSE).max(Self::LEAST);
        let bits = bits.next_power_of_two();
        self.shift = 32 - bits.trailing_zeros();
        self.sieve = vec![0; bits / 64].into();
        for &bytes in self.by_bytes.keys() {
            let (word, bit) = self.place(bytes);
            self.sieve[word] |= bit;
        }
    }

    /// Calls `found` with the nodes of which a part may stand in `value`; with some more than once.
    fn find(&self, value: &str, mut found: impl FnMut(&[NodeId])) {
        if self.by_bytes.is_empty() {
            return;
        }
        let mut last = 0;
        for (i, byte) in value.bytes().enumerate() {
            last = Self::next(last, byte);
            let (word, bit) = self.place(last);
            if self.sieve[word] & bit != 0
                && i + 1 >= Self::WINDOW
                && let Some(ids) = self.by_bytes.get(&last)
            {
                found(ids);
            }
        }
    }
}

/// A bucket's key; the order is that of rarity.
enum Key {
    Id(Box<str>),
    Class(Box<str>),
    Value(Box<str>, Box<str>),
    Word(Name),
    Part(Box<str>, Box<str>),
    First(Box<str>, u8),
    Attribute(Box<str>),
    Type(Name),
    Universal,
}

impl Key {
    const fn rank(&self) -> u8 {
        match self {
            Key::Id(_) => 0,
            Key::Class(_) => 1,
            Key::Value(..) => 2,
            Key::Word(_) => 3,
            Key::Part(..) | Key::First(..) => 4,
            Key::Attribute(_) => 5,
            Key::Type(_) => 6,
            Key::Universal => 7,
        }
    }
}

impl Index {
    /// The nodes that ask for an attribute; its name may be in any case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&AttributeIndex> {
        let (word, bit) = place_of_attribute(name);
        if self.attribute_sieve[word] & bit == 0 {
            None
        } else if name.bytes().any(|b| b.is_ascii_uppercase()) {
            self.attributes.get(&*name.to_ascii_lowercase())
        } else {
            self.attributes.get(name)
        }
    }

    fn note_attribute(&mut self, name: &str) {
        let (word, bit) = place_of_attribute(name);
        self.attribute_sieve[word] |= bit;
    }

    /// Puts `id` into its buckets. An element that matches the node is found in one of them.
    pub(crate) fn insert(&mut self, id: NodeId, nodes: &[Node]) {
        for key in keys(&nodes[id.0 as usize], nodes) {
            match key {
                Key::Id(v) => self.ids.entry(v).or_default().push(id),
                Key::Class(v) => self.classes.entry(v).or_default().push(id),
                Key::Word(v) => self.words.entry(v).or_default().push(id),
                Key::Type(name) => self.types.entry(name).or_default().push(id),
                Key::Universal => self.universal.push(id),
                Key::Value(name, value) => {
                    self.note_attribute(&name);
                    let attribute = self.attributes.entry(name).or_default();
                    attribute.longest_value = attribute.longest_value.max(value.len());
                    attribute.values.entry(value).or_default().push(id);
                }
                Key::Part(name, part) => {
                    self.note_attribute(&name);
                    let attribute = self.attributes.entry(name).or_default();
                    attribute.parts.add(part, id);
                }
                Key::First(name, first) => {
                    self.note_attribute(&name);
                    let attribute = self.attributes.entry(name).or_default();
                    attribute.firsts.entry(first).or_default().push(id);
                }
                Key::Attribute(name) => {
                    self.note_attribute(&name);
                    self.attributes.entry(name).or_default().any.push(id);
                }
            }
        }
    }

    /// To be called when all nodes have been put in: those that ask for a part of a value find their
    /// places among each other.
    pub(crate) fn settle(&mut self) {
        for attribute in self.attributes.values_mut() {
            attribute.parts.settle();
        }
    }
}

/// Words of the sieve of attributes.
const SIEVE: usize = 16;

/// An attribute's place in the sieve, whatever the case of its name.
fn place_of_attribute(name: &str) -> (usize, u64) {
    let lower = |byte: Option<&u8>| u32::from(byte.map_or(0, u8::to_ascii_lowercase));
    let bytes = name.as_bytes();
    let key = lower(bytes.first()) | lower(bytes.last()) << 8 | (bytes.len() as u32) << 16;
    let place = key.wrapping_mul(0x9e37_79b1) >> 22;
    (place as usize / 64, 1 << (place % 64))
}

/// The keys of the buckets in which a node must lie: one, or one for each alternative.
fn keys(node: &Node, nodes: &[Node]) -> Vec<Key> {
    let mut best = vec![Key::Universal];
    let mut best_rank = Key::Universal.rank();
    for test in node.own.iter().chain(&node.tests).chain(&node.deferred) {
        let keys = match test {
            Test::Id(v) => vec![Key::Id(v.clone())],
            Test::Class(v) => vec![Key::Class(v.clone())],
            Test::Type(name) => vec![Key::Type(*name)],
            Test::Types(names) => names.iter().map(|n| Key::Type(*n)).collect(),
            Test::Named(alternatives) => alternatives
                .iter()
                .map(|words| Key::Word(words[0]))
                .collect(),
            Test::Attribute(test) => {
                let name = test.name.clone();
                vec![match &test.value {
                    Some((Operator::Equal, value)) => {
                        Key::Value(name, value.to_ascii_lowercase().into())
                    }
                    None => Key::Attribute(name),
                    Some((operator, part)) if part.len() < Parts::WINDOW => {
                        match (operator, part.bytes().next()) {
                            (Operator::Prefix, Some(first)) => {
                                Key::First(name, first.to_ascii_lowercase())
                            }
                            _ => Key::Attribute(name),
                        }
                    }
                    Some((_, part)) => Key::Part(name, part.clone()),
                }]
            }
            Test::Any(alternatives) => alternatives
                .iter()
                .flat_map(|alternative| keys(&nodes[alternative.node.0 as usize], nodes))
                .collect(),
            _ => continue,
        };
        let rank = keys.iter().map(Key::rank).max().unwrap_or(u8::MAX);
        if rank < best_rank {
            best_rank = rank;
            best = keys;
        }
    }
    best
}
