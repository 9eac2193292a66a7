//! Selectors as they are written. Servo's `selectors` crate parses them; this module tells it of
//! the pseudo-classes that CSS does not have and turns its errors into sentences. What a stream
//! can decide is left to `compile`.

use super::pattern::Place;
use cssparser::{CowRcStr, ParseError, ParseErrorKind, ParserInput, SourceLocation, ToCss, Token};
use precomputed_hash::PrecomputedHash;
use rustc_hash::FxHashMap;
use selectors::parser::{
    NonTSPseudoClass, ParseRelative, Parser as SelectorParser, PseudoElement, SelectorImpl,
    SelectorList, SelectorParseErrorKind,
};
use std::borrow::Borrow;
use std::fmt;

/// The selector language of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Css;

impl SelectorImpl for Css {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Word;
    type Identifier = Word;
    type LocalName = Word;
    type NamespaceUrl = Word;
    type NamespacePrefix = Word;
    type BorrowedNamespaceUrl = str;
    type BorrowedLocalName = str;
    type NonTSPseudoClass = Pseudo;
    type PseudoElement = NoPseudoElement;
}

/// A string of a selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Word(pub(crate) Box<str>);

impl From<&str> for Word {
    fn from(s: &str) -> Self {
        Word(s.into())
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl ToCss for Word {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, dest)
    }
}

impl PrecomputedHash for Word {
    fn precomputed_hash(&self) -> u32 {
        // Only Servo's own matcher, which is not used here, reads this.
        0
    }
}

/// There are none: a page at rest has no pseudo-elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPseudoElement {}

impl ToCss for NoPseudoElement {
    fn to_css<W: fmt::Write>(&self, _: &mut W) -> fmt::Result {
        match *self {}
    }
}

impl PseudoElement for NoPseudoElement {
    type Impl = Css;
}

/// What a text test compares with, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextArgument {
    /// Words.
    Literal(String),
    /// `/source/flags`.
    Expression { source: String, flags: String },
    /// `@list`.
    List(String),
}

/// A length in characters, and a share of the article's text so far in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub characters: u32,
    pub percent: u32,
}

/// What a length test measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    MinText,
    MaxText,
    MaxNonlink,
    MaxParagraph,
}

/// The target of `:upward()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Upward {
    Levels(u32),
    To(SelectorList<Css>),
}

/// A pseudo-class that CSS does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pseudo {
    ArticlePage,
    BeforeHeadline,
    AfterBody,
    AfterProse,
    Repeats,
    Under(SelectorList<Css>),
    /// Each alternative is the words that one class or id must have.
    Named(Vec<Vec<String>>),
    MatchesPath(TextArgument),
    Text(Place, TextArgument),
    Length(Measure, Limit),
    /// In thousandths.
    MinLinkDensity(u32),
    MaxLinkDensity(u32),
    MinLinks(u32),
    MaxLinkText(u32),
    Upward(Upward),
}

impl ToCss for Pseudo {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        // Serves to tell selectors apart, not to show them: a rule is shown as it was written.
        match self {
            Pseudo::Under(list) => {
                dest.write_str(":under(")?;
                list.to_css(dest)?;
                dest.write_str(")")
            }
            Pseudo::Upward(Upward::To(list)) => {
                dest.write_str(":upward(")?;
                list.to_css(dest)?;
                dest.write_str(")")
            }
            other => write!(dest, ":{other:?}"),
        }
    }
}

impl NonTSPseudoClass for Pseudo {
    type Impl = Css;

    fn is_active_or_hover(&self) -> bool {
        false
    }

    fn is_user_action_state(&self) -> bool {
        false
    }
}

/// A selector that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// In characters, from 1.
    pub column: usize,
    pub reason: String,
}

/// Parses a selector list.
pub(crate) fn parse(source: &str) -> Result<SelectorList<Css>, SyntaxError> {
    let (masked, arguments) = mask_text_arguments(source)?;
    let mut input = ParserInput::new(&masked);
    let mut css = cssparser::Parser::new(&mut input);
    let language = Language {
        arguments: &arguments,
    };
    let parsed = css.parse_entirely(|css| SelectorList::parse(&language, css, ParseRelative::No));
    parsed.map_err(|error| SyntaxError {
        // cssparser counts columns in UTF-16 units from 1; close enough to characters.
        column: (error.location.column as usize).max(1),
        reason: reason_of(error.kind),
    })
}

/// Which selectors of a list are `one`, whatever the white space; none if either cannot be read.
pub(crate) fn which_are(list: &str, one: &str) -> Vec<bool> {
    let (Ok(list), Ok(one)) = (parse(list), parse(one)) else {
        return Vec::new();
    };
    let one = one.to_css_string();
    let selectors = list.slice().iter();
    selectors.map(|s| s.to_css_string() == one).collect()
}

/// The pseudo-classes whose argument is text, not CSS.
const TEXT_ARGUMENTS: [&str; 4] = ["has-text", "begins-with", "exact-text", "matches-path"];

/// Text arguments as they stand: a regular expression may hold what CSS cannot tokenize (`\d`, a
/// lone quote or parenthesis), so arguments are lifted out and the parser sees a name of the same
/// length in their place. They are found again by their byte offset.
pub(super) fn mask_text_arguments(
    source: &str,
) -> Result<(String, FxHashMap<usize, String>), SyntaxError> {
    let mut masked = String::with_capacity(source.len());
    let mut arguments = FxHashMap::default();
    let bytes = source.as_bytes();
    let mut copied = 0;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            quote @ (b'"' | b'\'') => i = end_of_string(bytes, i, quote),
            b':' => {
                let Some(start) = TEXT_ARGUMENTS.iter().find_map(|name| {
                    let rest = &source[i + 1..];
                    (rest.get(..name.len())?.eq_ignore_ascii_case(name)
                        && rest.as_bytes().get(name.len()) == Some(&b'('))
                    .then_some(i + name.len() + 2)
                }) else {
                    i += 1;
                    continue;
                };
                let end = end_of_argument(source, start)?;
                let argument = &source[start..end];
                if !argument.trim_start().starts_with(['"', '\'']) {
                    masked.push_str(&source[copied..start]);
                    masked.extend(std::iter::repeat_n('_', argument.len()));
                    copied = end;
                    arguments.insert(start, argument.trim().to_owned());
                }
                i = end;
            }
            _ => i += 1,
        }
    }
    masked.push_str(&source[copied..]);
    Ok((masked, arguments))
}

pub(super) fn end_of_string(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut i = start + 1;
    while i < bytes.len() && bytes[i] != quote {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    (i + 1).min(bytes.len())
}

/// The offset of the parenthesis that closes an argument beginning at `start`.
fn end_of_argument(source: &str, start: usize) -> Result<usize, SyntaxError> {
    let bytes = source.as_bytes();
    let mut i = start;
    while bytes.get(i).is_some_and(u8::is_ascii_whitespace) {
        i += 1;
    }
    let error = |reason: &str| SyntaxError {
        column: source[..start].chars().count() + 1,
        reason: reason.to_owned(),
    };
    match bytes.get(i) {
        Some(b'/') => {
            let mut in_class = false;
            i += 1;
            loop {
                match bytes.get(i) {
                    None => return Err(error("a regular expression without its closing '/'")),
                    Some(b'\\') => i += 1,
                    Some(b'[') => in_class = true,
                    Some(b']') => in_class = false,
                    Some(b'/') if !in_class => break,
                    _ => {}
                }
                i += 1;
            }
        }
        Some(&quote @ (b'"' | b'\'')) => i = end_of_string(bytes, i, quote),
        _ => {}
    }
    let mut depth = 0;
    while let Some(b) = bytes.get(i) {
        match b {
            b'\\' => i += 1,
            b'(' => depth += 1,
            b')' if depth == 0 => return Ok(i),
            b')' => depth -= 1,
            _ => {}
        }
        i += 1;
    }
    Err(error("a text argument without its closing ')'"))
}

/// An unquoted argument, read.
fn text_argument(raw: &str) -> Result<TextArgument, String> {
    if let Some(rest) = raw.strip_prefix('/') {
        let end = rest
            .rfind('/')
            .ok_or("a regular expression without its closing '/'")?;
        return Ok(TextArgument::Expression {
            source: rest[..end].replace("\\/", "/"),
            flags: rest[end + 1..].to_owned(),
        });
    }
    if let Some(list) = raw.strip_prefix('@') {
        return Ok(TextArgument::List(list.to_owned()));
    }
    if raw.is_empty() {
        return Err("a text to look for is missing: \"words\", /expression/ or @list".to_owned());
    }
    Ok(TextArgument::Literal(
        raw.replace("\\)", ")").replace("\\(", "("),
    ))
}

struct Language<'a> {
    arguments: &'a FxHashMap<usize, String>,
}

/// A parse error of this language; carries Servo's own kinds and our sentences.
pub(crate) enum Problem<'i> {
    Selector(SelectorParseErrorKind<'i>),
    Sentence(String),
}

impl<'i> From<SelectorParseErrorKind<'i>> for Problem<'i> {
    fn from(kind: SelectorParseErrorKind<'i>) -> Self {
        Problem::Selector(kind)
    }
}

type CssParser<'i, 't> = cssparser::Parser<'i, 't>;

impl Language<'_> {
    fn text<'i>(
        &self,
        css: &mut CssParser<'i, '_>,
    ) -> Result<TextArgument, ParseError<'i, Problem<'i>>> {
        if let Some(raw) = self.arguments.get(&css.position().byte_index()) {
            while css.next().is_ok() {}
            return text_argument(raw)
                .map_err(|reason| css.new_custom_error(Problem::Sentence(reason)));
        }
        Ok(TextArgument::Literal(
            css.expect_string()?.as_ref().to_owned(),
        ))
    }
}

fn whole<'i>(css: &mut CssParser<'i, '_>) -> Result<u32, ParseError<'i, Problem<'i>>> {
    let n = css.expect_integer()?;
    u32::try_from(n).map_err(|_| {
        css.new_custom_error(Problem::Sentence(
            "a number from 0 up is wanted here".into(),
        ))
    })
}

/// `n`, or `n + p%`.
fn limit<'i>(css: &mut CssParser<'i, '_>) -> Result<Limit, ParseError<'i, Problem<'i>>> {
    let characters = whole(css)?;
    let percent = css
        .try_parse(|css| -> Result<u32, ParseError<'i, Problem<'i>>> {
            // `+25%` without a space is one token.
            css.try_parse(|css| css.expect_delim('+')).ok();
            let share = css.expect_percentage()?;
            Ok((share * 100.0).round().max(0.0) as u32)
        })
        .unwrap_or(0);
    Ok(Limit {
        characters,
        percent,
    })
}

/// A share from 0 to 1, in thousandths.
fn share<'i>(css: &mut CssParser<'i, '_>) -> Result<u32, ParseError<'i, Problem<'i>>> {
    let x = css.expect_number()?;
    if (0.0..=1.0).contains(&x) {
        Ok((x * 1000.0).round() as u32)
    } else {
        Err(css.new_custom_error(Problem::Sentence(
            "a share from 0 to 1 is wanted here".into(),
        )))
    }
}

/// `word, word word, …`
fn names<'i>(css: &mut CssParser<'i, '_>) -> Result<Vec<Vec<String>>, ParseError<'i, Problem<'i>>> {
    css.parse_comma_separated(|css| {
        let mut words = vec![css.expect_ident()?.to_ascii_lowercase()];
        while let Ok(word) = css.try_parse(|css| css.expect_ident_cloned()) {
            words.push(word.to_ascii_lowercase());
        }
        if let Some(word) = words.iter().find(|w| w.contains(['-', '_'])) {
            let reason = format!(
                "'{word}' is several words: names are split at '-' and '_', so write '{}'",
                word.replace(['-', '_'], " ").trim()
            );
            return Err(css.new_custom_error(Problem::Sentence(reason)));
        }
        Ok(words)
    })
}

impl<'i> SelectorParser<'i> for Language<'_> {
    type Impl = Css;
    type Error = Problem<'i>;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn allow_forgiving_selectors(&self) -> bool {
        false
    }

    fn parse_non_ts_pseudo_class(
        &self,
        location: SourceLocation,
        name: CowRcStr<'i>,
    ) -> Result<Pseudo, ParseError<'i, Problem<'i>>> {
        Ok(match &*name.to_ascii_lowercase() {
            "article-page" => Pseudo::ArticlePage,
            "before-headline" => Pseudo::BeforeHeadline,
            "after-body" => Pseudo::AfterBody,
            "after-prose" => Pseudo::AfterProse,
            "repeats" => Pseudo::Repeats,
            _ => {
                return Err(location.new_custom_error(Problem::Selector(
                    SelectorParseErrorKind::UnsupportedPseudoClassOrElement(name),
                )));
            }
        })
    }

    fn parse_non_ts_functional_pseudo_class<'t>(
        &self,
        name: CowRcStr<'i>,
        css: &mut CssParser<'i, 't>,
        _after_part: bool,
    ) -> Result<Pseudo, ParseError<'i, Problem<'i>>> {
        Ok(match &*name.to_ascii_lowercase() {
            "has-text" => Pseudo::Text(Place::Anywhere, self.text(css)?),
            "begins-with" => Pseudo::Text(Place::Begins, self.text(css)?),
            "exact-text" => Pseudo::Text(Place::Exact, self.text(css)?),
            "matches-path" => Pseudo::MatchesPath(self.text(css)?),
            "named" => Pseudo::Named(names(css)?),
            "min-text-length" => Pseudo::Length(Measure::MinText, limit(css)?),
            "max-text-length" => Pseudo::Length(Measure::MaxText, limit(css)?),
            "max-nonlink-text" => Pseudo::Length(Measure::MaxNonlink, limit(css)?),
            "max-paragraph-text" => Pseudo::Length(Measure::MaxParagraph, limit(css)?),
            "min-link-density" => Pseudo::MinLinkDensity(share(css)?),
            "max-link-density" => Pseudo::MaxLinkDensity(share(css)?),
            "min-links" => Pseudo::MinLinks(whole(css)?),
            "max-link-text" => Pseudo::MaxLinkText(whole(css)?),
            "under" => Pseudo::Under(SelectorList::parse(self, css, ParseRelative::No)?),
            "upward" => Pseudo::Upward(match css.try_parse(whole) {
                Ok(levels) => Upward::Levels(levels),
                Err(_) => Upward::To(SelectorList::parse(self, css, ParseRelative::No)?),
            }),
            _ => {
                return Err(css.new_custom_error(Problem::Selector(
                    SelectorParseErrorKind::UnsupportedPseudoClassOrElement(name),
                )));
            }
        })
    }
}

fn shown(token: &Token<'_>) -> String {
    token.to_css_string()
}

fn reason_of(kind: ParseErrorKind<'_, Problem<'_>>) -> String {
    use SelectorParseErrorKind as S;
    use cssparser::BasicParseErrorKind as Basic;
    match kind {
        ParseErrorKind::Custom(Problem::Sentence(reason)) => reason,
        ParseErrorKind::Basic(Basic::UnexpectedToken(token)) => {
            format!("'{}' is not expected here", shown(&token))
        }
        ParseErrorKind::Basic(Basic::EndOfInput) => "the selector ends too early".to_owned(),
        ParseErrorKind::Basic(_) => "this is not a selector".to_owned(),
        ParseErrorKind::Custom(Problem::Selector(kind)) => match kind {
            S::InvalidState => {
                ":has() cannot stand inside another :has(), nor a selector that looks forward inside one that does".to_owned()
            }
            S::EmptySelector => "a selector is missing".to_owned(),
            S::DanglingCombinator => "something is missing after the last combinator".to_owned(),
            S::UnsupportedPseudoClassOrElement(name) => unsupported(&name),
            S::UnexpectedIdent(name) => format!("'{name}' is not expected here"),
            S::ClassNeedsIdent(token) => {
                format!("a class name is wanted after '.', not '{}'", shown(&token))
            }
            S::PseudoElementExpectedIdent(token)
            | S::PseudoElementExpectedColon(token)
            | S::NoIdentForPseudo(token) => {
                format!("a name is wanted after ':', not '{}'", shown(&token))
            }
            S::UnexpectedTokenInAttributeSelector(token)
            | S::BadValueInAttr(token)
            | S::InvalidQualNameInAttr(token)
            | S::NoQualifiedNameInAttributeSelector(token)
            | S::ExpectedBarInAttr(token) => format!(
                "'{}' is not expected in an attribute selector; [name=\"value\"] would be right",
                shown(&token)
            ),
            S::ExpectedNamespace(name) => {
                format!("'{name}|': pages have no namespace prefixes")
            }
            S::ExplicitNamespaceUnexpectedToken(token) => {
                format!("'{}' is not expected after '|'", shown(&token))
            }
            _ => "this is not a selector".to_owned(),
        },
    }
}

/// Why a pseudo-class is refused, if people are likely to try it.
fn unsupported(name: &str) -> String {
    let why = match &*name.to_ascii_lowercase() {
        "hover" | "active" | "focus" | "focus-within" | "focus-visible" | "visited" | "link"
        | "any-link" | "target" | "checked" | "disabled" | "enabled" | "indeterminate"
        | "valid" | "invalid" => "a page at rest has no states",
        "before" | "after" | "first-line" | "first-letter" | "marker" | "placeholder"
        | "selection" | "backdrop" => "a page at rest has no pseudo-elements",
        "style" | "remove" | "remove-attr" | "remove-class" | "matches-css"
        | "matches-css-before" | "matches-css-after" | "matches-media" | "watch-attr"
        | "others" | "shadow" => "it makes no sense for HTML at rest",
        "xpath" => "XPath is not read here; say it in CSS with :has() and :has-text()",
        "contains" | "-abp-contains" => "say :has-text()",
        "-abp-has" | "if" => "say :has()",
        "if-not" => "say :not(:has())",
        "nth-ancestor" => "say :upward(n)",
        _ => "there is no such pseudo-class here; selectors/README.md lists them",
    };
    format!(":{name}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_arguments_need_not_be_css() {
        for source in [
            r"p:has-text(/^Il vous reste [\d.,]+ ?% de (cet|l') article/)",
            r#"p:has-text("Lire (aussi")"#,
            "p:has-text(don't miss)",
            "p:begins-with(@readmore):max-text-length(200)",
            r#"p:has(> strong:has-text("Lire aussi")):has(> a)"#,
            r"a:matches-path(/^\/video\/[^/]+$/i) .x",
            "div:max-paragraph-text(300 + 25%)",
            "div:max-paragraph-text(300 +25%)",
            "div:named(newsletter, most read)",
            "a:has-text(x):upward(div.box)",
            "a:has-text(x):upward(2)",
        ] {
            assert!(parse(source).is_ok(), "{source}: {:?}", parse(source).err());
        }
    }

    #[test]
    fn errors_say_where_and_why() {
        for (source, column, reason) in [
            ("p:hover", 2, "no states"),
            ("p..x", 3, "a class name is wanted"),
            ("p:has-text(/x)", 12, "closing '/'"),
            ("div > ", 6, "missing"),
            ("div:named(a-b)", 14, "'a b'"),
            ("div:xpath(//x)", 11, "XPath"),
            ("", 1, "missing"),
        ] {
            let error = parse(source).unwrap_err();
            assert!(error.reason.contains(reason), "{source}: {}", error.reason);
            assert!(error.column.abs_diff(column) <= 1, "{source}: {error:?}");
        }
    }
}
