//! Any bytes as a page, with any label from the caller: what comes out is UTF-8, the page's text as
//! the Encoding Standard has it, and the same for any pieces.

#![no_main]

use dehusk::Rules;
use dehusk_fuzz::{Control, check};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A label of each encoding, and some that mean another one.
const LABELS: [&str; 46] = [
    "utf-8",
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "utf-16be",
    "utf-16le",
    "x-user-defined",
    "latin1",
    "ascii",
    "gb2312",
    "utf-16",
    " UTF8 ",
    "ks_c_5601-1987",
    "x-sjis",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let rules = Rules::builder().builtin(false);
    let rules = rules
        .select(".x, b:has-text(/\\w/), i:empty, meta[name]")
        .build();
    rules.expect("selectors that can be read")
});

fuzz_target!(|data: &[u8]| {
    let (page, control) = Control::split(data);
    let mut options = control.options();
    if let Some(label) = control.choice(LABELS.len()) {
        options = options
            .encoding(LABELS[label])
            .expect("a label of the Standard");
    }
    check(&RULES, &options, page, control);
});
