"""What the module says of its types, as mypy sees it."""

import subprocess
import sys
from pathlib import Path

import dehusk
import pytest

PROGRAM = """
import dehusk
from pathlib import Path

rules = dehusk.Rules([Path("mine.sel"), "lists"], select=".x", phrases={"mine": ["a"]}, builtin=False)
text: str = dehusk.clean(b"", "https://example.org/", encoding="utf-8", drop="ads", keep=["ads"], rules=rules)
text, report = dehusk.clean_with_report(text, select=(".x",), rules=None)
count: int = report.dropped["ads"].elements + report.total.bytes
where: str = report.removals[0].file
"""
WRONG = """
import dehusk

dehusk.clean(3)
dehusk.clean("", encoding=8)
dehusk.clean_with_report("").strip()
dehusk.Rules(select=3)
"""


def mypy(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *arguments], capture_output=True, text=True, cwd=folder
    )


@pytest.fixture(autouse=True)
def needs_mypy():
    pytest.importorskip("mypy")


def test_the_module(tmp_path):
    assert Path(dehusk.__file__).with_name("py.typed").exists()
    run = mypy(tmp_path, "-p", "dehusk")
    assert run.returncode == 0, run.stdout


def test_a_program(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    run = mypy(tmp_path, "program.py")
    assert run.returncode == 0, run.stdout


def test_a_wrong_one(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    run = mypy(tmp_path, "wrong.py")
    assert run.stdout.count(" error: ") == 4, run.stdout


def test_the_stub_says_what_is_there():
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--ignore-disjoint-bases", "dehusk._native"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
