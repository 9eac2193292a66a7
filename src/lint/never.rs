//! Selectors that no element can match, and drops that never happen.

use crate::rules::Action;
use crate::rules::compile::Part;
use crate::rules::selector::{Css, Limit, Measure, Pseudo, TextArgument};
use crate::rules::sheet::Combinator;
use crate::tag::{Class, Name};
use cssparser::ToCss;
use selectors::attr::AttrSelectorOperator as Operator;
use selectors::parser::Component;

/// Why nothing can match, or nothing of what matches can be dropped; `None` if something can.
pub(super) fn why(parts: &[Part<'_>], action: Action) -> Option<String> {
    for (compound, combinator) in parts {
        if let Some(why) = contradiction(compound) {
            return Some(why);
        }
        let holds = matches!(combinator, Some(Combinator::Child | Combinator::Descendant));
        if let Some(name) = type_of(compound).filter(|name| is(name, Class::VOID)) {
            if holds {
                return Some(format!("<{name}> holds no elements"));
            }
            if compound.iter().any(|c| asks_inside(c)) {
                return Some(format!("<{name}> holds no text and no elements"));
            }
        }
    }
    let subject = type_of(&parts.last()?.0)?;
    let drops = matches!(action, Action::Drop(_));
    (drops && is(subject, Class::NEVER_DROPPED))
        .then(|| format!("<{subject}> is never dropped; say what in it is to go"))
}

fn is(name: &str, class: Class) -> bool {
    Class::of(Name::new(name.to_ascii_lowercase().as_bytes())).has(class)
}

fn type_of<'s>(compound: &[&'s Component<Css>]) -> Option<&'s str> {
    compound.iter().find_map(|c| match c {
        Component::LocalName(name) => Some(name.lower_name.as_ref()),
        _ => None,
    })
}

/// Whether a simple selector asks for text or elements inside.
fn asks_inside(component: &Component<Css>) -> bool {
    match component {
        Component::Has(_) => true,
        Component::NonTSPseudoClass(pseudo) => match pseudo {
            Pseudo::Text(..) | Pseudo::MinLinks(_) => true,
            Pseudo::Length(Measure::MinText, limit) => limit.characters > 0,
            _ => false,
        },
        _ => false,
    }
}

/// Two simple selectors of a compound that exclude each other, or one that nothing satisfies.
fn contradiction(compound: &[&Component<Css>]) -> Option<String> {
    let mut id = None;
    let mut longest: Option<u32> = None;
    let mut shortest: Option<u32> = None;
    let mut literal: Option<&str> = None;
    for component in compound {
        match component {
            Component::ID(name) => {
                if id.is_some_and(|other| other != name) {
                    return Some("an element has one id".to_owned());
                }
                id = Some(name);
            }
            Component::Nth(nth) if nth.an_plus_b.0 <= 0 && nth.an_plus_b.1 <= 0 => {
                return Some("children are counted from 1".to_owned());
            }
            Component::AttributeInNoNamespace {
                operator, value, ..
            } => {
                let value = value.as_ref();
                let words = matches!(operator, Operator::Includes);
                if *operator != Operator::Equal
                    && *operator != Operator::DashMatch
                    && value.is_empty()
                {
                    return Some("no value contains nothing: leave the value out".to_owned());
                }
                if words && value.contains(|c: char| c.is_ascii_whitespace()) {
                    return Some(format!(
                        "'~=' compares single words, and \"{value}\" is several"
                    ));
                }
            }
            Component::Negation(list) => {
                let own = |c: &Component<Css>| {
                    compound
                        .iter()
                        .any(|o| o.to_css_string() == c.to_css_string())
                };
                for excluded in list.slice() {
                    let mut simple = excluded.iter_raw_match_order();
                    if let (Some(one), None) = (simple.next(), simple.next())
                        && own(one)
                    {
                        let css = one.to_css_string();
                        return Some(format!("{css} and not {css}"));
                    }
                }
            }
            Component::NonTSPseudoClass(Pseudo::Length(
                measure,
                Limit {
                    characters,
                    percent: 0,
                },
            )) => match measure {
                Measure::MinText => shortest = shortest.max(Some(*characters)),
                Measure::MaxText => {
                    longest = Some(longest.map_or(*characters, |n| n.min(*characters)))
                }
                Measure::MaxNonlink | Measure::MaxParagraph => {}
            },
            Component::NonTSPseudoClass(Pseudo::Text(_, TextArgument::Literal(words))) => {
                literal = Some(words)
            }
            _ => {}
        }
    }
    let longest = longest?;
    if let Some(shortest) = shortest.filter(|shortest| *shortest > longest) {
        return Some(format!(
            "no text has at least {shortest} characters and at most {longest}"
        ));
    }
    let literal = literal.filter(|words| words.is_ascii() && words.len() > longest as usize)?;
    Some(format!("\"{literal}\" is longer than {longest} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Kind;
    use crate::rules::compile::parts_of;
    use crate::rules::selector;

    #[test]
    fn what_can_match_and_what_cannot() {
        for (rule, can) in [
            ("#a#b", false),
            ("#a.b", true),
            (".a:not(.a)", false),
            (".a:not(.b, .a)", false),
            (".a:not(.b)", true),
            ("div:not(div)", false),
            ("div:not(div p)", true),
            ("[class*=\"\"]", false),
            ("[class=\"\"]", true),
            ("[class~=\"a b\"]", false),
            ("li:nth-child(0)", false),
            ("li:nth-child(-n+3)", true),
            ("img > p", false),
            ("br span", false),
            ("br + span", true),
            ("img:has-text(\"x\")", false),
            ("img:max-text-length(0)", true),
            ("p:min-text-length(50):max-text-length(20)", false),
            ("p:min-text-length(20):max-text-length(50)", true),
            ("p:min-text-length(50):max-text-length(20 + 10%)", true),
            ("p:begins-with(\"a long phrase\"):max-text-length(5)", false),
            ("body", false),
            ("noscript.x", false),
            ("body > div", true),
        ] {
            let list = selector::parse(rule).unwrap();
            let parts = parts_of(&list.slice()[0]).unwrap();
            let why = why(&parts, Action::Drop(Kind::Ads));
            assert_eq!(why.is_none(), can, "{rule}: {why:?}");
        }
    }
}
