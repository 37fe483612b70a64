import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.compare import compare_with
from heartfeat.evaluation.groups import group_scores
from heartfeat.evaluation.report import write_report
from heartfeat.tasks import MURMUR

VOID = {"meta", "br", "hr"}


class Page(HTMLParser):
    """Collects text and attributes, and refuses tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data.strip())


@pytest.fixture
def read(tmp_path):
    def read(title, summary, runs, differences=None):
        write_report(tmp_path / "report.html", title, summary, runs, differences)
        page = Page()
        page.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
        assert page.open == []
        return page

    return read


SUMMARY = {"cohort": "circor", "patients": 1678, "hours": 14.48, "murmur": {"Present": 122}, "reasons": {}}


def test_the_figures_of_cohort_and_runs_are_on_the_page(read, make_run):
    run = make_run("the run", skill=2.0)
    words = read("A title", SUMMARY, [run]).words
    for expected in ("A title", "1,678", "14.5", "Present", "122", "none", "the run"):
        assert expected in words
    assert f"{run.scores['weighted_accuracy']:.3f}" in words
    low, high = run.intervals["uar"]
    assert f"{low:.3f}–{high:.3f}" in words  # noqa: RUF001
    for count in run.confusion.astype(int).ravel():
        assert str(count) in words


def test_settings_are_flattened_to_dotted_names(read, make_run):
    words = read("t", {}, [make_run()]).words
    assert words[words.index("head.penalty") + 1] == "0.07"
    assert words[words.index("views") + 1] == "clean, gain-6"


def test_nothing_is_fetched_and_nothing_runs(read, make_run):
    page = read("t", SUMMARY, [make_run()])
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href"} & names
    assert not [name for name in names if name.startswith("on")]


def test_names_cannot_inject_markup(read, make_run):
    name = '<script>alert("x")</script>'
    page = read(name, {name: name, "table": {name: name}}, [make_run(name)])
    assert "script" not in page.tags
    assert any(name in words for words in page.words)


def test_the_best_run_comes_first(read, make_run):
    words = read("t", {}, [make_run("weak", 0.2), make_run("strong", 3.0)]).words
    assert words.index("strong") < words.index("weak")


def test_the_best_run_is_that_of_the_highest_macc_where_runs_have_one(read, make_run):
    runs = [
        dataclasses.replace(make_run(name), scores={"weighted_accuracy": accuracy, "macc": macc})
        for name, accuracy, macc in (("worse", 0.8, 0.6), ("better", 0.7, 0.625))
    ]
    words = read("t", {}, runs).words
    assert words.index("better") < words.index("worse")
    assert "MAcc" in words
    assert "0.625" in " ".join(words)


def test_undefined_scores_are_shown_as_such(read, make_run):
    run = make_run()
    scores = {**run.scores, "auroc": float("nan")}
    intervals = {**run.intervals, "auroc": (float("nan"), float("nan"))}
    undefined = dataclasses.replace(run, scores=scores, intervals=intervals, confusion=np.zeros((3, 3)))
    words = read("t", {}, [undefined, make_run("other")]).words
    assert "n/a" in words


def test_a_report_without_runs_still_shows_the_cohort(read):
    assert "1,678" in read("t", SUMMARY, []).words


def test_long_tables_are_cut_and_say_so(read, make_run):
    words = read("t", {"skipped": {f"r{i}": "silent" for i in range(40)}}, [make_run()]).words
    assert "r29" in words
    assert "r30" not in words
    assert "and 10 more" in words


def test_dark_and_light_have_their_own_colours(tmp_path, make_run):
    write_report(tmp_path / "r.html", "t", {}, [make_run()])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert len(re.findall(r"--paper: #", text)) == 2
    assert "prefers-color-scheme: dark" in text


def test_differences_stand_below_the_table_of_runs(read, make_run):
    runs = [make_run("strong", 6.0), make_run("weak", 0.0)]
    differences = compare_with(MURMUR, runs, "strong")
    words = read("t", {}, runs, differences).words
    row = differences.row(1, named=True)
    start = words.index("Differences from strong")
    assert start < words.index("Intervals side by side")
    assert f"{row['uar_difference']:.3f}" in words[start:]
    assert f"{row['uar_difference_low']:.3f} to {row['uar_difference_high']:.3f}" in words[start:]
    assert f"p {row['uar_p']:.3f}" in words[start:]


def test_a_single_run_has_no_differences(read, make_run):
    run = make_run("alone")
    words = read("t", {}, [run], compare_with(MURMUR, [run], "alone")).words
    assert not [word for word in words if word.startswith("Differences")]


def test_groups_are_shown_and_small_ones_without_scores(read, make_run):
    ages = ["Child"] * 30 + ["Infant"] * 7 + [None] * 3
    patients = pl.DataFrame({"patient": [f"p{i}" for i in range(40)], "age": ages})
    run = make_run()
    groups = group_scores(MURMUR, run.predictions, patients)
    words = read("t", {}, [dataclasses.replace(run, groups=groups)]).words
    child = words.index("age: Child")
    assert f"{groups['uar'][0]:.3f}" in words[child:]
    infant, unknown = words.index("age: Infant"), words.index("age: not known")
    assert [word for word in words[infant:unknown] if word] == ["age: Infant", "7", "3"]
