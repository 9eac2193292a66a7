//! SVG and MathML: which elements are theirs, and what ends them.

use super::{Namespace, Open, OpenElements, Root, Steps};
use crate::tag::{Class, Name, name};

/// The elements of SVG and of MathML in which HTML may stand:
/// <https://html.spec.whatwg.org/multipage/parsing.html#html-integration-point>. `annotation-xml`,
/// which may be one, is not taken for one: what it holds ends early.
const SVG_INTEGRATION: [Name; 3] = [
    Name::new(b"foreignobject"),
    Name::new(b"desc"),
    Name::new(b"title"),
];

const MATHML_INTEGRATION: [Name; 5] = [
    Name::new(b"mi"),
    Name::new(b"mo"),
    Name::new(b"mn"),
    Name::new(b"ms"),
    Name::new(b"mtext"),
];

/// The start tags that end foreign content:
/// <https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign>
const BREAKOUT: [Name; 44] = [
    name::B,
    name::BIG,
    name::BLOCKQUOTE,
    name::BODY,
    name::BR,
    name::CENTER,
    name::CODE,
    name::DD,
    name::DIV,
    name::DL,
    name::DT,
    name::EM,
    name::EMBED,
    name::H1,
    name::H2,
    name::H3,
    name::H4,
    name::H5,
    name::H6,
    name::HEAD,
    name::HR,
    name::I,
    name::IMG,
    name::LI,
    name::LISTING,
    name::MENU,
    name::META,
    name::NOBR,
    name::OL,
    name::P,
    name::PRE,
    name::RUBY,
    name::S,
    name::SMALL,
    name::SPAN,
    name::STRONG,
    name::STRIKE,
    name::SUB,
    name::SUP,
    name::TABLE,
    name::TT,
    name::U,
    name::UL,
    name::VAR,
];

impl OpenElements {
    /// Whether an element of this name is one of SVG or MathML here. lol_html's word on it is not
    /// taken: it leaves one foreign element at a time where the Standard leaves all.
    pub(crate) fn is_foreign(&self, name: Name, font_attributes: bool, said: bool) -> bool {
        match name {
            name::SVG | name::MATH => true,
            // Where it takes raw text for markup it is believed: that is what it will report.
            _ if !self.in_foreign() => said && Class::of(name).has(Class::RAW_TEXT),
            name::FONT => !font_attributes,
            _ => !BREAKOUT.contains(&name),
        }
    }

    pub(super) fn is_math(&self, name: Name) -> bool {
        match self.stack.last() {
            Some(top) if self.in_foreign() => top.math,
            _ => name == name::MATH,
        }
    }

    /// Whether HTML may stand inside a foreign element of this name.
    pub(crate) fn is_integration_point(&self, name: Name) -> bool {
        if self.is_math(name) {
            MATHML_INTEGRATION.contains(&name)
        } else {
            SVG_INTEGRATION.contains(&name)
        }
    }

    /// Whether the tokenizer is in foreign content, where `<![CDATA[` begins a section.
    pub(crate) fn in_foreign(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|top| top.namespace == Namespace::Foreign && !top.integration)
    }

    /// What the tokenizer is in, if it is in foreign content.
    pub(crate) fn foreign_root(&self) -> Option<Root> {
        let top = self.stack.last().filter(|_| self.in_foreign())?;
        Some(if top.math { Root::Math } else { Root::Svg })
    }

    /// The depth of the foreign element that a start tag of this namespace ends, and all inside.
    pub(crate) fn leaves_foreign(&self, namespace: Namespace) -> Option<usize> {
        let leaves = namespace == Namespace::Html && self.in_foreign();
        leaves.then(|| self.html_depth())
    }

    pub(super) fn leave_foreign(&mut self, steps: &mut Steps) {
        self.close_from(self.html_depth(), steps);
    }

    /// The depth up to which HTML reaches.
    fn html_depth(&self) -> usize {
        let html = |e: &Open| e.namespace == Namespace::Html || e.integration;
        self.stack.iter().rposition(html).map_or(0, |i| i + 1)
    }
}
