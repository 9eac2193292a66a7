"""eval/score.py over a data set of three invented pages, in each of the layouts it reads. Needs nothing
but Python: the pages' text is taken with html.parser, the filter is sed."""

import contextlib
import gzip
import io
import json
import sys
import tempfile
import unittest
from argparse import Namespace
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import score

PAGE = "<h1>Rain</h1>\n<p>It rained all day over the bay.</p>\n<nav>Home News Weather</nav>\n"
TEXT = ["Rain", "It rained all day over the bay."]
URL = "https://example.org/it's raining"


def text_of(raw):
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(raw.decode())
    return " ".join(parts)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str):
        content = json.dumps(content)
    raw = content.encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def write_news(root):
    folder = root / "tests/resources/parser/test_data/xx"
    names = ("Bay_2024_01_02.html.gz", "Bay_2025_03_04.html.gz", "Odd_2024_01_02.html.gz")
    write(folder / "meta.info", {name: {"url": f"{URL}/{name}"} for name in names})
    for name in names:
        write(folder / name, PAGE)
    body = {"summary": [], "sections": [{"headline": [], "paragraphs": TEXT[1:]}]}
    other = {"summary": ["Snow"], "sections": [{"headline": ["Hail"], "paragraphs": ["Sleet", " "]}]}
    versions = {"V1_1": {"body": other}, "V1": {"title": "Rain", "body": body}}
    write(folder / "Bay.json", versions)
    # Two versions and one page: nobody can tell which is which.
    write(folder / "Odd.json", versions)


def write_trafilatura(root):
    item = {"with": ["It rained all day"], "without": ["Home News", "all bay"]}
    write(root / "tests/evaldata.json", {URL: {"file": "rain.html", **item}, "x": {"file": "lost.html", **item}})
    write(root / "tests/eval/rain.html", PAGE)


def write_wcxb(root):
    truth = {"main_content": "\n\n".join(TEXT), "with": ["rained all"], "without": ["Home News"]}
    for number, kind in (("0001", {"primary": "category"}), ("0002", "forum")):
        label = {"url": URL, "_internal": {"page_type": kind}, "ground_truth": truth}
        write(root / f"dev/ground-truth/{number}.json", label)
        write(root / f"dev/html/{number}.html.gz", PAGE)


class Score(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for patch in (
            mock.patch.object(score, "dump", text_of),
            mock.patch.dict(score.EXTRACTORS, {name: text_of for name in score.EXTRACTORS}),
            mock.patch.object(score, "HERE", self.root),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def pages(self, name):
        {"news": write_news, "trafilatura": write_trafilatura, "wcxb": write_wcxb}[name](self.root)
        return score.pages_of(name, self.root)

    def test_news_pairs_pages_and_versions(self):
        first, second = self.pages("news")
        self.assertEqual((first.id, second.id), ("Bay_2024_01_02", "Bay_2025_03_04"))
        self.assertEqual(first.text, "\n\n".join(TEXT))
        self.assertEqual(first.wanted, ["Rain", "It rained all day over the"])
        self.assertEqual(second.text, "Snow\n\nHail\n\nSleet")
        self.assertEqual(first.read().decode(), PAGE)

    def test_trafilatura_skips_what_is_not_there(self):
        [page] = self.pages("trafilatura")
        self.assertEqual((page.id, page.url, page.text), ("rain.html", URL, None))

    def test_wcxb_knows_types(self):
        self.assertEqual([page.kind for page in self.pages("wcxb")], ["collection", "forum"])

    def test_only_the_pages_named(self):
        write(self.root / "pages/wcxb.txt", "0002\n0003\n")
        with contextlib.redirect_stderr(io.StringIO()) as told:
            [page] = self.pages("wcxb")
        self.assertEqual(page.id, "0002")
        self.assertIn("1 of 2 pages are not there", told.getvalue())
        self.assertEqual(len(score.pages_of("wcxb", self.root, every=True)), 2)

    def test_figures_of_a_page_with_and_without_a_filter(self):
        page = self.pages("wcxb")[0]
        drop = "sed /nav/d"
        (plain, clean, lossy, bad), errors = score.measure(
            page, [(None, "dump"), (drop, "dump"), ("sed -e /nav/d -e /day/d", "dump"), ("exit 1", "dump")]
        )
        self.assertAlmostEqual(plain["p"], 8 / 11)
        self.assertEqual((plain["r"], plain["kept"], plain["without_vis"]), (1, 1, 0))
        self.assertEqual((clean["f1"], clean["kept"], clean["damaged"]), (1, 1, False))
        self.assertEqual((clean["with_vis"], clean["without_vis"]), (1, 1))
        self.assertAlmostEqual(lossy["kept"], 1 / 8)
        self.assertEqual((lossy["p"], lossy["damaged"], lossy["with_vis"]), (1, True, 0))
        self.assertEqual((bad["f1"], bad["kept"]), (0, 0))
        self.assertEqual(len(errors), 1)

    def test_the_address_is_quoted(self):
        page = self.pages("trafilatura")[0]
        self.assertEqual(score.filtered("printf %s {url}", b"", page.url).decode(), URL)

    def test_trafilaturas_own_figures(self):
        figures, _ = score.measure(self.pages("trafilatura")[0], [(None, "dump")])
        total = score.summary(figures, own=True)
        self.assertEqual((total["p"], total["r"], total["f1"]), (1 / 2, 1, 2 / 3))
        # "all bay" does not show on the page: nothing to drop.
        self.assertEqual((total["with_vis"], total["without_vis"], total["kept"]), (1, 0, None))

    def test_a_text_that_the_page_does_not_show_says_nothing_of_what_is_kept(self):
        page = self.pages("news")[1]
        [figures], _ = score.measure(page, [(None, "dump")])
        self.assertNotIn("kept", figures)
        self.assertEqual(score.summary([figures])["kept"], None)

    def test_the_table_goes_into_a_file(self):
        write_news(self.root)
        write_trafilatura(self.root)
        readme = self.root / "README.md"
        readme.write_text("before\n" + "\nold\n".join(score.MARKS) + "\nafter\n")
        args = Namespace(
            news=self.root, trafilatura=self.root, wcxb=None, dehusk="cat #", every=False, jobs=1, into=readme
        )
        with mock.patch.object(score, "ways_of", lambda _: [("as it is", None, "dump"), ("less", "sed /nav/d", "dump")]):
            score.print_table(args)
        head, rule, plain, less = readme.read_text().split("\n")[2:6]
        self.assertIn("| news (2) F1 | kept | damaged | trafilatura (1) wanted kept |", head)
        self.assertEqual(rule.count("---:"), 6)
        self.assertEqual(less, "| less | .500 | 1.000 | 0 | 1.000 | 1.000 | 1.000 |")
        self.assertEqual(plain.split(" | ")[-2:], [".000", ".667 |"])
        self.assertTrue(readme.read_text().endswith(score.MARKS[1] + "\nafter\n"))


if __name__ == "__main__":
    unittest.main()
