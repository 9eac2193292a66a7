//! Any text as a list of Adblock Plus and uBlock Origin.

#![no_main]

use dehusk::import::Format;
use dehusk_fuzz::check_import;
use libfuzzer_sys::{Corpus, fuzz_target};

const NAME: &str = "ads.txt";

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    // Its form is told by its lines: one of them says it, whatever the others are.
    let _ = Format::of(NAME, text);
    let content = format!("[Adblock Plus 2.0]\n{text}");
    assert_eq!(Format::of(NAME, &content), Format::Abp);
    check_import(NAME, &content);
    Corpus::Keep
});
