//! Cosmetic and HTML filters of Adblock Plus and uBlock Origin lists. A line is looked at only as
//! far as its separator; selectors stay as they stand in the list unless they use an operator that
//! is called otherwise here. Whether they can be used at all is not asked: see
//! [`Imported::validated`].

mod condition;
mod hosts;
mod operators;

use super::{Imported, ImportedRule, LeftOut, Reason};
use crate::rules::Kind;
use condition::Conditions;
use hosts::Hosts;
use memchr::{memchr, memchr_iter, memrchr};
use std::borrow::Cow;

/// Words of a list's file name, of its title or of the path in a section's comment, and the kind
/// that they say its rules are of. The first row that fits counts: the cookie list of EasyList is
/// about cookies.
const KINDS: [(&[&str], Kind); 5] = [
    (&["cookie", "consent", "gdpr"], Kind::Consent),
    (&["newsletter"], Kind::Newsletter),
    (&["social"], Kind::Share),
    (&["annoyance", "notification"], Kind::Custom),
    (
        &["easylist", "adblock", "adserver", "filters", "ads"],
        Kind::Ads,
    ),
];

/// Whether a line is a filter of such a list, and nothing else that text files have: `## Heading`.
pub(super) fn is_filter(line: &str) -> bool {
    if line.starts_with("||") {
        return true;
    }
    Separator::of(line).is_some_and(|separator| {
        let hosts = hosts::read(&line[..separator.start]);
        let body = line[separator.end..].trim_start_matches('#');
        matches!(hosts, Hosts::Some(_)) && !body.is_empty() && !body.starts_with([' ', '\t'])
    })
}

/// Reads a list; `name` and the list's title say of which kind its rules are.
pub(super) fn read<'a>(name: &str, content: &'a str) -> Imported<'a> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut reader = Reader {
        imported: Imported::default(),
        kind: kind_of(base).unwrap_or(Kind::Custom),
        conditions: Conditions::default(),
    };
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let ends = memchr_iter(b'\n', content.as_bytes()).chain([content.len()]);
    let mut start = 0;
    for (i, end) in ends.enumerate() {
        reader.line(i + 1, content[start..end].trim_ascii());
        start = end + 1;
    }
    reader.imported
}

/// The kind that a name or a title tells.
fn kind_of(name: &str) -> Option<Kind> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    KINDS.iter().find_map(|(telling, kind)| {
        let is_telling = |word: &str| {
            telling.iter().any(|telling| match *telling {
                // A short word is part of many others.
                "ads" => word == "ads",
                telling => word.contains(telling),
            })
        };
        words.clone().any(is_telling).then_some(*kind)
    })
}

struct Reader<'a> {
    imported: Imported<'a>,
    /// What the rules from here on drop.
    kind: Kind,
    conditions: Conditions,
}

impl<'a> Reader<'a> {
    fn line(&mut self, number: usize, line: &'a str) {
        match line.as_bytes().first() {
            None => return,
            Some(b'!') => return self.comment(number, line),
            _ => {}
        }
        if self.conditions.skips() {
            return;
        }
        let Some(separator) = Separator::of(line) else {
            return;
        };
        match rule(line, &separator) {
            Ok(Some((hosts, selector))) => self.imported.rules.push(ImportedRule {
                line: number,
                hosts,
                kind: self.kind,
                except: separator.except,
                selector,
            }),
            Ok(None) => {}
            Err(refused) => self.leave_out(number, line, refused),
        }
    }

    fn leave_out(&mut self, line: usize, text: &'a str, refused: Refused) {
        self.imported.left_out.push(LeftOut {
            line,
            text,
            reason: refused.reason,
            detail: refused.detail,
        });
    }

    /// A comment, which may be a directive, the list's title or the beginning of a section.
    fn comment(&mut self, number: usize, line: &'a str) {
        let comment = line[1..].trim_ascii();
        if let Some(directive) = comment.strip_prefix('#') {
            if self.conditions.directive(directive) {
                return;
            }
            if directive.starts_with("include ") && !self.conditions.skips() {
                let detail = "it names another file; load that one too".to_owned();
                let reason = Reason::Unknown;
                self.leave_out(number, line, Refused { reason, detail });
            }
        } else if let Some(title) = comment.strip_prefix("Title:") {
            self.kind = kind_of(title).unwrap_or(self.kind);
        } else if let Some(section) = comment.strip_prefix("***") {
            self.kind = kind_of(section).unwrap_or(self.kind);
        }
    }
}

/// Why a line is not taken.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    reason: Reason,
    detail: String,
}

impl Refused {
    fn new(reason: Reason, detail: impl Into<String>) -> Refused {
        let detail = detail.into();
        Refused { reason, detail }
    }
}

/// What stands between the hosts of a line and its selector.
#[derive(Debug, PartialEq, Eq)]
struct Separator {
    start: usize,
    end: usize,
    /// `#@#` and the like.
    except: bool,
    /// `#$#`, `#%#`: what follows is a style or a script.
    restyles: bool,
}

impl Separator {
    /// The first separator of a line.
    fn of(line: &str) -> Option<Separator> {
        let bytes = line.as_bytes();
        let mut from = 0;
        loop {
            let start = from + memchr(b'#', bytes.get(from..)?)?;
            let mut end = start + 1;
            let except = bytes.get(end) == Some(&b'@');
            end += usize::from(except);
            let restyles = matches!(bytes.get(end), Some(b'$' | b'%'));
            end += usize::from(restyles);
            end += usize::from(bytes.get(end) == Some(&b'?'));
            if bytes.get(end) == Some(&b'#') {
                return Some(Separator {
                    start,
                    end: end + 1,
                    except,
                    restyles,
                });
            }
            from = start + 1;
        }
    }
}

type HostsAndSelector<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The hosts and the selector of a line; `None` if it is no filter for elements.
fn rule<'a>(line: &'a str, separator: &Separator) -> Result<Option<HostsAndSelector<'a>>, Refused> {
    let body = line[separator.end..].trim_ascii_start();
    let hosts = match hosts::read(&line[..separator.start]) {
        Hosts::Some(hosts) => Ok(hosts),
        Hosts::Address => return Ok(None),
        Hosts::Expression => Err(Refused::new(
            Reason::Unknown,
            "a regular expression or a path where hosts are expected",
        )),
        Hosts::None => Err(Refused::new(Reason::Broken, "no host such as example.com")),
    };
    if separator.restyles || body.starts_with("+js(") || body.starts_with("script:inject(") {
        let detail = "it restyles or runs a script";
        return Err(Refused::new(Reason::NotHtml, detail));
    }
    match selector(body) {
        // Whatever its hosts.
        Err(refused) if refused.reason == Reason::NotHtml => Err(refused),
        selector => Ok(Some((hosts?, selector?))),
    }
}

/// What stands behind a separator, as a selector of this crate.
fn selector(body: &str) -> Result<Cow<'_, str>, Refused> {
    let body = match body.strip_prefix('^') {
        Some(html) if html.starts_with("responseheader(") => {
            return Err(Refused::new(Reason::NotHtml, "a header of the response"));
        }
        Some(html) => html.trim_ascii_start(),
        None => body,
    };
    let body = without_declarations(body)?;
    if body.is_empty() {
        return Err(Refused::new(Reason::Broken, "a selector is missing"));
    }
    if memchr(b':', body.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(body));
    }
    operators::translate(body)
}

/// A selector without the declarations in braces behind it, if they only say that what it matches
/// is not shown.
fn without_declarations(body: &str) -> Result<&str, Refused> {
    let Some(inner) = body.strip_suffix('}') else {
        return Ok(body);
    };
    let Some(start) = memrchr(b'{', inner.as_bytes()) else {
        return Err(Refused::new(Reason::Broken, "'}' without '{'"));
    };
    let hides = |declaration: &str| {
        let plain: String = declaration.chars().filter(|c| *c != ' ').collect();
        matches!(
            plain.trim_end_matches("!important"),
            "" | "remove:true" | "display:none"
        )
    };
    if inner[start + 1..].split(';').all(hides) {
        Ok(inner[..start].trim_ascii_end())
    } else {
        Err(Refused::new(Reason::NotHtml, &inner[start..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts, selector and whether it is an exception, of one line.
    fn one(line: &str) -> Result<(String, String, bool), Option<Reason>> {
        let imported = read("list.txt", line);
        match (&imported.rules[..], &imported.left_out[..]) {
            ([rule], []) => Ok((
                rule.hosts.to_string(),
                rule.selector.to_string(),
                rule.except,
            )),
            ([], [left_out]) => Err(Some(left_out.reason)),
            ([], []) => Err(None),
            more => panic!("{line}: {more:?}"),
        }
    }

    #[test]
    fn lines_that_are_rules() {
        for (line, hosts, selector, except) in [
            ("##.ad", "", ".ad", false),
            ("###ad", "", "#ad", false),
            ("a.example##.ad", "a.example", ".ad", false),
            (
                "a.example,~b.a.example##.ad > p",
                "a.example,~b.a.example",
                ".ad > p",
                false,
            ),
            ("~a.example###ad", "~a.example", "#ad", false),
            ("shop.*##.ad", "shop.*", ".ad", false),
            ("*##.ad", "", ".ad", false),
            ("a.example#@#.ad", "a.example", ".ad", true),
            ("a.example#@##ad", "a.example", "#ad", true),
            ("#@#.ad", "", ".ad", true),
            ("a.example#?#p:-abp-has(b)", "a.example", "p:has(b)", false),
            ("a.example#@?#p:-abp-has(b)", "a.example", "p:has(b)", true),
            ("a.example##^.ad", "a.example", ".ad", false),
            (
                "a.example##^script:has-text(ads)",
                "a.example",
                "script:has-text(/ads/)",
                false,
            ),
            ("a.example#@#^.ad", "a.example", ".ad", true),
            ("a.example##.ad {remove: true;}", "a.example", ".ad", false),
            (
                "a.example##.ad { display: none !important; }",
                "a.example",
                ".ad",
                false,
            ),
            (
                r#"##a[href^="https://x.example/#/a##b"]"#,
                "",
                r#"a[href^="https://x.example/#/a##b"]"#,
                false,
            ),
        ] {
            let expected = (hosts.to_owned(), selector.to_owned(), except);
            assert_eq!(one(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn lines_that_are_no_rules() {
        for (line, reason) in [
            ("", None),
            ("! a comment ##.ad", None),
            ("[Adblock Plus 2.0]", None),
            ("||ads.example^$third-party", None),
            ("@@||a.example/#?#x", None),
            ("/banner/*/ads.", None),
            ("a.example#anchor", None),
            ("# 127.0.0.1 is ## home", None),
            ("a.example##+js(nowoif)", Some(Reason::NotHtml)),
            ("a.example>>##+js(nowoif)", Some(Reason::NotHtml)),
            ("shop##.ad:style(height: 0)", Some(Reason::NotHtml)),
            ("a.example#@#+js()", Some(Reason::NotHtml)),
            ("a.example#$#.ad { height: 0; }", Some(Reason::NotHtml)),
            ("a.example#@$?#.ad { height: 0; }", Some(Reason::NotHtml)),
            ("a.example#%#//scriptlet('x')", Some(Reason::NotHtml)),
            ("a.example##.ad { height: 0; }", Some(Reason::NotHtml)),
            ("a.example##.ad:style(height: 0)", Some(Reason::NotHtml)),
            (
                "a.example##^responseheader(location)",
                Some(Reason::NotHtml),
            ),
            (r"/^ad\d\.example$/##.ad", Some(Reason::Unknown)),
            ("a.example/news##.ad", Some(Reason::Unknown)),
            ("!#include other.txt", Some(Reason::Unknown)),
            ("a.example##", Some(Reason::Broken)),
            ("shop##.ad", Some(Reason::Broken)),
            ("a.example##.ad }", Some(Reason::Broken)),
        ] {
            assert_eq!(one(line), Err(reason), "{line}");
        }
    }

    #[test]
    fn lines_for_other_readers_are_passed_over() {
        let list = "!#if env_mobile\n##.mobile\n!#include mobile.txt\n!#else\r\n##.desk\r\n!#endif\n\
                    !#if cap_html_filtering\n##^.html\n!#endif\n##.all";
        let imported = read("list.txt", list);
        let rules: Vec<_> = imported
            .rules
            .iter()
            .map(|rule| (rule.line, &*rule.selector))
            .collect();
        assert_eq!(rules, [(5, ".desk"), (8, ".html"), (10, ".all")]);
        assert_eq!(imported.left_out, []);
    }

    #[test]
    fn kinds_by_name_title_and_section() {
        for (name, list, kind) in [
            ("easylist.txt", "##.a", Kind::Ads),
            ("lists/easylist-cookie.txt", "##.a", Kind::Consent),
            ("mine.txt", "##.a", Kind::Custom),
            ("downloads.txt", "##.a", Kind::Custom),
            ("my-ads.txt", "##.a", Kind::Ads),
            (
                "x.txt",
                "! Title: Some filters – Cookie Notices\n##.a",
                Kind::Consent,
            ),
            (
                "x.txt",
                "! Title: Some filters – Other Annoyances\n##.a",
                Kind::Custom,
            ),
            (
                "x.txt",
                "! Title: Fanboy's Social Blocking List\n##.a",
                Kind::Share,
            ),
            ("x.txt", "! Title: Newsletter boxes\n##.a", Kind::Newsletter),
            ("ads.txt", "! Title: A list of mine\n##.a", Kind::Ads),
            (
                "annoyances.txt",
                "! *** easylist:some-addon/some_social_general_hide.txt ***\n##.a",
                Kind::Share,
            ),
            (
                "x.txt",
                "! *** easylist:easylist_cookie/easylist_cookie_general_hide.txt ***\n##.a",
                Kind::Consent,
            ),
        ] {
            assert_eq!(read(name, list).rules[0].kind, kind, "{name} {list}");
        }
    }

    #[test]
    fn a_list_is_told_from_other_texts() {
        for (line, is) in [
            ("##.ad", true),
            ("a.example#@#.ad", true),
            ("||ads.example^", true),
            ("## A heading", false),
            ("### A heading", false),
            ("see a/b##c", false),
            ("#id", false),
        ] {
            assert_eq!(is_filter(line), is, "{line}");
        }
    }
}
