"""Pages come out as they do from the command."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import dehusk
from conftest import ROOT

PAGES = sorted((ROOT / "corpus").glob("*/*/page.html"))


def by_command(command, *arguments):
    """Text, and removals and report of `--explain=json`."""
    run = subprocess.run([command, "--no-config", "--explain=json", *arguments], capture_output=True, check=True)
    *told, report = map(json.loads, run.stderr.decode().splitlines())
    kept = [line for line in told if "saved" in line]
    removals = [line for line in told if "saved" not in line]
    return run.stdout.decode(), {**report, "removals": removals, "kept": kept}


def by_module(path, **options):
    text, report = dehusk.clean_with_report(path.read_bytes(), **options)
    return text, report.to_dict()


def test_the_pages_of_the_corpus(command):
    assert len(PAGES) > 100
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        of_command = pool.map(lambda path: by_command(command, path), PAGES)
        for path, (text, report) in zip(PAGES, of_command):
            assert by_module(path) == (text, report), path


def test_flags_and_arguments(command):
    page = ROOT / "corpus/lemonde.fr/article/page.html"
    rules = dehusk.Rules(ROOT / "selectors", builtin=False)
    rows = [
        (page, ["--drop", "all"], {"drop": "all"}),
        (page, ["--keep", "ads,share", "-e", "p"], {"keep": "ads,share", "select": "p"}),
        (page, ["--explain-kept"], {"explain_kept": True}),
        (page, ["--url", "https://example.org/"], {"url": "https://example.org/"}),
        (page, ["--no-default-selectors", "-s", str(ROOT / "selectors")], {"rules": rules}),
    ]
    for kind in ("comments", "byline", "captions"):
        rows.append((ROOT / f"corpus/example.org/{kind}/page.html", ["--drop", kind], {"drop": kind}))
    for path, flags, options in rows:
        assert by_module(path, **options) == by_command(command, *flags, path), flags


def test_the_version(command):
    run = subprocess.run([command, "--version"], capture_output=True, check=True)
    assert run.stdout.decode().split() == ["dehusk", dehusk.__version__]
