"""A result in a notebook: cells show it, pictures can be kept, and the pages about it run as they stand."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from hingepoint.analysis import discovery
from hingepoint.reports import notebook
from histories import found, plain, world

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def shown():
    return notebook.show(found())


def run(page, **given):
    """Run the cells of a page in order, each as a notebook would; return what they left behind."""
    for block in re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), flags=re.DOTALL):
        exec(compile(block, page, "exec"), given)
    return given


def test_a_cell_shows_the_answer_the_set_and_the_forest(shown):
    html = shown._repr_html_()
    assert shown.shown.headline[0].split("“")[0] in html
    assert html.count("<li>") == len(found().pivotal)
    assert html.count("<svg") == 1
    assert "<script" not in html


def test_a_cell_with_the_bare_result_shows_its_summary():
    html = found()._repr_html_()
    assert html.startswith("<pre>won: 4,000 deals")
    assert "Strong evidence" in html


def test_names_cannot_bring_markup_into_a_cell():
    first = found().findings[0]
    hostile = replace(found(), findings=(replace(first, name="<b onclick=x>"), *found().findings[1:]))
    assert "<b onclick" not in notebook.show(hostile)._repr_html_()
    assert "&lt;b onclick" in notebook.show(hostile)._repr_html_()


def test_each_picture_comes_with_its_numbers(shown):
    best = found().pivotal[0].agreement
    drawn = {
        "Gained by": shown.timing(best),
        "Result counted": shown.lags(best),
        "Segment": shown.segments(best),
    }
    for head, drawing in drawn.items():
        assert drawing.svg.startswith("<svg xmlns=")
        assert drawing.svg in drawing._repr_html_()
        assert drawing.table.columns[0] == head
        assert drawing.table.height >= 2
    judged = [one for one in found().findings if one.grade == "none"]
    assert shown.unproven.table.height == len(judged)


def test_a_picture_without_numbers_says_why(shown):
    with pytest.raises(notebook.NothingToDraw, match="part of winning"):
        shown.timing("mechanical.32")
    with pytest.raises(KeyError):
        shown.timing("nobody heard of it")


def test_where_nothing_is_known_the_answer_says_so_without_a_picture():
    deals, events = plain(60)
    shown = notebook.show(discovery.discover(deals, events, settings=discovery.Settings(metric="won")))
    assert "<svg" not in shown._repr_html_()
    assert shown.shown.headline[0] in shown._repr_html_()
    with pytest.raises(notebook.NothingToDraw, match="no agreement"):
        shown.forest  # noqa: B018


def test_pictures_and_the_report_can_be_kept(shown, tmp_path):
    assert shown.forest.save(tmp_path / "forest.svg").read_text("utf-8") == shown.forest.svg
    report = shown.save(tmp_path / "report.html", title="Our <deals>").read_text("utf-8")
    assert report.startswith("<!doctype html>")
    assert "Our &lt;deals&gt;" in report


@pytest.mark.slow
def test_the_tutorial_of_the_library_runs_as_it_stands(capsys, tmp_path, monkeypatch, oracle):
    oracle("pandas")
    monkeypatch.chdir(tmp_path)
    left = run("tutorial/discovery-as-a-library.md")
    said = capsys.readouterr().out
    assert "is not judged" in said
    assert "similar deals" in said
    assert "drawn by lot" in said
    assert "confirmed on shuffled outcomes: []" in said
    assert len(left["found"].pivotal) >= 5
    assert {one.name for one in tmp_path.iterdir()} == {"forest.svg", "report.html"}


@pytest.mark.slow
def test_the_page_for_notebooks_runs_on_tables_of_ones_own(capsys, tmp_path, monkeypatch, oracle):
    oracle("pandas")
    monkeypatch.chdir(tmp_path)
    world().deals().write_csv("deals.csv")
    world().events().write_csv("events.csv")
    left = run("how-to/discover-in-your-own-notebook.md")
    said = capsys.readouterr().out
    assert "95% grading" in said
    assert "lever.02 still holds" in said
    assert left["found"].enough
    assert {"report.html", "findings.csv"} < {one.name for one in tmp_path.iterdir()}
