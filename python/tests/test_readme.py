"""What the README shows is run."""

import sys
from pathlib import Path

import dehusk
import pytest
from conftest import CASE

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = [block.partition("```")[0] for block in README.split("```python\n")[1:]]


def test_in_front_of_trafilatura(capsys, monkeypatch):
    pytest.importorskip("trafilatura")
    [example] = [block for block in BLOCKS if "import trafilatura" in block]
    monkeypatch.setattr(sys, "argv", ["example.py", str(CASE / "page.html")])
    exec(example, {})
    shown = capsys.readouterr().out
    assert "poireaux" in shown and "41.7" not in shown and "guetteurs" not in shown


@pytest.mark.parametrize("example", [block for block in BLOCKS if "import trafilatura" not in block])
def test_examples(example, page, cleaned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    (tmp_path / "mine.sel").write_text("p:has-text(@mine)\n")
    names = {"dehusk": dehusk, "page": page, "pages": [page, page]}
    exec(example, names)
    if "cleaned" in names:
        assert names["cleaned"] == [cleaned, cleaned]


def test_examples_are_found():
    assert len(BLOCKS) == 4
