//! A comparison as one HTML page: no script, nothing fetched, and nothing of the pages but their text.

use super::Compared;
use super::changes::{Became, Change};
use super::snippet::{Side, Snippet, Tone};
use super::summary::Summary;
use crate::cli::Diff;
use std::fmt::{self, Write as _};

const STYLE: &str = include_str!("diff.css");

/// Text for an element's content or an attribute's value.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // What could not stand in the source of a page, and what turns text round.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_str("\u{fffd}")?,
                c if c.is_control() && !c.is_whitespace() => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// The changes of a page.
pub(super) fn section(page: &Compared) -> String {
    let path = page.path.display().to_string();
    let mut out = String::new();
    let _ = write!(out, "<section>\n<h2>{}", Text(&path));
    if let Some(site) = &page.site {
        let _ = write!(out, " <small>{}</small>", Text(site));
    }
    out.push_str("</h2>\n");
    for (change, snippet) in page.changes.iter().zip(&page.snippets) {
        article(&mut out, change, snippet);
    }
    out.push_str("</section>\n");
    out
}

fn article(out: &mut String, change: &Change, snippet: &Snippet) {
    let became = change.became.name();
    let _ = write!(
        out,
        "<article class=\"{became}\">\n<h3><b>{became}</b> {kind} <code>{rule}</code> \
         <code>{element}</code> <small>bytes {start}–{end}, {characters} characters</small></h3>\n\
         <p class=\"selector\"><code>{selector}</code></p>\n",
        kind = change.kind,
        rule = Text(&change.rule),
        element = Text(&change.element),
        start = change.bytes.start,
        end = change.bytes.end,
        characters = change.characters,
        selector = Text(&change.selector),
    );
    if let Some(saved) = &change.saved {
        let with = match change.became {
            Became::Dropped => "A keeps it",
            Became::Kept => "B keeps it",
        };
        let _ = writeln!(
            out,
            "<p class=\"saved\">{with}: <code>{}</code></p>",
            Text(saved)
        );
    }
    out.push_str("<div class=\"sides\">\n");
    for (name, side) in [("A", &snippet.a), ("B", &snippet.b)] {
        let _ = write!(out, "<div><h4>{name}</h4><p>");
        text(out, side);
        out.push_str("</p></div>\n");
    }
    let _ = write!(
        out,
        "</div>\n<details><summary>source</summary><pre>{}</pre></details>\n</article>\n",
        Text(&snippet.source)
    );
}

fn text(out: &mut String, side: &Side) {
    if side.iter().all(|(_, text)| text.trim().is_empty()) {
        out.push_str("<i>no text</i>");
    }
    for (tone, text) in side {
        let text = Text(text);
        let _ = match tone {
            Tone::Plain => write!(out, "{text}"),
            Tone::Gone => write!(out, "<del>{text}</del>"),
            Tone::Left => write!(out, "<mark>{text}</mark>"),
        };
    }
}

/// The whole page.
pub(super) fn document(asked: &Diff, summary: &Summary, sections: &[String]) -> String {
    let mut rules = String::new();
    for (key, count) in summary.rules() {
        let _ = writeln!(
            rules,
            "<tr class=\"{became}\"><td>{became}</td><td>{kind}</td><td><code>{rule}</code></td>\
             <td>{pages}</td><td>{elements}</td><td>{characters}</td><td><code>{selector}</code></td></tr>",
            became = key.became.name(),
            kind = key.kind,
            rule = Text(&key.rule),
            pages = count.pages,
            elements = count.elements,
            characters = count.characters,
            selector = Text(&key.selector),
        );
    }
    let table = if rules.is_empty() {
        String::new()
    } else {
        format!(
            "<table>\n<thead><tr><th></th><th>kind</th><th>rule</th><th>pages</th><th>elements</th>\
             <th>characters</th><th>selector</th></tr></thead>\n<tbody>\n{rules}</tbody>\n</table>\n"
        )
    };
    let (a, b) = (Text(&asked.a), Text(&asked.b));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>dehusk diff {a} {b}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>dehusk diff</h1>\n<p>A is <code>{a}</code>, B is <code>{b}</code>. {sentence}.</p>\n\
         <p>Dropped is what stays with A and goes with B, kept what goes with A and stays with B. Struck out is \
         what goes on a side, marked what stays there.</p>\n\
         {table}{sections}</body>\n</html>\n",
        sentence = Text(&summary.sentence()),
        sections = sections.concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text() {
        let hostile = "</pre><script>alert(1)</script>&amp;\"'\u{1b}\u{202e}\n";
        let shown = Text(hostile).to_string();
        assert_eq!(
            shown,
            "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&quot;'\u{fffd}\u{fffd}\n"
        );
    }
}
