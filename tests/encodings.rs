//! Pages in other encodings than UTF-8, from their bytes: what is decoded, what the page then says
//! of its encoding, and that a page in UTF-8 is left alone. Every page is filtered whole, byte by
//! byte and in pieces of seven, and must come out the same.

use dehusk::{Filter, Options, Report, Rules};

/// A page in some encoding.
struct Case {
    what: &'static str,
    page: Vec<u8>,
    /// The encoding that the caller says it is in.
    label: Option<&'static str>,
    clean: String,
    encoding: &'static str,
    /// Malformed sequences.
    malformed: u64,
}

fn case(what: &'static str, page: &[u8], encoding: &'static str, clean: &str) -> Case {
    Case {
        what,
        page: page.to_vec(),
        label: None,
        clean: clean.to_owned(),
        encoding,
        malformed: 0,
    }
}

impl Case {
    fn label(mut self, label: &'static str) -> Self {
        self.label = Some(label);
        self
    }

    fn malformed(mut self, sequences: u64) -> Self {
        self.malformed = sequences;
        self
    }
}

fn filtered(case: &Case, piece: usize) -> (String, Report) {
    let rules = Rules::builder()
        .builtin(false)
        .select(".x, p:has-text(会社の広告)");
    let rules = rules.build().expect("readable rules");
    let mut options = Options::new();
    if let Some(label) = case.label {
        options = options.encoding(label).expect("a known label");
    }
    let mut out = Vec::new();
    let mut filter = Filter::new(&rules, &options, &mut out);
    for piece in case.page.chunks(piece) {
        filter.write(piece).expect("a Vec takes every byte");
    }
    let report = filter.finish().expect("a Vec takes every byte");
    (String::from_utf8(out).expect("output is UTF-8"), report)
}

fn run(cases: Vec<Case>) {
    let mut complaints = Vec::new();
    for case in cases {
        for (piece, how) in [(usize::MAX, "whole"), (1, "byte by byte"), (7, "in sevens")] {
            let (clean, report) = filtered(&case, piece);
            let got = (
                report.encoding.as_str(),
                report.malformed,
                report.unfiltered.as_deref(),
            );
            let wanted = (case.encoding, case.malformed, None);
            if clean != case.clean || got != wanted {
                complaints.push(format!(
                    "{} ({how})\n  expected {wanted:?} {:?}\n  got      {got:?} {clean:?}",
                    case.what, case.clean
                ));
                break;
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "{} cases fail\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

fn utf_16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf_16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[test]
fn declared_in_the_page() {
    run(vec![
        case(
            "windows-1252",
            b"<html><head><meta charset=\"windows-1252\"></head><p>caf\xe9 \x93\x80\x94</p><p class=x>\xe9</p>",
            "windows-1252",
            "<html><head><meta charset=\"utf-8\"></head><p>café “€”</p>",
        ),
        case(
            "iso-8859-1 means windows-1252",
            b"<meta charset=iso-8859-1><p>\x80</p>",
            "windows-1252",
            "<meta charset=utf-8><p>€</p>",
        ),
        case(
            "Shift_JIS, whose second bytes may be a backslash",
            b"<meta charset=Shift_JIS><p title=\"\x95\\\">\x93\xfa\x96{\x8c\xea \x83\\</p><p class=x>\x83\\</p>",
            "shift_jis",
            "<meta charset=utf-8><p title=\"表\">日本語 ソ</p>",
        ),
        case(
            "EUC-JP",
            b"<meta http-equiv=Content-Type content=\"text/html; charset=EUC-JP\"><p>\xc6\xfc\xcb\xdc\xb8\xec</p>",
            "euc-jp",
            "<meta http-equiv=Content-Type content=\"text/html; charset=utf-8\"><p>日本語</p>",
        ),
        case(
            "GBK by its old name",
            b"<meta charset=gb2312><p>\xd6\xd0\xce\xc4</p><p class=x>\xd6\xd0</p>",
            "gbk",
            "<meta charset=utf-8><p>中文</p>",
        ),
        case(
            "ISO-2022-JP, in which the bytes of 会社 hold a '<'",
            b"<meta charset=iso-2022-jp><p>\x1b$B2q<R\x1b(B!</p><p class=x>\x1b$B2q<R\x1b(B</p><p>a</p>",
            "iso-2022-jp",
            "<meta charset=utf-8><p>会社!</p><p>a</p>",
        ),
        case(
            "a text test sees what was decoded",
            b"<meta charset=iso-2022-jp><p>\x1b$B2q<R$N9-9p\x1b(B</p><p>\x1b$B2q<R\x1b(B</p>",
            "iso-2022-jp",
            "<meta charset=utf-8><p>会社</p>",
        ),
        case(
            "a declaration behind two kilobytes of script",
            &[
                b"<head><script>".as_slice(),
                &[b'x'; 2000],
                b"</script><meta charset=windows-1252></head><p>\xe9",
            ]
            .concat(),
            "windows-1252",
            &format!("<head><script>{}</script><meta charset=utf-8></head><p>é", "x".repeat(2000)),
        ),
        case(
            "a declaration in a comment is none",
            "<!-- <meta charset=windows-1252> --><p>é</p>".as_bytes(),
            "utf-8",
            "<!-- <meta charset=windows-1252> --><p>é</p>",
        ),
        case(
            "an XML declaration",
            b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><html><head></head><p>\xe9</p></html>",
            "windows-1252",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><html><head><meta charset=\"utf-8\"></head><p>é</p></html>",
        ),
    ]);
}

/// (the declaration as it comes in, as it goes out)
const CORRECTED: &[(&str, &str)] = &[
    (
        "<meta charset=\"windows-1252\">",
        "<meta charset=\"utf-8\">",
    ),
    ("<meta charset='windows-1252'>", "<meta charset='utf-8'>"),
    ("<meta charset=windows-1252>", "<meta charset=utf-8>"),
    ("<meta charset=windows-1252 >", "<meta charset=utf-8 >"),
    (
        "<META CHARSET = \"WINDOWS-1252\" />",
        "<META CHARSET = \"utf-8\" />",
    ),
    (
        "<meta\n\tcharset\n=\n'cp1252'\n>",
        "<meta\n\tcharset\n=\n'utf-8'\n>",
    ),
    (
        "<meta name=a charset=latin1 id=b>",
        "<meta name=a charset=utf-8 id=b>",
    ),
    (
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\">",
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">",
    ),
    (
        "<META CONTENT='text/html;CHARSET = ISO-8859-1' HTTP-EQUIV=content-type>",
        "<META CONTENT='text/html;CHARSET = utf-8' HTTP-EQUIV=content-type>",
    ),
    (
        "<meta http-equiv=content-type content=text/html;charset=iso-8859-15>",
        "<meta http-equiv=content-type content=text/html;charset=utf-8>",
    ),
    (
        "<meta http-equiv=content-type content='text/html; charset=\"latin1\"; x=y'>",
        "<meta http-equiv=content-type content='text/html; charset=\"utf-8\"; x=y'>",
    ),
    (
        "<meta http-equiv=content-type content=\"text/html; charset='latin1'\">",
        "<meta http-equiv=content-type content=\"text/html; charset='utf-8'\">",
    ),
    (
        "<meta charset=latin1><meta http-equiv=content-type content='text/html; charset=latin1'>",
        "<meta charset=utf-8><meta http-equiv=content-type content='text/html; charset=utf-8'>",
    ),
];

#[test]
fn a_declaration_is_corrected() {
    let page = |head: &str, text: &[u8]| {
        let head = format!("<html><head>{head}<title>a</title></head><p>");
        [head.as_bytes(), text, b"</p></html>"].concat()
    };
    run(CORRECTED
        .iter()
        .map(|&(before, after)| {
            let encoding = if before.contains("8859-15") {
                "iso-8859-15"
            } else {
                "windows-1252"
            };
            let clean = page(after, "é".as_bytes());
            let clean = String::from_utf8_lossy(&clean);
            case(before, &page(before, b"\xe9"), encoding, &clean)
        })
        .collect());
}

#[test]
fn a_declaration_is_added() {
    let rows: [(&str, &[u8], &str); 8] = [
        (
            "after <head>",
            b"<!DOCTYPE html><html lang=fr><head profile=a><title>caf\xe9</title></head><p>b</p></html>",
            "<!DOCTYPE html><html lang=fr><head profile=a><meta charset=\"utf-8\"><title>café</title></head><p>b</p></html>",
        ),
        (
            "before the first tag, if there is no <head>",
            b"<!DOCTYPE html><title>caf\xe9</title><p>b</p>",
            "<!DOCTYPE html><meta charset=\"utf-8\"><title>café</title><p>b</p>",
        ),
        (
            "after <html>, if there is no <head>",
            b"<html><body><p>caf\xe9</p></body></html>",
            "<html><meta charset=\"utf-8\"><body><p>café</p></body></html>",
        ),
        (
            "once",
            b"<p>caf\xe9</p><p>caf\xe9</p>",
            "<meta charset=\"utf-8\"><p>café</p><p>café</p>",
        ),
        (
            "not into what is dropped",
            b"<p class=x>caf\xe9</p><p>caf\xe9</p>",
            "<meta charset=\"utf-8\"><p>café</p>",
        ),
        (
            "after a comment",
            b"<!-- \xe9 --><html><head></head><p>caf\xe9</p>",
            "<!-- é --><html><head><meta charset=\"utf-8\"></head><p>café</p>",
        ),
        (
            "another <meta> is no declaration",
            b"<head><meta name=author content=\"Andr\xe9\"><meta name=x content='charset=latin1'></head>",
            "<head><meta charset=\"utf-8\"><meta name=author content=\"André\"><meta name=x content='charset=latin1'></head>",
        ),
        ("nowhere, if there is no tag", b"caf\xe9", "café"),
    ];
    run(rows
        .into_iter()
        .map(|(what, page, clean)| case(what, page, "windows-1252", clean))
        .collect());
}

#[test]
fn utf_16() {
    let page = "<html><head><title>日本語 é 😀</title></head><p class=x>a</p><p>b</p></html>";
    let clean =
        "<html><head><meta charset=\"utf-8\"><title>日本語 é 😀</title></head><p>b</p></html>";
    let declared = "<html><head><meta charset=\"utf-16\"></head><p>é</p></html>";
    let corrected = "<html><head><meta charset=\"utf-8\"></head><p>é</p></html>";
    run(vec![
        case(
            "little-endian, with a BOM",
            &[b"\xff\xfe".as_slice(), &utf_16_le(page)].concat(),
            "utf-16le",
            clean,
        ),
        case(
            "big-endian, with a BOM",
            &[b"\xfe\xff".as_slice(), &utf_16_be(page)].concat(),
            "utf-16be",
            clean,
        ),
        case(
            "little-endian, without a BOM",
            &utf_16_le(page),
            "utf-16le",
            clean,
        ),
        case(
            "big-endian, without a BOM",
            &utf_16_be(page),
            "utf-16be",
            clean,
        ),
        case(
            "little-endian, by its label",
            &utf_16_le("日本<p>é</p>"),
            "utf-16le",
            "日本<meta charset=\"utf-8\"><p>é</p>",
        )
        .label("utf-16le"),
        case(
            "what says UTF-16 says UTF-8 then",
            &[b"\xff\xfe".as_slice(), &utf_16_le(declared)].concat(),
            "utf-16le",
            corrected,
        ),
        case(
            "a declaration behind three thousand characters",
            &[
                b"\xff\xfe".as_slice(),
                &utf_16_le(&format!("<!--{}-->{declared}", "x".repeat(3000))),
            ]
            .concat(),
            "utf-16le",
            &format!("<!--{}-->{corrected}", "x".repeat(3000)),
        ),
        case(
            "half a character at the end",
            &[&utf_16_le("<p>é"), b"\xd8".as_slice()].concat(),
            "utf-16le",
            "<meta charset=\"utf-8\"><p>é\u{fffd}",
        )
        .malformed(1),
    ]);
}

#[test]
fn what_the_caller_says() {
    run(vec![
        case(
            "counts for more than what the page says",
            b"<html><head><meta charset=\"shift_jis\"></head><p>caf\xe9</p>",
            "windows-1252",
            "<html><head><meta charset=\"utf-8\"></head><p>café</p>",
        )
        .label("windows-1252"),
        case(
            "and a declaration of UTF-8 is right then",
            b"<html><head><meta charset=\"utf-8\"></head><p>caf\xe9</p>",
            "windows-1252",
            "<html><head><meta charset=\"utf-8\"></head><p>café</p>",
        )
        .label(" Latin1 "),
        case(
            "a declaration is added",
            b"<html><head></head><p>\x93\xfa\x96{</p>",
            "shift_jis",
            "<html><head><meta charset=\"utf-8\"></head><p>日本</p>",
        )
        .label("sjis"),
        case(
            "UTF-8 against the page",
            "<meta charset=windows-1252><p>café</p>".as_bytes(),
            "utf-8",
            "<meta charset=utf-8><p>café</p>",
        )
        .label("utf8"),
        case(
            "an XML declaration is corrected",
            b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><head></head><p>\xe9</p>",
            "windows-1252",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><head><meta charset=\"utf-8\"></head><p>é</p>",
        )
        .label("windows-1252"),
        case(
            "but a BOM counts for more",
            "\u{feff}<p>é</p>".as_bytes(),
            "utf-8",
            "\u{feff}<p>é</p>",
        )
        .label("windows-1252"),
    ]);
}

#[test]
fn utf_8() {
    let cases = [
        ("declared", "<meta charset=utf-8><p>日本語 é 😀</p>"),
        ("declared by another label", "<META CHARSET='UTF8'><p>é</p>"),
        ("not declared", "<html><head></head><p>日本語 é 😀</p>"),
        ("with a BOM", "\u{feff}<p>é</p>"),
        ("ASCII", "<p>a &eacute;</p>"),
        ("NUL bytes", "<p>a\0é</p>"),
        (
            "white space, quotes and case",
            "<P\tClass = 'a'\r\n>é<br/ ></P >\r\n",
        ),
        ("a byte order mark in the middle", "<p>é\u{feff}</p>"),
        ("nothing", ""),
        ("one byte", "a"),
        ("three bytes", "日"),
    ];
    let mut cases: Vec<Case> = cases
        .into_iter()
        .map(|(what, page)| case(what, page.as_bytes(), "utf-8", page))
        .collect();
    let long = format!("{}é", "<p>a</p>".repeat(2000));
    cases.push(case("late", long.as_bytes(), "utf-8", &long));
    run(cases);
}

#[test]
fn malformed_sequences_are_replaced_and_counted() {
    run(vec![
        case(
            "a lone byte",
            b"<meta charset=utf-8><p>a\xffb</p>",
            "utf-8",
            "<meta charset=utf-8><p>a\u{fffd}b</p>",
        )
        .malformed(1),
        case(
            "the first byte of two",
            b"<meta charset=utf-8><p>a\xc3</p>",
            "utf-8",
            "<meta charset=utf-8><p>a\u{fffd}</p>",
        )
        .malformed(1),
        case(
            "two bytes of three",
            b"<meta charset=utf-8><p>a\xe2\x82</p>",
            "utf-8",
            "<meta charset=utf-8><p>a\u{fffd}</p>",
        )
        .malformed(1),
        case(
            "half a surrogate pair",
            b"<meta charset=utf-8>\xed\xa0\x80",
            "utf-8",
            "<meta charset=utf-8>\u{fffd}\u{fffd}\u{fffd}",
        )
        .malformed(3),
        case(
            "cut off at the end",
            b"<meta charset=utf-8><p>a\xf0\x9f\x98",
            "utf-8",
            "<meta charset=utf-8><p>a\u{fffd}",
        )
        .malformed(1),
        case(
            "in a class, which is another one then",
            b"<meta charset=utf-8><p class='x\xff'>a</p><p class=x>b</p>",
            "utf-8",
            "<meta charset=utf-8><p class='x\u{fffd}'>a</p>",
        )
        .malformed(1),
        case(
            "of Shift_JIS",
            b"<meta charset=sjis><p>a\x82</p>",
            "shift_jis",
            "<meta charset=utf-8><p>a\u{fffd}</p>",
        )
        .malformed(1),
    ]);
}

#[test]
fn without_a_declaration_the_first_bytes_beyond_ascii_tell() {
    let ascii = "<p>a</p>".repeat(2000);
    run(vec![
        // It is too late to add a declaration: the beginning has gone out.
        case(
            "windows-1252, late",
            &[ascii.as_bytes(), b"caf\xe9 au lait"].concat(),
            "windows-1252",
            &format!("{ascii}café au lait"),
        ),
        case(
            "a page of windows-1252 that UTF-8 could not be",
            b"<p>na\xefve caf\xe9</p>",
            "windows-1252",
            "<meta charset=\"utf-8\"><p>naïve café</p>",
        ),
        case(
            "binary bytes in a page of UTF-8",
            "<p>\u{1}é</p>".as_bytes(),
            "utf-8",
            "<p>\u{1}é</p>",
        ),
    ]);
}

/// Crawlers and browsers store what they have decoded, and leave the declaration alone.
#[test]
fn what_is_utf_8_is_no_other_encoding() {
    let latin1 = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><meta charset=iso-8859-1>";
    let corrected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><meta charset=utf-8>";
    let shift_jis = "<meta charset=Shift_JIS>";
    run(vec![
        case(
            "declared as iso-8859-1",
            format!("{latin1}<p>günstig</p><p class=x>ü</p><p>für</p>").as_bytes(),
            "utf-8",
            &format!("{corrected}<p>günstig</p><p>für</p>"),
        ),
        case(
            "declared as iso-8859-1, and it is that",
            b"<meta charset=iso-8859-1><p>g\xfcnstig</p><p class=x>\xfc</p>",
            "windows-1252",
            "<meta charset=utf-8><p>günstig</p>",
        ),
        case(
            "declared as windows-1251",
            "<meta charset=windows-1251><p>Подписка</p>".as_bytes(),
            "utf-8",
            "<meta charset=utf-8><p>Подписка</p>",
        ),
        case(
            "declared as Shift_JIS, with enough characters to tell",
            format!("{shift_jis}<p>これは日本語のページです</p>").as_bytes(),
            "utf-8",
            "<meta charset=utf-8><p>これは日本語のページです</p>",
        ),
        case(
            "two bytes of EUC-KR that UTF-8 could be too",
            b"<meta charset=euc-kr><p>\xc8\xa1</p>",
            "euc-kr",
            "<meta charset=utf-8><p>혤</p>",
        ),
        case(
            "only ASCII",
            b"<meta charset=windows-1250><p>a</p>",
            "windows-1250",
            "<meta charset=utf-8><p>a</p>",
        ),
    ]);
}

#[test]
fn unknown_labels() {
    for label in ["", "utf-9", "replacement", "iso-2022-kr"] {
        let error = Options::new().encoding(label).err().map(|e| e.to_string());
        let error = error.unwrap_or_else(|| panic!("'{label}' is known"));
        assert!(
            error.contains(label) && error.contains("windows-1252"),
            "{error}"
        );
    }
}
