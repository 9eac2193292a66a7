"""`dehusk.clean`: what it takes, what comes out, what it refuses."""

import dehusk
import pytest

AD = '<p>Text</p><div class="promo">Buy!</div>'
RULES = dehusk.Rules(select=".promo", builtin=False)


def test_a_page_loses_its_husk(page, cleaned):
    assert dehusk.clean(page) == cleaned


@pytest.mark.parametrize("of", [bytes, bytearray, memoryview, lambda page: memoryview(page)[::1]])
def test_bytes_of_every_make(of, page, cleaned):
    assert dehusk.clean(of(page)) == cleaned


def test_a_str(page, cleaned):
    assert dehusk.clean(page.decode()) == cleaned


@pytest.mark.parametrize("html", ["", b"", "no tag", "\0", "<", "a" * 5_000_000])
def test_what_has_no_husk_comes_out_as_it_went_in(html):
    assert dehusk.clean(html) == (html if isinstance(html, str) else html.decode())


@pytest.mark.parametrize(
    ("page", "encoding", "clean"),
    [
        # What a page says of itself, what the caller says, and what is guessed.
        ('<meta charset="windows-1252"><p>Café – 3 €'.encode("cp1252"), None, '<meta charset="utf-8"><p>Café – 3 €'),
        ("<p>Café – 3 €".encode("cp1252"), "windows-1252", '<meta charset="utf-8"><p>Café – 3 €'),
        ("<p>Café – 3 €".encode("cp1252"), None, '<meta charset="utf-8"><p>Café – 3 €'),
        ("<p>тень".encode("koi8-r"), "koi8-r", '<meta charset="utf-8"><p>тень'),
        ("<p>会社".encode("utf-16"), None, '<meta charset="utf-8"><p>会社'),
        (b"<p>a\xffb", "utf-8", "<p>a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_bytes_are_decoded(page, encoding, clean):
    assert dehusk.clean(page, encoding=encoding) == clean


@pytest.mark.parametrize("label", ["windows-1252", "shift_jis", "utf-16", "koi8-r", "no-such"])
@pytest.mark.parametrize("text", ["Ã©tÃ© © 3 €", "été", "会社の広告 \N{PILE OF POO}", "тень"])
def test_a_str_is_not_decoded_again_whatever_its_meta_says(label, text):
    page = f'<meta charset="{label}"><title>{text}</title><p>{text}</p><div class=promo>{text}</div>'
    clean = dehusk.clean(page, rules=RULES)
    assert clean.count(text) == 2 and clean.endswith(f"<p>{text}</p>")


def test_a_str_keeps_a_byte_order_mark():
    assert dehusk.clean("\ufeff" + AD, rules=RULES) == "\ufeff<p>Text</p>"


def test_a_surrogate_that_stands_alone_is_replaced():
    text, report = dehusk.clean_with_report("\ud800<p>a\udfffb \ud7ff\ue000 é\udc80")
    assert text == "\ufffd<p>a\ufffdb \ud7ff\ue000 é\ufffd"
    assert report.malformed == 3 and report.encoding == "utf-8"


def test_the_site_is_taken_from_the_address():
    rules = dehusk.Rules({"example.com.sel": ".promo"}, builtin=False)
    assert dehusk.clean(AD, rules=rules) == AD
    assert dehusk.clean(AD, "https://www.example.com/a", rules=rules) == "<p>Text</p>"
    assert dehusk.clean(AD, url="example.com", rules=rules) == "<p>Text</p>"
    assert dehusk.clean(AD, url="https://example.org", rules=rules) == AD
    # The address of the page's head comes too late for what stands before it only.
    head = '<link rel=canonical href="https://example.com/a">'
    assert dehusk.clean(head + AD, rules=rules) == head + "<p>Text</p>"


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, "c"),
        ({"drop": "ads"}, "bc"),
        ({"drop": "ads,share"}, "c"),
        ({"drop": " ads, comments "}, "b"),
        ({"drop": ["ads", "comments"]}, "b"),
        ({"drop": iter(("share",))}, "ac"),
        ({"drop": ()}, "abc"),
        ({"drop": "all"}, ""),
        ({"keep": "share"}, "bc"),
        ({"keep": ("ads", "share")}, "abc"),
        ({"drop": "all", "keep": "comments"}, "c"),
    ],
)
def test_kinds_are_chosen(wanted, left):
    rules = dehusk.Rules({"mine.sel": "[ads]\n.a\n[share]\n.b\n[comments]\n.c"}, builtin=False)
    assert dehusk.clean("<i class=a>a</i><i class=b>b</i><i class=c>c</i>", rules=rules, **wanted) == "".join(
        f"<i class={name}>{name}</i>" for name in left
    )


@pytest.mark.parametrize("select", [".x", [".x"], (".x", ".none"), ".none, .x"])
def test_selectors_of_a_call_are_added_to_the_rules(select):
    page = "<i>a</i><i class=x>b</i>" + AD
    assert dehusk.clean(page, select=select) == "<i>a</i>" + AD
    assert dehusk.clean(page, select=select, rules=RULES) == "<i>a</i><p>Text</p>"
    assert dehusk.clean(page, rules=RULES) == "<i>a</i><i class=x>b</i><p>Text</p>"


@pytest.mark.parametrize(
    ("arguments", "error", "why"),
    [
        ({"html": None}, TypeError, "a page is str or bytes, not NoneType"),
        ({"html": ["<p>"]}, TypeError, "not list"),
        ({"html": AD, "url": 3}, TypeError, "'int' object"),
        ({"html": AD, "encoding": "utf-8"}, ValueError, "encoding is for bytes"),
        ({"html": b"", "encoding": "no-such"}, ValueError, "unknown encoding 'no-such'"),
        ({"html": AD, "drop": "header"}, ValueError, "unknown kind 'header'; the kinds are subscription,"),
        ({"html": AD, "keep": ["ads", ""]}, ValueError, "unknown kind ''"),
        ({"html": AD, "select": "p:hover"}, ValueError, "^-e:1:3: .*: p:hover$"),
        ({"html": AD, "select": [".x", "a >"], "rules": RULES}, ValueError, "^-e:3:"),
        ({"html": AD, "select": 3}, TypeError, "'int' object is not iterable"),
        ({"html": AD, "rules": ".x"}, TypeError, "rules are a dehusk.Rules, not str"),
        ({"html": b"\x1f\x8b\x08\0\xff\xff"}, ValueError, "^input is gzip-compressed; there is no text in it$"),
        ({"html": b"\x89PNG\r\n\x1a\n\0\0"}, ValueError, "a PNG image"),
    ],
)
def test_what_is_refused(arguments, error, why):
    with pytest.raises(error, match=why):
        dehusk.clean(**arguments)


def test_a_str_that_is_no_page_passes_through():
    text, report = dehusk.clean_with_report("WARC/1.0\r\n\r\n" + AD, rules=RULES)
    assert text.endswith(AD)
    assert report.unfiltered == "input is a WARC archive"
