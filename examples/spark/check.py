#!/usr/bin/env python3
"""Runs clean.py in Spark's local mode over records made from corpus/, and compares each with what the command
makes of the page by itself.

    check.py [--records 20000] [--dehusk target/release/dehusk]

Parquet, JSON lines and WARC files; bad rows and bad lines among them; and jobs that have to fail. It says
what it has seen, or ends with what is wrong.
"""

import argparse
import datetime
import decimal
import gzip
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SPARK = Path(pyspark.__file__).parent / "bin/spark-submit"

# Lines that are no records; they pass.
BAD = [b"no JSON", b'{"url": "https://example.com/"}', b'{"html": null}', b"", b'{"html": "%PDF-1.7"}\r', b"\xff"]
# Pages that are none; they pass.
NO_PAGES = [None, "", "%PDF-1.7"]


class Page:
    """A page of the corpus, and what the command makes of it."""

    def __init__(self, path, dehusk):
        self.html = path.read_text(encoding="utf-8")
        host, case = path.parent.parts[-2:]
        self.url = f"https://{host}/{case}"
        command = [dehusk, "--no-config", "--url", self.url, "--encoding", "utf-8"]
        done = subprocess.run(command, input=self.html.encode(), stdout=subprocess.PIPE, check=True)
        self.clean = done.stdout.decode()


def pages_of(dehusk):
    pages = []
    for path in sorted(ROOT.glob("corpus/*/*/page.html")):
        try:
            pages.append(Page(path, dehusk))
        except UnicodeDecodeError:
            pass  # a string of JSON is text, and this is another encoding
    assert len(pages) > 100, "no corpus"
    assert any(page.html != page.clean for page in pages)
    return pages


def check(right, what):
    if not right:
        sys.exit(f"wrong: {what}")


class Spark:
    """Jobs with clean.py, in local mode with two cores."""

    def __init__(self, dehusk, folder):
        self.dehusk = dehusk
        self.folder = folder

    def run(self, *args, flags=()):
        """Whether it ended well, and what it said."""
        command = [SPARK, "--master", "local[2]", "--driver-memory", "2g", "--files", self.dehusk]
        command += ["--conf", "spark.ui.enabled=false", "--conf", f"spark.local.dir={self.folder}/spark"]
        command += [HERE / "clean.py", "--dehusk", self.dehusk.name, *args, "--", "--no-config", *flags]
        environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        environment.pop("SPARK_HOME", None)
        begun = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
        self.seconds = time.monotonic() - begun
        said = "".join(line for line in (done.stdout + done.stderr).splitlines(True) if is_news(line))
        return done.returncode == 0, said

    def well(self, *args):
        well, said = self.run(*args)
        check(well, f"{args[0]} failed:\n{said[-5000:]}")
        return said


def is_news(line):
    """Whether a line of Spark's is about this job: neither where in Spark it happened nor what goes well."""
    return not line.startswith("\tat ") and " INFO " not in line


# ---- the checks


def jsonl(spark, folder, pages, count):
    source, target = folder / "pages.jsonl", folder / "clean.jsonl"
    bad = 0
    with open(source, "wb") as lines:
        for i in range(count):
            if i % 1000 == 77:
                lines.write(BAD[bad % len(BAD)] + b"\n")
                bad += 1
            else:
                lines.write(as_line(i, pages[i % len(pages)], "html") + b"\n")
    spark.well("jsonl", source, target)
    parts = sorted(target.glob("part-*"))
    check(len(parts) > 1 or count < 10000, "JSON lines: one partition")
    cleaned = b"".join(part.read_bytes() for part in parts).split(b"\n")
    check(cleaned.pop() == b"" and len(cleaned) == count, f"JSON lines: {len(cleaned)} of {count}")
    bad = 0
    for i, line in enumerate(cleaned):
        if i % 1000 == 77:
            check(line == BAD[bad % len(BAD)], f"JSON lines: line {i + 1}, which is bad, became {line}")
            bad += 1
        else:
            expected = as_line(i, pages[i % len(pages)], "clean")
            check(json.loads(line) == json.loads(expected), f"JSON lines: line {i + 1}")
            check(line == expected, f"JSON lines: line {i + 1} is written otherwise")
    # All of it at once, by the command alone.
    plain = subprocess.run(
        [spark.dehusk, "--no-config", "--jsonl", source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    check(plain.returncode == 3 and plain.stdout.split(b"\n")[:-1] == cleaned, "JSON lines: other than the command's")
    report("JSON lines", spark, f"{count} lines, {bad} of them bad, in {len(parts)} partitions")


def as_line(i, page, which):
    record = {"id": i, "url": page.url, "html": getattr(page, which), "more": [1.50, {"html": "<nav>"}]}
    return json.dumps(record, ensure_ascii=i % 2 == 0).encode()


def parquet(spark, folder, pages, count):
    source, target = folder / "pages.parquet", folder / "clean.parquet"
    table = table_of(count, [page_of(i, pages, "html") for i in range(count)], pages)
    source.mkdir()
    half = count // 2
    for number, part in enumerate((table.slice(0, half), table.slice(half))):
        pq.write_table(part, source / f"{number}.parquet", row_group_size=2000)
    spark.well("parquet", source, target, "--html-field", "page", "--url-field", "address")
    cleaned = pq.read_table(target)
    check(cleaned.column_names == table.column_names, f"Parquet: columns {cleaned.column_names}")
    cleaned = cleaned.sort_by("id")
    expected = table_of(count, [page_of(i, pages, "clean") for i in range(count)], pages)
    check(cleaned.num_rows == count, f"Parquet: {cleaned.num_rows} of {count} rows")
    for name in table.column_names:
        rows = zip(expected.column(name).to_pylist(), cleaned.column(name).to_pylist())
        for row, (wanted, got) in enumerate(rows):
            check(wanted == got, f"Parquet: column {name} of row {row}: {got!r:.500}")
    files = len(list(target.glob("part-*")))
    report("Parquet", spark, f"{count} rows, {len(table.column_names)} columns, in {files} partitions")


def page_of(i, pages, which):
    if i % 1000 == 77:
        return NO_PAGES[i // 1000 % len(NO_PAGES)]
    return getattr(pages[i % len(pages)], which)


def table_of(count, html, pages):
    utc = datetime.timezone.utc
    rows = range(count)
    return pa.table({
        "id": pa.array(rows, pa.int64()),
        "small": pa.array([None if i % 7 == 0 else i % 100 for i in rows], pa.int8()),
        "page": pa.array(html, pa.string()),
        "price": pa.array([decimal.Decimal(i) / 100 for i in rows], pa.decimal128(38, 18)),
        "seen": pa.array([datetime.datetime.fromtimestamp(i, utc) for i in rows], pa.timestamp("us", "UTC")),
        "address": pa.array([None if i % 1000 == 77 else pages[i % len(pages)].url for i in rows], pa.string()),
        "links": pa.array([[{"to": "a", "n": i}] * (i % 3) for i in rows]),
        "body": pa.array([bytes([i % 256, 0, 255]) for i in rows], pa.binary()),
        "score": pa.array([None if i % 5 == 0 else i / 3 for i in rows], pa.float64()),
        "headers": pa.array([[("a", str(i))] for i in rows], pa.map_(pa.string(), pa.string())),
    })


def warc(spark, folder, pages, count):
    """Four files, of records with a gzip member each."""
    (folder / "crawl").mkdir()
    names = [f"{number}.warc.gz" for number in range(4)]
    for number, name in enumerate(names):
        with open(folder / "crawl" / name, "wb") as file:
            for i in range(number, count, len(names)):
                file.write(gzip.compress(response(i, pages[i % len(pages)]), 1, mtime=0))
    (folder / "list.txt").write_text("".join(f"{name}\n" for name in names))
    prefix = f"{folder}/crawl/"
    spark.well("warc", folder / "list.txt", folder / "warc", "--prefix", prefix)
    seconds = spark.seconds
    # The same with commands that fetch and store.
    (folder / "stored").mkdir()
    store = shlex.join(["tee", "{}"])
    fetched = ("--prefix", prefix, "--get", "cat {}", "--put", store)
    spark.well("warc", folder / "list.txt", folder / "stored", *fetched)
    seen = 0
    for number, name in enumerate(names):
        plain = [spark.dehusk, "--no-config", "--warc", folder / "crawl" / name]
        plain = subprocess.run(plain, stdout=subprocess.PIPE, check=True).stdout
        for way in ("warc", "stored"):
            check((folder / way / name).read_bytes() == plain, f"WARC: {way}/{name} is other than the command's")
        for i, body in enumerate(bodies(gzip.decompress(plain))):
            page = pages[(number + i * len(names)) % len(pages)]
            check(body == page.clean.encode(), f"WARC: record {i} of {name}")
            seen += 1
    check(seen == count, f"WARC: {seen} of {count} records")
    spark.seconds = seconds
    report("WARC", spark, f"{count} records in {len(names)} files")


def response(i, page):
    html = page.html.encode()
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(html)}\r\n\r\n"
    block = http.encode() + html
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {page.url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{i:012}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def bodies(content):
    """The pages of a file's records."""
    while content:
        head, _, rest = content.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields[b"Content-Length"])
        yield rest[:length].partition(b"\r\n\r\n")[2]
        content = rest[length + 4 :]


def failures(spark, folder, pages):
    """Jobs that fail, and say why."""
    lines = folder / "few.jsonl"
    lines.write_bytes(b"".join(as_line(i, pages[i], "html") + b"\n" for i in range(100)))
    few = folder / "few.txt"
    few.write_text("missing.warc.gz\n")
    rows = [
        ("a rule file that is not there", ("jsonl", lines), ("-s", "missing.sel"), "missing.sel"),
        ("no such program", ("jsonl", lines, "--dehusk", "no-such-dehusk"), (), "cannot run no-such-dehusk"),
        ("a file that is not there", ("warc", few), (), "missing.warc.gz"),
        ("a file that cannot be fetched", ("warc", few, "--get", "cat {}", "--put", "tee {}"), (), "cat missing"),
        ("no such column", ("parquet", folder / "pages.parquet"), (), "no column html"),
    ]
    for number, (what, args, flags, told) in enumerate(rows):
        well, said = spark.run(*args[:2], folder / f"failed-{number}", *args[2:], flags=flags)
        check(not well, f"{what}: the job did not fail")
        check(told in said, f"{what}: not told:\n{said[-5000:]}")
        check(not list(folder.glob(f"failed-{number}/part-*")), f"{what}: there is output")
    print(f"{'failures':<10} {len(rows)} jobs failed and said why")


def report(what, spark, seen):
    print(f"{what:<10} {seen}: as the command has them; the job took {spark.seconds:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--dehusk", type=Path, default=ROOT / "target/release/dehusk")
    args = parser.parse_args()
    dehusk = args.dehusk.resolve()
    check(dehusk.is_file(), f"no {dehusk}: cargo build --release")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        spark = Spark(dehusk, folder)
        pages = pages_of(dehusk)
        for way in (jsonl, parquet, warc):
            way(spark, folder, pages, args.records)
        failures(spark, folder, pages)


if __name__ == "__main__":
    main()
