"""Previews in a real browser: what is shown, that it can be used, and that nothing gets out."""

import json
import os
import re
import socket
import threading
from pathlib import Path

import pytest
from browser import CHROMIUM, ROOT, chromium, dehusk, opened, serving

pytest.importorskip("playwright", reason="Playwright is not here: tests/browser/README.md")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: tests/browser/README.md")

# Pages with many kinds, hidden parts, tables, encodings.
CORPUS = [
    "corpus/lemonde.fr/article/page.html",
    "corpus/ansa.it/article/page.html",
    "corpus/aoc.media/article/page.html",
    "corpus/abendblatt.de/article/page.html",
    "corpus/asahi.com/article/page.html",
    "corpus/dailymail.co.uk/article/page.html",
]
MORE = sorted(Path(os.environ["DEHUSK_PAGES"]).glob("*.html")) if "DEHUSK_PAGES" in os.environ else []
PAGES = [*CORPUS, *map(str, MORE)]

# What Chromium says of a page that asks for what it does not get.
OF_THE_PAGE = re.compile(
    "Content Security Policy|sandboxed|Error parsing|deprecat|Unsafe attempt|preload|X-Frame-Options"
    "|was blocked|autofocus|viewport|Error: <|shadowroot|Unrecognized feature"
)

HIDDEN = """<!DOCTYPE html><style>.gone { display: none } .over { position: fixed; inset: 0; background: white }</style>
<p>Text before.</p><div class="x gone"><p>A hidden part.</p></div><div class=over><p class=x>What lies over it.</p></div>
<table><tr class=x><td>A row.<tr><td>Another row.</table><select><option class=x>An option.<option>Another.</select>
<p class=y>Kept.</p><p class=x><a href="#end">In a link.</a></p><div style="height: 3000px"></div><p class=x id=end>The last one.</p>"""


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


class Watched:
    """A page of the browser, with what it said and asked for."""

    def __init__(self, browser, **options):
        self.page = browser.new_context(
            viewport={"width": 1200, "height": 800}, reduced_motion="reduce", **options
        ).new_page()
        self.said, self.answered = [], []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("response", lambda response: self.answered.append(response.url))
        self.page.on("popup", lambda popup: self.said.append(f"a window: {popup.url}"))

    def _said(self, message):
        if message.type in ("error", "warning") and not OF_THE_PAGE.search(message.text):
            self.said.append(message.text)

    def frame(self, script):
        """What a function says of the page in the frame."""
        return self.page.evaluate(f"() => (({script}))(document.getElementById('page').contentDocument)")


@pytest.fixture
def watched(browser):
    watched = Watched(browser)
    yield watched
    watched.page.context.close()
    assert watched.said == []


def write(folder, name, *arguments, **options):
    file = folder / name
    file.write_bytes(dehusk("preview", *arguments, **options).stdout)
    return file.as_uri()


def report_of(*arguments, **options):
    return json.loads(dehusk("--explain=json", *arguments, **options).stderr.splitlines()[-1])


SEEN = """(page) => [...page.querySelectorAll('[data-dehusk]')].map((element) => {
    const style = page.defaultView.getComputedStyle(element);
    return [element.getAttribute('data-dehusk').split('-')[0], style.display, style.outlineStyle + style.outlineWidth, style.opacity];
})"""


@pytest.mark.parametrize("path", PAGES)
def test_pages(path, watched, tmp_path):
    page = opened(watched.page, write(tmp_path, "preview.html", path))
    report = report_of(path)

    # The panel says what the report says.
    rows = page.locator("#kinds button")
    shown = {}
    for row in rows.all():
        elements = int(row.locator(".elements").inner_text().replace(",", ""))
        shown[row.locator(".kind").inner_text()] = [elements, row.locator(".share").inner_text()]
    expected = {
        kind: [tally["elements"], f"{100 * tally['text'] / report['text'] + 1e-9:.1f} %"]
        for kind, tally in report["dropped"].items()
    }
    assert shown == expected
    elements = sum(tally["elements"] for tally in report["dropped"].values())
    assert page.locator("#removals button").count() == elements
    assert f"{elements:,} element" in page.locator("#sum").inner_text()
    facts = page.locator("#facts").inner_text()
    assert report["site"] is None or report["site"] in facts
    assert report["encoding"] in facts
    assert not report["truncated"] or report["prompt"] in facts
    assert f"{report['protected']} by a [keep]" in facts

    # Everything that goes is marked.
    seen = watched.frame(SEEN)
    assert len(seen) >= elements
    assert all(outline == "solid3px" and opacity == "0.5" for _, _, outline, opacity in seen)

    # A kind that is switched off looks as if it stayed.
    for row in rows.all():
        kind = row.locator(".kind").inner_text()
        row.click()
        assert row.get_attribute("aria-checked") == "false"
        for of, _, outline, _ in watched.frame(SEEN):
            assert (outline == "solid3px") == (of != kind), of
        row.click()
        assert row.get_attribute("aria-checked") == "true"

    # The clean page is what the filter writes.
    page.get_by_role("button", name="Show the clean page").click()
    assert all(display == "none" for _, display, _, _ in watched.frame(SEEN))
    text = watched.frame("(page) => page.body.innerText")
    (tmp_path / "clean.html").write_text(
        "<!DOCTYPE html><meta charset=utf-8><iframe id=page sandbox=allow-same-origin srcdoc=\""
        + dehusk(path).stdout.decode().replace("&", "&amp;").replace('"', "&quot;")
        + '"></iframe>'
    )
    other = Watched(page.context.browser)
    other.page.route(re.compile("^http"), lambda route: route.abort())
    other.page.goto((tmp_path / "clean.html").as_uri())
    assert text.split() == other.frame("(page) => page.body.innerText").split()
    other.page.context.close()

    assert [url for url in watched.answered if not url.startswith("file:///tmp")] == []


@pytest.fixture
def trap():
    """An address that nobody should come to, and who came."""
    came = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(0.2)
            try:
                came.append(connection.recv(200))
            except OSError:
                came.append(b"a connection ahead")
            connection.close()

    threading.Thread(target=accept, daemon=True).start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", came
    listener.close()


@pytest.mark.parametrize("is_served", [False, True])
def test_nothing_gets_out(is_served, browser, trap, tmp_path):
    address, came = trap
    hostile = (Path(__file__).parent / "hostile.html").read_text().replace("TRAP", address)
    source = tmp_path / "hostile.html"
    source.write_text(hostile)

    # That the trap works: the page itself, unfiltered.
    plain = browser.new_page()
    plain.goto(source.as_uri(), wait_until="commit")
    plain.wait_for_timeout(1000)
    plain.close()
    assert came, "a page that is opened as it is comes to the trap"
    came.clear()

    rules = ["--no-default-selectors", "-e", ".ads, .modal"]
    watched = Watched(browser)
    page = watched.page
    if is_served:
        with serving(*rules, source) as server:
            opened(page, f"{server}page/0")
            try_all(watched)
            assert_nothing_happened(watched, source, came, server)
            page.goto("about:blank")
    else:
        opened(page, write(tmp_path, "preview.html", *rules, source))
        try_all(watched)
        assert_nothing_happened(watched, source, came, tmp_path.as_uri())
    assert came == []
    page.context.close()


def assert_nothing_happened(watched, source, came, ours):
    page = watched.page
    assert came == []
    strangers = [url for url in watched.answered if not url.startswith((ours, "data:", "about:"))]
    assert strangers == []
    assert page.title() == f"{source} – dehusk preview"
    assert watched.frame("(page) => page.title") == "Nothing of this page may run or fetch"
    inner = watched.frame("(page) => [...page.querySelectorAll('iframe')].map((f) => f.contentDocument?.title ?? '')")
    assert inner == ["", "", ""]
    assert page.frames[1].url == "about:srcdoc"
    assert watched.said == []


def try_all(watched):
    page = watched.page
    page.wait_for_timeout(1000)
    # The same from the keyboard and with the mouse, and with what lies over the page gone.
    page.get_by_role("button", name="Show the clean page").click()
    frame = page.frame_locator("#page")
    for name in ["#link", "#js", "#submit", "text=drawn link", "text=Run", "#link"]:
        frame.locator(name).click(timeout=5000)
        frame.locator(name).click(button="middle")
    frame.locator("#link").press("Enter")
    frame.locator("input[name=a]").press("Enter")
    page.wait_for_timeout(500)
    # A link within the page leads to its place.
    frame.locator("#down").click()
    assert watched.frame("(page) => page.getElementById('end').getBoundingClientRect().top < 800")
    page.get_by_role("button", name="Show the clean page").click()
    page.get_by_role("button", name="Show hidden parts").click()
    page.wait_for_timeout(300)


def test_hidden_parts_and_what_lies_over_the_page(watched, tmp_path):
    page = opened(
        watched.page,
        write(tmp_path, "p.html", "--no-default-selectors", "-e", ".x", input=HIDDEN.encode()),
    )
    items = page.locator("#removals button")
    noted = [" ".join(item.locator(".note").all_inner_texts()) for item in items.all()]
    assert noted == ["not visible", "", "", "not visible", "", ""]

    # A part that is hidden says so; shown, it is there.
    items.nth(0).click()
    assert page.locator("#status").inner_text() == "Not visible on the page."
    page.get_by_role("button", name="Show hidden parts").click()
    assert "not visible" not in items.nth(0).inner_text()
    items.nth(0).click()
    assert page.locator("#status").inner_text() == "Shown on the page."
    text = watched.frame("(page) => page.body.innerText")
    assert "A hidden part." in text
    # What lay over the page stands in it.
    assert watched.frame("(page) => page.defaultView.getComputedStyle(page.querySelector('.over')).position") == "static"

    # The clean page has none of it, whatever is switched on.
    page.get_by_role("button", name="Show the clean page").click()
    assert "hidden part" not in watched.frame("(page) => page.body.innerText")
    page.get_by_role("button", name="Show the clean page").click()

    # The list scrolls to each.
    items.nth(5).click()
    top = watched.frame("(page) => page.getElementById('end').getBoundingClientRect().top")
    assert 0 < top < 800
    assert items.nth(5).get_attribute("aria-current") == "true"


TREES = """<!DOCTYPE html><div><template shadowrootmode=open><style>p { color: green }</style><p class=x>In a shadow tree.</p>
<p>It stays.</p></template></div><b class=x>Bold <p>and in a paragraph</b> and not</p><table><p class=x>Moved.</p><tr><td>Cell</table>
<svg><g class=x><text y=20>Drawn</text></g></svg><a href="#%E0%A4%A">Nowhere</a>"""


def test_trees_that_are_not_as_the_tags_are(watched, tmp_path):
    page = opened(
        watched.page,
        write(tmp_path, "p.html", "--no-default-selectors", "-e", ".x", input=TREES.encode()),
    )
    items = page.locator("#removals button")
    notes = [item.locator(".note").all_inner_texts() for item in items.all()]
    assert notes == [[], ["in 2 places"], [], []]
    frame = page.frame_locator("#page")
    frame.get_by_text("In a shadow tree.").hover()
    assert "-e:1" in page.locator("#tip").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()
    frame.get_by_text("Nowhere").click()
    page.get_by_role("button", name="Show the clean page").click()
    for text in ["In a shadow tree.", "Bold", "and in a paragraph", "Moved.", "Drawn"]:
        assert not frame.get_by_text(text).first.is_visible(), text
    for text in ["It stays.", "and not", "Cell"]:
        assert frame.get_by_text(text).is_visible(), text


def test_the_rule_is_told_at_the_pointer_and_the_focus(watched, tmp_path):
    rules = tmp_path / "mine.sel"
    rules.write_text("[ads]\n.x\n[share]\n.y:max-text-length(2)\n")
    page = opened(
        watched.page,
        write(tmp_path, "p.html", "--no-default-selectors", "-s", rules, input=HIDDEN.replace("class=over", "").encode()),
    )
    tip = page.locator("#tip")
    frame = page.frame_locator("#page")
    assert not tip.is_visible()
    frame.get_by_text("A row.").hover()
    assert f"{rules}:2" in tip.inner_text() and ".x" in tip.inner_text() and "ads" in tip.inner_text()
    frame.get_by_text("Text before.").hover()
    assert not tip.is_visible()

    # What was nearly dropped is outlined faintly, and says what saved it.
    frame.get_by_text("Kept.").hover()
    assert "share, kept: :max-text-length(2) is 5" in tip.inner_text()
    style = watched.frame("(page) => page.defaultView.getComputedStyle(page.querySelector('.y')).outlineStyle")
    assert style == "dashed"
    assert page.locator("#kept button").count() == 1

    # By the focus too, in the list and on the page, and for those who do not see it.
    frame.get_by_text("In a link.").focus()
    assert f"{rules}:2" in tip.inner_text()
    assert page.locator("#status").inner_text() == f"Would go: ads, {rules}, line 2"
    page.locator("#removals button").nth(1).focus()
    assert f"{rules}:2" in tip.inner_text()

    # From the page to the list.
    frame.get_by_text("In a link.").click()
    assert "In a link." in page.locator("#removals button[aria-current]").inner_text()


def test_the_keyboard_reaches_everything(watched, tmp_path):
    page = opened(watched.page, write(tmp_path, "p.html", CORPUS[0]))
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        name = page.evaluate("() => { const e = document.activeElement; return e.id || e.closest('[id]')?.id }")
        reached.append(name)
        if name == "page":
            break
    assert reached[:2] == ["clean", "unfold"]
    assert reached.count("kinds") == page.locator("#kinds button").count()
    assert reached.count("removals") == page.locator("#removals button").count()
    assert reached[-1] == "page"

    clean = page.get_by_role("button", name="Show the clean page")
    clean.press("Space")
    assert clean.get_attribute("aria-pressed") == "true"
    clean.press("Enter")
    assert clean.get_attribute("aria-pressed") == "false"
    switch = page.get_by_role("switch", name="related: 2 elements, 6.7 % of the text")
    switch.press("Space")
    assert not switch.is_checked()
    # What has the focus can be seen.
    width = switch.evaluate("(e) => parseFloat(getComputedStyle(e).outlineWidth)")
    assert width >= 2

    # Landmarks, headings, a frame with a name.
    assert page.get_by_role("complementary", name=CORPUS[0]).count() == 1
    assert page.get_by_role("main").count() == 1
    for heading in ["View", "Kinds", "What goes", "What nearly went"]:
        assert page.get_by_role("heading", name=heading, exact=True).count() == 1
    assert page.get_by_title("The page, with what would go of it marked").count() == 1


CONTRASTS = """() => {
    const parse = (c) => c.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll('#panel *')].filter((e) => e.checkVisibility()
        && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
    return texts.map((e) => {
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
        return [(a + 0.05) / (b + 0.05), e.textContent.trim().slice(0, 40)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_can_be_read(scheme, browser, tmp_path):
    address = write(tmp_path, "p.html", CORPUS[0])
    for width in [1200, 360]:
        watched = Watched(browser, color_scheme=scheme)
        page = watched.page
        page.set_viewport_size({"width": width, "height": 700})
        opened(page, address)
        page.get_by_role("button", name="Show hidden parts").click()
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 20
        assert [c for c in contrasts if c[0] < 4.5] == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        frame = page.locator("#page").bounding_box()
        assert frame["width"] >= 300 and frame["height"] >= 300
        assert watched.said == []
        page.context.close()


def test_edited_rules_show_at_once(watched, tmp_path):
    rules = tmp_path / "mine.sel"
    rules.write_text("[ads]\n.promo\n")
    source = ROOT / "corpus/lemonde.fr/article"
    page = watched.page
    with serving("-s", rules, source) as server:
        page.goto(server)
        page.wait_for_selector("html[data-ready]", state="attached")
        report = report_of("-s", rules, "--site", "lemonde.fr", source / "page.html")
        gone = sum(tally["text"] for tally in report["dropped"].values())
        cells = page.locator("tr[data-page] td")
        assert cells.nth(0).inner_text() == f"{100 * gone / report['text']:.1f}"
        page.get_by_role("link", name="page.html").click()
        page.wait_for_selector("html[data-ready]", state="attached")
        page.get_by_role("switch", name="navigation").click()
        watched.frame("(page) => { page.scrollingElement.scrollTop = 120 }")
        before = page.locator("#sum").inner_text()

        # Another rule: the page is loaded again, where it was and as it was looked at.
        rules.write_text("[ads]\n.promo\nh1\n")
        page.wait_for_selector("#removals button:has-text('digue neuve divise')")
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.locator("#sum").inner_text() != before
        assert not page.get_by_role("switch", name="navigation").is_checked()
        assert watched.frame("(page) => page.scrollingElement.scrollTop") == 120

        # A rule that cannot be read is told, and what was there stays.
        rules.write_text("[ads]\n.promo\nh1:nope(\n")
        page.wait_for_selector("#problem:not([hidden])")
        assert f"{rules}:3:9: :nope" in page.get_by_role("alert").inner_text()
        assert page.locator("#removals button:has-text('digue neuve divise')").count() == 1

        rules.write_text("[ads]\n.promo\n")
        page.wait_for_selector("#problem", state="hidden")
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.locator("#sum").inner_text() == before
        page.get_by_role("link", name="All pages").click()
        page.wait_for_selector("html[data-ready]", state="attached")
        # Before the server goes: who listens to it would say that it has gone.
        page.goto("about:blank")
    strangers = [url for url in watched.answered if not url.startswith((server, "data:"))]
    assert strangers == []
