"""What the tests share: the pages of the library's corpus/, and the command to compare with."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "corpus/lemonde.fr/article"


@pytest.fixture
def page():
    """A page as bytes, in UTF-8."""
    return (CASE / "page.html").read_bytes()


@pytest.fixture
def cleaned():
    """What becomes of it."""
    return (CASE / "clean.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def command():
    """The command: that of $DEHUSK, or the one built last."""
    built = [ROOT / "target" / profile / "dehusk" for profile in ("release", "debug")]
    built = sorted((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime)
    path = os.environ.get("DEHUSK") or (built[-1] if built else None)
    if path is None or not shutil.which(path):
        pytest.skip("no dehusk to compare with: cargo build")
    return str(path)
