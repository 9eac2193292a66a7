//! XPath expressions of the shapes that ftr-site-config has, as selectors. What a shape becomes is
//! listed in `docs/importers.md`; what has no selector is refused with the reason.

mod chain;
mod condition;
mod parse;
mod walk;

pub(super) use condition::{identifier, value_test};

use super::Reason;
use crate::tag::{Class, Name};
use chain::Parts;

/// Chains that one expression may become.
const MAX_ALTERNATIVES: usize = 64;

/// Longer expressions are not read; the longest in use has 400 characters.
const MAX_LENGTH: usize = 4096;

/// Why an expression, or a part of it, is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub reason: Reason,
    pub detail: String,
}

impl Refusal {
    fn new(reason: Reason, detail: impl Into<String>) -> Refusal {
        Refusal {
            reason,
            detail: detail.into(),
        }
    }

    fn broken(detail: impl Into<String>) -> Refusal {
        Refusal::new(Reason::Broken, detail)
    }

    fn unknown(detail: impl Into<String>) -> Refusal {
        Refusal::new(Reason::Unknown, detail)
    }

    fn later(detail: impl Into<String>) -> Refusal {
        Refusal::new(Reason::NotInAStream, detail)
    }

    fn no_element(detail: impl Into<String>) -> Refusal {
        Refusal::new(Reason::NotAnElement, detail)
    }
}

/// What became of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Selectors; together they match what the expression does.
    pub selectors: Vec<String>,
    /// What was not taken of it.
    pub refused: Vec<Refusal>,
}

impl Said {
    fn take(&mut self, parts: &Parts) {
        match written(parts) {
            Ok(selector) => self.add(selector),
            Err(refusal) => {
                self.refused.push(refusal);
                let rest = chain::after_what_is_held(parts);
                let rest = rest.iter().filter_map(|parts| written(parts).ok());
                rest.for_each(|selector| self.add(selector));
            }
        }
        for refusal in parts.iter().filter_map(|(_, c)| c.partly.as_ref()) {
            if !self.refused.contains(refusal) {
                self.refused.push(refusal.clone());
            }
        }
    }

    fn add(&mut self, selector: String) {
        if !self.selectors.contains(&selector) {
            self.selectors.push(selector);
        }
    }
}

/// Says an expression in selectors, as far as that is possible.
pub(super) fn selectors(expression: &str) -> Said {
    let mut said = Said::default();
    if expression.len() > MAX_LENGTH {
        said.refused
            .push(Refusal::unknown("an expression without end"));
        return said;
    }
    let expr = match parse::parse(expression) {
        Ok(expr) => expr,
        Err(refusal) => {
            said.refused.push(refusal);
            return said;
        }
    };
    for branch in walk::branches(&expr) {
        match walk::find(branch) {
            Ok(found) => {
                if found.chains.is_empty() {
                    said.refused
                        .push(Refusal::broken("no element is like that"));
                }
                for parts in &found.chains {
                    said.take(parts);
                }
                said.refused.extend(found.aside);
            }
            Err(refusal) => said.refused.push(refusal),
        }
    }
    // What lies in something that goes, goes with it.
    let all = said.selectors.clone();
    let goes = |selector: &str| all.iter().any(|other| other == selector);
    said.selectors
        .retain(|selector| !selector.strip_suffix(" *").is_some_and(goes));
    said
}

fn written(parts: &Parts) -> Result<String, Refusal> {
    if let Some((_, last)) = parts.last()
        && let Some(name) = &last.name
        && Class::of(Name::new(name.as_bytes())).has(Class::NEVER_DROPPED)
    {
        return Err(Refusal::no_element(format!("{name} always stays")));
    }
    chain::selector(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an expression: its selectors, as one list.
    fn said(expression: &str) -> String {
        let said = selectors(expression);
        assert_eq!(said.refused, [], "{expression}");
        said.selectors.join(", ")
    }

    #[test]
    fn attributes() {
        for (expression, selector) in [
            ("//div[@class='promo']", r#"div[class="promo"]"#),
            ("//div [ @class = \"promo\" ]", r#"div[class="promo"]"#),
            ("//div[(@class='a b')]", r#"div[class="a b"]"#),
            ("//*[@id='promo']", "#promo"),
            ("//div[@id='two words']", r#"div[id="two words"]"#),
            ("//p[@id='1st']", r"p#\31 st"),
            ("//img[@alt='say \"x\"']", r#"img[alt="say \"x\""]"#),
            ("//div[contains(@class, 'promo')]", r#"div[class*="promo"]"#),
            ("//a[starts-with(@href, '#')]", r##"a[href^="#"]"##),
            (
                "//a[substring(@href, string-length(@href) - string-length('/x') + 1) = '/x']",
                r#"a[href$="/x"]"#,
            ),
            (
                "//i[contains(concat(' ', normalize-space(@class), ' '), ' ad ')]",
                "i.ad",
            ),
            (
                "//i[contains(concat(' ',normalize-space(@role),' '),' ad ')]",
                r#"i[role~="ad"]"#,
            ),
            (
                "//i[contains(concat(' ',normalize-space(@class),' '),' ad')]",
                r#"i[class^="ad"], i[class*=" ad"]"#,
            ),
            (
                "//i[contains(concat(' ',normalize-space(@class),' '),' a b ')]",
                r#"i.a.b[class*="a b"]"#,
            ),
            ("//img[@data-src]", "img[data-src]"),
            ("//img[not(@src)]", "img:not([src])"),
            ("//p[@class!='x']", r#"p[class]:not([class="x"])"#),
            ("//a[@rel='next']", r#"a[rel="next" s]"#),
            ("//td[@width='1']", r#"td[width="1"]"#),
            (
                "//p[contains(translate(@class, 'ABC', 'abc'), 'cab')]",
                r#"p[class*="cab" i]"#,
            ),
            ("//*[local-name()='svg'][@hidden]", "svg[hidden]"),
        ] {
            assert_eq!(said(expression), selector, "{expression}");
        }
    }

    #[test]
    fn alternatives() {
        for (expression, selector) in [
            ("//h1 | //h2", "h1, h2"),
            ("//h1|//h1", "h1"),
            ("//p[@id='a' or @id='b']", "p#a, p#b"),
            ("//p[@id='a' and @lang]", "p#a[lang]"),
            ("//p[@a][@b or @c]", "p[a][b], p[a][c]"),
            ("//p[not(@a or @b)]", "p:not([a]):not([b])"),
            ("//p[not(@a and @b)]", "p:not([a]), p:not([b])"),
            ("//p[not(self::p)] | //b", "b"),
            ("//*[self::a or self::b]", "a, b"),
        ] {
            assert_eq!(selectors(expression).selectors.join(", "), selector);
        }
    }

    #[test]
    fn steps_down_and_aside() {
        for (expression, selector) in [
            ("//button", "button"),
            ("button", "button"),
            (".//button", "button"),
            ("*[@data-x]", "[data-x]"),
            ("//*", "*"),
            ("//*/p", "p"),
            ("//div/p", "div > p"),
            ("//div//p/b", "div p > b"),
            ("//div/descendant::p", "div p"),
            ("//div/child::p", "div > p"),
            ("//div/self::div/p", "div > p"),
            ("//div/descendant-or-self::p", "div p"),
            ("/html/body/div[2]", "html > body > div:nth-of-type(2)"),
            ("/*/body/p", "html > body > p"),
            ("//h2/following-sibling::*", "h2 ~ *"),
            ("//h2/self::* | //h2/following-sibling::p", "h2, h2 ~ p"),
            ("//h2/following-sibling::*[1]", "h2 + *"),
            ("//h2/following-sibling::*[2][self::p]", "h2 + * + p"),
            (
                "//h2/following-sibling::p[1]",
                "h2 + p, h2 ~ p:not(h2 ~ p ~ *)",
            ),
            ("//h2/following-sibling::p[position()>1]", "h2 ~ p ~ p"),
            ("//h2/following::*", "h2 ~ *, :has(h2) ~ *"),
            (
                "//h2/following::p",
                "h2 ~ p, h2 ~ * p, :has(h2) ~ p, :has(h2) ~ * p",
            ),
        ] {
            assert_eq!(said(expression), selector, "{expression}");
        }
    }

    #[test]
    fn places() {
        for (expression, selector) in [
            ("//p[1]", "p:nth-of-type(1)"),
            ("//div/*[2]", "div > :nth-child(2)"),
            ("//p[position()=3]", "p:nth-of-type(3)"),
            ("//p[position()>2]", "p:nth-of-type(n+3)"),
            ("//p[position() >= 2]", "p:nth-of-type(n+2)"),
            ("//p[2 < position()]", "p:nth-of-type(n+3)"),
            ("//p[position()<3]", "p:nth-of-type(-n+2)"),
            ("//p[2][@id='a']/b", "p:nth-of-type(2)#a > b"),
            (
                "//p[@class='a'][1]",
                r#"p[class="a"]:not(p[class="a"] ~ *)"#,
            ),
            (
                "//p[@lang][2]",
                "p[lang] ~ p[lang]:not(p[lang] ~ p[lang] ~ *)",
            ),
            ("//p[@lang][position()>1]", "p[lang] ~ p[lang]"),
            (
                "(//br)[1]",
                "br:not(br ~ *, br ~ * *, :has(br) ~ *, :has(br) ~ * *)",
            ),
            (
                "(//ul)[1]/li",
                "ul:not(ul *, ul ~ *, ul ~ * *, :has(ul) ~ *, :has(ul) ~ * *) > li",
            ),
            ("(//ul)[@class]", "ul[class]"),
        ] {
            assert_eq!(said(expression), selector, "{expression}");
        }
    }

    #[test]
    fn what_is_around() {
        for (expression, selector) in [
            ("//a[@x]/parent::p", "p:has(> a[x])"),
            ("//a[@x]/..", ":has(> a[x])"),
            ("//h3/a/parent::h3", "h3:has(> a)"),
            ("//li//a/parent::b", "li b:has(> a)"),
            ("//a/parent::p/parent::div", "div:has(> p > a)"),
            ("//a/parent::p/following-sibling::*", "p:has(> a) ~ *"),
            ("//a[@x]/ancestor::div", "div:has(a[x])"),
            ("//a[@x]/ancestor::*[@id='y']", "#y:has(a[x])"),
            ("//a[@x]/ancestor::p[1]", "p:has(a[x])"),
            (
                "//a[@x]/ancestor::div[1]",
                "div:has(a[x]):not(:has(div a[x]))",
            ),
            ("//div/a/ancestor::div[1]", "div:has(> a)"),
            ("//p//a/ancestor::p[1]", "p:has(a)"),
            (
                "//img/ancestor::div[2]",
                "div:has(div img):not(:has(div div img))",
            ),
            (
                "//img/ancestor::div[1]/ancestor::ul",
                "div:has(img):not(:has(div img)):upward(ul)",
            ),
            (
                "//b[text()='x']/ancestor::div[1]/parent::ul",
                "ul > div:has(b:has-text(/^x$/)):not(:has(div b:has-text(/^x$/))):upward(1)",
            ),
            (
                "//img/ancestor::div[1]/following-sibling::p",
                "div:has(img):not(:has(div img)) ~ p",
            ),
            ("//a/b/ancestor::ul", "ul:has(a > b)"),
            ("//div[a]", "div:has(> a)"),
            ("//div[./a/@href]", "div:has(> a[href])"),
            ("//div[.//a[@x]]", "div:has(a[x])"),
            ("//div[not(.//a)]", "div:not(:has(a))"),
            ("//div[p/a and img]", "div:has(> p > a):has(> img)"),
            ("//div[p[a]]", "div:has(> p > a)"),
            ("//div[p[a][b]]", "div > p:has(> a):has(> b):upward(1)"),
            ("//div[child::p[1]]", "div:has(> p:nth-of-type(1))"),
            ("//a[parent::p]", "a:is(p > *)"),
            ("//a[not(./parent::p)]", "a:not(:is(p > *))"),
            ("//a[ancestor::nav]", "a:is(nav *)"),
            ("//p[preceding-sibling::hr]", "p:is(hr ~ *)"),
            (
                "//p[preceding::hr]",
                "p:is(hr ~ *, hr ~ * *, :has(hr) ~ *, :has(hr) ~ * *)",
            ),
        ] {
            assert_eq!(said(expression), selector, "{expression}");
        }
    }

    #[test]
    fn text() {
        for (expression, selector) in [
            ("//p[contains(., 'Read (on')]", r"p:has-text(/Read \(on/)"),
            ("//p[contains(., 'a/b  c')]", r"p:has-text(/a\/b c/)"),
            (
                "//p[contains(string(), ' by ')]",
                "p:has-text(/(?:^| )by(?: |$)/)",
            ),
            ("//p[starts-with(., 'Ad:')]", "p:has-text(/^Ad:/)"),
            (
                "//p[starts-with(normalize-space(.), '+')]",
                r"p:has-text(/^\+/)",
            ),
            ("//p[.='Ad']", "p:has-text(/^Ad$/)"),
            ("//p[not(.='Ad')]", "p:not(:has-text(/^Ad$/))"),
            ("//p[. != 'Ad']", "p:not(:has-text(/^Ad$/))"),
            ("//p[normalize-space()='']", "p:max-text-length(0)"),
            ("//p[not(normalize-space())]", "p:not(:min-text-length(1))"),
            (
                "//li[not(.//text()[normalize-space()])]",
                "li:not(:min-text-length(1))",
            ),
            (
                "//p[contains(text(), 'Ad')]",
                "p:has-text(/Ad/):not(:has(> :has-text(/Ad/)))",
            ),
            (
                "//p[text()='Ad']",
                "p:has-text(/^Ad$/):not(:has(> :has-text(/^Ad$/)))",
            ),
            (
                "//p[contains(translate(., 'AD', 'ad'), 'ad!')]",
                "p:has-text(/[Aa][Dd]!/)",
            ),
            (
                "//p[contains(b, 'Ad')]",
                "p:has(> b:nth-of-type(1):has-text(/Ad/))",
            ),
            (
                "//div[contains(./b/text(), 'Ad')]",
                "div > b:has-text(/Ad/):not(:has(> :has-text(/Ad/))):upward(1)",
            ),
            (
                "//b[contains(., 'Ad')]/parent::p[contains(., 'us')]",
                "p:has(> b:has-text(/Ad/)):has-text(/us/)",
            ),
            (
                "//b[text()='Ad']/ancestor::p",
                "b:has-text(/^Ad$/):not(:has(> :has-text(/^Ad$/))):upward(p)",
            ),
            (
                "//b[text()='Ad']/parent::p/..",
                "* > p > b:has-text(/^Ad$/):not(:has(> :has-text(/^Ad$/))):upward(2)",
            ),
            (
                "//b[text()='Ad']/ancestor::*/following-sibling::*",
                ":has(b:has-text(/^Ad$/)) ~ *",
            ),
        ] {
            assert_eq!(said(expression), selector, "{expression}");
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        use Reason::{Broken, NotAnElement, NotInAStream, Unknown};
        for (expression, reason, detail) in [
            ("//img/@src", NotAnElement, "attribute"),
            ("//p/text()", NotAnElement, "text"),
            ("//p/comment()", NotAnElement, "text"),
            ("//noscript", NotAnElement, "noscript"),
            ("//p[1]/ancestor::body", NotAnElement, "body"),
            ("//p[last()]", NotInAStream, "last()"),
            ("//p[position()=last()-1]", NotInAStream, "last()"),
            ("(//p)[2]", NotInAStream, "place"),
            (
                "//a/preceding-sibling::p",
                NotInAStream,
                "preceding-sibling",
            ),
            ("//a/preceding::p", NotInAStream, "preceding"),
            ("//a[following-sibling::p]", NotInAStream, "after"),
            ("//p[not(//a)]", NotInAStream, "on the page"),
            ("//p[//a/@href='x']", NotInAStream, "elsewhere"),
            ("//p[contains(., 'x')]/a", NotInAStream, "lies in"),
            ("//p[.//a]/b", NotInAStream, "lies in"),
            ("//*[@*]", Unknown, "attribute"),
            ("//p[@*!='x']", Unknown, "attribute"),
            (
                "//a/ancestor::div[1]/ancestor::ul[1]",
                NotInAStream,
                "what it holds",
            ),
            ("//p[count(a) > 2]", Unknown, "predicate"),
            ("//p[string-length(.) = 'x']", Unknown, "string-length()"),
            ("//p[contains(@a, @b)]", Unknown, "put together"),
            ("//p[a = b]", Unknown, "comparison"),
            ("//p[lang('de')]", Unknown, "lang()"),
            ("//p[text()]", Unknown, "text nodes"),
            ("//p[contain(@a, 'b')]", Broken, "contain()"),
            ("//p[contains(@text(), 'b')]", Broken, "text()"),
            ("//p[@a='b]", Broken, "quotation"),
            ("//p[@a='b'", Broken, "']'"),
            ("//p[@a='b'))", Broken, "11"),
            ("//p[", Broken, "end"),
            ("", Broken, "end"),
            ("//p & //q", Broken, "'&'"),
            ("//outer::p", Broken, "outer::"),
            ("//p[0]", Broken, "place 0"),
            ("/div", Broken, "root"),
            ("//a[self::b]", Broken, "no element"),
            ("' - '", Broken, "no element"),
        ] {
            let said = selectors(expression);
            assert_eq!(said.selectors, [""; 0], "{expression}");
            let refusal = &said.refused[0];
            assert_eq!(refusal.reason, reason, "{expression}: {}", refusal.detail);
            assert!(
                refusal.detail.contains(detail),
                "{expression}: {}",
                refusal.detail
            );
        }
    }

    #[test]
    fn what_can_be_taken_of_an_expression_is() {
        for (expression, selector, reason) in [
            ("//p[a]/b", "p > a ~ b", Reason::NotInAStream),
            (
                "//i/parent::p/i[position()>1]",
                "p > i:nth-of-type(n+2), p > i ~ i:nth-of-type(n+2)",
                Reason::NotInAStream,
            ),
            (
                "//p[@*='x y']",
                r#"p[class="x y"], p[id="x y"]"#,
                Reason::Unknown,
            ),
            (
                "//ul[//a[@x]]",
                "ul:has(a[x]), ul:is(a[x] ~ *, a[x] ~ * *, :has(a[x]) ~ *, :has(a[x]) ~ * *)",
                Reason::NotInAStream,
            ),
        ] {
            let said = selectors(expression);
            assert_eq!(said.selectors.join(", "), selector, "{expression}");
            assert_eq!(said.refused[0].reason, reason, "{expression}");
        }
        let said = selectors("//p/following-sibling::text() | //p/following-sibling::*");
        assert_eq!(said.selectors, ["p ~ *"]);
        assert_eq!(said.refused[0].reason, Reason::NotAnElement);
        let said = selectors("//p/following-sibling::node()");
        assert_eq!(said.selectors, ["p ~ *"]);
        assert_eq!(said.refused[0].reason, Reason::NotAnElement);
    }

    #[test]
    fn nothing_is_too_long_or_too_deep() {
        let deep = format!("//p[{}1{}]", "(".repeat(1500), ")".repeat(1500));
        let long = format!("//p{}", "|//p".repeat(900));
        let wide = format!("//p[{}]", vec!["(@a or @b)"; 40].join(" and "));
        let endless = "a".repeat(MAX_LENGTH + 1);
        let nearest = format!("//p{}", "/ancestor::div[1]".repeat(60));
        let next = format!("//p{}", "/following-sibling::p[1]".repeat(60));
        let first = format!("{}//p{}", "(".repeat(20), ")[1]/a".repeat(20));
        for expression in [deep, long, wide, endless, next, first] {
            let said = selectors(&expression);
            let shown = &expression[..expression.len().min(60)];
            assert_eq!(said.refused[0].reason, Reason::Unknown, "{shown}");
        }
        assert_eq!(selectors(&nearest).selectors, [""; 0]);
    }
}
