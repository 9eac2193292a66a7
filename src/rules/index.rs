//! Which nodes can match an element at all: each node lies in the bucket of the rarest thing it
//! asks for (id, class, attribute value, name word, type), so that the time a start tag takes does
//! not depend on the number of rules. All substring tests of one attribute share an automaton.

use super::sheet::{Node, NodeId, Test};
use crate::tag::Name;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashMap;
use selectors::attr::AttrSelectorOperator as Operator;

type Bucket<K> = FxHashMap<K, Vec<NodeId>>;

/// The buckets.
#[derive(Default)]
pub(crate) struct Index {
    pub ids: Bucket<Box<str>>,
    pub classes: Bucket<Box<str>>,
    pub words: Bucket<Box<str>>,
    pub types: Bucket<Name>,
    pub attributes: FxHashMap<Box<str>, AttributeIndex>,
    pub universal: Vec<NodeId>,
}

/// Nodes that ask for one attribute.
#[derive(Default)]
pub(crate) struct AttributeIndex {
    /// By the whole value.
    pub values: Bucket<Box<str>>,
    /// By a part of the value.
    pub parts: Vec<(Box<str>, NodeId)>,
    pub automaton: Option<AhoCorasick>,
    /// Whatever the value.
    pub any: Vec<NodeId>,
}

/// A bucket's key; the order is that of rarity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id(Box<str>),
    Class(Box<str>),
    Value(Box<str>, Box<str>),
    Word(Box<str>),
    Part(Box<str>, Box<str>),
    Attribute(Box<str>),
    Type(NameKey),
    Universal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct NameKey(Name);

impl std::fmt::Debug for NameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("type")
    }
}

impl PartialOrd for NameKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NameKey {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Key {
    const fn rank(&self) -> u8 {
        match self {
            Key::Id(_) => 0,
            Key::Class(_) => 1,
            Key::Value(..) => 2,
            Key::Word(_) => 3,
            Key::Part(..) => 4,
            Key::Attribute(_) => 5,
            Key::Type(_) => 6,
            Key::Universal => 7,
        }
    }
}

impl Index {
    /// Puts `id` into its buckets. An element that matches the node is found in one of them.
    pub(crate) fn insert(&mut self, id: NodeId, nodes: &[Node]) {
        for key in keys(&nodes[id.0 as usize], nodes) {
            match key {
                Key::Id(v) => self.ids.entry(v).or_default().push(id),
                Key::Class(v) => self.classes.entry(v).or_default().push(id),
                Key::Word(v) => self.words.entry(v).or_default().push(id),
                Key::Type(name) => self.types.entry(name.0).or_default().push(id),
                Key::Universal => self.universal.push(id),
                Key::Value(name, value) => {
                    let attribute = self.attributes.entry(name).or_default();
                    attribute.values.entry(value).or_default().push(id);
                }
                Key::Part(name, part) => {
                    self.attributes
                        .entry(name)
                        .or_default()
                        .parts
                        .push((part, id));
                }
                Key::Attribute(name) => self.attributes.entry(name).or_default().any.push(id),
            }
        }
    }

    /// Builds the automata, once every node is in.
    pub(crate) fn finish(&mut self) {
        for attribute in self.attributes.values_mut() {
            if attribute.parts.is_empty() {
                continue;
            }
            // A few hundred short patterns: a contiguous NFA builds in microseconds.
            attribute.automaton = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(true)
                .build(attribute.parts.iter().map(|(part, _)| part.as_bytes()))
                .ok();
            if attribute.automaton.is_none() {
                // Too many patterns for one automaton: test each, slowly but rightly.
                let ids = attribute.parts.iter().map(|(_, id)| *id);
                attribute.any.extend(ids);
            }
        }
    }
}

/// The keys of the buckets in which a node must lie: one, or one for each alternative.
fn keys(node: &Node, nodes: &[Node]) -> Vec<Key> {
    let mut best = vec![Key::Universal];
    let mut best_rank = Key::Universal.rank();
    for test in node.own.iter().chain(&node.tests).chain(&node.deferred) {
        let keys = match test {
            Test::Id(v) => vec![Key::Id(v.clone())],
            Test::Class(v) => vec![Key::Class(v.clone())],
            Test::Type(name) => vec![Key::Type(NameKey(*name))],
            Test::Types(names) => names.iter().map(|n| Key::Type(NameKey(*n))).collect(),
            Test::Named(alternatives) => alternatives
                .iter()
                .map(|words| Key::Word(words[0].clone()))
                .collect(),
            Test::Attribute(test) => {
                let name = test.name.clone();
                vec![match &test.value {
                    Some((Operator::Equal, value)) if !test.ignore_case => {
                        Key::Value(name, value.clone())
                    }
                    Some((Operator::Equal, _)) | None => Key::Attribute(name),
                    Some((_, part)) if part.is_empty() => Key::Attribute(name),
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
