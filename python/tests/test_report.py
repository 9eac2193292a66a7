"""`dehusk.clean_with_report`."""

import copy
import dataclasses
import json
import pickle

import dehusk
import pytest


@pytest.fixture
def report(page):
    return dehusk.clean_with_report(page, "https://www.lemonde.fr/a")[1]


def test_the_page_is_the_same_as_without(page, cleaned):
    assert dehusk.clean_with_report(page)[0] == cleaned


def test_what_went_is_told(page, cleaned, report):
    assert report.site == "www.lemonde.fr"
    assert report.encoding == "utf-8"
    assert report.bytes_in == len(page) and report.bytes_out == len(cleaned.encode())
    assert report.unfiltered is None and report.malformed == 0
    assert set(report.dropped) == {removal.kind for removal in report.removals}
    assert {"ads", "subscription"} <= set(report.dropped)
    for kind, tally in report.dropped.items():
        of_kind = [removal for removal in report.removals if removal.kind == kind]
        assert tally.elements == len(of_kind)
        assert tally.bytes == sum(removal.end - removal.start for removal in of_kind)
        assert tally.text == sum(removal.text_length for removal in of_kind)
    assert report.total.elements == len(report.removals)
    assert report.total.bytes == report.bytes_in - report.bytes_out
    assert 0 < report.total.text < report.text


def test_what_went_can_be_cut_out_by_its_place(page, cleaned, report):
    rest, at = b"", 0
    for removal in report.removals:
        assert page[removal.start :].startswith(b"<" + removal.element.split(".")[0].split("#")[0].encode())
        rest += page[at : removal.start]
        at = removal.end
    assert (rest + page[at:]).decode() == cleaned


def test_a_prompt_says_that_the_article_is_cut_short(report):
    assert report.truncated
    assert report.prompt == "Il vous reste 41.7% de cet article à lire. Le reste attend les abonnés."
    file, line = report.prompt_rule.split(":")
    assert file == "generic/truncated.sel" and int(line) > 0


def test_what_nearly_went_is_told_if_asked_for(page, report):
    assert report.kept == []
    _, asked = dehusk.clean_with_report(page, explain_kept=True)
    assert asked.removals == report.removals
    [kept] = [kept for kept in asked.kept if kept.kind == "subscription"]
    assert kept.saved["by"] == "tests"
    test = kept.saved["tests"][0]
    assert test["measured"] > test["limit"] > 0
    assert pickle.loads(pickle.dumps(asked)) == asked


def test_a_page_without_husk_has_nothing_to_tell():
    text, report = dehusk.clean_with_report("<h1>Rain</h1><p>It rained.")
    assert text == "<h1>Rain</h1><p>It rained."
    assert (report.site, report.truncated, report.prompt, report.prompt_rule) == (None, False, None, None)
    assert (report.dropped, report.removals) == ({}, [])
    assert report.total == dehusk.Tally(elements=0, bytes=0, text=0)


def test_the_encoding_of_bytes_is_told():
    _, report = dehusk.clean_with_report("<meta charset=latin1><p>Café".encode("latin1"))
    assert report.encoding == "windows-1252"


def test_a_report_goes_through_json_and_pickle(report):
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert report.to_dict()["dropped"]["ads"].keys() == {"elements", "bytes", "text"}
    assert pickle.loads(pickle.dumps(report)) == report == copy.deepcopy(report)
    assert dataclasses.replace(report, site=None) != report


def test_a_report_cannot_be_changed(report):
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.site = "example.com"


def test_a_report_shows_itself(report):
    assert repr(report).startswith("Report(site='www.lemonde.fr', encoding='utf-8', bytes_in=")
    assert repr(report.removals[0]).startswith("Removal(kind=")
