#!/usr/bin/env python3
"""What a crawl costs: dehusk over WARC files and JSON lines of real pages, by the second of one core, and from
that on paper a snapshot of Common Crawl.

    scale.py [--news PATH] [--trafilatura PATH] [--wcxb PATH] [--rounds 5] [--no-build] [--into docs/scale.md]

PATH is a clone of a set's repository, or its pages in html/, as for eval/score.py. Unless it is told not to, it
first builds the command and examples/passes.rs. It wants gzip, as Debian has it.

The ways take turns. Seconds are those of the processor, of all threads and with what the system does for
them, medians of the rounds; only what several cores are about is timed by the clock, the best round of each.
"""

import argparse
import gzip
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers
import score

MARKS = ("<!-- eval/scale.py -->", "<!-- end of eval/scale.py -->")

# A snapshot of Common Crawl: pages, and bytes of its WARC files.
SNAPSHOT_PAGES = 2.6e9
SNAPSHOT_BYTES = 90 * 2**40
# Bytes a second of a network of 10 Gbit/s.
NETWORK = 10e9 / 8

TINY = 1_000_000
# Fewer of them as files.
TINY_FILES = 20_000
# So often the pages stand in the file that several cores share: the start counts for little.
REPEATS = 8


class Took:
    """How long a command took: seconds of processors, seconds of the clock."""

    def __init__(self, command, stdin=None):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        with open(stdin or "/dev/null", "rb") as file:
            subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=True)
        self.clock = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turns(ways, rounds):
    """What each way took in each round; a way is something to call."""
    for way in ways:
        way()
    took = [[] for _ in ways]
    for number in range(rounds):
        for way, of_way in zip(ways, took):
            of_way.append(way())
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return took


def processor(took):
    return statistics.median(one.processor for one in took)


class Pages:
    """Pages of some sets: as WARC file, as JSON lines, as files."""

    def __init__(self, pages, folder):
        self.count = len(pages)
        self.bytes = 0
        self.warc = folder / "pages.warc.gz"
        self.lines = folder / "pages.jsonl"
        self.folder = folder / "pages"
        self.folder.mkdir()
        with open(self.warc, "wb") as warc, open(self.lines, "w", encoding="utf-8") as lines:
            for i, page in enumerate(pages):
                raw = page.read()
                self.bytes += len(raw)
                # As crawlers do it: a member a record.
                warc.write(gzip.compress(record(i, page.url, raw), 6))
                text = score.decode(raw).encode("utf-8", "replace").decode()
                (self.folder / f"{i:06}.html").write_text(text, encoding="utf-8", newline="")
                lines.write(json.dumps({"html": text}, ensure_ascii=False) + "\n")
        self.compressed = self.warc.stat().st_size


def record(i, url, html):
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\n\r\n".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{i:012}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http) + len(html)}\r\n\r\n"
    )
    return head.encode() + http + html + b"\r\n\r\n"


def table(titles, rows):
    lines = [titles, ["---"] + ["---:"] * (len(titles) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def amount(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


# ---- WARC files, and a snapshot of them


def warc(pages, dehusk, folder, rounds):
    plain, clean = folder / "pages.warc", folder / "clean.warc"
    plain.write_bytes(gzip.decompress(pages.warc.read_bytes()))
    command = [dehusk, "--no-config", "--warc", "-j1", "--quiet"]

    def cleans(source, target):
        return lambda: Took([*command, source, "-o", folder / target])

    ways = [
        ("`gzip -dc`, for comparison", lambda: Took(["gzip", "-dc", pages.warc])),
        ("`gzip -c` of the clean file, for comparison", lambda: Took(["gzip", "-c", clean])),
        ("`dehusk --warc`, plain to plain", cleans(plain, "clean.warc")),
        ("`dehusk --warc`, `.gz` to plain", cleans(pages.warc, "clean.warc")),
        ("`dehusk --warc`, `.gz` to `.zst`", cleans(pages.warc, "clean.warc.zst")),
        ("**`dehusk --warc`, `.gz` to `.gz`**", cleans(pages.warc, "clean.warc.gz")),
    ]
    ways[2][1]()  # what gzip compresses
    took = [processor(of_way) for of_way in in_turns([way for _, way in ways], rounds)]
    rows, costs = [], []
    for (name, _), seconds in zip(ways, took):
        speed = pages.compressed / seconds
        rows.append([
            name,
            amount(pages.count / seconds),
            amount(pages.bytes / seconds / 1e6),
            amount(speed / 1e6),
        ])
        costs.append([
            name,
            amount(SNAPSHOT_PAGES * seconds / pages.count / 3600),
            amount(SNAPSHOT_BYTES / speed / 3600),
            amount(NETWORK / speed),
        ])
    whole, of_clean = (folder / "clean.warc.gz").stat().st_size, clean.stat().st_size
    yield (
        f"{pages.count} pages, {pages.bytes / 1e6:.1f} MB, as WARC records {pages.compressed / 1e6:.1f} MB with "
        f"gzip ({pages.compressed / pages.count / 1e3:.0f} kB a page); clean {of_clean / 1e6:.1f} MB, with gzip "
        f"{whole / 1e6:.1f} MB. Seconds of one core of {peers.processor()}, medians of {rounds} rounds."
    )
    yield ""
    yield from table(["", "pages/s", "MB/s of pages", "MB/s of `.warc.gz`"], rows)
    yield (
        f"A snapshot of {SNAPSHOT_PAGES / 1e9} billion pages, {SNAPSHOT_BYTES / 2**40:.0f} TiB of `.warc.gz` "
        f"({SNAPSHOT_BYTES / SNAPSHOT_PAGES / 1e3:.0f} kB a page), in hours of such a core, and how many of them "
        f"read as much as a network of 10 Gbit/s brings:"
    )
    yield ""
    yield from table(["", "core-hours, by pages", "core-hours, by bytes", "cores for 10 Gbit/s"], costs)
    hours = SNAPSHOT_BYTES / NETWORK / 3600
    yield f"To bring {SNAPSHOT_BYTES / 2**40:.0f} TiB at 10 Gbit/s takes {hours:.0f} hours."
    yield ""


# ---- one thread and the library, two threads and one


def threads(pages, dehusk, passes, folder, rounds):
    """JSON lines and files beside the library, all of which read what the pages say as UTF-8."""
    many = folder / "many.jsonl"
    many.write_bytes(pages.lines.read_bytes() * REPEATS)
    command = [dehusk, "--no-config", "--quiet"]
    library = peers.Example("", "dehusk", pages, passes)

    def of_library():
        took = library.passes(pages)
        return sum(library.passes(pages) for _ in range(REPEATS - 1)) + took

    def of_lines(jobs):
        return lambda: Took([*command, "--jsonl", f"-j{jobs}", many])

    ways = [of_library, of_lines(1), of_lines(2)]
    try:
        by_library, one, two = in_turns(ways, rounds)
    finally:
        library.close()
    begin = processor(in_turns([lambda: Took([*command, "--jsonl", "-j1"])], rounds)[0])
    took = [statistics.median(by_library), processor(one), processor(two)]
    clocks = [None, min(t.clock for t in one), min(t.clock for t in two)]
    names = ["the library, from memory to memory", "`dehusk --jsonl -j1`", "`dehusk --jsonl -j2`"]
    rows = []
    for name, seconds, clock in zip(names, took, clocks):
        speed = amount(REPEATS * pages.bytes / seconds / 1e6)
        by_clock = [f"{clock:.2f}", f"{clocks[1] / clock:.2f} ×"] if clock else ["", ""]
        rows.append([name, f"{seconds:.2f}", speed, *by_clock])
    yield (
        f"The same pages {REPEATS} times, {REPEATS * pages.bytes / 1e6:.0f} MB. Of the processor's time medians, of "
        f"the clock's the best of {rounds} rounds. Of the command's {begin * 1000:.0f} ms are its start."
    )
    yield ""
    yield from table(["", "s of cores", "MB/s of a core", "s by the clock", "beside `-j1`"], rows)


# ---- what a record costs


def records(dehusk, passes, folder, rounds):
    page = "<p>A page of hardly anything.</p>"
    tiny = folder / "tiny.jsonl"
    tiny.write_text(TINY * (json.dumps({"id": 1, "html": page, "url": None}) + "\n"))
    few = Files(folder / "tiny")
    for i in range(TINY_FILES):
        (few.folder / f"{i}.html").write_text(page)
    command = [dehusk, "--no-config", "--quiet", "--jsonl", "-j1"]
    library = peers.Example("", "dehusk", few, passes)
    ways = [lambda: library.passes(few), lambda: Took(command, tiny), lambda: Took(command)]
    try:
        by_library, by_lines, begin = in_turns(ways, rounds)
    finally:
        library.close()
    in_filter = statistics.median(by_library) / TINY_FILES * 1e6
    begin = processor(begin)
    in_all = (processor(by_lines) - begin) / TINY * 1e6
    yield (
        f"{TINY:,} records `{page}` through `dehusk --jsonl -j1`: {in_all:.2f} microseconds each, of which the filter "
        f"takes {in_filter:.2f} by itself; what is left, {in_all - in_filter:.2f}, is what a record costs. The start "
        f"({begin * 1000:.0f} ms) does not count."
    )


class Files:
    """Pages in a folder, for examples/passes.rs."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()


def build():
    cargo = ["cargo", "build", "--release", "--locked", "--bin", "dehusk", "--example", "passes"]
    subprocess.run(cargo, cwd=peers.ROOT, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in score.SETS:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-build", action="store_true", help="take what is built")
    parser.add_argument("--dehusk", default=str(peers.ROOT / "target/release/dehusk"), help="the binary")
    parser.add_argument("--passes", default=str(peers.ROOT / "target/release/examples/passes"), help="the example")
    parser.add_argument("--into", type=Path, help="put the figures into this file, in the place of the last ones")
    args = parser.parse_args()
    sets = [(name, getattr(args, name)) for name in score.SETS if getattr(args, name)]
    if not sets:
        parser.error(f"the pages of a set are wanted: --{' or --'.join(score.SETS)}")
    if not args.no_build:
        build()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pages = Pages([page for name, path in sets for page in score.pages_of(name, path)], folder)
        lines = [
            *warc(pages, args.dehusk, folder, args.rounds),
            *threads(pages, args.dehusk, args.passes, folder, args.rounds),
            *records(args.dehusk, args.passes, folder, args.rounds),
        ]
    if args.into:
        score.put_between(MARKS, lines, args.into)
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
