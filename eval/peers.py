#!/usr/bin/env python3
"""How fast dehusk is beside its peers, over the pages of a data set, in turns, by the second of one core.

    peers.py PATH [--set news] [--rounds 9] [--only WORD] [--no-build] [--into docs/scale.md]

PATH is a clone of the set's repository, or its pages in html/, as for eval/score.py. Unless it is told not
to, it first builds the command and examples/passes.rs, and installs the Python module into the Python it
runs in; that should be one with eval/peers-requirements.txt.

All get the same pages, decoded to UTF-8. In each round each way goes over all of them once; the figures are
medians of the rounds, and seconds are those of the processor, whatever else the machine does meanwhile. The libraries get each page from
memory, `dehusk --jsonl` one file with a JSON object a line, which it reads and writes, its start included.
"""

import argparse
import gc
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import score

ROOT = Path(__file__).resolve().parents[1]
MARKS = ("<!-- eval/peers.py -->", "<!-- end of eval/peers.py -->")

# What people take out of news pages before they extract: classes and ids that are common there.
SELECTORS = """
nav footer aside .nav .navbar .navigation .site-navigation .main-navigation .main-nav .nav-menu .menu .sub-menu
.mobile-menu .menu-item .breadcrumb .breadcrumbs .pagination .site-header .page-header .header-top .site-footer
.page-footer .footer__nav .footer__link-list .search-form .searchform .site-search .sidebar .widget .widget-area
.widget_text .share .share-button .share-bar .share-buttons .social .social-share .social-links .social-icons
.social-follow .sharedaddy .addtoany_content .related .related-articles .related-posts .related-content
.read-more .read-also .recommended .recommendations .most-read .popular-posts .trending .teaser .teaser-list
.more-stories .outbrain .OUTBRAIN .taboola .newsletter .newsletter-signup .newsletter-box .newsletter-form
.subscribe .subscribe-btn .subscription .paywall .paywall-box .piano-container .login .login-box .register
.cookie .cookie-banner .cookie-notice .consent .consent-banner .gdpr .cmp-container .ad .ads .advert
.advertisement .ad-container .ad-slot .ad-wrapper .dfp-slot .sponsored .promo .promotion .banner .comments
.comments-area .comment-form .comment-respond .modal .popup .overlay #sidebar #comments
""".split()
THREE = ("nav", "footer", "aside")


# ---- ways over the pages


class Way:
    """Something to do with every page. `passes` does it, and says how many seconds of processor time it took."""

    def __init__(self, name, times=None):
        self.name = name
        self.times = times
        """How many times as fast dehusk means to be."""

    def close(self):
        """Ends what was begun."""


class Library(Way):
    """A Python function on a str."""

    def __init__(self, name, work, times=None):
        super().__init__(name, times)
        self.work = work

    def passes(self, pages):
        work = self.work
        gc.collect()
        begun = time.process_time()
        for page in pages.texts:
            work(page)
        return time.process_time() - begun


class Example(Way):
    """examples/passes.rs, which waits between passes."""

    def __init__(self, name, what, pages, program):
        super().__init__(name)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        self.process = subprocess.Popen([program, what, str(pages.folder)], **pipes)

    def passes(self, pages):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Command(Way):
    """A command over the JSON-lines file."""

    def __init__(self, name, command):
        super().__init__(name)
        self.command = command

    def passes(self, pages):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(pages.lines, "rb") as lines:
            subprocess.run(self.command, stdin=lines, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Pages:
    """The pages: as text, as files of a folder, as JSON lines."""

    def __init__(self, pages, folder):
        self.texts = [score.decode(page.read()).encode("utf-8", "replace").decode() for page in pages]
        self.folder = folder / "html"
        self.folder.mkdir()
        self.lines = folder / "pages.jsonl"
        self.bytes = 0
        with open(self.lines, "w", encoding="utf-8") as lines:
            for page, text in zip(pages, self.texts):
                raw = text.encode()
                self.bytes += len(raw)
                (self.folder / f"{page.id}.html").write_bytes(raw)
                lines.write(json.dumps({"id": page.id, "html": text}, ensure_ascii=False) + "\n")


def selectolax_ways():
    from selectolax.lexbor import LexborHTMLParser

    together = ", ".join(SELECTORS)

    def parse(page):
        LexborHTMLParser(page)

    # Backwards: what is inside goes before what is around it. And nothing twice.
    def one_by_one(page):
        tree = LexborHTMLParser(page)
        for selector in SELECTORS:
            for node in reversed(tree.css(selector)):
                node.decompose()
        return tree.html

    def as_a_list(page):
        tree = LexborHTMLParser(page)
        for node in {node.mem_id: node for node in reversed(tree.css(together))}.values():
            node.decompose()
        return tree.html

    yield Library("selectolax, parsing alone", parse)
    yield Library("selectolax, 100 selectors, one after the other", one_by_one, times=2.5)
    yield Library("selectolax, the same as one list", as_a_list)


def resiliparse_ways():
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    def three_selectors(page):
        tree = HTMLTree.parse(page)
        for selector in THREE:
            for element in reversed(list(tree.document.query_selector_all(selector))):
                element.decompose()
        return str(tree)

    yield Library("resiliparse, three selectors", three_selectors)
    yield Library(
        "resiliparse, main content", lambda page: extract_plain_text(page, main_content=True), times=1.2
    )


def readability_ways():
    from readability import Document

    yield Library("readability-lxml", lambda page: Document(page).summary())


def trafilatura_ways():
    from trafilatura import extract

    yield Library("trafilatura", extract, times=18)


def dehusk_ways(pages, command):
    import dehusk

    # The first is the one that the others are compared with.
    yield Library("**dehusk**, the Python module", dehusk.clean)
    passes = ROOT / "target/release/examples/passes"
    if passes.exists():
        yield Example("**dehusk**, the library from Rust", "dehusk", pages, passes)
    help_text = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    if "--jsonl" in help_text:
        yield Command("**dehusk** `--jsonl -j1`", [command, "--no-config", "--jsonl", "-j1", "--quiet"])
    else:
        print(f"{command} has no --jsonl; left out", file=sys.stderr)
    if passes.exists():
        yield Example("lol_html, one `*` handler", "lol_html", pages, passes)


def ways_of(pages, command):
    yield from dehusk_ways(pages, command)
    for peer in (selectolax_ways, resiliparse_ways, readability_ways, trafilatura_ways):
        try:
            yield from peer()
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)


# ---- the rounds, and what is printed


def measure(pages, ways, rounds):
    """The seconds of each way, a list for each."""
    for way in ways:
        way.passes(pages)  # what is only done once: imports, rules, caches
    seconds = [[] for _ in ways]
    for number in range(rounds):
        for way, of_way in zip(ways, seconds):
            of_way.append(way.passes(pages))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return seconds


def table(pages, ways, seconds):
    """The table's lines. How many times as fast the first way is, is the median of the rounds."""
    rows = [("", "MB/s", "pages/s", "the module is", "aim"), ("---",) + ("---:",) * 4]
    for way, of_way in zip(ways, seconds):
        took = statistics.median(of_way)
        times = statistics.median(other / own for own, other in zip(seconds[0], of_way))
        rows.append((
            way.name,
            amount(pages.bytes / took / 1e6),
            amount(len(pages.texts) / took),
            "" if way is ways[0] else f"{times:.2f} ×",
            f"{way.times} ×" if way.times else "",
        ))
    return ["| " + " | ".join(row) + " |" for row in rows]


def amount(value):
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def circumstances(pages, rounds):
    """What the figures are about, in a sentence."""
    names = ("selectolax", "resiliparse", "readability-lxml", "trafilatura", "lxml")
    with_versions = []
    for name in names:
        try:
            with_versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            pass
    return (
        f"{len(pages.texts)} pages, {pages.bytes / 1e6:.1f} MB, medians of {rounds} rounds, seconds of one core of "
        f"{processor()}; Python {platform.python_version()}, {', '.join(with_versions)}."
    )


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}"


def build():
    cargo = ["cargo", "build", "--release", "--locked", "--bin", "dehusk", "--example", "passes"]
    subprocess.run(cargo, cwd=ROOT, check=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--force-reinstall"]
    subprocess.run([*pip, "--no-deps", str(ROOT / "python")], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--set", choices=score.SETS, default="news")
    parser.add_argument("--every", action="store_true", help="every page, not only those of eval/pages/")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", help="the module, and the ways with this in their names")
    parser.add_argument("--no-build", action="store_true", help="take what is built and installed")
    parser.add_argument("--dehusk", default=str(ROOT / "target/release/dehusk"), help="the binary")
    parser.add_argument("--into", type=Path, help="put the table into this file, in the place of the last one")
    args = parser.parse_args()
    if not args.no_build:
        build()
    with tempfile.TemporaryDirectory() as folder:
        pages = Pages(score.pages_of(args.set, args.path, args.every), Path(folder))
        ways = list(ways_of(pages, args.dehusk))
        ways = [way for i, way in enumerate(ways) if not i or (args.only or "") in way.name]
        try:
            seconds = measure(pages, ways, args.rounds)
        finally:
            for way in ways:
                way.close()
        lines = [*table(pages, ways, seconds), "", circumstances(pages, args.rounds)]
    if args.into:
        score.put_between(MARKS, lines, args.into)
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
