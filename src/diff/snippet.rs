//! A change in its surroundings: what a reader sees of the page there with either set.

use super::changes::Change;
use crate::rules_command::is_inline;
use dehusk::{Removal, Report};
use lol_html::html_content::TextType;
use lol_html::{RewriteStrSettings, doc_text, rewrite_str};
use std::ops::Range;

/// Characters shown before and behind the element.
const AROUND: usize = 160;
/// Characters of the element: of its beginning, and of its end.
const FIRST: usize = 420;
const LAST: usize = 200;
/// Bytes of the element's source.
const SOURCE: usize = 400;

/// How a text stands on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It stays with both sets, or is left out.
    Plain,
    /// It goes here, and stays there.
    Gone,
    /// It stays here, and goes there.
    Left,
}

/// The text of one side, in pieces.
pub(super) type Side = Vec<(Tone, String)>;

/// A change as a reader sees it, with A and with B, and the beginning of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    pub a: Side,
    pub b: Side,
    pub source: String,
}

/// Visible text between two tags.
struct Piece {
    at: u64,
    text: String,
    gone: [bool; 2],
}

/// The snippets of all changes.
pub(super) fn all(page: &str, a: &Report, b: &Report, changes: &[Change]) -> Vec<Snippet> {
    let pieces = pieces(page, a, b);
    changes
        .iter()
        .map(|change| snippet(page, &pieces, &change.bytes))
        .collect()
}

fn snippet(page: &str, pieces: &[Piece], bytes: &Range<u64>) -> Snippet {
    let first = pieces.partition_point(|piece| piece.at < bytes.start);
    let end = pieces.partition_point(|piece| piece.at < bytes.end);
    let mut shown: Vec<([bool; 2], String)> = Vec::new();
    // Backwards from the element, what both leave.
    let mut left = AROUND;
    for piece in pieces[..first].iter().rev() {
        if left == 0 {
            break;
        }
        if piece.gone != [true, true] {
            let text = tail(&piece.text, left);
            left = left.saturating_sub(piece.text.chars().count());
            shown.push((piece.gone, text));
        }
    }
    shown.reverse();
    shown.extend(cut(&pieces[first..end]));
    let mut left = AROUND;
    for piece in &pieces[end..] {
        if left == 0 {
            break;
        }
        if piece.gone != [true, true] {
            let text = head(&piece.text, left);
            left = left.saturating_sub(piece.text.chars().count());
            shown.push((piece.gone, text));
        }
    }
    let side = |this: usize| {
        let mut side: Side = Vec::new();
        for (gone, text) in &shown {
            let tone = match (gone[this], gone[1 - this]) {
                (true, true) => continue,
                (true, false) => Tone::Gone,
                (false, true) => Tone::Left,
                (false, false) => Tone::Plain,
            };
            match side.last_mut() {
                Some((last, whole)) if *last == tone => whole.push_str(text),
                _ => side.push((tone, text.clone())),
            }
        }
        side
    };
    let source = page
        .get(bytes.start as usize..bytes.end as usize)
        .unwrap_or_default();
    Snippet {
        a: side(0),
        b: side(1),
        source: head(source, SOURCE),
    }
}

/// An element's text; of a long one the beginning and the end.
fn cut(pieces: &[Piece]) -> Vec<([bool; 2], String)> {
    let whole: usize = pieces.iter().map(|piece| piece.text.chars().count()).sum();
    let all = pieces.iter().map(|piece| (piece.gone, piece.text.clone()));
    if whole <= FIRST + LAST {
        return all.collect();
    }
    let mut cut = Vec::new();
    let mut left = FIRST;
    for piece in pieces {
        let text = head(&piece.text, left);
        left = left.saturating_sub(piece.text.chars().count());
        cut.push((piece.gone, text));
        if left == 0 {
            break;
        }
    }
    let mut end = Vec::new();
    let mut left = LAST;
    for piece in pieces.iter().rev() {
        let text = tail(&piece.text, left);
        left = left.saturating_sub(piece.text.chars().count());
        end.push((piece.gone, text));
        if left == 0 {
            break;
        }
    }
    cut.extend(end.into_iter().rev());
    cut
}

/// The first characters, and a mark where there are more.
fn head(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = &text[..end];
            // Chinese and Japanese have no spaces between words.
            let words = cut.rsplit_once(' ').map_or("", |(words, _)| words);
            let cut = if words.is_empty() { cut } else { words };
            format!("{cut} …")
        }
    }
}

/// The last characters, and a mark where there are more.
fn tail(text: &str, characters: usize) -> String {
    match text.char_indices().rev().nth(characters) {
        None => text.to_owned(),
        Some((at, c)) => {
            let cut = &text[at + c.len_utf8()..];
            let words = cut.split_once(' ').map_or("", |(_, words)| words);
            let cut = if words.is_empty() { cut } else { words };
            format!("… {cut}")
        }
    }
}

/// A page's visible text, and whether it goes with each set.
fn pieces(page: &str, a: &Report, b: &Report) -> Vec<Piece> {
    let mut texts: Vec<(Range<usize>, String)> = Vec::new();
    let mut open = None;
    let handler = doc_text!(|chunk| {
        if !matches!(chunk.text_type(), TextType::Data | TextType::CDataSection) {
            return Ok(());
        }
        let bytes = chunk.source_location().bytes();
        let (start, mut text) = open.take().unwrap_or((bytes.start, String::new()));
        text.push_str(chunk.as_str());
        if chunk.last_in_text_node() {
            texts.push((start..bytes.end, text));
        } else {
            open = Some((start, text));
        }
        Ok(())
    });
    let settings = RewriteStrSettings::new()
        .append_document_content_handler(handler)
        .with_strict(false);
    // A page that cannot be read to its end has text up to there.
    let _ = rewrite_str(page, settings);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut last_end = 0;
    let mut space = true;
    for (bytes, raw) in texts {
        let between = page.get(last_end..bytes.start).unwrap_or_default();
        last_end = bytes.end;
        space |= breaks(between) || raw.starts_with(|c: char| c.is_whitespace());
        let ends_in_space = raw.ends_with(|c: char| c.is_whitespace());
        let words = htmlize::unescape(&*raw);
        let words: Vec<&str> = words.split_whitespace().collect();
        if words.is_empty() {
            space |= !raw.is_empty();
            continue;
        }
        let before = if space && !pieces.is_empty() { " " } else { "" };
        let at = bytes.start as u64;
        pieces.push(Piece {
            at,
            text: format!("{before}{}", words.join(" ")),
            gone: [goes(a, at), goes(b, at)],
        });
        space = ends_in_space;
    }
    pieces
}

/// Whether one of these tags, comments and so on ends a line.
fn breaks(tags: &str) -> bool {
    tags.split('<').skip(1).any(|tag| {
        let name = tag.trim_start_matches('/');
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(name.len());
        end > 0 && !is_inline(&name[..end].to_ascii_lowercase())
    })
}

/// Whether what stands at this place goes.
fn goes(report: &Report, at: u64) -> bool {
    let all = &report.removals;
    let next = all.partition_point(|r: &Removal| r.bytes.start <= at);
    next > 0 && all[next - 1].bytes.contains(&at)
}
