//! From parsed selectors to a [`Sheet`]: compounds become nodes, nodes that others lean on are
//! shared, and what a stream cannot decide is refused with the reason.

use super::pattern::{BEGINNING, Expression, Pattern, Place};
use super::phrases::{Asked, PhraseBook};
use super::selector::{Css, Measure, Pseudo, TextArgument, Upward};
use super::sheet::{
    Action, Alternative, Anchor, AttributeTest, Combinator, FIRST_WORD, Node, NodeId, Rule, Sheet,
    Test, needs,
};
use crate::tag::{Class, Name};
use crate::text;
use cssparser::ToCss;
use rustc_hash::FxHashMap;
use selectors::attr::{NamespaceConstraint, ParsedAttrSelectorOperation, ParsedCaseSensitivity};
use selectors::parser::{Combinator as CssCombinator, Component, NthType, Selector, SelectorList};
use std::fmt::Write as _;

/// Alternatives with deferred tests that one selector can have: a pending candidate remembers in
/// 32 bits which of them the start tag left possible.
const MAX_ALTERNATIVES: u8 = 32;

/// Builds a sheet rule by rule.
pub(crate) struct Compiler<'a> {
    sheet: Sheet,
    book: &'a PhraseBook,
    shared: FxHashMap<String, NodeId>,
    bits: u8,
}

/// A compound, and the combinator to its right.
pub(crate) type Part<'s> = (Vec<&'s Component<Css>>, Option<Combinator>);

impl<'a> Compiler<'a> {
    pub(crate) fn new(book: &'a PhraseBook) -> Self {
        Compiler {
            sheet: Sheet::default(),
            book,
            shared: FxHashMap::default(),
            bits: 0,
        }
    }

    pub(crate) fn book(&self) -> &'a PhraseBook {
        self.book
    }

    /// The finished sheet.
    ///
    /// `others` are exceptions beside the sheet's own.
    pub(crate) fn finish<'r>(mut self, others: impl Iterator<Item = &'r Rule> + Clone) -> Sheet {
        let mut off = self.sheet.excepted(self.sheet.exceptions());
        off.extend(self.sheet.excepted(others));
        for node in off {
            self.sheet.nodes[node.0 as usize].uses.rule = None;
        }
        for i in 0..self.sheet.nodes.len() {
            let uses = &self.sheet.nodes[i].uses;
            if uses.rule.is_some()
                || uses.ancestor
                || uses.sibling
                || uses.heading
                || uses.probe.is_some()
            {
                let rule = uses.rule.map(|rule| self.sheet.rules[rule as usize].action);
                let only_rule =
                    !(uses.ancestor || uses.sibling || uses.heading || uses.probe.is_some());
                // What is cut may still tell that the text is cut short.
                if only_rule && rule != Some(Action::Truncated) {
                    self.sheet.nodes[i].needs |= needs::RULES;
                }
                self.sheet.index.insert(NodeId(i as u32), &self.sheet.nodes);
                self.tell_probes(i);
                let lists = self.scanned_by(NodeId(i as u32));
                match rule {
                    Some(Action::Truncated) => self.sheet.scanned_if_told |= lists,
                    Some(_) => self.sheet.scanned |= lists,
                    None => {}
                }
            }
        }
        self.sheet.index.settle();
        self.sheet
    }

    /// The lists of which a match of this node wants a phrase anywhere in a text.
    fn scanned_by(&self, id: NodeId) -> u64 {
        let node = self.sheet.node(id);
        let left = node.left.map_or(0, |(_, left)| self.scanned_by(left));
        let tests = node.own.iter().chain(&node.tests).chain(&node.deferred);
        tests.fold(left, |lists, test| {
            lists
                | match test {
                    Test::Text(Place::Anywhere, Pattern::List(list)) => list.bit(),
                    Test::Has(nodes) | Test::Under(nodes) => {
                        nodes.iter().fold(0, |l, &node| l | self.scanned_by(node))
                    }
                    Test::Any(alternatives) | Test::Not(alternatives) => {
                        let nodes = alternatives.iter().map(|a| a.node);
                        nodes.fold(0, |lists, node| lists | self.scanned_by(node))
                    }
                    _ => 0,
                }
        })
    }

    /// Tells the probes that a node waits for how high its rule stands.
    fn tell_probes(&mut self, node: usize) {
        let rule = self.sheet.nodes[node].uses.rule;
        let level = rule.map(|rule| self.sheet.rules[rule as usize].level);
        let waits = std::mem::take(&mut self.sheet.nodes[node].waits);
        for probe in &waits {
            let awaited = &mut self.sheet.nodes[probe.0 as usize].awaited;
            *awaited = (*awaited).max(level);
        }
        self.sheet.nodes[node].waits = waits;
    }

    /// Adds a rule; the error is the reason why it cannot be.
    pub(crate) fn add(&mut self, rule: Rule, list: &SelectorList<Css>) -> Result<(), String> {
        if rule.action == Action::Except {
            self.sheet.rules.push(rule);
            return Ok(());
        }
        let id = self.sheet.rules.len() as u32;
        // All of them or none: a collection goes on behind a rule of which a part cannot be.
        let mut subjects = Vec::new();
        for selector in list.slice() {
            subjects.extend(self.subject(selector)?);
        }
        for node in subjects {
            self.sheet.nodes[node.0 as usize].uses.rule = Some(id);
        }
        if rule.action == Action::Keep {
            self.sheet.keeps = self.sheet.keeps.max(Some(rule.level));
        }
        self.sheet.rules.push(rule);
        Ok(())
    }

    /// The nodes whose match makes a selector match: one, or several for `:upward(list)`.
    fn subject(&mut self, selector: &Selector<Css>) -> Result<Vec<NodeId>, String> {
        self.bits = 0;
        let parts = parts_of(selector)?;
        let upward = parts.last().and_then(|(compound, _)| {
            compound.iter().find_map(|c| match c {
                Component::NonTSPseudoClass(Pseudo::Upward(target)) => Some(target.clone()),
                _ => None,
            })
        });
        let Some(target) = upward else {
            return Ok(vec![self.chain(&parts)?]);
        };
        let probe = self.chain(&parts)?;
        let (anchor, targets) = match &target {
            Upward::Levels(0) => return Err(":upward(0) is the element itself".to_owned()),
            Upward::Levels(n) => (
                Anchor::Level(*n),
                vec![self.push(Node {
                    first_alarm: u64::MAX,
                    late: true,
                    ..Node::default()
                })],
            ),
            Upward::To(list) => {
                let mut targets = Vec::with_capacity(list.len());
                for target in list.slice() {
                    targets.push(self.chain(&parts_of(target)?)?);
                }
                (Anchor::Upward(self.nearest(list)?), targets)
            }
        };
        self.sheet.nodes[probe.0 as usize].uses.probe = Some(anchor);
        for &node in &targets {
            self.wait_for(node, probe);
        }
        Ok(targets)
    }

    /// A node that tells, from their start tags on, which elements one of these selectors matches;
    /// none if that takes their text.
    fn nearest(&mut self, list: &SelectorList<Css>) -> Result<Option<NodeId>, String> {
        let key = format!("{} Upward", list.to_css_string());
        if let Some(&id) = self.shared.get(&key) {
            return Ok(Some(id));
        }
        let bits = std::mem::take(&mut self.bits);
        let any = Component::Is(list.clone());
        let node = self.compound(&[&any], None)?;
        self.bits = bits;
        if !node.deferred.is_empty() {
            return Ok(None);
        }
        let id = self.push(node);
        self.sheet.nodes[id.0 as usize].uses.ancestor = true;
        self.shared.insert(key, id);
        Ok(Some(id))
    }

    /// Adds "has a match of `probe`" to a node.
    fn wait_for(&mut self, node: NodeId, probe: NodeId) {
        let node = &mut self.sheet.nodes[node.0 as usize];
        let mut deferred = std::mem::take(&mut node.deferred).into_vec();
        deferred.push(Test::Has([probe].into()));
        node.deferred = deferred.into();
        let mut waits = std::mem::take(&mut node.waits).into_vec();
        waits.push(probe);
        node.waits = waits.into();
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.sheet.nodes.push(node);
        NodeId(self.sheet.nodes.len() as u32 - 1)
    }

    /// A chain of compounds, from the left; returns the node of the last.
    fn chain(&mut self, parts: &[Part<'_>]) -> Result<NodeId, String> {
        let mut left = None;
        let mut key = String::new();
        for (i, (compound, combinator)) in parts.iter().enumerate() {
            let Some(combinator) = *combinator else {
                debug_assert_eq!(i + 1, parts.len());
                let node = self.compound(compound, left)?;
                return Ok(self.push(node));
            };
            for component in compound {
                component.to_css(&mut key).map_err(|e| e.to_string())?;
            }
            let _ = write!(key, " {combinator:?} ");
            let id = match self.shared.get(&key) {
                Some(&id) => id,
                None => {
                    let bits = std::mem::take(&mut self.bits);
                    let node = self.compound(compound, left)?;
                    self.bits = bits;
                    let id = self.push(node);
                    self.shared.insert(key.clone(), id);
                    id
                }
            };
            let node = &mut self.sheet.nodes[id.0 as usize];
            match combinator {
                Combinator::Child | Combinator::Descendant => {
                    if !node.deferred.is_empty() {
                        return Err(format!(
                            "what stands left of '{}' must be decided at its start tag: its child comes before its text and its end are known",
                            if combinator == Combinator::Child {
                                ">"
                            } else {
                                " "
                            }
                        ));
                    }
                    node.uses.ancestor = true;
                }
                Combinator::NextSibling | Combinator::LaterSibling => node.uses.sibling = true,
            }
            left = Some((combinator, id));
        }
        Err("a selector is missing".to_owned())
    }

    fn compound(
        &mut self,
        components: &[&Component<Css>],
        left: Option<(Combinator, NodeId)>,
    ) -> Result<Node, String> {
        let mut own = Vec::new();
        let mut needs = match left {
            Some((Combinator::NextSibling | Combinator::LaterSibling, _)) => needs::SIBLING,
            _ => 0,
        };
        let mut late = true;
        let mut tests = Vec::new();
        let mut deferred = Vec::new();
        let mut waits = Vec::new();
        for (place, component) in components.iter().enumerate() {
            let Some(mut test) = self.test(component, &mut waits)? else {
                continue;
            };
            if let Test::Any(alternatives) | Test::Not(alternatives) = &mut test {
                for alternative in alternatives {
                    alternative.place = u8::try_from(place).unwrap_or(u8::MAX);
                }
            }
            late &= self.is_late(&test);
            if let Test::Under(_) = test {
                needs |= needs::HEADING;
            }
            if let Test::Page(shown) = test {
                needs |= shown;
            } else if self.is_deferred(&test) {
                deferred.push(test);
            } else if self.is_own(&test) {
                own.push(test);
            } else {
                tests.push(test);
            }
        }
        if own.iter().any(is_code) {
            for test in &mut deferred {
                self.sheet.asks_code |= read_as_code(test);
            }
        }
        own.sort_by_key(cost);
        tests.sort_by_key(cost);
        deferred.sort_by_key(cost);
        let lists = |place| {
            let masks = deferred.iter().map(|test| self.lists_of(test, place));
            masks
                .filter(|&mask| mask != 0)
                .min_by_key(|mask| mask.count_ones())
                .unwrap_or(0)
        };
        let alarms = deferred.iter().map(|test| self.first_alarm(test));
        Ok(Node {
            first_alarm: alarms.min().unwrap_or(u64::MAX),
            asks: deferred
                .iter()
                .fold(Asked::default(), |all, test| all.and(self.asks(test))),
            begins: lists(Place::Begins),
            exact: lists(Place::Exact),
            own: own.into(),
            needs,
            late,
            tests: tests.into(),
            deferred: deferred.into(),
            left,
            uses: super::sheet::Uses::default(),
            waits: waits.into(),
            awaited: None,
        })
    }

    /// Whether a test asks for nothing but the element's name and class.
    fn is_own(&self, test: &Test) -> bool {
        match test {
            Test::Type(_) | Test::Types(_) | Test::Class(_) => true,
            Test::Attribute(test) => &*test.name == "class",
            Test::Any(alternatives) | Test::Not(alternatives) => alternatives.iter().all(|a| {
                let node = self.sheet.node(a.node);
                node.needs == 0
                    && node.tests.is_empty()
                    && node.deferred.is_empty()
                    && node.left.is_none()
            }),
            _ => false,
        }
    }

    /// Whether what the start tag says of a test can be asked later too: see [`Node::late`].
    fn is_late(&self, test: &Test) -> bool {
        match test {
            Test::Id(_) => false,
            Test::Attribute(test) => &*test.name == "class",
            Test::Any(alternatives) | Test::Not(alternatives) => {
                alternatives.iter().all(|a| self.sheet.node(a.node).late)
            }
            _ => true,
        }
    }

    /// The phrase lists that a test asks for.
    fn asks(&self, test: &Test) -> Asked {
        match test {
            Test::Text(place, Pattern::List(list)) => Asked {
                begins: if *place == Place::Begins {
                    list.bit()
                } else {
                    0
                },
                exact: if *place == Place::Exact {
                    list.bit()
                } else {
                    0
                },
            },
            Test::Any(alternatives) | Test::Not(alternatives) => {
                alternatives.iter().fold(Asked::default(), |all, a| {
                    all.and(self.sheet.node(a.node).asks)
                })
            }
            _ => Asked::default(),
        }
    }

    /// How much text must have come before a test can be decided, in half characters.
    fn first_alarm(&self, test: &Test) -> u64 {
        let characters = match test {
            Test::Length(Measure::MinText, _) => return u64::MAX,
            Test::Length(_, limit) => limit.characters as usize,
            Test::Text(Place::Begins | Place::Exact, pattern) => match pattern {
                Pattern::List(_) => FIRST_WORD,
                Pattern::Literal(words) => words.len() + 9,
                Pattern::Expression(_) => BEGINNING,
            },
            Test::Any(alternatives) | Test::Not(alternatives) => {
                let alarms = alternatives
                    .iter()
                    .map(|a| self.sheet.node(a.node).first_alarm);
                return alarms.min().unwrap_or(u64::MAX);
            }
            _ => return u64::MAX,
        };
        characters as u64 * text::UNITS + 1
    }

    /// The lists of which a test wants a phrase at this place; 0 if it wants something else.
    fn lists_of(&self, test: &Test, place: Place) -> u64 {
        match test {
            Test::Text(p, Pattern::List(list)) if *p == place => list.bit(),
            Test::Any(alternatives) => alternatives
                .iter()
                .map(|a| {
                    let node = self.sheet.node(a.node);
                    if place == Place::Begins {
                        node.begins
                    } else {
                        node.exact
                    }
                })
                .try_fold(0, |all, mask| (mask != 0).then_some(all | mask))
                .unwrap_or(0),
            _ => 0,
        }
    }

    fn is_deferred(&self, test: &Test) -> bool {
        match test {
            Test::Any(alternatives) | Test::Not(alternatives) => alternatives
                .iter()
                .any(|a| !self.sheet.node(a.node).deferred.is_empty()),
            Test::Has(_)
            | Test::Text(..)
            | Test::Length(..)
            | Test::MinLinkDensity(_)
            | Test::MaxLinkDensity(_)
            | Test::MinLinks(_)
            | Test::MaxLinkText(_)
            | Test::Empty
            | Test::Code(_)
            | Test::Repeats => true,
            _ => false,
        }
    }

    fn alternatives(
        &mut self,
        selectors: &[Selector<Css>],
        waits: &mut Vec<NodeId>,
    ) -> Result<Box<[Alternative]>, String> {
        let mut nodes = Vec::with_capacity(selectors.len());
        for selector in selectors {
            let node = self.chain(&parts_of(selector)?)?;
            waits.extend(self.sheet.node(node).waits.iter());
            nodes.push(node);
        }
        // If one alternative is deferred, all are remembered: which of them the start tag decided
        // is known no more at the end.
        let deferred = nodes
            .iter()
            .any(|&node| !self.sheet.node(node).deferred.is_empty());
        let mut alternatives = Vec::with_capacity(nodes.len());
        for node in nodes {
            let bit = self.bits;
            if deferred {
                self.bits += 1;
                if self.bits > MAX_ALTERNATIVES {
                    return Err(format!(
                        "more than {MAX_ALTERNATIVES} alternatives beside one with a text test in one selector; make it several lines"
                    ));
                }
            }
            alternatives.push(Alternative {
                node,
                bit,
                place: 0,
            });
        }
        Ok(alternatives.into())
    }

    /// The test of a simple selector; `None` for one that is always true.
    fn test(
        &mut self,
        component: &Component<Css>,
        waits: &mut Vec<NodeId>,
    ) -> Result<Option<Test>, String> {
        Ok(Some(match component {
            Component::ExplicitUniversalType | Component::ExplicitAnyNamespace => return Ok(None),
            Component::LocalName(name) => Test::Type(Name::new(name.lower_name.0.as_bytes())),
            Component::ID(id) => Test::Id(id.0.clone()),
            Component::Class(class) => Test::Class(class.0.clone()),
            Component::AttributeInNoNamespaceExists {
                local_name_lower, ..
            } => Test::Attribute(Box::new(AttributeTest {
                name: local_name_lower.0.clone(),
                value: None,
                ignore_case: false,
            })),
            Component::AttributeInNoNamespace {
                local_name,
                operator,
                value,
                case_sensitivity,
            } => Test::Attribute(Box::new(AttributeTest {
                name: local_name.0.to_ascii_lowercase().into(),
                value: Some((*operator, value.0.clone())),
                ignore_case: ignores_case(*case_sensitivity),
            })),
            Component::AttributeOther(other) => {
                if matches!(other.namespace, Some(NamespaceConstraint::Specific(_))) {
                    return Err("attributes of a page have no namespace".to_owned());
                }
                let (value, ignore_case) = match &other.operation {
                    ParsedAttrSelectorOperation::Exists => (None, false),
                    ParsedAttrSelectorOperation::WithValue {
                        operator,
                        case_sensitivity,
                        value,
                    } => (
                        Some((*operator, value.0.clone())),
                        ignores_case(*case_sensitivity),
                    ),
                };
                Test::Attribute(Box::new(AttributeTest {
                    name: other.local_name_lower.0.clone(),
                    value,
                    ignore_case,
                }))
            }
            Component::Root => Test::Root,
            Component::Empty => Test::Empty,
            Component::Nth(data) => {
                let of_type = match data.ty {
                    NthType::Child => false,
                    NthType::OfType => true,
                    NthType::LastChild
                    | NthType::OnlyChild
                    | NthType::LastOfType
                    | NthType::OnlyOfType => {
                        return Err(
                            "a stream cannot know which sibling is the last: the later ones have not come yet; :first-child and :nth-child(n) count from the start"
                                .to_owned(),
                        );
                    }
                };
                self.sheet.asks_types |= of_type;
                Test::Nth {
                    a: data.an_plus_b.0,
                    b: data.an_plus_b.1,
                    of_type,
                }
            }
            Component::Negation(list) => Test::Not(self.alternatives(list.slice(), waits)?),
            Component::Is(list) | Component::Where(list) => match types_of(list) {
                Some(types) => Test::Types(types),
                None => Test::Any(self.alternatives(list.slice(), waits)?),
            },
            Component::Has(relatives) => {
                let mut probes = Vec::with_capacity(relatives.len());
                for relative in relatives {
                    probes.push(self.probe(&relative.selector)?);
                }
                waits.extend(&probes);
                Test::Has(probes.into())
            }
            Component::NonTSPseudoClass(pseudo) => return self.pseudo(pseudo),
            Component::Namespace(..)
            | Component::DefaultNamespace(_)
            | Component::ExplicitNoNamespace => {
                return Err("pages have no namespace prefixes".to_owned());
            }
            _ => return Err("this has no meaning in a page at rest".to_owned()),
        }))
    }

    /// The inside of a `:has()`.
    fn probe(&mut self, selector: &Selector<Css>) -> Result<NodeId, String> {
        let mut parts = parts_of(selector)?;
        let (_, combinator) = parts.remove(0);
        let anchor = match combinator {
            Some(Combinator::Child) => Anchor::Parent,
            Some(Combinator::Descendant) | None => Anchor::Ancestors,
            Some(Combinator::NextSibling | Combinator::LaterSibling) => {
                return Err(
                    ":has(+ X) and :has(~ X) look at what comes after the element has ended; say X with the element on its left, or drop both"
                        .to_owned(),
                );
            }
        };
        let key = format!("{} Has {anchor:?}", selector.to_css_string());
        if let Some(&id) = self.shared.get(&key) {
            return Ok(id);
        }
        let bits = std::mem::take(&mut self.bits);
        let node = self.chain(&parts)?;
        self.bits = bits;
        self.sheet.nodes[node.0 as usize].uses.probe = Some(anchor);
        self.shared.insert(key, node);
        Ok(node)
    }

    fn pseudo(&mut self, pseudo: &Pseudo) -> Result<Option<Test>, String> {
        Ok(Some(match pseudo {
            Pseudo::ArticlePage => Test::Page(needs::ARTICLE_PAGE),
            Pseudo::BeforeHeadline => Test::Page(needs::BEFORE_HEADLINE),
            Pseudo::AfterBody => Test::Page(needs::AFTER_BODY),
            Pseudo::AfterProse => Test::Page(needs::AFTER_PROSE),
            Pseudo::Repeats => {
                self.sheet.asks_repeats = true;
                Test::Repeats
            }
            Pseudo::Under(list) => {
                let bits = std::mem::take(&mut self.bits);
                let mut nodes = Vec::new();
                for selector in list.slice() {
                    let parts = parts_of(selector)?;
                    let node = self.chain(&parts)?;
                    self.sheet.nodes[node.0 as usize].uses.heading = true;
                    nodes.push(node);
                }
                self.bits = bits;
                Test::Under(nodes.into())
            }
            Pseudo::Named(alternatives) => {
                self.sheet.asks_words = true;
                let hashed = |words: &Vec<String>| {
                    let words = words.iter().map(|word| Name::new(word.as_bytes()));
                    words.collect()
                };
                Test::Named(alternatives.iter().map(hashed).collect())
            }
            Pseudo::MatchesPath(argument) => {
                Test::MatchesPath(self.pattern(argument, Place::Anywhere)?)
            }
            Pseudo::Text(place, argument) => {
                let pattern = self.pattern(argument, *place)?;
                Test::Text(*place, pattern)
            }
            Pseudo::Length(measure, limit) => Test::Length(*measure, *limit),
            Pseudo::MinLinkDensity(x) => Test::MinLinkDensity(*x),
            Pseudo::MaxLinkDensity(x) => Test::MaxLinkDensity(*x),
            Pseudo::MinLinks(n) => Test::MinLinks(*n),
            Pseudo::MaxLinkText(n) => Test::MaxLinkText(*n),
            // Its compound is compiled as the probe it is: see `subject`.
            Pseudo::Upward(_) => return Ok(None),
        }))
    }

    fn pattern(&self, argument: &TextArgument, place: Place) -> Result<Pattern, String> {
        match argument {
            TextArgument::Literal(words) => {
                let folded = text::fold(words);
                let folded = if place == Place::Anywhere {
                    &*folded
                } else {
                    text::trim_to_word(&folded)
                };
                if folded.is_empty() {
                    return Err("a text to look for is missing".to_owned());
                }
                Ok(Pattern::Literal(folded.into()))
            }
            TextArgument::Expression { source, flags } => Expression::new(source, flags, place)
                .map(|expression| Pattern::Expression(Box::new(expression))),
            TextArgument::List(name) => self.book.list(name).map(Pattern::List).ok_or_else(|| {
                let mut known: Vec<&str> = self.book.names().collect();
                known.sort_unstable();
                format!(
                    "there is no phrase list '{name}'; the lists are {}",
                    known.join(", ")
                )
            }),
        }
    }
}

/// The types of a list that has nothing but types.
fn types_of(list: &SelectorList<Css>) -> Option<Box<[Name]>> {
    let type_of = |selector: &Selector<Css>| {
        let mut components = selector.iter_raw_match_order();
        match (components.next(), components.next()) {
            (Some(Component::LocalName(name)), None) => {
                Some(Name::new(name.lower_name.0.as_bytes()))
            }
            _ => None,
        }
    };
    list.slice().iter().map(type_of).collect()
}

/// Whether a test is for the names of elements with a source and no visible text.
fn is_code(test: &Test) -> bool {
    let has_source = |name: &Name| {
        let class = Class::of(*name);
        class.has(Class::UNSEEN) && class.has(Class::RAW_TEXT)
    };
    match test {
        Test::Type(name) => has_source(name),
        Test::Types(names) => names.iter().all(has_source),
        _ => false,
    }
}

/// Makes a test of the text one of the source; returns whether it was one.
fn read_as_code(test: &mut Test) -> bool {
    match std::mem::replace(test, Test::Root) {
        Test::Text(Place::Anywhere, pattern) if !matches!(pattern, Pattern::List(_)) => {
            *test = Test::Code(pattern);
            true
        }
        other => {
            *test = other;
            false
        }
    }
}

/// Which tests to try first.
fn cost(test: &Test) -> u8 {
    match test {
        Test::Type(_) | Test::Types(_) | Test::Page(_) => 0,
        Test::Id(_) | Test::Class(_) | Test::Root | Test::Nth { .. } => 1,
        Test::Length(Measure::MaxText | Measure::MaxParagraph | Measure::MaxNonlink, _) => 1,
        Test::Length(Measure::MinText, _)
        | Test::MinLinks(_)
        | Test::MinLinkDensity(_)
        | Test::MaxLinkDensity(_)
        | Test::MaxLinkText(_)
        | Test::Empty => 2,
        Test::Under(_) => 1,
        Test::Attribute(_) | Test::Named(_) => 3,
        Test::Has(_) => 4,
        Test::Any(_) | Test::Not(_) => 5,
        Test::Text(..) | Test::Code(_) | Test::MatchesPath(_) | Test::Repeats => 6,
    }
}

fn ignores_case(sensitivity: ParsedCaseSensitivity) -> bool {
    matches!(
        sensitivity,
        ParsedCaseSensitivity::AsciiCaseInsensitive
            | ParsedCaseSensitivity::AsciiCaseInsensitiveIfInHtmlElementInHtmlDocument
    )
}

/// A selector's compounds from left to right, each with the combinator to its right.
pub(crate) fn parts_of(selector: &Selector<Css>) -> Result<Vec<Part<'_>>, String> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut compound = Vec::new();
    let mut right = None;
    for component in selector.iter_raw_match_order() {
        let Component::Combinator(combinator) = component else {
            compound.push(component);
            continue;
        };
        parts.push((std::mem::take(&mut compound), right));
        right = Some(match combinator {
            CssCombinator::Child => Combinator::Child,
            CssCombinator::Descendant => Combinator::Descendant,
            CssCombinator::NextSibling => Combinator::NextSibling,
            CssCombinator::LaterSibling => Combinator::LaterSibling,
            _ => return Err("this has no meaning in a page at rest".to_owned()),
        });
    }
    parts.push((compound, right));
    parts.reverse();
    let last = parts.len() - 1;
    for (i, (compound, _)) in parts.iter().enumerate() {
        for component in compound {
            if let Component::NonTSPseudoClass(Pseudo::Upward(_)) = component
                && i != last
            {
                return Err(":upward() must come last".to_owned());
            }
        }
    }
    Ok(parts)
}
