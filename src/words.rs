//! What a word is to phrases. The build script asks it, too.

/// A character of Chinese, Japanese or Korean.
pub(crate) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

/// A character that is part of a word. The copyright sign is one: phrases begin with it.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '©'
}

/// The first word of folded text; of CJK text, its first character.
pub(crate) fn first_word(folded: &str) -> &str {
    let ascii = folded
        .bytes()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(folded.len());
    if folded.as_bytes().get(ascii).is_none_or(u8::is_ascii) {
        return &folded[..ascii];
    }
    let mut end = 0;
    for c in folded.chars() {
        if is_cjk(c) {
            if end == 0 {
                end = c.len_utf8();
            }
            break;
        }
        if !is_word(c) {
            break;
        }
        end += c.len_utf8();
    }
    &folded[..end]
}
