//! Compounds and chains of them: what a path has said so far, and how it is written as a selector.

use super::Refusal;
use crate::import::Reason;
use crate::tag::{Class, Name};
use std::fmt::Write as _;

/// What stands between a compound and the one on its left. A chain that nothing stands left of
/// begins anywhere (`Descendant`) or with the page's root (`Child`); in what an element holds it
/// begins with a descendant or a child of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combinator {
    Child,
    Descendant,
    Next,
    Later,
}

impl Combinator {
    fn is_down(self) -> bool {
        matches!(self, Combinator::Child | Combinator::Descendant)
    }

    fn written(self) -> &'static str {
        match self {
            Combinator::Child => " > ",
            Combinator::Descendant => " ",
            Combinator::Next => " + ",
            Combinator::Later => " ~ ",
        }
    }
}

/// Compounds from left to right.
pub(super) type Parts = Vec<(Combinator, Compound)>;

/// A test that is decided when the element ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub written: String,
    /// There is a `:has()` in it: it cannot stand in another.
    pub nests: bool,
    /// The same, a little wider, without `:has()`.
    pub wider: Option<String>,
}

impl Late {
    pub(super) fn plain(written: String) -> Late {
        Late {
            written,
            nests: false,
            wider: None,
        }
    }
}

/// All that is asked of one element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Compound {
    /// Its name; `None`: any.
    pub name: Option<String>,
    /// Tests of its start tag, as they are written.
    pub tests: Vec<String>,
    pub late: Vec<Late>,
    /// What it holds.
    pub holds: Vec<Parts>,
    /// It should match more than can be said: why.
    pub partly: Option<Refusal>,
}

/// How a compound is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style {
    /// In a `:has()`.
    inside: bool,
    /// Wider where nothing else can be said.
    wider: bool,
}

/// Why a chain cannot be written.
enum Obstacle {
    /// A `:has()` in a `:has()`.
    Nested,
    /// What stands left of its child is decided too late.
    Left,
}

impl From<Obstacle> for Refusal {
    fn from(obstacle: Obstacle) -> Refusal {
        let detail = match obstacle {
            Obstacle::Nested => "what it holds is told by what that holds",
            Obstacle::Left => "what it lies in is told by text or content that comes later",
        };
        Refusal {
            reason: Reason::NotInAStream,
            detail: detail.to_owned(),
        }
    }
}

impl Compound {
    pub(super) fn named(name: &str) -> Compound {
        Compound {
            name: Some(name.to_ascii_lowercase()),
            ..Compound::default()
        }
    }

    /// Whether it asks for a name and nothing else, or for nothing at all.
    pub(super) fn is_bare(&self) -> bool {
        self.tests.is_empty() && self.late.is_empty() && self.holds.is_empty()
    }

    /// Elements of this name have no content.
    pub(super) fn is_void(&self) -> bool {
        let name = self.name.as_ref();
        name.is_some_and(|name| Class::of(Name::new(name.as_bytes())).has(Class::VOID))
    }

    /// What asks for both; `None` if no element can be both.
    pub(super) fn and(&self, other: &Compound) -> Option<Compound> {
        let mut both = self.clone();
        match (&self.name, &other.name) {
            (Some(a), Some(b)) if a != b => return None,
            (None, Some(name)) => both.name = Some(name.clone()),
            _ => {}
        }
        for test in &other.tests {
            if !both.tests.contains(test) {
                both.tests.push(test.clone());
            }
        }
        both.late.extend(other.late.iter().cloned());
        both.holds.extend(other.holds.iter().cloned());
        both.partly = both.partly.or_else(|| other.partly.clone());
        Some(both)
    }

    fn is_late(&self) -> bool {
        !self.late.is_empty() || !self.holds.is_empty()
    }

    fn write(&self, style: Style, out: &mut String) -> Result<(), Obstacle> {
        match &self.name {
            Some(name) => {
                // Writing to a string cannot fail.
                let _ = cssparser::serialize_identifier(name, out);
            }
            None if self.is_bare() => out.push('*'),
            None => {}
        }
        for test in &self.tests {
            out.push_str(test);
        }
        for parts in &self.holds {
            if style.inside {
                return Err(Obstacle::Nested);
            }
            let inner = held(parts, style.wider)?;
            let _ = write!(out, ":has({inner})");
        }
        for late in &self.late {
            match &late.wider {
                Some(wider) if style.wider && late.nests => out.push_str(wider),
                _ if late.nests && style.inside => return Err(Obstacle::Nested),
                _ => out.push_str(&late.written),
            }
        }
        Ok(())
    }
}

/// What the last of a chain holds goes on the chain, if that is all that is asked of its content:
/// `A` that holds `B` that holds `C` is `A:has(B C)`.
fn drawn_out(parts: &Parts) -> Parts {
    let mut parts = parts.clone();
    while let Some((_, last)) = parts.last_mut() {
        if last.holds.len() != 1 || !last.late.is_empty() {
            break;
        }
        let inner = last.holds.remove(0);
        parts.extend(inner);
    }
    parts
}

/// What is held, as it is written in a `:has()`.
fn held(parts: &Parts, wider: bool) -> Result<String, Obstacle> {
    let parts = drawn_out(parts);
    let mut out = String::new();
    if let Some((Combinator::Child, _)) = parts.first() {
        out.push_str("> ");
    }
    let style = Style {
        inside: true,
        wider,
    };
    write(&parts, style, &mut out)?;
    Ok(out)
}

fn write(parts: &[(Combinator, Compound)], style: Style, out: &mut String) -> Result<(), Obstacle> {
    for (i, (combinator, compound)) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(combinator.written());
        }
        let next = parts.get(i + 1);
        if compound.is_late() && next.is_some_and(|(combinator, _)| combinator.is_down()) {
            return Err(Obstacle::Left);
        }
        compound.write(style, out)?;
    }
    Ok(())
}

/// Where the last element of a chain and its earlier siblings begin: at the last step down.
pub(super) fn family(parts: &Parts) -> usize {
    let down = parts.iter().rposition(|(c, _)| c.is_down());
    down.unwrap_or(0)
}

/// Longer selectors are not written: what nests places in places doubles with each.
const MAX_SELECTOR: usize = 4096;

/// A chain as a selector.
pub(super) fn selector(parts: &Parts) -> Result<String, Refusal> {
    let selector = any_selector(parts)?;
    if selector.len() > MAX_SELECTOR {
        return Err(Refusal::unknown("a selector without end"));
    }
    Ok(selector)
}

fn any_selector(parts: &Parts) -> Result<String, Refusal> {
    let exact = Style {
        inside: false,
        wider: false,
    };
    let mut out = String::new();
    let Err(obstacle) = write(parts, exact, &mut out) else {
        return Ok(out);
    };
    let upward = [false, true]
        .into_iter()
        .find_map(|wider| from_below(parts, wider));
    if let Some(upward) = upward {
        return Ok(upward);
    }
    out.clear();
    let wide = Style {
        inside: false,
        wider: true,
    };
    write(parts, wide, &mut out).map_err(|_| obstacle)?;
    Ok(out)
}

/// `X:upward(n)` or `X:upward(T)`, for an element told by what it holds of which one part cannot
/// stand in a `:has()`.
fn from_below(parts: &Parts, wider: bool) -> Option<String> {
    let style = Style {
        inside: false,
        wider,
    };
    let ((combinator, subject), left) = parts.split_last()?;
    let mut holds = subject.holds.iter();
    let odd = holds.position(|parts| held(parts, wider).is_err())?;
    let mut above = subject.clone();
    let below = drawn_out(&above.holds.remove(odd));
    let mut chain = left.to_vec();
    let mut out = String::new();
    let goes_down = below.iter().filter(|(c, _)| c.is_down());
    if !above.is_late() && goes_down.clone().all(|(c, _)| *c == Combinator::Child) {
        let levels = goes_down.count();
        chain.push((*combinator, above));
        chain.extend(below);
        write(&chain, style, &mut out).ok()?;
        let _ = write!(out, ":upward({levels})");
        return Some(out);
    }
    let mut others = below.iter().skip(1);
    let starts_anywhere = below
        .first()
        .is_some_and(|(c, _)| *c == Combinator::Descendant);
    if !starts_anywhere || others.any(|(c, _)| *c == Combinator::Descendant) {
        return None;
    }
    chain.push((*combinator, above));
    write(&below, style, &mut out).ok()?;
    out.push_str(":upward(");
    write(&chain, style, &mut out).ok()?;
    out.push(')');
    Some(out)
}

/// Of `P:has(> X) > S` what comes after X, and X itself: what came before it is out by then.
pub(super) fn after_what_is_held(parts: &Parts) -> Vec<Parts> {
    let is_late = |(_, compound): &(Combinator, Compound)| compound.is_late();
    let Some(at) = parts.iter().position(is_late) else {
        return Vec::new();
    };
    let (left, right) = parts.split_at(at);
    let [(combinator, parent), (Combinator::Child, child), rest @ ..] = right else {
        return Vec::new();
    };
    let [held] = &parent.holds[..] else {
        return Vec::new();
    };
    let is_beside = held.iter().filter(|(c, _)| c.is_down()).count() == 1
        && held.first().is_some_and(|(c, _)| *c == Combinator::Child);
    if !is_beside || !parent.late.is_empty() {
        return Vec::new();
    }
    let mut before = left.to_vec();
    before.push((
        *combinator,
        Compound {
            holds: Vec::new(),
            ..parent.clone()
        },
    ));
    let mut found = Vec::new();
    if let [(_, own)] = &held[..]
        && let Some(both) = own.and(child)
    {
        let mut parts = before.clone();
        parts.push((Combinator::Child, both));
        parts.extend(rest.iter().cloned());
        found.push(parts);
    }
    before.extend(held.iter().cloned());
    before.push((Combinator::Later, child.clone()));
    before.extend(rest.iter().cloned());
    found.push(before);
    found
}
