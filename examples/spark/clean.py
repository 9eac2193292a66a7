#!/usr/bin/env python3
"""Takes the husk off many pages on a Spark cluster, with one dehusk process a partition.

    spark-submit --files dehusk clean.py parquet IN OUT [-- FLAGS OF dehusk]
    spark-submit --files dehusk clean.py jsonl IN OUT [-- FLAGS OF dehusk]
    spark-submit --files dehusk clean.py warc LIST OUT [-- FLAGS OF dehusk]

A table goes through `dehusk --jsonl` in batches, JSON lines as they are, WARC files whole through `dehusk
--warc`. Spark has a task for each core, so each process works on one (-j1). What cannot be filtered comes
through as it is and is told in the executor's log; when dehusk fails, so does the task, with its message.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections import Counter, deque
from contextlib import closing

import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import SparkSession
from pyspark.sql.types import StringType

# Filtered, and filtered but for some records, which are as they were.
FINE = (0, 3)
# Lines of a failed process's standard error that its task tells.
TOLD = 20
# Bytes of a pipe, on Linux.
PIPE = 64 * 1024


# ---- a process


class Process:
    """A dehusk process of this task, and the threads beside it."""

    def __init__(self, command, **pipes):
        try:
            command = [found(command[0]), *command[1:]]
            self.popen = subprocess.Popen(command, bufsize=PIPE, stderr=subprocess.PIPE, **pipes)
        except OSError as error:
            raise RuntimeError(f"cannot run {command[0]}: {error}; --files ships it, --dehusk names it") from None
        self.told = deque(maxlen=TOLD)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.popen.stderr:
            line = line.decode("utf-8", "replace")
            self.told.append(line)
            sys.stderr.write(line)

    def finish(self):
        """Waits for its end; an error if it was not a good one."""
        status = self.popen.wait()
        self.listener.join()
        if status not in FINE:
            raise RuntimeError(f"dehusk ended with status {status}:\n{''.join(self.told)}")
        return status

    def close(self):
        """Ends it, if it is still there: the task has failed, or nobody wants the rest."""
        self.popen.kill()
        self.popen.wait()
        self.listener.join()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def found(program):
    """Where a program is: what was shipped, else what is installed on the machine."""
    shipped = os.path.join(SparkFiles.getRootDirectory(), program)
    return shipped if os.path.isfile(shipped) else program


class Lines:
    """`dehusk --jsonl`, a line for a line. Memory is that of the lines which go through together."""

    def __init__(self, command):
        self.process = Process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def through(self, lines):
        # Both pipes are small: who writes must not wait for who reads.
        writer = threading.Thread(target=self.write, args=(lines,), daemon=True)
        writer.start()
        cleaned = []
        for _ in lines:
            line = self.process.popen.stdout.readline()
            if not line.endswith(b"\n"):
                # Gone too early; with an error, one hopes.
                self.process.finish()
                raise RuntimeError("dehusk gave fewer lines than it got")
            cleaned.append(line)
        writer.join()
        return cleaned

    def write(self, lines):
        try:
            self.process.popen.stdin.writelines(lines)
            self.process.popen.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it is gone, which the reader sees

    def finish(self):
        self.process.popen.stdin.close()
        if self.process.popen.stdout.read(1):
            raise RuntimeError("dehusk gave more lines than it got")
        self.process.finish()

    def close(self):
        self.process.close()


# ---- tables and JSON lines


def partition(command, clean):
    """What is done with the batches of a partition: `clean` takes each through a process."""

    def batches_cleaned(batches):
        with closing(Lines(command)) as lines:
            for batch in batches:
                yield clean(batch, lines)
            lines.finish()

    return batches_cleaned


def table_cleaner(html, url):
    """Cleans the pages of a column; every other column is the one that came."""

    def clean(batch, lines):
        pages = utf8(batch, html)
        urls = utf8(batch, url) if url else [None] * len(pages)
        rows, records = [], []
        for row, (page, address) in enumerate(zip(pages, urls)):
            if page is None:
                continue
            try:
                record = {"html": page.decode(), "url": address and address.decode("utf-8", "replace")}
            except UnicodeDecodeError as error:
                print(f"a row as it was, for its page is not UTF-8: {error.reason}", file=sys.stderr)
                continue
            rows.append(row)
            records.append(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        for row, line in zip(rows, lines.through(records)):
            pages[row] = json.loads(line)["html"].encode()
        return with_column(batch, html, pages)

    return clean


def clean_lines(batch, lines):
    """Cleans lines that Spark has not looked into."""
    texts = lines.through([text + b"\n" for text in utf8(batch, "value")])
    return with_column(batch, "value", [text[:-1] for text in texts])


def utf8(batch, name):
    """A column's strings as bytes: what should be UTF-8 need not be."""
    column = batch.column(batch.schema.get_field_index(name))
    return column.cast(pa.large_binary()).to_pylist()


def with_column(batch, name, values):
    at = batch.schema.get_field_index(name)
    wanted = batch.schema.field(at).type
    # Not checked, for what was not UTF-8 still is not.
    column = pa.array(values, pa.large_binary()).cast(pa.large_string(), safe=False).cast(wanted, safe=False)
    columns = [column if i == at else old for i, old in enumerate(batch.columns)]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def clean_parquet(spark, args, command):
    table = spark.read.parquet(args.input)
    for name in (args.html_field, args.url_field):
        if name in table.columns and table.schema[name].dataType != StringType():
            sys.exit(f"column {name} is {table.schema[name].dataType.simpleString()}; a string is wanted")
    if args.html_field not in table.columns:
        sys.exit(f"no column {args.html_field} in {args.input}: {', '.join(table.columns)}")
    url = args.url_field if args.url_field in table.columns else None
    work = partition([*command, "--jsonl"], table_cleaner(args.html_field, url))
    writer = table.mapInArrow(work, table.schema).write
    if args.compression:
        writer = writer.option("compression", args.compression)
    writer.parquet(args.output)


def clean_jsonl(spark, args, command):
    fields = ["--html-field", args.html_field, "--url-field", args.url_field]
    # A line ends where dehusk sees its end. By itself Spark would end it at a carriage return too.
    lines = spark.read.text(args.input, lineSep="\n").select("value")
    work = partition([*command, "--jsonl", *fields], clean_lines)
    cleaned = lines.mapInArrow(work, lines.schema)
    cleaned.write.text(args.output, compression=args.compression, lineSep="\n")


# ---- WARC files


def file_cleaner(command, output, get, put):
    """Cleans a WARC file; says how dehusk ended."""

    def clean(address):
        target = os.path.join(output, base_name(address))
        if put:
            return run_between(get, [*command, "--warc"], put, address, target)
        # It stands under another name until it is whole. One that is done is not done again. To a folder
        # dehusk would go on behind a file that cannot be read; here that is to fail.
        return 0 if os.path.exists(target) else run([*command, "--warc", "-o", target, "--", address])

    return clean


def run(command):
    with closing(Process(command, stdin=subprocess.DEVNULL)) as process:
        return process.finish()


def run_between(get, command, put, address, output):
    """From a command that writes a file to one that reads it. The second sees the end of its input only
    when all is well; it stores nothing before that."""
    source = subprocess.Popen(filled(get, address), stdout=subprocess.PIPE) if get else None
    to = subprocess.Popen(filled(put, output), stdin=subprocess.PIPE)
    try:
        stdin = source.stdout if source else subprocess.DEVNULL
        files = [] if source else ["--", address]
        with closing(Process([*command, *files], stdin=stdin, stdout=subprocess.PIPE)) as process:
            if source:
                source.stdout.close()
            shutil.copyfileobj(process.popen.stdout, to.stdin, PIPE)
            status = process.finish()
        if source and source.wait():
            raise RuntimeError(f"{shlex.join(source.args)} ended with status {source.returncode}")
        to.stdin.close()
        if to.wait():
            raise RuntimeError(f"{shlex.join(to.args)} ended with status {to.returncode}")
        return status
    finally:
        for other in filter(None, (source, to)):
            other.kill()
            other.wait()


def filled(command, address):
    return [word.replace("{}", address) for word in shlex.split(command)]


def base_name(address):
    return address.rstrip("/").rpartition("/")[2]


def clean_warc(spark, args, command):
    if args.get and not args.put:
        sys.exit("--get wants --put: dehusk writes no file that comes from standard input under its name")
    addresses = [row.value.strip() for row in spark.read.text(args.input).collect()]
    addresses = [args.prefix + address for address in addresses if address]
    twice = [name for name, count in Counter(map(base_name, addresses)).items() if count > 1]
    if twice:
        sys.exit(f"several files of {args.input} are called {twice[0]}; each needs a name of its own")
    clean = file_cleaner(command, args.output, args.get, args.put)
    files = spark.sparkContext.parallelize(addresses, max(1, len(addresses)))
    statuses = Counter(files.map(clean).collect())
    print(f"{len(addresses)} files; in {statuses[3]} of them some pages are as they were")


# ---- the job


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=("parquet", "jsonl", "warc"))
    parser.add_argument("input", help="a table, JSON lines, or a list of WARC files, an address a line")
    parser.add_argument("output", help="a folder that is not there yet; for WARC files it may be")
    parser.add_argument("--dehusk", default="dehusk", help="the program, below where Spark puts files, or on the PATH")
    parser.add_argument("--html-field", default="html", help="the column or field with the page")
    parser.add_argument("--url-field", default="url", help="the column or field with its address")
    parser.add_argument("--batch", type=int, default=256, help="rows in memory at a time, of each task")
    parser.add_argument("--compression", help="of what is written, as Spark calls it")
    parser.add_argument("--prefix", default="", help="stands before the address of each WARC file")
    parser.add_argument("--get", help="a command that writes a WARC file, {}, to its standard output")
    parser.add_argument("--put", help="a command that stores its standard input as {}")
    # What stands behind -- is dehusk's.
    words = sys.argv[1:]
    ours = words.index("--") if "--" in words else len(words)
    args = parser.parse_args(words[:ours])

    command = [args.dehusk, "--quiet", "-j1", *words[ours + 1 :]]
    spark = SparkSession.builder.appName("dehusk").getOrCreate()
    # Pages are large: Spark's thousands of rows at a time would be gigabytes.
    for rows in ("spark.sql.execution.arrow.maxRecordsPerBatch", "spark.sql.parquet.columnarReaderBatchSize"):
        spark.conf.set(rows, args.batch)
    # Otherwise Spark writes times in a form of its own, without their zone.
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    {"parquet": clean_parquet, "jsonl": clean_jsonl, "warc": clean_warc}[args.format](spark, args, command)
    spark.stop()


if __name__ == "__main__":
    main()
