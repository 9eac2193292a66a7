//! Selector files: lines into rules. What a selector means is left to `selector` and `compile`.

use super::error::RuleError;
use super::kind::Kind;
use super::sheet::Action;

/// A rule's line, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub number: usize,
    /// Characters before the selector.
    pub indent: usize,
    pub action: Action,
    pub selector: &'a str,
}

/// A selector file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File<'a> {
    /// The hosts of a `! hosts:` line.
    pub hosts: Vec<String>,
    pub lines: Vec<Line<'a>>,
}

/// Reads a selector file; `first` is what lines before the first section do.
pub(crate) fn parse<'a>(
    name: &str,
    content: &'a str,
    first: Action,
    errors: &mut Vec<RuleError>,
) -> File<'a> {
    let mut action = first;
    let mut file = File {
        hosts: Vec::new(),
        lines: Vec::new(),
    };
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    for (i, raw) in content.lines().enumerate() {
        let number = i + 1;
        let line = raw.trim();
        if let Some(comment) = line.strip_prefix('!') {
            if let Some(hosts) = comment.trim_start().strip_prefix("hosts:") {
                for host in hosts.split(',') {
                    let host = host.trim().to_ascii_lowercase();
                    if super::host::is_host_or_entity(&host) {
                        file.hosts.push(host);
                    } else {
                        let reason =
                            format!("'{host}' is not a host such as example.com or google.*");
                        errors.push(RuleError::new(name, number, 1, line, reason));
                    }
                }
            }
        } else if let Some(section) = section(line) {
            match section {
                "keep" => action = Action::Keep,
                "body" => action = Action::Body,
                "truncated" => action = Action::Truncated,
                "except" => action = Action::Except,
                kind => match kind.parse::<Kind>() {
                    Ok(kind) => action = Action::Drop(kind),
                    Err(error) => errors.push(RuleError::new(
                        name,
                        number,
                        2,
                        line,
                        format!("{error}, and the sections keep, body, truncated and except"),
                    )),
                },
            }
        } else if !line.is_empty() {
            file.lines.push(Line {
                number,
                indent: raw.chars().take_while(|c| c.is_whitespace()).count(),
                action,
                selector: line,
            });
        }
    }
    file
}

/// `[name]`: a line that could be an attribute selector, but names a section. Selectors that are
/// one bare attribute are written `*[name]` if the name is that of a section.
fn section(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_comments_and_rules() {
        let mut errors = Vec::new();
        let file = parse(
            "x.sel",
            "! hosts: a.de, b.de\n.first\n\n[related]\n  .second, #third\n[data-x]\n[role=main]\n[keep]\n.body\n",
            Action::Drop(Kind::Custom),
            &mut errors,
        );
        assert_eq!(file.hosts, ["a.de", "b.de"]);
        let rows: Vec<_> = file
            .lines
            .iter()
            .map(|l| (l.number, l.action, l.selector))
            .collect();
        let related = Action::Drop(Kind::Related);
        assert_eq!(
            rows,
            [
                (2, Action::Drop(Kind::Custom), ".first"),
                (5, related, ".second, #third"),
                (6, related, "[data-x]"),
                (7, related, "[role=main]"),
                (9, Action::Keep, ".body"),
            ]
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn an_unknown_section_is_an_error() {
        let mut errors = Vec::new();
        parse("x.sel", "\n[relatd]\n.a\n", Action::Keep, &mut errors);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].line, 2);
    }
}
