"""`dehusk.Rules`: from files, folders, contents and selectors to a set, and what is said of bad ones."""

import pickle

import dehusk
import pytest

PAGE = "<p class=a>a</p><p class=b>b</p><p class=c>news of the day</p><nav><a href=/>Home</a></nav>"


def left(rules, url=None):
    """What of a, b, c and the nav is left."""
    text = dehusk.clean(PAGE, url, rules=rules)
    return "".join(name for name in "abc" if f"class={name}" in text) + ("n" if "<nav" in text else "")


@pytest.fixture
def folder(tmp_path):
    """A folder as `dehusk -s` takes it."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "phrases").mkdir()
    (tmp_path / "mine.sel").write_text("[ads]\n.a\np:has-text(@daily)\n")
    (tmp_path / "sites/example.com.sel").write_text(".b\n")
    (tmp_path / "phrases/daily.txt").write_text("news of the day\n")
    (tmp_path / "example.org.txt").write_text("title: //h1\nstrip: //p[@class='b']\n")
    (tmp_path / "notes.txt").write_text("nothing that is a rule > .b\n")
    (tmp_path / "README.md").write_text(".b\n")
    return tmp_path


def test_built_in_rules_are_there_unless_said_otherwise():
    assert left(None) == left(dehusk.Rules()) == "abc"
    assert left(dehusk.Rules(builtin=False)) == "abcn"
    assert "lemonde.fr" in dehusk.Rules().hosts()
    assert dehusk.Rules(builtin=False).hosts() == []


def test_a_folder(folder):
    rules = dehusk.Rules(folder, builtin=False)
    assert left(rules) == "bn"
    assert left(rules, "example.com") == left(rules, "https://www.example.org/") == "n"
    assert rules.hosts() == ["example.com", "example.org"]


@pytest.mark.parametrize("of", [str, lambda path: path, lambda path: [path], lambda path: iter([str(path)])])
def test_a_file_by_its_path(of, folder):
    assert left(dehusk.Rules(of(folder / "sites/example.com.sel"), builtin=False), "example.com") == "acn"


def test_contents_by_name():
    assert left(dehusk.Rules({"mine.sel": ".a\n.b"})) == "c"
    assert left(dehusk.Rules({"list.txt": "[Adblock Plus 2.0]\n##.a\n"}, builtin=False)) == "bcn"


@pytest.mark.parametrize("words", ["news of\nthe day\nnews of the day", ["news of the day"], ("x", "news of the day")])
def test_phrases(words):
    rules = dehusk.Rules(select="p:has-text(@mine)", phrases={"mine": words}, builtin=False)
    assert left(rules) == "abn"


def test_selectors():
    assert left(dehusk.Rules(select=".a", builtin=False)) == "bcn"
    assert left(dehusk.Rules(select=[".a", ".b"], builtin=False)) == "cn"


def test_every_bad_rule_is_told_with_its_place(tmp_path):
    bad = tmp_path / "bad.sel"
    bad.write_text("[ads]\n  p:hover\n.fine\ndiv:last-child\n")
    with pytest.raises(ValueError) as raised:
        dehusk.Rules([bad], select=[".fine", "a:has(+ b)"], builtin=False)
    lines = str(raised.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{bad}:2:5", f"{bad}:4:1", "-e:2:1"]
    assert lines[0].endswith(": p:hover")


@pytest.mark.parametrize(
    ("files", "error", "why"),
    [
        ("missing.sel", FileNotFoundError, "missing.sel"),
        (["latin1.sel"], ValueError, "latin1.sel: a selector file must be UTF-8"),
        ({"mine.sel": 3}, TypeError, "'int' object"),
        (3, TypeError, "'int' object is not iterable"),
    ],
)
def test_files_that_cannot_be_read(files, error, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin1.sel").write_bytes(b"! caf\xe9\n")
    with pytest.raises(error, match=why):
        dehusk.Rules(files)


def test_rules_go_through_pickle(folder):
    rules = dehusk.Rules(folder, select=".b", builtin=False)
    for path in folder.glob("*.*"):
        path.unlink()
    again = pickle.loads(pickle.dumps(rules))
    assert left(again) == left(rules) == "n"
    assert again.hosts() == rules.hosts()


def test_rules_show_themselves():
    rules = dehusk.Rules({"mine.sel": ".a"}, select=".b", phrases={"x": "y"}, builtin=False)
    assert repr(rules) == "<dehusk.Rules files=['mine.sel'] select=['.b'] phrases=['x'] builtin=False>"
