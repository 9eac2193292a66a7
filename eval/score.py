#!/usr/bin/env python3
"""How much husk a filter takes off real pages, and how much text it costs.

    score.py score news|trafilatura|wcxb PATH [--filter COMMAND] [--then EXTRACTOR]
    score.py table [--news PATH] [--trafilatura PATH] [--wcxb PATH] [--into README.md]

PATH is a clone of the data set's repository; eval/README.md says where to get them. COMMAND reads a
page on standard input and writes HTML; {url} in it is the page's address. What comes out is turned
into plain text (`dump`), or handed to an extractor.

The columns, each the mean over the pages:

    p, r, f1     precision, recall and F1 of the words against those of the page's main text
    kept         of the main text's words that the unfiltered page shows, the share still there
    damaged      pages that lost more than 1 % of them (a count)
    with_vis     of the snippets that belong to the text and show without the filter, those still there
    without_vis  of the snippets that do not and show without the filter, those gone

For trafilatura's pages also the precision, recall and F1 of its own evaluation: all snippets counted
together, case and all.
"""

import argparse
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
TIMEOUT = 60  # seconds a page
DAMAGED = 0.99
SHOWN = 0.5  # of a text's words; of a text that the page shows less of nothing can be said

LANDMARKS = (
    "nav, aside, footer, header:not(article *, main *), [role=navigation], [role=banner], "
    "[role=contentinfo], [role=complementary], [role=search]"
)


@dataclass
class Page:
    """A page, and what is known of its text: the whole of it, or snippets that do and do not belong."""

    id: str
    url: str
    path: Path
    kind: str = ""
    text: str | None = None
    wanted: list = field(default_factory=list)
    unwanted: list = field(default_factory=list)

    def read(self):
        raw = self.path.read_bytes()
        return gzip.decompress(raw) if self.path.suffix == ".gz" else raw


# ---- the data sets, as their repositories lay them out, or with their pages in html/


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def existing(*paths):
    return next((path for path in paths if path.exists()), None)


def wcxb(root):
    """The pages of `dev/`, each with its main text and a few snippets."""
    base = root / "dev" if (root / "dev").is_dir() else root
    for label in sorted((base / "ground-truth").glob("*.json")):
        page = load(label)
        path = existing(*(base / "html" / f"{label.stem}.html{end}" for end in (".gz", "")))
        if path is None:
            continue
        truth = page["ground_truth"]
        kind = (page.get("_internal") or {}).get("page_type") or "article"
        kind = kind.get("primary", "article") if isinstance(kind, dict) else kind
        yield Page(
            id=label.stem,
            url=page.get("url") or "",
            path=path,
            kind={"category": "collection"}.get(kind, kind),
            text=truth.get("main_content") or "",
            wanted=truth.get("with") or [],
            unwanted=truth.get("without") or [],
        )


def trafilatura(root):
    """The pages of trafilatura's evaluation: up to six snippets that belong, up to six that do not."""
    base = root / "tests" if (root / "tests").is_dir() else root
    for url, item in load(base / "evaldata.json").items():
        path = existing(*(base / folder / item["file"] for folder in ("cache", "eval", "html")))
        if path is not None:
            yield Page(item["file"], url, path, wanted=item["with"], unwanted=item["without"])


def news(root):
    """The articles that fundus tests its parsers with, and what it makes of them."""
    data = root / "tests" / "resources" / "parser" / "test_data"
    if not data.is_dir():
        for item in load(root / "articles.json"):
            yield article(item["id"], item["url"], root / "html" / f"{item['id']}.html", item["paragraphs"])
        return
    for info in sorted(data.glob("*/meta.info")):
        of_publisher = {}
        for name, meta in sorted(load(info).items()):
            of_publisher.setdefault(name.split("_", 1)[0], []).append((name, meta["url"]))
        for publisher, pages in of_publisher.items():
            labels = info.parent / f"{publisher}.json"
            versions = load(labels) if labels.exists() else {}
            # One page for each version of the parser, the oldest first.
            versions = [versions[key] for key in sorted(versions, key=version)]
            if len(versions) == len(pages):
                for (name, url), extraction in zip(pages, versions):
                    path = info.parent / name
                    if path.exists() and extraction.get("body"):
                        yield article(name.removesuffix(".html.gz"), url, path, paragraphs(extraction))


def version(key):
    """V1 before V1_1 before V2."""
    return [int(number) for number in re.findall(r"\d+", key)]


def paragraphs(extraction):
    """Headline, summary, and the sections with theirs."""
    body = extraction["body"]
    parts = [extraction.get("title"), *body.get("summary", [])]
    for section in body.get("sections", []):
        parts += [*section.get("headline", []), *section.get("paragraphs", [])]
    return [part for part in parts if part and part.strip()]


def article(name, url, path, parts):
    return Page(name, url, path, text="\n\n".join(parts), wanted=[" ".join(p.split()[:6]) for p in parts])


SETS = {"news": news, "trafilatura": trafilatura, "wcxb": wcxb}


def pages_of(name, root, every=False):
    """The pages of a set; of those named in eval/pages/NAME.txt only these, unless `every` is wanted."""
    pages = list(SETS[name](Path(root)))
    names = HERE / "pages" / f"{name}.txt"
    if names.exists() and not every:
        wanted = set(names.read_text(encoding="utf-8").splitlines())
        pages = [page for page in pages if page.id in wanted]
        if len(pages) < len(wanted):
            print(f"{name}: {len(wanted) - len(pages)} of {len(wanted)} pages are not there", file=sys.stderr)
    return pages


# ---- from bytes to text


def decode(raw):
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        from resiliparse.parse.encoding import bytes_to_str, detect_encoding

        return bytes_to_str(raw, detect_encoding(raw, from_html_meta=True))


def with_resiliparse(html, main_content):
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(
        html, preserve_formatting=True, main_content=main_content, list_bullets=False, alt_texts=False,
        links=False, form_fields=False, noscript=False,
    )


def dump(raw):
    """All text of a page, as it shows."""
    html = decode(raw)
    return with_resiliparse(html, main_content=False) if html.strip() else ""


def by_trafilatura(raw):
    from trafilatura import extract

    return extract(raw, include_comments=False) or ""


def by_readability(raw):
    from readability import Document

    return dump(Document(decode(raw)).summary().encode("utf-8", "replace"))


def by_resiliparse(raw):
    return with_resiliparse(decode(raw), main_content=True)


EXTRACTORS = {
    "dump": dump,
    "trafilatura": by_trafilatura,
    "readability": by_readability,
    "resiliparse": by_resiliparse,
}


def filtered(command, raw, url):
    """What the filter makes of a page. dehusk says with status 3 that it passed a page on unfiltered."""
    if command is None:
        return raw
    command = command.replace("{url}", shlex.quote(url))
    run = subprocess.run(command, shell=True, input=raw, capture_output=True, timeout=TIMEOUT)
    if run.returncode not in (0, 3):
        raise RuntimeError(f"{command}: status {run.returncode}: {run.stderr[:200]!r}")
    return run.stdout


# ---- what the text is worth


def words(text):
    return Counter(re.findall(r"\w+", text.lower()))


def folded(text):
    return re.sub(r"\s+", " ", text).strip()


def judge(page, text, unfiltered):
    """A page's figures; None where there is nothing to measure."""
    figures = {}
    if page.text is not None:
        truth, got, shown = words(page.text), words(text), words(unfiltered)
        there, overlap = (truth & shown).total(), (truth & got).total()
        if not truth or not got:
            p = r = float(not truth and not got)
        else:
            p, r = overlap / got.total(), overlap / truth.total()
        figures.update(p=p, r=r, f1=2 * p * r / (p + r) if p + r else 0.0)
        if there and there >= SHOWN * truth.total():
            figures["kept"] = overlap / there
            figures["damaged"] = figures["kept"] < DAMAGED
    exact, lower, lower_unfiltered = folded(text), folded(text).lower(), folded(unfiltered).lower()
    for name, snippets, there in (("with_vis", page.wanted, True), ("without_vis", page.unwanted, False)):
        snippets = [folded(s) for s in snippets if isinstance(s, str) and s.strip()]
        right = [(s.lower() in lower) == there for s in snippets if s.lower() in lower_unfiltered]
        if right:
            figures[name] = sum(right) / len(right)
        found = sum(s in exact for s in snippets)
        figures["tp" if there else "fp"] = found
        if there:
            figures["fn"] = len(snippets) - found
    return figures


def summary(figures, own=False):
    """The means over pages; `own`: trafilatura's own figures too."""
    total = {"n": len(figures), "damaged": sum(f.get("damaged", False) for f in figures)}
    for name in ("p", "r", "f1", "kept", "with_vis", "without_vis"):
        values = [f[name] for f in figures if name in f]
        total[name] = sum(values) / len(values) if values else None
    if own:
        tp, fp, fn = (sum(f[name] for f in figures) for name in ("tp", "fp", "fn"))
        total["p"] = tp / (tp + fp) if tp + fp else 0.0
        total["r"] = tp / (tp + fn) if tp + fn else 0.0
        total["f1"] = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0.0
    return total


def measure(page, ways):
    """The figures of a page for each of some ways: pairs of a filter (or None) and an extractor."""
    raw = page.read()
    unfiltered = dump(raw)
    outputs, figures, errors = {}, [], []
    for command, extractor in ways:
        try:
            if command not in outputs:
                outputs[command] = filtered(command, raw, page.url)
            output = outputs[command]
            text = EXTRACTORS[extractor](output) if output.strip() else ""
        except Exception as error:  # whatever an extractor throws: the page counts as empty
            text = ""
            errors.append(f"{page.id}: {extractor}: {type(error).__name__}: {error}")
        figures.append(judge(page, text, unfiltered))
    return figures, errors


def run(pages, ways, jobs):
    """The figures of all pages, a list for each way."""
    import logging

    logging.disable(logging.CRITICAL)
    columns = [[] for _ in ways]
    with ProcessPoolExecutor(jobs) as pool:
        parallel = partial(pool.map, chunksize=4) if jobs > 1 else map
        for figures, errors in parallel(partial(measure, ways=ways), pages):
            for error in errors:
                print(error, file=sys.stderr)
            for column, figure in zip(columns, figures):
                column.append(figure)
    return columns


# ---- what is printed


def shown(value):
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def print_score(args):
    pages = pages_of(args.set, args.path, args.every)
    if args.ids:
        pages = [page for page in pages if page.id in args.ids.split(",")]
    if args.type:
        pages = [page for page in pages if page.kind in args.type.split(",")]
    [figures] = run(pages, [(args.filter, args.then)], args.jobs)
    columns = ["n", "p", "r", "f1", "kept", "damaged", "with_vis", "without_vis"]
    print(f"{'':<14}" + " ".join(f"{name:>11}" for name in columns))
    rows = {"all": figures}
    for kind in sorted({page.kind for page in pages} - {""}):
        rows[kind] = [f for f, page in zip(figures, pages) if page.kind == kind]
    for name, of_kind in rows.items():
        total = summary(of_kind, own=args.set == "trafilatura")
        print(f"{name:<14}" + " ".join(f"{shown(total[c]):>11}" for c in columns))


# The sets' columns in the table.
COLUMNS = {
    "news": [("F1", "f1"), ("kept", "kept"), ("damaged", "damaged")],
    "trafilatura": [("wanted kept", "with_vis"), ("unwanted gone", "without_vis"), ("F1", "f1")],
    "wcxb": [("F1", "f1"), ("kept", "kept")],
}


def ways_of(dehusk):
    """The rows of the table: what they are called, filter, extractor."""
    dehusk = shlex.quote(dehusk)
    clean = f"{dehusk} --no-config --url {{url}}"
    landmarks = f"{dehusk} --no-config --no-default-selectors -e {shlex.quote(LANDMARKS)}"
    yield "the page as it is", None, "dump"
    yield "less its landmarks", landmarks, "dump"
    yield "**dehusk**", clean, "dump"
    yield "**dehusk --drop all**", f"{clean} --drop all", "dump"
    for extractor in ("trafilatura", "readability", "resiliparse"):
        yield extractor, None, extractor
        yield f"**dehusk**, then {extractor}", clean, extractor


def table(args):
    """The table's lines."""
    sets = {name: getattr(args, name) for name in COLUMNS if getattr(args, name)}
    names, *ways = zip(*ways_of(args.dehusk))
    cells = [[name] for name in names]
    heads = [""]
    for name, path in sets.items():
        pages = pages_of(name, path, args.every)
        heads += [f"{name} ({len(pages)}) {head}" if not i else head for i, (head, _) in enumerate(COLUMNS[name])]
        for cell, figures in zip(cells, run(pages, list(zip(*ways)), args.jobs)):
            total = summary(figures, own=name == "trafilatura")
            cell += [shown(total[key]).removeprefix("0") or "0" for _, key in COLUMNS[name]]
    rows = (heads, ["---"] + ["---:"] * (len(heads) - 1), *cells)
    return ["| " + " | ".join(row) + " |" for row in rows]


MARKS = ("<!-- eval/score.py table -->", "<!-- end of the table -->")


def put_between(marks, lines, path):
    """Puts lines into a file, in the place of those between the marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        sys.exit(f"{path} has no lines {marks[0]} and {marks[1]}")
    lines = "\n".join(lines)
    path.write_text(f"{before}{marks[0]}\n{lines}\n{marks[1]}{after}", encoding="utf-8")


def print_table(args):
    lines = table(args)
    if args.into is None:
        print("\n".join(lines))
    else:
        put_between(MARKS, lines, args.into)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    score = commands.add_parser("score", help="one filter on one set")
    score.add_argument("set", choices=SETS)
    score.add_argument("path", type=Path)
    score.add_argument("--filter", help="none, if it is not said")
    score.add_argument("--then", choices=EXTRACTORS, default="dump")
    score.add_argument("--ids", help="only these pages, comma separated")
    score.add_argument("--type", help="only these types of page (wcxb), comma separated")
    score.set_defaults(do=print_score)
    rows = commands.add_parser("table", help="the table of README.md, in Markdown")
    for name in COLUMNS:
        rows.add_argument(f"--{name}", type=Path)
    rows.add_argument("--dehusk", default="dehusk", help="the binary; the one on the PATH, if it is not said")
    rows.add_argument("--into", type=Path, help="put the table into this file, in the place of the last one")
    rows.set_defaults(do=print_table)
    for command in (score, rows):
        command.add_argument("--every", action="store_true", help="every page, not only those of eval/pages/")
        command.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
