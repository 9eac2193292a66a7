"""dehusk takes the husk off web pages: subscription prompts, "read also" blocks, menus and footers,
share bars, newsletter forms, consent banners, ad slots. What it does not drop is what came in.

    import dehusk, trafilatura

    text = trafilatura.extract(dehusk.clean(page, url))

Threads may call it at the same time: it works without the interpreter's lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import version as _version
from pathlib import Path
from typing import Any, Optional, Union

from . import _native

__all__ = ["Kept", "Removal", "Report", "Rules", "Tally", "clean", "clean_with_report"]
__version__ = _version("dehusk")

Page = Union[str, bytes, bytearray, memoryview]
"""A page. A str has been decoded: what its <meta> says of its encoding is not believed."""

Words = Union[str, Iterable[str]]
"""One, or several."""

RuleFiles = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]], Mapping[str, str]]
"""Paths, or contents by name."""


def clean(
    html: Page,
    url: Optional[str] = None,
    *,
    encoding: Optional[str] = None,
    drop: Optional[Words] = None,
    keep: Optional[Words] = None,
    select: Words = (),
    rules: Optional[Rules] = None,
) -> str:
    """The page without its husk.

    html      The page. Bytes may be in any encoding of the Encoding Standard; it is found as browsers do.
    url       The page's address, or a host: it chooses the site's rules. Without it the page's own
              head is asked.
    encoding  The encoding of bytes, where it is known ("windows-1252").
    drop      Only these kinds go: "ads", ["ads", "share"], "all". By default all but comments, bylines and
              captions.
    keep      These kinds stay.
    select    Selectors of your own; what they match goes.
    rules     Rules to go by instead of those that come with dehusk.

    Raises ValueError for a kind, an encoding or a selector that is none, and for bytes that are no text
    (a picture, a gzip file).
    """
    text, _ = _native.clean(html, url, encoding, _kinds(drop), _kinds(keep), _built(rules, select), False, False)
    return text


def clean_with_report(
    html: Page,
    url: Optional[str] = None,
    *,
    encoding: Optional[str] = None,
    drop: Optional[Words] = None,
    keep: Optional[Words] = None,
    select: Words = (),
    rules: Optional[Rules] = None,
    explain_kept: bool = False,
) -> tuple[str, Report]:
    """The page without its husk, and what was done to it. Arguments and errors are those of `clean`; with
    `explain_kept` the report lists what a rule nearly dropped, too, and what saved it."""
    built = _built(rules, select)
    text, report = _native.clean(html, url, encoding, _kinds(drop), _kinds(keep), built, True, explain_kept)
    return text, Report._read(report or "")


@dataclass(frozen=True)
class Tally:
    """What was dropped of a kind."""

    elements: int
    bytes: int
    text: int
    """Characters of visible text; Chinese, Japanese and Korean ones count 2.5."""


@dataclass(frozen=True)
class Removal:
    """An element that was dropped."""

    kind: str
    file: str
    """The selector file of the rule that dropped it; "-e" for a selector given by itself."""
    line: int
    """The rule's line in it, from 1."""
    selector: str
    """The rule as it was written."""
    element: str
    """The element's start tag in short: "p.article__status"."""
    start: int
    """Where it began and ended, in bytes of the page as UTF-8."""
    end: int
    text_length: int
    """Length of its visible text in characters, counted as in `Tally.text`."""
    text: str
    """The first words of its visible text."""
    last_words: str
    """The last words of its visible text; empty if the first are all of it."""


@dataclass(frozen=True)
class Kept(Removal):
    """An element that stays although a rule, the one that is named, nearly dropped it."""

    saved: dict[str, Any]
    """What saved it, as `docs/report.schema.json` has it: {"by": "tests", "tests": [{"test":
    ":max-text-length(200)", "measured": 243, "limit": 200}]}, {"by": "keep", "file": …, "line": …},
    {"by": "hold-limit"}, {"by": "structure"}."""


@dataclass(frozen=True)
class Report:
    """How a page went through the filter."""

    site: Optional[str]
    """The host whose rules were used, if it is known."""
    encoding: str
    """The page's encoding, in lower case."""
    bytes_in: int
    bytes_out: int
    text: int
    """Characters of visible text on the page, counted as in `Tally.text`."""
    dropped: dict[str, Tally]
    """What was dropped, by kind."""
    truncated: bool
    """Whether the article came cut short, as the prompt says that was dropped. False says nothing for
    certain: a page may stop without a word."""
    prompt: Optional[str]
    """What said so."""
    prompt_rule: Optional[str]
    """The rule that knew it: "generic/truncated.sel:4"."""
    protected: int
    """Elements that a rule matched and a [keep] saved."""
    undecided: int
    """Elements that were kept because they were too long to decide."""
    holds: int
    """Times that output was held back for an element."""
    longest_hold: int
    """The most bytes that were held back at a time."""
    malformed: int
    """Malformed sequences that were replaced by U+FFFD."""
    unfiltered: Optional[str]
    """Why the page, or the rest of it, was passed on unfiltered; None if all was filtered."""
    removals: list[Removal]
    """What was dropped, in the order of the page."""
    kept: list[Kept] = field(default_factory=list)
    """What a rule nearly dropped, in the order of the page; only if it was asked for."""

    @property
    def total(self) -> Tally:
        """What was dropped of all kinds."""
        tallies = self.dropped.values()
        return Tally(
            sum(tally.elements for tally in tallies),
            sum(tally.bytes for tally in tallies),
            sum(tally.text for tally in tallies),
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON would have it, named as by `dehusk --explain=json`."""
        return asdict(self)

    @classmethod
    def _read(cls, report: str) -> Report:
        fields = json.loads(report)
        fields["dropped"] = {kind: Tally(**tally) for kind, tally in fields["dropped"].items()}
        fields["removals"] = [Removal(**removal) for removal in fields["removals"]]
        fields["kept"] = [Kept(**kept) for kept in fields.get("kept", [])]
        return cls(**fields)


class Rules:
    """What to drop. Built once, it serves any number of pages and threads; it can be pickled, and is
    built again where it arrives.

    files    Selector files, site files of ftr-site-config, lists of Adblock Plus or uBlock Origin: paths,
             folders, or a mapping of names to contents. A file named after a host serves that host.
    select   Selectors by themselves; what they match goes, whatever the files say.
    phrases  Phrase lists by name ("mine" is @mine in a selector), each a text with a phrase a line, or
             phrases.
    builtin  Whether the rules that come with dehusk are among them.

    Raises ValueError for rules that cannot be read, a line for each: file:line:column, what is wrong, the
    rule. A file that cannot be read is an OSError.
    """

    __slots__ = ("__weakref__", "_built", "_parts")

    def __init__(
        self,
        files: RuleFiles = (),
        *,
        select: Words = (),
        phrases: Optional[Mapping[str, Words]] = None,
        builtin: bool = True,
    ) -> None:
        contents: list[tuple[str, str]] = []
        lists: list[tuple[str, str, str]] = []
        if isinstance(files, Mapping):
            contents += files.items()
        else:
            for path in [files] if isinstance(files, (str, os.PathLike)) else files:
                _add(Path(path), contents, lists)
        for name, words in (phrases or {}).items():
            lists.append((name, f"phrases/{name}", words if isinstance(words, str) else "\n".join(words)))
        self._build(bool(builtin), contents, lists, _words(select))

    def _build(
        self,
        builtin: bool,
        contents: list[tuple[str, str]],
        lists: list[tuple[str, str, str]],
        select: list[str],
    ) -> None:
        self._parts = (builtin, contents, lists, select)
        self._built = _native.Rules(*self._parts)

    def hosts(self) -> list[str]:
        """The hosts that have rules of their own, sorted."""
        return self._built.hosts()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rules, self._parts

    def __repr__(self) -> str:
        builtin, contents, lists, select = self._parts
        files = [name for name, _ in contents]
        phrases = [name for name, _, _ in lists]
        return f"<dehusk.Rules {files=} {select=} {phrases=} {builtin=}>"


def _rules(
    builtin: bool,
    contents: list[tuple[str, str]],
    lists: list[tuple[str, str, str]],
    select: list[str],
) -> Rules:
    rules = Rules.__new__(Rules)
    rules._build(builtin, contents, lists, select)
    return rules


def _add(path: Path, contents: list[tuple[str, str]], lists: list[tuple[str, str, str]]) -> None:
    """Adds a file, or what a folder holds of rules and phrases, as `dehusk -s` does."""
    if not path.is_dir():
        contents.append((str(path), _text(path)))
        return
    for entry in sorted(path.iterdir()):
        if entry.is_dir():
            if not entry.is_symlink():  # one back up would never end
                _add(entry, contents, lists)
        elif entry.suffix == ".sel":
            contents.append((str(entry), _text(entry)))
        elif entry.suffix == ".txt" and path.name == "phrases":
            lists.append((entry.stem, str(entry), _text(entry)))
        elif entry.suffix == ".txt":
            content = _text(entry)
            if _native.is_collection(str(entry), content):
                contents.append((str(entry), content))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: a selector file must be UTF-8") from None


def _words(words: Words) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def _kinds(kinds: Optional[Words]) -> Optional[list[str]]:
    """Kinds by themselves, or with commas between them as on the command line."""
    if isinstance(kinds, str):
        return [kind.strip() for kind in kinds.split(",")]
    return None if kinds is None else list(kinds)


def _built(rules: Optional[Rules], select: Words) -> Optional[_native.Rules]:
    """The set to go by; None are the rules that come with dehusk."""
    if rules is not None and not isinstance(rules, Rules):
        raise TypeError(f"rules are a dehusk.Rules, not {type(rules).__name__}")
    if select:
        rules = _with_select(rules, tuple(_words(select)))
    return None if rules is None else rules._built


@lru_cache(maxsize=16)
def _with_select(rules: Optional[Rules], select: tuple[str, ...]) -> Rules:
    """Built once for calls that come again and again with the same selectors."""
    if rules is None:
        return Rules(select=select)
    builtin, contents, lists, own = rules._parts
    return _rules(builtin, contents, lists, [*own, *select])
