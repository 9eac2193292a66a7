//! Site files of ftr-site-config: `strip:`, `strip_id_or_class:` and `strip_image_src:` become
//! selectors; what the other directives say is no matter of a filter.

use super::{Imported, ImportedRule, LeftOut, Reason, xpath};
use crate::rules::compile::Compiler;
use crate::rules::host::is_host;
use crate::rules::phrases::PhraseBook;
use crate::rules::sheet::{Action, Level, Rule};
use crate::rules::{Kind, selector};
use std::borrow::Cow;
use std::sync::Arc;

/// Names from this length on are looked for as a part of a class or id too. Shorter ones are parts
/// of words that mean something else: `ad` of `header`.
const LONG_NAME: usize = 6;

/// Whether a line is a directive of ftr-site-config.
pub(super) fn is_directive(line: &str) -> bool {
    let Some((key, _)) = line.split_once(':') else {
        return false;
    };
    matches!(
        key.trim(),
        "strip" | "strip_id_or_class" | "strip_image_src" | "body" | "test_url" | "prune" | "tidy"
    )
}

/// The host that a file is for, by its name: `example.com.txt`, or `.example.com.txt` for the host's
/// subdomains. Who asks for `www.example.com` means all of the site.
pub(crate) fn host_of(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = base.strip_suffix(".txt").unwrap_or(base);
    let host = stem.trim_start_matches('.').to_ascii_lowercase();
    let site = host.strip_prefix("www.").filter(|site| is_host(site));
    let host = site.unwrap_or(&host);
    is_host(host).then(|| host.to_owned())
}

/// Whether a file is for every page: `global.txt`.
fn is_for_all(name: &str) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base == "global.txt"
}

/// Reads a file; `name` is its path, whose last part is the host.
pub(super) fn read<'a>(name: &str, content: &'a str) -> Imported<'a> {
    let book = PhraseBook::default();
    let mut reader = Reader {
        hosts: host_of(name).unwrap_or_default(),
        checker: Checker::new(name, &book),
        imported: Imported::default(),
    };
    let is_for_someone = !reader.hosts.is_empty() || is_for_all(name);
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    for (i, line) in content.lines().enumerate() {
        let Some(asked) = asked(line) else { continue };
        let line = Line {
            number: i + 1,
            text: line.trim(),
        };
        if is_for_someone {
            reader.take(line, asked);
        } else {
            let detail = "the file is not named after a host, example.com.txt";
            reader.leave_out(line, Reason::Broken, detail.to_owned());
        }
    }
    reader.imported
}

#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    text: &'a str,
}

/// What a line asks to be removed.
enum Asked<'a> {
    Elements(&'a str),
    Named(&'a str),
    Images(&'a str),
    /// Attributes or comments.
    Other(&'a str),
}

/// `key: value`, if it asks for something to be removed.
fn asked(line: &str) -> Option<Asked<'_>> {
    let (key, value) = line.split_once(':')?;
    let (key, value) = (key.trim(), value.trim());
    match key {
        "strip" => Some(Asked::Elements(value)),
        "strip_id_or_class" => Some(Asked::Named(value)),
        "strip_image_src" => Some(Asked::Images(value)),
        "strip_attr" | "post_strip_attr" => Some(Asked::Other("attributes")),
        "strip_comments" if value == "yes" => Some(Asked::Other("comments")),
        _ => None,
    }
}

struct Reader<'a, 'b> {
    hosts: String,
    checker: Checker<'b>,
    imported: Imported<'a>,
}

impl<'a> Reader<'a, '_> {
    fn take(&mut self, line: Line<'a>, asked: Asked<'a>) {
        let selectors = match asked {
            Asked::Elements(expression) => {
                let said = xpath::selectors(expression);
                for refusal in said.refused {
                    self.leave_out(line, refusal.reason, refusal.detail);
                }
                said.selectors
            }
            Asked::Named(value) => named(value),
            Asked::Images(value) => image(value).into_iter().collect(),
            Asked::Other(what) => {
                self.leave_out(line, Reason::NotAnElement, what.to_owned());
                return;
            }
        };
        let mut usable = Vec::with_capacity(selectors.len());
        for selector in selectors {
            match self.checker.check(&selector) {
                Ok(()) => usable.push(selector),
                Err((reason, detail)) => self.leave_out(line, reason, detail),
            }
        }
        if !usable.is_empty() {
            self.imported.rules.push(ImportedRule {
                line: line.number,
                hosts: Cow::Owned(self.hosts.clone()),
                kind: Kind::Custom,
                except: false,
                selector: Cow::Owned(usable.join(", ")),
            });
        } else if !self.is_left_out(line) {
            self.leave_out(line, Reason::Broken, "nothing is asked for".to_owned());
        }
    }

    fn is_left_out(&self, line: Line<'_>) -> bool {
        let last = self.imported.left_out.last();
        last.is_some_and(|left| left.line == line.number)
    }

    fn leave_out(&mut self, line: Line<'a>, reason: Reason, detail: String) {
        self.imported.left_out.push(LeftOut {
            line: line.number,
            text: line.text,
            reason,
            detail,
        });
    }
}

/// Asks the parser and the compiler whether a selector can be used.
struct Checker<'b> {
    compiler: Compiler<'b>,
    file: Arc<str>,
}

impl<'b> Checker<'b> {
    fn new(name: &str, book: &'b PhraseBook) -> Self {
        Checker {
            compiler: Compiler::new(book),
            file: name.into(),
        }
    }

    fn check(&mut self, selector: &str) -> Result<(), (Reason, String)> {
        let list = selector::parse(selector).map_err(|error| (Reason::Unknown, error.reason))?;
        let rule = Rule {
            action: Action::Drop(Kind::Custom),
            level: Level::UserSite,
            file: Arc::clone(&self.file),
            line: 0,
            selector: selector.into(),
        };
        let added = self.compiler.add(rule, &list);
        added.map_err(|reason| (Reason::NotInAStream, reason))
    }
}

/// A value without the quotation marks that some put around it, in it or nowhere.
fn unquoted(value: &str) -> String {
    let value = value.replace(['"', '\''], "");
    value.trim().to_owned()
}

/// `strip_id_or_class:` is read as a whole class or id. Full-Text RSS also removes what has it as a
/// part of either; that is done for values that are part of little else.
fn named(value: &str) -> Vec<String> {
    // The key twice, and a comment behind the value: both occur, and no name has such things.
    let value = value.strip_prefix("strip_id_or_class:").unwrap_or(value);
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    let value = unquoted(value);
    if value.is_empty() {
        return Vec::new();
    }
    let part = |name: &str| xpath::value_test(name, "*=", &value, false);
    let parts = [part("class"), part("id")];
    if value.contains(char::is_whitespace) {
        return parts.into();
    }
    let identifier = xpath::identifier(&value);
    let mut selectors = vec![format!(".{identifier}"), format!("#{identifier}")];
    if value.chars().count() >= LONG_NAME || value.ends_with(['-', '_']) {
        selectors.extend(parts);
    }
    selectors
}

fn image(value: &str) -> Option<String> {
    let value = unquoted(value);
    (!value.is_empty()).then(|| format!("img{}", xpath::value_test("src", "*=", &value, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(content: &str) -> Vec<(usize, String)> {
        let imported = read("site/example.com.txt", content);
        assert!(imported.left_out.is_empty(), "{:?}", imported.left_out);
        let rules = imported.rules.into_iter();
        rules
            .map(|rule| (rule.line, rule.selector.into_owned()))
            .collect()
    }

    #[test]
    fn a_file_is_named_after_its_host() {
        for (name, host) in [
            ("example.com.txt", Some("example.com")),
            (".example.com.txt", Some("example.com")),
            ("a/b/www1.Example.co.uk.txt", Some("www1.example.co.uk")),
            (r"a\www.example.com.txt", Some("example.com")),
            ("www.com.txt", Some("www.com")),
            ("global.txt", None),
            ("README.txt", None),
        ] {
            assert_eq!(host_of(name).as_deref(), host, "{name}");
        }
    }

    #[test]
    fn directives() {
        for (line, selector) in [
            ("strip: //div[@class='promo']", r#"div[class="promo"]"#),
            ("strip : promo | //p[1]", "promo, p:nth-of-type(1)"),
            ("  strip://hr  ", "hr"),
            ("strip_id_or_class: promo", ".promo, #promo"),
            (
                "strip_id_or_class: ad-",
                r#".ad-, #ad-, [class*="ad-"], [id*="ad-"]"#,
            ),
            (
                "strip_id_or_class: shared",
                r#".shared, #shared, [class*="shared"], [id*="shared"]"#,
            ),
            ("strip_id_or_class: 'promo'", ".promo, #promo"),
            ("strip_id_or_class: \"promo\"", ".promo, #promo"),
            (
                "strip_id_or_class: two words",
                r#"[class*="two words"], [id*="two words"]"#,
            ),
            ("strip_id_or_class: promo #why", ".promo, #promo"),
            (
                "strip_id_or_class: strip_id_or_class: promo",
                ".promo, #promo",
            ),
            ("strip_id_or_class: sm:x", r".sm\:x, #sm\:x"),
            ("strip_id_or_class: 7up", r".\37 up, #\37 up"),
            ("strip_image_src: /pixel.gif?", r#"img[src*="/pixel.gif?"]"#),
            ("strip_image_src: '/pixel'", r#"img[src*="/pixel"]"#),
        ] {
            assert_eq!(rules(line), [(1, selector.to_owned())], "{line}");
        }
    }

    #[test]
    fn what_asks_for_no_removal_is_passed_over() {
        let content = "\u{feff}# Example\r\nbody: //article\r\nstrip: //nav\r\n#strip: //p\r\n\
            prune: no\r\nstrip_comments: no\r\nno directive\r\nfind_string: <p>: strip: x\r\n";
        assert_eq!(rules(content), [(3, "nav".to_owned())]);
        assert_eq!(rules("\u{feff}strip: //nav"), [(1, "nav".to_owned())]);
    }

    #[test]
    fn a_rule_says_for_whom_it_is() {
        let imported = read("www.example.com.txt", "strip: //nav");
        let rule = &imported.rules[0];
        assert_eq!(
            (&*rule.hosts, rule.kind, rule.except),
            ("example.com", Kind::Custom, false)
        );
        let imported = read("global.txt", "strip: //nav");
        assert_eq!(imported.rules[0].hosts, "");
    }

    #[test]
    fn what_is_left_out_is_told() {
        use Reason::{Broken, NotAnElement, NotInAStream};
        let content = "strip: //p[last()]\n strip: //img/@src \nstrip_attr: //p/@class\n\
            strip_id_or_class:\nstrip:\nstrip_image_src: ''\nstrip: //p/text() | //p/b\n";
        let imported = read("example.com.txt", content);
        let left: Vec<_> = imported
            .left_out
            .iter()
            .map(|l| (l.line, l.reason))
            .collect();
        let expected = [
            (1, NotInAStream),
            (2, NotAnElement),
            (3, NotAnElement),
            (4, Broken),
            (5, Broken),
            (6, Broken),
            (7, NotAnElement),
        ];
        assert_eq!(left, expected);
        assert_eq!(imported.left_out[1].text, "strip: //img/@src");
        assert_eq!(imported.rules.len(), 1);
        assert_eq!(imported.rules[0].selector, "p > b");
        let imported = read("notes.txt", "strip: //nav");
        assert_eq!(imported.left_out[0].reason, Broken);
        assert!(imported.rules.is_empty());
    }

    #[test]
    fn a_selector_that_cannot_be_compiled_is_left_out() {
        let book = PhraseBook::default();
        let mut checker = Checker::new("x", &book);
        assert!(checker.check("p:has(a)").is_ok());
        for (selector, reason) in [
            ("p:last-child", Reason::NotInAStream),
            ("p:(", Reason::Unknown),
        ] {
            let refused = checker.check(selector).map_err(|(reason, _)| reason);
            assert_eq!(refused, Err(reason), "{selector}");
        }
    }
}
