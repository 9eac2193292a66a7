//! Element names and the categories the HTML Standard puts them in. A name is compared as a hash,
//! so that a start tag costs one pass over its bytes and no allocation; which names close what is
//! left to `open_elements`.

/// An element name, or a word of a class or id: the 64-bit FNV-1a hash of its bytes, ASCII in lower
/// case.
///
/// FNV over 64 bits has no collision among names that pages use; a page that constructs one only
/// fools the rules about its own element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(u64);

impl Name {
    /// The name spelt by these bytes, in any case.
    pub(crate) const fn new(name: &[u8]) -> Name {
        let mut hash = NameHasher::new();
        let mut i = 0;
        while i < name.len() {
            hash = hash.push(name[i]);
            i += 1;
        }
        hash.finish()
    }
}

/// Builds a [`Name`] byte by byte, for names that come in pieces.
#[derive(Clone, Copy)]
pub(crate) struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        NameHasher::new()
    }
}

impl NameHasher {
    pub(crate) const fn new() -> Self {
        NameHasher(0xcbf2_9ce4_8422_2325)
    }

    #[inline]
    pub(crate) const fn push(self, byte: u8) -> Self {
        NameHasher((self.0 ^ byte.to_ascii_lowercase() as u64).wrapping_mul(0x0000_0100_0000_01b3))
    }

    pub(crate) const fn finish(self) -> Name {
        Name(self.0)
    }
}

/// What the Standard says of an element by its name alone: a set of the flags below.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Class(u32);

impl Class {
    /// Has no content: <https://html.spec.whatwg.org/multipage/syntax.html#void-elements>
    /// (and the obsolete ones the parser treats alike).
    pub(crate) const VOID: Class = Class(1);
    /// The "special" category of
    /// <https://html.spec.whatwg.org/multipage/parsing.html#the-stack-of-open-elements>.
    pub(crate) const SPECIAL: Class = Class(1 << 1);
    /// The "formatting" category of the same section.
    pub(crate) const FORMATTING: Class = Class(1 << 2);
    /// Its start tag closes a `p` in button scope:
    /// <https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody>.
    pub(crate) const CLOSES_P: Class = Class(1 << 3);
    /// Its end tag closes whatever is open inside it, if it is in scope (same section).
    pub(crate) const BLOCK_END: Class = Class(1 << 4);
    /// Ends a scope: <https://html.spec.whatwg.org/multipage/parsing.html#has-an-element-in-scope>.
    pub(crate) const SCOPE: Class = Class(1 << 5);
    /// `h1` to `h6`.
    pub(crate) const HEADING: Class = Class(1 << 6);
    /// Phrasing content: does not break a line of text. Everything else does.
    pub(crate) const INLINE: Class = Class(1 << 7);
    /// Its text is not shown to a reader.
    pub(crate) const UNSEEN: Class = Class(1 << 8);
    /// May stand in `head` without closing it.
    pub(crate) const METADATA: Class = Class(1 << 9);
    /// Its content is raw text to the tokenizer, as lol_html sees it (scripting enabled).
    pub(crate) const RAW_TEXT: Class = Class(1 << 10);
    /// Part of a table's skeleton: ignored outside of a table.
    pub(crate) const TABLE_PART: Class = Class(1 << 11);
    /// An element no rule may drop.
    pub(crate) const NEVER_DROPPED: Class = Class(1 << 12);
    /// A heading that is part of a list or table skeleton never marks the article's body.
    pub(crate) const NOT_BODY: Class = Class(1 << 13);

    const fn or(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// Whether any flag of `other` is set.
    #[inline]
    pub(crate) const fn has(self, other: Class) -> bool {
        self.0 & other.0 != 0
    }

    /// The categories of a name; none for a name the Standard does not know.
    #[inline]
    pub(crate) fn of(name: Name) -> Class {
        match TABLE.binary_search_by(|row| row.0.0.cmp(&name.0)) {
            Ok(i) => TABLE[i].1,
            Err(_) => Class(0),
        }
    }
}

macro_rules! names {
    ($($constant:ident $name:literal: $($flag:ident)*;)*) => {
        /// The names that code speaks of.
        #[allow(dead_code)]
        pub(crate) mod name {
            use super::Name;
            $(pub(crate) const $constant: Name = Name::new($name.as_bytes());)*
        }

        const ROWS: [(Name, Class); [$($name),*].len()] = sorted([
            $((name::$constant, Class(0)$(.or(Class::$flag))*)),*
        ]);
        static TABLE: [(Name, Class); ROWS.len()] = ROWS;

        #[cfg(test)]
        pub(crate) const ALL: &[&str] = &[$($name),*];
    };
}

const fn sorted<const N: usize>(mut rows: [(Name, Class); N]) -> [(Name, Class); N] {
    let mut i = 1;
    while i < N {
        let mut k = i;
        while k > 0 && rows[k - 1].0.0 > rows[k].0.0 {
            let row = rows[k];
            rows[k] = rows[k - 1];
            rows[k - 1] = row;
            k -= 1;
        }
        i += 1;
    }
    rows
}

names! {
    A "a": FORMATTING INLINE;
    ABBR "abbr": INLINE;
    ACRONYM "acronym": INLINE;
    ADDRESS "address": SPECIAL CLOSES_P BLOCK_END;
    APPLET "applet": SPECIAL SCOPE;
    AREA "area": SPECIAL VOID INLINE;
    ARTICLE "article": SPECIAL CLOSES_P BLOCK_END;
    ASIDE "aside": SPECIAL CLOSES_P BLOCK_END;
    AUDIO "audio": INLINE;
    B "b": FORMATTING INLINE;
    BASE "base": SPECIAL VOID METADATA INLINE;
    BASEFONT "basefont": SPECIAL VOID METADATA INLINE;
    BDI "bdi": INLINE;
    BDO "bdo": INLINE;
    BGSOUND "bgsound": SPECIAL VOID METADATA INLINE;
    BIG "big": FORMATTING INLINE;
    BLOCKQUOTE "blockquote": SPECIAL CLOSES_P BLOCK_END;
    BODY "body": SPECIAL NEVER_DROPPED NOT_BODY;
    BR "br": SPECIAL VOID;
    BUTTON "button": SPECIAL BLOCK_END INLINE;
    CANVAS "canvas": INLINE;
    CAPTION "caption": SPECIAL SCOPE TABLE_PART;
    CENTER "center": SPECIAL CLOSES_P BLOCK_END;
    CITE "cite": INLINE;
    CODE "code": FORMATTING INLINE;
    COL "col": SPECIAL VOID TABLE_PART;
    COLGROUP "colgroup": SPECIAL TABLE_PART;
    DATA "data": INLINE;
    DD "dd": SPECIAL CLOSES_P;
    DEL "del": INLINE;
    DETAILS "details": SPECIAL CLOSES_P BLOCK_END;
    DFN "dfn": INLINE;
    DIALOG "dialog": CLOSES_P BLOCK_END;
    DIR "dir": SPECIAL CLOSES_P BLOCK_END;
    DIV "div": SPECIAL CLOSES_P BLOCK_END;
    DL "dl": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    DT "dt": SPECIAL CLOSES_P;
    EM "em": FORMATTING INLINE;
    EMBED "embed": SPECIAL VOID INLINE;
    FIELDSET "fieldset": SPECIAL CLOSES_P BLOCK_END;
    FIGCAPTION "figcaption": SPECIAL CLOSES_P BLOCK_END;
    FIGURE "figure": SPECIAL CLOSES_P BLOCK_END;
    FONT "font": FORMATTING INLINE;
    FOOTER "footer": SPECIAL CLOSES_P BLOCK_END;
    FORM "form": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    FRAME "frame": SPECIAL VOID;
    FRAMESET "frameset": SPECIAL;
    H1 "h1": SPECIAL CLOSES_P HEADING;
    H2 "h2": SPECIAL CLOSES_P HEADING;
    H3 "h3": SPECIAL CLOSES_P HEADING;
    H4 "h4": SPECIAL CLOSES_P HEADING;
    H5 "h5": SPECIAL CLOSES_P HEADING;
    H6 "h6": SPECIAL CLOSES_P HEADING;
    HEAD "head": SPECIAL UNSEEN NEVER_DROPPED NOT_BODY;
    HEADER "header": SPECIAL CLOSES_P BLOCK_END;
    HGROUP "hgroup": SPECIAL CLOSES_P BLOCK_END;
    HR "hr": SPECIAL VOID CLOSES_P;
    HTML "html": SPECIAL SCOPE NEVER_DROPPED NOT_BODY;
    I "i": FORMATTING INLINE;
    IFRAME "iframe": SPECIAL UNSEEN RAW_TEXT INLINE;
    // The Standard reads it as `img`.
    IMAGE "image": SPECIAL VOID INLINE;
    IMG "img": SPECIAL VOID INLINE;
    INPUT "input": SPECIAL VOID INLINE;
    INS "ins": INLINE;
    KBD "kbd": INLINE;
    KEYGEN "keygen": SPECIAL VOID INLINE;
    LABEL "label": INLINE;
    LI "li": SPECIAL CLOSES_P;
    LINK "link": SPECIAL VOID METADATA INLINE;
    LISTING "listing": SPECIAL CLOSES_P BLOCK_END;
    MAIN "main": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    MAP "map": INLINE;
    MARK "mark": INLINE;
    MARQUEE "marquee": SPECIAL SCOPE;
    MATH "math": INLINE;
    MENU "menu": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    META "meta": SPECIAL VOID METADATA INLINE;
    METER "meter": INLINE;
    NAV "nav": SPECIAL CLOSES_P BLOCK_END;
    NOBR "nobr": FORMATTING INLINE;
    NOEMBED "noembed": SPECIAL UNSEEN RAW_TEXT INLINE;
    NOFRAMES "noframes": SPECIAL UNSEEN METADATA RAW_TEXT INLINE;
    NOSCRIPT "noscript": SPECIAL UNSEEN METADATA RAW_TEXT NEVER_DROPPED INLINE;
    OBJECT "object": SPECIAL SCOPE UNSEEN INLINE;
    OL "ol": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    OPTGROUP "optgroup": ;
    OPTION "option": ;
    OUTPUT "output": INLINE;
    P "p": SPECIAL CLOSES_P;
    PARAM "param": SPECIAL VOID INLINE;
    PICTURE "picture": INLINE;
    PLAINTEXT "plaintext": SPECIAL CLOSES_P RAW_TEXT;
    PRE "pre": SPECIAL CLOSES_P BLOCK_END;
    PROGRESS "progress": INLINE;
    Q "q": INLINE;
    RB "rb": INLINE;
    RP "rp": INLINE;
    RT "rt": INLINE;
    RTC "rtc": INLINE;
    RUBY "ruby": INLINE;
    S "s": FORMATTING INLINE;
    SAMP "samp": INLINE;
    SCRIPT "script": SPECIAL UNSEEN METADATA RAW_TEXT INLINE;
    SEARCH "search": SPECIAL CLOSES_P BLOCK_END;
    SECTION "section": SPECIAL CLOSES_P BLOCK_END;
    SELECT "select": SPECIAL INLINE;
    SMALL "small": FORMATTING INLINE;
    SOURCE "source": SPECIAL VOID INLINE;
    SPAN "span": INLINE;
    STRIKE "strike": FORMATTING INLINE;
    STRONG "strong": FORMATTING INLINE;
    STYLE "style": SPECIAL UNSEEN METADATA RAW_TEXT INLINE;
    SUB "sub": INLINE;
    SUMMARY "summary": SPECIAL CLOSES_P BLOCK_END;
    SUP "sup": INLINE;
    SVG "svg": UNSEEN INLINE;
    TABLE "table": SPECIAL SCOPE CLOSES_P NOT_BODY;
    TBODY "tbody": SPECIAL TABLE_PART NOT_BODY;
    TD "td": SPECIAL SCOPE TABLE_PART;
    TEMPLATE "template": SPECIAL SCOPE UNSEEN METADATA;
    TEXTAREA "textarea": SPECIAL RAW_TEXT INLINE;
    TFOOT "tfoot": SPECIAL TABLE_PART NOT_BODY;
    TH "th": SPECIAL SCOPE TABLE_PART;
    THEAD "thead": SPECIAL TABLE_PART NOT_BODY;
    TIME "time": INLINE;
    TITLE "title": SPECIAL UNSEEN METADATA RAW_TEXT INLINE;
    TR "tr": SPECIAL TABLE_PART NOT_BODY;
    TRACK "track": SPECIAL VOID INLINE;
    TT "tt": FORMATTING INLINE;
    U "u": FORMATTING INLINE;
    UL "ul": SPECIAL CLOSES_P BLOCK_END NOT_BODY;
    VAR "var": INLINE;
    VIDEO "video": INLINE;
    WBR "wbr": SPECIAL VOID INLINE;
    XMP "xmp": SPECIAL CLOSES_P RAW_TEXT;
}

/// The level of a heading, 1 to 6.
pub(crate) fn heading_level(name: Name) -> Option<u8> {
    Some(match name {
        name::H1 => 1,
        name::H2 => 2,
        name::H3 => 3,
        name::H4 => 4,
        name::H5 => 5,
        name::H6 => 6,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_share_a_hash() {
        assert!(TABLE.windows(2).all(|w| w[0].0.0 < w[1].0.0));
        assert_eq!(TABLE.len(), ALL.len());
    }

    #[test]
    fn a_name_has_no_case() {
        assert!(Name::new(b"ASIDE") == name::ASIDE);
        assert!(Class::of(Name::new(b"Br")).has(Class::VOID));
        assert_eq!(Class::of(Name::new(b"my-element")), Class(0));
    }
}
