"""The manual says everything that can be called, set or opened, and nothing that is not there."""

from __future__ import annotations

import functools
import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest
import write_reference
from pydantic.fields import FieldInfo

import clicks
from hingepoint import cli
from hingepoint.config.environment import Environment
from hingepoint.connectors import files
from hingepoint.records.agreements import AgreementState
from hingepoint.records.findings import Grade
from hingepoint.records.people import Role
from hingepoint.web import manual, shell

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TEXTS = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "changelog.d").glob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

#: A command line of ours: at the start of a line, or after what may stand before it.
COMMAND = re.compile(
    r"(?:^\s*|/bin/|exec hingepoint |--from \. )hingepoint ([a-z].*)|^\s*python3 dev\.py ([a-z].*)"
)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def prose_of(path: Path) -> str:
    """Return a text without its blocks of code."""
    return FENCE.sub("", text_of(path))


@pytest.mark.parametrize("name", write_reference.PAGES)
def test_reference_pages_are_what_the_code_says_now(name):
    kept = (DOCS / "reference" / name).read_text("utf-8")
    assert kept == write_reference.written(name), "run: python3 dev.py docs"


TEMPLATES = sorted((ROOT / "src" / "hingepoint").rglob("templates/**/*.html"))


def test_a_share_is_written_without_a_space_before_its_sign():
    """As on every page: 95%. What is typed or printed as code stays as it is."""
    spaced = re.compile(r".*\d[ \u00a0\u202f]%(?![}(\w]).*")
    prose = {path: re.sub(r"`[^`]*`", "", prose_of(path)) for path in [*TEXTS, *TEMPLATES]}
    assert [f"{named(path)}: {line}" for path, said in prose.items() for line in spaced.findall(said)] == []


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_and_option_has_words(name):
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command.help
    wordless = [
        option.name for option in command.params if isinstance(option, click.Option) and not option.help
    ]
    assert wordless == []


def test_every_setting_has_words():
    assert [name for name, field in Environment.model_fields.items() if not field.description] == []


def test_every_page_has_words():
    wordless = [f"{name} (/{address})" for address, name, words in write_reference.routes() if not words]
    assert wordless == [], "give the view a docstring"


def test_links_lead_somewhere():
    links = [(path, target) for path in TEXTS for target in LINK.findall(prose_of(path))]
    assert len(links) > 100
    assert [f"{named(path)} links to {target}" for path, target in links if not leads(path, target)] == []


def leads(path: Path, target: str) -> bool:
    """Return whether what ``path`` links to is there; addresses of others are believed."""
    if "://" in target or target.startswith("mailto:"):
        return True
    file, _, fragment = target.partition("#")
    found = (path.parent / file).resolve() if file else path
    return found.exists() and (not fragment or fragment in anchors(found))


@functools.cache
def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose_of(path), re.MULTILINE)
    return {manual.anchor(heading) for heading in headings}


def commands_shown(path: Path) -> list[list[str]]:
    """Return every command line of ours in the code blocks of a page, as words."""
    blocks = [block.replace("\\\n", " ") for _, block in FENCE.findall(text_of(path))]
    lines = [line.partition("  #")[0] for block in blocks for line in block.splitlines()]
    return [
        shlex.split("".join(ours))
        for line in lines
        for part in line.split("&&")
        for ours in COMMAND.findall(part)
    ]


def test_commands_shown_exist_with_their_options():
    shown = [(path, line) for path in TEXTS for line in commands_shown(path)]
    assert len(shown) > 50
    assert [f"{named(path)}: {' '.join(line)}" for path, line in shown if not can_be_typed(*line)] == []


def can_be_typed(name: str, *words: str) -> bool:
    """Return whether there is such a command, with the options that are given to it."""
    if name in ("test", "lint", "docs", "lock", "run"):  # of dev.py
        return True
    return name in cli.COMMANDS and {
        word.partition("=")[0] for word in words if word.startswith("--")
    } <= flags_of(name) | {"--help"}


@functools.cache
def flags_of(name: str) -> set[str]:
    command = cli.main.get_command(click.Context(cli.main), name)
    return {flag for one in command.params for flag in one.opts}


def test_settings_shown_exist():
    of_commands = {"HINGEPOINT_NEW_PASSWORD", "HINGEPOINT_CRM_TOKEN"}
    known = {f"HINGEPOINT_{name.upper()}" for name in Environment.model_fields} | of_commands
    of_tests = {"HINGEPOINT_EXAMPLES", "HINGEPOINT_SHARED", "HINGEPOINT_WRITE_CLICKS"}
    told = [path for path in TEXTS if path.name != "house.md" and "changelog" not in named(path)]
    shown = {
        (named(path), one) for path in told for one in re.findall(r"HINGEPOINT_[A-Z_]+[A-Z]", text_of(path))
    }
    assert {(where, one) for where, one in shown if one not in known | of_tests} == set()


@functools.cache
def words_on_pages() -> str:
    """Return all that a page, a report or the demo can say, in one text."""
    source = ROOT / "src" / "hingepoint"
    layers = [source / layer for layer in ("web", "reports", "domain", "analysis", "demo")]
    files_ = [
        path for layer in layers for ending in ("html", "py", "csv") for path in layer.rglob(f"*.{ending}")
    ]
    return " ".join(path.read_text("utf-8") for path in files_).lower()


@pytest.mark.parametrize(
    "path", [*sorted((DOCS / "tutorial").glob("*.md")), *sorted((DOCS / "how-to").glob("*.md"))], ids=named
)
def test_what_a_reader_is_told_to_look_for_is_on_a_page(path):
    text = FENCE.sub("", path.read_text("utf-8"))
    text = re.sub(r"^ *(?:\d+\.|-) \*\*[^*]+\*\*", "", text, flags=re.MULTILINE)  # what an item begins with
    bold = [" ".join(words.split()) for words in re.findall(r"\*\*([^*]+)\*\*", text)]
    shown = [words for words in bold if not words.endswith((".", ":"))]  # a sentence is no button
    assert [words for words in shown if words.lower() not in words_on_pages()] == []


def test_the_manual_notices_a_command_a_setting_and_a_page_that_it_lacks(monkeypatch):
    kept = {name: (DOCS / "reference" / name).read_text("utf-8") for name in write_reference.PAGES}
    doctor = cli.COMMANDS["doctor"]
    monkeypatch.setattr(cli, "COMMANDS", {**cli.COMMANDS, "surgeon": doctor})
    monkeypatch.setitem(Environment.model_fields, "novelty", FieldInfo(annotation=str, default=""))
    known = write_reference.routes()
    monkeypatch.setattr(write_reference, "routes", lambda: [*known, ("novelty/", "novelty", "A new page.")])
    for name in ("commands.md", "settings.md", "pages.md"):
        assert write_reference.written(name) != kept[name], name


@pytest.mark.parametrize("path", sorted((DOCS / "how-to" / "examples").glob("*.yaml")), ids=named)
def test_example_mappings_can_be_read(path):
    files.load_mapping(path)


@pytest.mark.parametrize("path", sorted((DOCS / "how-to").glob("*.md")), ids=named)
def test_mappings_shown_in_how_tos_can_be_read(path):
    for language, block in FENCE.findall(path.read_text("utf-8")):
        if language == "yaml" and re.search(r"^(deals|events|outcome):", block, re.MULTILINE):
            files.parse_mapping(block, file=named(path))


def test_a_decision_is_short_and_has_a_number_of_its_own():
    assert [path.name for path in DECISIONS if len(text_of(path).splitlines()) > 30] == []
    assert [path.name for path in DECISIONS if not re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name)] == []


def test_no_two_decisions_share_a_number():
    numbers = [path.name[:4] for path in DECISIONS]
    assert [one for one, other in pairwise(numbers) if one == other] == []


def test_the_index_of_decisions_names_each_within_its_range():
    index = text_of(DOCS / "decisions/README.md")
    titles = {path: re.match(r"# (\d+)\. (.+)\n", text_of(path)).groups() for path in DECISIONS}
    assert [path.name for path, (number, _) in titles.items() if int(number) != int(path.name[:4])] == []
    lines = {path: f"- [{path.name[:4]}]({path.name}) {title}\n" for path, (_, title) in titles.items()}
    assert [line for line in lines.values() if line not in index] == [], "add to docs/decisions/README.md"
    before = {path.name[:4]: index[: index.index(line)] for path, line in lines.items()}
    ranges = {
        one: re.findall(r"^## (\d{4}) to (\d{4})", text, re.MULTILINE)[-1] for one, text in before.items()
    }
    assert [one for one, (first, last) in ranges.items() if not first <= one <= last] == []


def test_the_index_of_decisions_names_nothing_else():
    index = (DOCS / "decisions/README.md").read_text("utf-8")
    assert re.findall(r"^- \[\d{4}\]\((.+?)\)", index, re.MULTILINE) == [path.name for path in DECISIONS]


def test_every_page_of_the_manual_is_in_its_contents():
    in_sections = {name for folder, _ in manual.SECTIONS for name in manual.in_section(folder)}
    assert set(manual.pages()) - in_sections == {"index"}


@pytest.mark.parametrize(
    "word",
    [member.value for enum in (AgreementState, Grade, Role) for member in enum],
)
def test_the_glossary_knows_every_state_grade_and_role(word):
    assert word.replace("_", " ") in (ROOT / "GLOSSARY.md").read_text("utf-8").lower()


@pytest.mark.parametrize("label", [label for label, *_ in shell.PLACES if label not in ("Home", "Manual")])
def test_the_glossary_knows_what_the_navigation_names(label):
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8").lower()
    assert label.lower().removesuffix("s") in glossary


def test_a_changelog_note_is_a_list():
    notes = [path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]
    assert [path.name for path in notes if not text_of(path)] == []
    lines = [(path.name, line) for path in notes for line in text_of(path).splitlines()]
    assert [one for one in lines if one[1] and not one[1].startswith(("- ", "  "))] == []


def test_every_key_of_the_json_of_discover_is_explained():
    import histories
    from hingepoint.analysis import discovery
    from hingepoint.analysis.discovery.result import FRAME

    deals, events = histories.plain()
    found = discovery.discover(deals, events, settings=discovery.Settings(metric="won"))
    explained = set(re.findall(r"`([a-z_]+)`", (DOCS / "reference" / "discovery-json.md").read_text("utf-8")))
    assert keys(found.to_dict(), skip=("settings", "rules")) | set(FRAME) <= explained


def test_every_key_of_the_json_of_impact_is_explained():
    import impacts
    from hingepoint.analysis import impact, metrics

    deals, starts = impacts.rolled_out()
    said = {"metric": metrics.parse("won"), "data_end": deals["closed"].max().date()}
    made = impact.plan(deals, teams=tuple(starts), **said)
    found = impact.measure(deals, rollout=starts, **said)
    held = impact.held(made.card, found, starts, data_end=said["data_end"])
    explained = set(re.findall(r"`([a-z0-9_]+)`", (DOCS / "reference" / "impact-json.md").read_text("utf-8")))
    told = {**impact.to_dict(found), "card": held}
    assert keys(told, ()) | keys(impact.plan_to_dict(made), ()) <= explained


def keys(value: object, skip: tuple[str, ...]) -> set[str]:
    """Return every key in nested objects, except what lies below ``skip``."""
    if isinstance(value, list):
        return {key for one in value for key in keys(one, skip)}
    if not isinstance(value, dict):
        return set()
    below = [keys(inner, skip) for name, inner in value.items() if name not in skip]
    return set(value).union(*below)


def test_what_the_ten_jobs_cost_stands_in_the_manual_with_the_goals():
    told = {row[0]: row[1:] for row in clicks.rows()}
    assert list(told) == [job.name for job in clicks.JOBS.values()]
    assert len(told) == 10
    for job in clicks.JOBS.values():
        who, begins, presses, most_presses, fields, most_fields, characters = told[job.name]
        assert (who, begins, most_presses, most_fields) == (
            job.who,
            job.begins,
            str(job.clicks),
            str(job.fields),
        )
        assert int(presses) <= job.clicks, job.name
        assert int(fields) <= job.fields, job.name
        assert (int(characters) > 0) == (int(fields) > 0), job.name
