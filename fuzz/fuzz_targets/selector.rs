//! Any text as a selector file, and behind a line `%%` as a list of phrases; if it can be read, a
//! page goes through it.

#![no_main]

use dehusk::{Rules, lint};
use dehusk_fuzz::{ADDRESS, PAGE, check, control_of};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    let (file, phrases) = text.split_once("\n%%\n").unwrap_or((text, ""));
    let name = ["mine.sel", "example.com.sel", "ads.sel", "keep.sel"][file.len() % 4];
    let builder = Rules::builder().builtin(false).file(name, file);
    let builder = if phrases.is_empty() {
        builder
    } else {
        builder.phrases("mine", "mine.txt", phrases)
    };
    match builder.build() {
        Ok(rules) => {
            let control = control_of(text);
            check(
                &rules,
                &control.options().url(ADDRESS),
                PAGE.as_bytes(),
                control,
            );
            let _ = (rules.site_files(), rules.rules_for("www.example.com"));
        }
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
    for finding in lint::check(&[(name.to_owned(), file.to_owned())]) {
        assert!(!format!("{finding:?}").is_empty());
    }
    Corpus::Keep
});
