//! Predicates: what they ask of an element, as tests of a selector.

use super::chain::{Combinator, Compound, Late, Parts, selector};
use super::parse::{Axis, Expr, NodeTest, Op, Path, Start, Step};
use super::walk::{self, Place};
use super::{MAX_ALTERNATIVES, Refusal};
use crate::text::is_invisible;
use std::fmt::Write as _;

/// What a predicate asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Name(String),
    /// A test of the start tag.
    Test(String),
    Late(Late),
    /// It holds such elements.
    Holds(Parts),
    /// This is so, or something that cannot be said: why.
    Partly(Box<Condition>, Refusal),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// Nothing is so.
    fn never() -> Condition {
        Condition::Any(Vec::new())
    }

    /// The compounds of which one matches if `compound` does and this is `wanted`.
    pub(super) fn add(&self, compound: &Compound, wanted: bool) -> Result<Vec<Compound>, Refusal> {
        let mut one = compound.clone();
        match (self, wanted) {
            (Condition::Not(inner), _) => return inner.add(compound, !wanted),
            (Condition::Partly(inner, refusal), true) => {
                one.partly = Some(refusal.clone());
                return inner.add(&one, true);
            }
            (Condition::Partly(_, refusal), false) => return Err(refusal.clone()),
            (Condition::All(all), true) | (Condition::Any(all), false) => {
                let mut found = vec![one];
                for condition in all {
                    let mut next = Vec::new();
                    for compound in &found {
                        next.extend(condition.add(compound, wanted)?);
                    }
                    found = few(next)?;
                }
                return Ok(found);
            }
            (Condition::All(any), false) | (Condition::Any(any), true) => {
                let mut found = Vec::new();
                for condition in any {
                    found.extend(condition.add(compound, wanted)?);
                }
                return few(found);
            }
            (Condition::Name(name), true) => {
                return Ok(one.and(&Compound::named(name)).into_iter().collect());
            }
            (Condition::Name(name), false) => match &one.name {
                Some(own) if own == name => return Ok(Vec::new()),
                Some(_) => {}
                None => one.tests.push(format!(":not({})", identifier(name))),
            },
            (Condition::Test(test), true) => one.tests.push(test.clone()),
            (Condition::Test(test), false) => one.tests.push(format!(":not({test})")),
            (Condition::Late(late), true) => one.late.push(late.clone()),
            (Condition::Late(late), false) => one.late.push(Late {
                written: format!(":not({})", late.written),
                nests: late.nests,
                wider: None,
            }),
            (Condition::Holds(parts), true) => one.holds.push(parts.clone()),
            (Condition::Holds(parts), false) => {
                let mut holder = Compound::default();
                holder.holds.push(parts.clone());
                one.late.push(Late {
                    written: format!(":not({})", selector(&vec![anywhere(holder)])?),
                    nests: true,
                    wider: None,
                });
            }
        }
        Ok(vec![one])
    }
}

fn few(found: Vec<Compound>) -> Result<Vec<Compound>, Refusal> {
    if found.len() > MAX_ALTERNATIVES {
        return Err(Refusal::unknown("more alternatives than can be listed"));
    }
    Ok(found)
}

fn anywhere(compound: Compound) -> (Combinator, Compound) {
    (Combinator::Descendant, compound)
}

pub(in crate::import) fn identifier(name: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = cssparser::serialize_identifier(name, &mut out);
    out
}

pub(super) fn string(value: &str) -> String {
    let mut out = String::new();
    let _ = cssparser::serialize_string(value, &mut out);
    out
}

/// The place that a predicate asks for; `None` if it asks for something else.
pub(super) fn place(predicate: &Expr) -> Result<Option<Place>, Refusal> {
    let is_position = |expr: &Expr| matches!(expr, Expr::Call(name, none) if name == "position" && none.is_empty());
    if asks_for_last(predicate) {
        return Err(Refusal::later("last(): the later ones have not come yet"));
    }
    let (op, n) = match predicate {
        Expr::Number(n) => (Op::Eq, *n),
        Expr::Binary(op, left, right) => match (&**left, &**right) {
            (left, Expr::Number(n)) if is_position(left) => (*op, *n),
            (Expr::Number(n), right) if is_position(right) => {
                let turned = match op {
                    Op::Lt => Op::Gt,
                    Op::Le => Op::Ge,
                    Op::Gt => Op::Lt,
                    Op::Ge => Op::Le,
                    other => *other,
                };
                (turned, *n)
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    if n.fract() != 0.0 || !(0.0..10_000.0).contains(&n) {
        return Err(Refusal::broken(format!("nothing is at place {n}")));
    }
    let n = n as u32;
    match op {
        Op::Eq if n == 0 => Err(Refusal::broken("nothing is at place 0: the first is 1")),
        Op::Eq => Ok(Some(Place::At(n))),
        Op::Gt => Ok(Some(Place::After(n))),
        Op::Ge => Ok(Some(Place::After(n.saturating_sub(1)))),
        Op::Lt => Ok(Some(Place::Before(n))),
        Op::Le => Ok(Some(Place::Before(n + 1))),
        _ => Err(Refusal::unknown("a place that is counted otherwise")),
    }
}

fn asks_for_last(expr: &Expr) -> bool {
    match expr {
        Expr::Call(name, arguments) => name == "last" || arguments.iter().any(asks_for_last),
        Expr::Binary(_, left, right) => asks_for_last(left) || asks_for_last(right),
        _ => false,
    }
}

/// What a predicate asks that is not a place.
pub(super) fn condition(expr: &Expr) -> Result<Condition, Refusal> {
    match expr {
        Expr::Binary(Op::Or, left, right) => {
            Ok(Condition::Any(vec![condition(left)?, condition(right)?]))
        }
        Expr::Binary(Op::And, left, right) => {
            Ok(Condition::All(vec![condition(left)?, condition(right)?]))
        }
        Expr::Binary(op @ (Op::Eq | Op::Ne), left, right) => {
            let (value, literal) = match (&**left, &**right) {
                (value, Expr::Literal(literal)) | (Expr::Literal(literal), value) => {
                    (value, literal)
                }
                _ => return Err(Refusal::unknown("a comparison of other things than text")),
            };
            if let Some(end) = end_of(value, literal) {
                return Ok(negated(*op == Op::Ne, end));
            }
            compare(&operand(value)?, How::Equals, *op == Op::Ne, literal)
        }
        Expr::Binary(Op::Union, left, right) => {
            Ok(Condition::Any(vec![condition(left)?, condition(right)?]))
        }
        Expr::Call(name, arguments) => call(name, arguments),
        Expr::Path(path) => exists(path),
        _ => Err(Refusal::unknown("a predicate of another form")),
    }
}

fn negated(not: bool, condition: Condition) -> Condition {
    if not {
        Condition::Not(Box::new(condition))
    } else {
        condition
    }
}

fn call(name: &str, arguments: &[Expr]) -> Result<Condition, Refusal> {
    match (name, arguments) {
        ("not", [inner]) => Ok(Condition::Not(Box::new(condition(inner)?))),
        ("boolean", [inner]) => condition(inner),
        ("true", []) => Ok(Condition::All(Vec::new())),
        ("false", []) => Ok(Condition::never()),
        ("contains", [value, Expr::Literal(part)]) => {
            compare(&operand(value)?, How::Contains, false, part)
        }
        ("starts-with", [value, Expr::Literal(part)]) => {
            compare(&operand(value)?, How::Begins, false, part)
        }
        ("normalize-space" | "string", []) => Ok(has_text()),
        ("normalize-space" | "string", [value]) => match operand(value)?.of {
            Of::Text => Ok(has_text()),
            Of::Attribute(name) => Ok(Condition::Test(format!(
                "[{name}]:not([{name}=\"\"])",
                name = identifier(&name)
            ))),
            _ => Err(Refusal::unknown("whether a text is empty")),
        },
        ("contains" | "starts-with", [_, _]) => {
            Err(Refusal::unknown("a text that is put together"))
        }
        _ => Err(Refusal::unknown(format!("{name}() in this place"))),
    }
}

fn has_text() -> Condition {
    Condition::Late(Late::plain(":min-text-length(1)".to_owned()))
}

/// What is compared with a text.
struct Operand {
    of: Of,
    /// White space is folded.
    folded: bool,
    /// A space before and after it.
    padded: bool,
    /// Letters are exchanged: these for those.
    exchanged: Option<(Vec<char>, Vec<char>)>,
}

enum Of {
    Attribute(String),
    /// `@*`
    AnyAttribute,
    /// All the text in it.
    Text,
    /// Text nodes of its own.
    OwnText,
    /// What an element that it holds says.
    Held(Vec<Parts>, Box<Of>),
    /// Its name.
    Name,
}

impl Operand {
    fn plain(of: Of) -> Operand {
        Operand {
            of,
            folded: false,
            padded: false,
            exchanged: None,
        }
    }
}

fn operand(expr: &Expr) -> Result<Operand, Refusal> {
    match expr {
        Expr::Path(path) => of_path(path).map(Operand::plain),
        Expr::Call(name, arguments) => match (name.as_str(), &arguments[..]) {
            ("string", []) => Ok(Operand::plain(Of::Text)),
            ("string", [inner]) => operand(inner),
            ("normalize-space", []) => Ok(Operand {
                folded: true,
                ..Operand::plain(Of::Text)
            }),
            ("normalize-space", [inner]) => Ok(Operand {
                folded: true,
                ..operand(inner)?
            }),
            ("translate", [inner, Expr::Literal(from), Expr::Literal(to)]) => Ok(Operand {
                exchanged: Some((from.chars().collect(), to.chars().collect())),
                ..operand(inner)?
            }),
            ("concat", [Expr::Literal(a), inner, Expr::Literal(b)]) if a == " " && b == " " => {
                Ok(Operand {
                    padded: true,
                    ..operand(inner)?
                })
            }
            ("name" | "local-name", []) => Ok(Operand::plain(Of::Name)),
            _ => Err(Refusal::unknown(format!("{name}() in this place"))),
        },
        _ => Err(Refusal::unknown("a comparison of other things than text")),
    }
}

/// What a path in a comparison is about.
fn of_path(path: &Path) -> Result<Of, Refusal> {
    if path.start != Start::Context {
        return Err(Refusal::later("what stands elsewhere on the page"));
    }
    let is_here = |step: &Step| {
        step.axis == Axis::Itself && step.test == NodeTest::Node && step.predicates.is_empty()
    };
    let (last, steps) = match path.steps.split_last() {
        Some((last, steps)) if is_here(last) && steps.is_empty() => return Ok(Of::Text),
        Some(split) => split,
        None => return Err(Refusal::unknown("an empty path")),
    };
    let (of, held) = match (last.axis, &last.test) {
        (Axis::Attribute, NodeTest::Name(name)) => (Of::Attribute(name.clone()), steps),
        (Axis::Attribute, _) => (Of::AnyAttribute, steps),
        (Axis::Child, NodeTest::Text) => (Of::OwnText, steps),
        _ => (Of::Text, &path.steps[..]),
    };
    if held.iter().all(is_here) {
        return Ok(of);
    }
    // Of several elements the first counts: of children that can be said.
    let mut steps: Vec<Step> = held.iter().filter(|step| !is_here(step)).cloned().collect();
    if let (
        [
            Step {
                axis: Axis::Child,
                test: NodeTest::Name(_),
                predicates,
            },
        ],
        Of::Text,
    ) = (&mut steps[..], &of)
        && predicates.is_empty()
    {
        predicates.push(Expr::Number(1.0));
    }
    Ok(Of::Held(walk::held(&steps)?, Box::new(of)))
}

/// How two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Equals,
    Contains,
    Begins,
}

fn compare(operand: &Operand, how: How, not: bool, text: &str) -> Result<Condition, Refusal> {
    if text.is_empty() && how != How::Equals {
        return Err(Refusal::broken("everything holds the empty text"));
    }
    match &operand.of {
        Of::Name if how == How::Equals => {
            Ok(negated(not, Condition::Name(text.to_ascii_lowercase())))
        }
        Of::Name => Err(Refusal::unknown("a part of an element's name")),
        Of::Attribute(name) => {
            let has = Condition::Test(format!("[{}]", identifier(name)));
            let is = attribute(name, operand, how, text)?;
            if not {
                // Another value, but some value.
                return Ok(Condition::All(vec![has, negated(true, is)]));
            }
            Ok(is)
        }
        Of::AnyAttribute if how == How::Equals && !not => {
            let class_or_id = [
                attribute("class", operand, how, text)?,
                attribute("id", operand, how, text)?,
            ];
            let rest = Refusal::unknown("any attribute but class and id");
            Ok(Condition::Partly(
                Box::new(Condition::Any(class_or_id.into())),
                rest,
            ))
        }
        Of::AnyAttribute => Err(Refusal::unknown("any attribute at all")),
        Of::Text => Ok(negated(not, Condition::Late(all_text(operand, how, text)?))),
        Of::OwnText if not => Err(Refusal::unknown("text of its own that is not such")),
        Of::OwnText => Ok(Condition::Late(own_text(operand, how, text)?)),
        Of::Held(..) if not => Err(Refusal::unknown("a text in it that is not such")),
        Of::Held(held, of) => {
            let inner = Operand {
                of: match &**of {
                    Of::Attribute(name) => Of::Attribute(name.clone()),
                    Of::OwnText => Of::OwnText,
                    _ => Of::Text,
                },
                folded: operand.folded,
                padded: operand.padded,
                exchanged: operand.exchanged.clone(),
            };
            let inner = compare(&inner, how, false, text)?;
            let mut any = Vec::new();
            for parts in held {
                let Some(((combinator, last), left)) = parts.split_last() else {
                    continue;
                };
                for last in inner.add(last, true)? {
                    let mut parts = left.to_vec();
                    parts.push((*combinator, last));
                    any.push(Condition::Holds(parts));
                }
            }
            Ok(Condition::Any(any))
        }
    }
}

/// `substring(@a, string-length(@a) - string-length('x') + 1) = 'x'`: how XPath 1.0 says that a
/// value ends with something.
fn end_of(value: &Expr, literal: &str) -> Option<Condition> {
    let Expr::Call(name, arguments) = value else {
        return None;
    };
    let ("substring", [Expr::Path(path), Expr::Binary(Op::Add, length, one)]) =
        (name.as_str(), &arguments[..])
    else {
        return None;
    };
    let is_length = |expr: &Expr, of: &Expr| matches!(expr, Expr::Call(name, all) if name == "string-length" && all[..] == [of.clone()]);
    let Expr::Binary(Op::Sub, whole, part) = &**length else {
        return None;
    };
    let is_end = **one == Expr::Number(1.0)
        && is_length(whole, &Expr::Path(path.clone()))
        && is_length(part, &Expr::Literal(literal.to_owned()));
    match of_path(path) {
        Ok(Of::Attribute(name)) if is_end && !literal.is_empty() => {
            Some(Condition::Test(value_test(&name, "$=", literal, false)))
        }
        _ => None,
    }
}

// ---- attributes ----

/// Attributes whose values selectors compare without case, unless told otherwise:
/// <https://html.spec.whatwg.org/multipage/semantics-other.html#case-sensitivity-of-selectors>
const WITHOUT_CASE: [&str; 46] = [
    "accept",
    "accept-charset",
    "align",
    "alink",
    "axis",
    "bgcolor",
    "charset",
    "checked",
    "clear",
    "codetype",
    "color",
    "compact",
    "declare",
    "defer",
    "dir",
    "direction",
    "disabled",
    "enctype",
    "face",
    "frame",
    "hreflang",
    "http-equiv",
    "lang",
    "language",
    "link",
    "media",
    "method",
    "multiple",
    "nohref",
    "noresize",
    "noshade",
    "nowrap",
    "readonly",
    "rel",
    "rev",
    "rules",
    "scope",
    "scrolling",
    "selected",
    "shape",
    "target",
    "text",
    "type",
    "valign",
    "valuetype",
    "vlink",
];

/// `[name*="value"]`
pub(in crate::import) fn value_test(
    name: &str,
    operator: &str,
    value: &str,
    ignore_case: bool,
) -> String {
    let flag = if ignore_case {
        " i"
    } else if WITHOUT_CASE.contains(&name) && value.bytes().any(|b| b.is_ascii_alphabetic()) {
        " s"
    } else {
        ""
    };
    format!("[{}{operator}{}{flag}]", identifier(name), string(value))
}

fn attribute(name: &str, operand: &Operand, how: How, text: &str) -> Result<Condition, Refusal> {
    let ignore_case = match &operand.exchanged {
        None => false,
        Some(_) if operand.lowers(text) => true,
        Some(_) => {
            return Err(Refusal::unknown(
                "letters of an attribute that are exchanged",
            ));
        }
    };
    let test = |operator, value| Condition::Test(value_test(name, operator, value, ignore_case));
    if operand.padded {
        if how != How::Contains || ignore_case {
            return Err(Refusal::unknown(
                "a list of words that is compared otherwise",
            ));
        }
        return Ok(words(name, text));
    }
    Ok(match how {
        How::Equals if name == "id" && !ignore_case && is_word(text) => {
            Condition::Test(format!("#{}", identifier(text)))
        }
        How::Equals => test("=", text),
        How::Contains => test("*=", text),
        How::Begins => test("^=", text),
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace())
}

/// `contains(concat(' ', normalize-space(@class), ' '), ' text ')`: whole words, if there are spaces
/// at both ends.
fn words(name: &str, text: &str) -> Condition {
    let test =
        |operator: &str, value: &str| Condition::Test(value_test(name, operator, value, false));
    let word = |word: &str| {
        if name == "class" {
            Condition::Test(format!(".{}", identifier(word)))
        } else {
            test("~=", word)
        }
    };
    let inner = text.trim_matches(' ');
    let (begins, ends) = (text.starts_with(' '), text.ends_with(' '));
    match (begins, ends) {
        (true, true) if is_word(inner) => word(inner),
        (true, true) => {
            let ends = inner
                .split(' ')
                .next()
                .into_iter()
                .chain(inner.split(' ').next_back());
            let mut all: Vec<Condition> = ends.map(word).collect();
            all.push(test("*=", inner));
            Condition::All(all)
        }
        (true, false) => Condition::Any(vec![test("^=", inner), test("*=", &format!(" {inner}"))]),
        (false, true) => Condition::Any(vec![test("$=", inner), test("*=", &format!("{inner} "))]),
        (false, false) => test("*=", inner),
    }
}

// ---- text ----

impl Operand {
    /// Whether the exchange of letters makes `text` independent of case.
    fn lowers(&self, text: &str) -> bool {
        let Some((from, to)) = &self.exchanged else {
            return false;
        };
        text.chars().filter(char::is_ascii_alphabetic).all(|c| {
            c.is_ascii_lowercase()
                && from
                    .iter()
                    .zip(to)
                    .any(|(from, to)| *from == c.to_ascii_uppercase() && *to == c)
        })
    }

    /// The expression for `text`, as readers see it: white space folded, and letters that are
    /// exchanged for one of it in its place.
    fn expression(&self, text: &str, how: How) -> Result<String, Refusal> {
        let seen: String = text.chars().filter(|&c| !is_invisible(c)).collect();
        let words: Vec<&str> = seen.split_whitespace().collect();
        if words.is_empty() {
            return Err(Refusal::unknown("a text of nothing but white space"));
        }
        let mut out = String::new();
        match how {
            How::Equals | How::Begins => out.push('^'),
            How::Contains if seen.starts_with(char::is_whitespace) => out.push_str("(?:^| )"),
            How::Contains => {}
        }
        for c in words.join(" ").chars() {
            self.letter(c, &mut out);
        }
        match how {
            How::Equals => out.push('$'),
            _ if seen.ends_with(char::is_whitespace) => out.push_str("(?: |$)"),
            _ => {}
        }
        Ok(out)
    }

    fn letter(&self, c: char, out: &mut String) {
        let mut all = vec![c];
        if let Some((from, to)) = &self.exchanged {
            let pairs = from.iter().zip(to);
            all.extend(
                pairs
                    .filter(|(from, to)| **to == c && **from != c)
                    .map(|(from, _)| *from),
            );
        }
        let class = all.len() > 1;
        if class {
            out.push('[');
        }
        for c in all.into_iter().rev() {
            let escape = r"\.+*?()|[]{}^$/".contains(c) || class && "-&~".contains(c);
            if escape {
                out.push('\\');
            }
            out.push(c);
        }
        if class {
            out.push(']');
        }
    }
}

fn all_text(operand: &Operand, how: How, text: &str) -> Result<Late, Refusal> {
    if how == How::Equals && text.trim().is_empty() {
        return Ok(Late::plain(":max-text-length(0)".to_owned()));
    }
    let expression = operand.expression(text, how)?;
    Ok(Late::plain(format!(":has-text(/{expression}/)")))
}

/// Text of the element's own is text that none of its children has.
fn own_text(operand: &Operand, how: How, text: &str) -> Result<Late, Refusal> {
    let expression = operand.expression(text, how)?;
    let mut written = format!(":has-text(/{expression}/)");
    let wider = written.clone();
    let _ = write!(written, ":not(:has(> {wider}))");
    Ok(Late {
        written,
        nests: true,
        wider: Some(wider),
    })
}

// ---- whether there is such a node ----

fn exists(path: &Path) -> Result<Condition, Refusal> {
    match path.start {
        Start::Context => {}
        Start::Root => return on_the_page(path),
        Start::Set(..) => return Err(Refusal::unknown("a set in this place")),
    }
    let mut steps = &path.steps[..];
    while let [first, rest @ ..] = steps
        && first.axis == Axis::Itself
        && first.test == NodeTest::Node
        && first.predicates.is_empty()
        && !rest.is_empty()
    {
        steps = rest;
    }
    let Some((last, before)) = steps.split_last() else {
        return Err(Refusal::unknown("an empty path"));
    };
    match (last.axis, &last.test) {
        (Axis::Attribute, NodeTest::Name(name)) => {
            let has = Condition::Test(format!("[{}]", identifier(name)));
            return if before.is_empty() {
                Ok(has)
            } else {
                with_last(walk::held(before)?, &has)
            };
        }
        (Axis::Attribute, _) => return Err(Refusal::unknown("any attribute at all")),
        (Axis::Child, NodeTest::Text) => return text_exists(last, before),
        _ => {}
    }
    let [first, rest @ ..] = steps else {
        return Err(Refusal::unknown("an empty path"));
    };
    match first.axis {
        Axis::Child | Axis::Descendant | Axis::DescendantOrSelf => {
            let found = walk::held(steps)?;
            Ok(Condition::Any(
                found.into_iter().map(Condition::Holds).collect(),
            ))
        }
        Axis::Itself if rest.is_empty() => {
            let mut all = Vec::new();
            if let NodeTest::Name(name) = &first.test {
                all.push(Condition::Name(name.to_ascii_lowercase()));
            }
            for predicate in &first.predicates {
                all.push(condition(predicate)?);
            }
            Ok(Condition::All(all))
        }
        _ if rest.is_empty() => around(first),
        _ => Err(Refusal::unknown("a way there and back again")),
    }
}

/// `[//x]`: such an element stands somewhere on the page. It is known when it is in this one, or
/// has been.
fn on_the_page(path: &Path) -> Result<Condition, Refusal> {
    let found = walk::find(&Expr::Path(path.clone()))?;
    let mut before = Vec::new();
    for parts in &found.chains {
        for parts in walk::following(parts, &Compound::default()) {
            before.push(selector(&parts)?);
        }
    }
    let mut any: Vec<Condition> = found.chains.into_iter().map(Condition::Holds).collect();
    any.push(one_of(&before));
    let rest = Refusal::later("what comes before such an element on the page");
    Ok(Condition::Partly(Box::new(Condition::Any(any)), rest))
}

fn with_last(held: Vec<Parts>, condition: &Condition) -> Result<Condition, Refusal> {
    let mut any = Vec::new();
    for mut parts in held {
        let Some((combinator, last)) = parts.pop() else {
            continue;
        };
        for last in condition.add(&last, true)? {
            let mut parts = parts.clone();
            parts.push((combinator, last));
            any.push(Condition::Holds(parts));
        }
    }
    Ok(Condition::Any(any))
}

/// `.//text()[normalize-space()]`: whether there is text in it at all.
fn text_exists(text: &Step, before: &[Step]) -> Result<Condition, Refusal> {
    let deep = matches!(before, [step] if step.is_double_slash());
    let blank_aside = |predicate: &Expr| match predicate {
        Expr::Call(name, arguments) => {
            name == "normalize-space"
                && match &arguments[..] {
                    [] => true,
                    [Expr::Path(path)] => matches!(of_path(path), Ok(Of::Text)),
                    _ => false,
                }
        }
        _ => false,
    };
    match &text.predicates[..] {
        [only] if deep && blank_aside(only) => Ok(has_text()),
        _ => Err(Refusal::unknown("whether there are text nodes")),
    }
}

/// What stands around the element or before it.
fn around(step: &Step) -> Result<Condition, Refusal> {
    let after: &[&[Combinator]] = match step.axis {
        Axis::Parent => &[&[Combinator::Child]],
        Axis::Ancestor => &[&[Combinator::Descendant]],
        Axis::PrecedingSibling => &[&[Combinator::Later]],
        Axis::Preceding => return preceded(step),
        Axis::Following | Axis::FollowingSibling => {
            return Err(Refusal::later("what comes after the element"));
        }
        _ => {
            return Err(Refusal::unknown(format!(
                "{}:: in this place",
                step.axis.name()
            )));
        }
    };
    let mut written = Vec::new();
    for compound in walk::compounds(step)? {
        for combinators in after {
            let mut parts = vec![anywhere(compound.clone())];
            parts.extend(combinators.iter().map(|c| (*c, Compound::default())));
            written.push(selector(&parts)?);
        }
    }
    Ok(one_of(&written))
}

fn preceded(step: &Step) -> Result<Condition, Refusal> {
    let mut written = Vec::new();
    for compound in walk::compounds(step)? {
        for parts in walk::following(&vec![anywhere(compound)], &Compound::default()) {
            written.push(selector(&parts)?);
        }
    }
    Ok(one_of(&written))
}

fn one_of(written: &[String]) -> Condition {
    if written.is_empty() {
        return Condition::never();
    }
    Condition::Test(format!(":is({})", written.join(", ")))
}
