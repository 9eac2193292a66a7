//! Parts of a selector as they were written: which selector of a list, which simple selector of its
//! last compound, which argument of a `:not()`. What they mean is left to `selector` and `compile`.

use super::selector::{end_of_string, mask_text_arguments};

/// The simple selector at this place of the last compound of the `nth` selector of a list. `None` if
/// that is not where the rule's own tests stand: behind an `:upward()`.
pub(crate) fn simple(list: &str, nth: usize, place: usize) -> Option<&str> {
    let selector = parts(list, |b| b == b',').into_iter().nth(nth)?;
    let is_combinator = |b: u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'+' | b'~');
    let compound = parts(selector.trim(), is_combinator).pop()?;
    if compound.contains(":upward(") {
        return None;
    }
    let mut starts: Vec<usize> = Vec::new();
    for (at, b) in outside(compound) {
        if at == 0 || matches!(b, b'.' | b'#' | b'[' | b':') {
            starts.push(at);
        }
    }
    let start = *starts.get(place)?;
    let end = starts.get(place + 1).copied();
    compound.get(start..end.unwrap_or(compound.len()))
}

/// The selectors in the parentheses of a `:not()` or `:is()`.
pub(crate) fn arguments(pseudo: &str) -> Vec<&str> {
    let inside = pseudo.split_once('(').map_or("", |(_, rest)| rest);
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    let arguments = parts(inside, |b| b == b',').into_iter();
    arguments.map(str::trim).collect()
}

/// What stands between bytes that part it.
fn parts(source: &str, is_between: impl Fn(u8) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, b) in outside(source) {
        if is_between(b) {
            parts.extend(source.get(from..at));
            from = at + 1;
        }
    }
    parts.extend(source.get(from..));
    parts
}

/// The bytes that stand in no brackets and no quotes, each with its place. An opening bracket is one
/// of them.
fn outside(source: &str) -> Vec<(usize, u8)> {
    // Of the same length, and with no bracket or comma that is text.
    let masked =
        mask_text_arguments(source).map_or_else(|_| source.to_owned(), |(masked, _)| masked);
    let bytes = masked.as_bytes();
    let mut found = Vec::new();
    let mut depth = 0_u32;
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        match b {
            b'\\' => i += 1,
            b'"' | b'\'' => {
                i = end_of_string(bytes, i, b);
                continue;
            }
            b')' | b']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => found.push((i, b)),
            _ => {}
        }
        depth += u32::from(matches!(b, b'(' | b'['));
        i += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_as_written() {
        let list = r#"a > b, p.x[href="a,b"]:not(:has-text(/[),]/), .y *):has(> i) + :is(div, p):not([a~="1"]):max-text-length(5 + 2%), i:upward(2)"#;
        for (nth, place, expected) in [
            (0, 0, Some("b")),
            (0, 1, None),
            (1, 0, Some(":is(div, p)")),
            (1, 1, Some(r#":not([a~="1"])"#)),
            (1, 2, Some(":max-text-length(5 + 2%)")),
            (2, 0, None),
            (3, 0, None),
        ] {
            assert_eq!(simple(list, nth, place), expected, "{nth} {place}");
        }
        let one = r#"p.x[href="a,b"]:not(:has-text(/[),]/), .y *):has(> i)"#;
        let all: Vec<&str> = (0..9).map_while(|place| simple(one, 0, place)).collect();
        assert_eq!(all.concat(), one);
        assert_eq!(arguments(all[3]), [":has-text(/[),]/)", ".y *"]);
    }
}
