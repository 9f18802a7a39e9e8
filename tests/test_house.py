"""The house around the code: locks, container and layers are what they say."""

from __future__ import annotations

import ast
import datetime as dt
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import gather_changelog
import pytest
import yaml
from django.core.management import call_command

from hingepoint import __version__, cli, connectors, reports
from hingepoint.analysis import metric_words, metrics, signals
from hingepoint.config.environment import Environment
from hingepoint.connectors.files import formats

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}


def locked(name: str) -> dict[str, set[str]]:
    """Return ``{package: versions}`` of a lock file; markers allow several."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCKS[name], re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def required(dependencies: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9_-]+", one).group().lower() for one in dependencies}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_and_every_version_has_hashes(name):
    assert "://" not in LOCKS[name]
    assert "--index" not in LOCKS[name]
    for entry in re.split(r"\n(?=\S)", LOCKS[name]):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_core_lock_holds_every_dependency():
    assert required(PROJECT["dependencies"]) - locked("core").keys() == set(), "run: python3 dev.py lock"


@pytest.mark.parametrize(("narrow", "wide"), [("core", "server"), ("server", "test"), ("test", "proof")])
def test_a_wider_lock_contains_the_narrower_one_in_the_same_versions(narrow, wide):
    differing = {name for name, versions in locked(narrow).items() if locked(wide).get(name) != versions}
    assert differing == set(), "run: python3 dev.py lock"


def test_a_library_of_the_proof_lock_is_asked_for_as_an_oracle():
    """Imported otherwise it is missing in the everyday tests, or a test skips there and is never run at all."""
    names = {one.replace("-", "_") for one in required(PROJECT["optional-dependencies"]["proof"])} | {
        "sklearn"
    }
    at_once = re.compile(rf"(import |from |importorskip\(\W)({'|'.join(sorted(names))})\b")
    asking = {
        str(one.relative_to(ROOT))
        for one in (ROOT / "tests").rglob("*.py")
        if at_once.search(one.read_text())
    }
    assert asking - {"tests/analysis/test_spark.py"} == set(), (
        "ask the fixture oracle of tests/conftest.py for it"
    )


def test_every_dependency_says_why():
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.findall(r'^  "[\w\[\],-]+[<>=!~].*$', text, re.MULTILINE)
    assert listed
    assert [line for line in listed if "#" not in line] == []


def test_dev_py_needs_only_the_standard_library():
    tree = ast.parse((ROOT / "dev.py").read_text())
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_dev_py_without_a_task_says_what_it_can_do():
    said = subprocess.run([sys.executable, ROOT / "dev.py"], capture_output=True, text=True)
    assert said.returncode == 1
    assert "dev.py demo" in said.stderr


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((3, 11), ""),
        ((3, 13), ""),
        (
            (3, 14),
            "never tried on Python 3.14, only up to 3.13; the locked packages have wheels for it. Going on.",
        ),
        ((3, 15), "never tried on Python 3.15, only up to 3.13; packages may need a compiler. Going on."),
    ],
)
def test_on_a_python_never_tried_dev_py_says_so_in_one_sentence(version, said):
    words = runpy.run_path(str(ROOT / "dev.py"))["about_this_python"](version)
    assert words == (f"Hingepoint was {said}" if said else "")


def test_the_pythons_that_were_tried_are_those_the_package_names():
    newest = runpy.run_path(str(ROOT / "dev.py"))["TRIED"]
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert named == [f"3.{minor}" for minor in range(11, newest[1] + 1)]


def test_a_release_gathers_the_fragments_above_what_was_released_before(tmp_path):
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nFor you.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n")
    for name, text in (("README", "How."), ("b", "- Second.\n"), ("a", "- First.\n")):
        (tmp_path / "changelog.d" / f"{name}.md").write_text(text)
    assert gather_changelog.gather(tmp_path, version="0.2.0", on=dt.date(2026, 2, 3)) == 2
    assert (tmp_path / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nFor you.\n\n## 0.2.0 (2026-02-03)\n\n- First.\n- Second.\n"
        "\n## 0.1.0 (2026-01-01)\n\n- Old.\n"
    )
    assert [file.name for file in (tmp_path / "changelog.d").iterdir()] == ["README.md"]
    for version, words in (("0.2.0", "already"), ("0.3.0", "nothing"), ("next", "not a version")):
        with pytest.raises(ValueError, match=words):
            gather_changelog.gather(tmp_path, version=version, on=dt.date(2026, 2, 4))


def test_the_version_is_in_the_changelog():
    assert re.search(rf"^## {re.escape(__version__)} \(", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.slow
def test_analysis_connectors_and_records_work_where_django_is_not_installed():
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        for layer in ("analysis", "connectors", "records")
        for path in sorted((ROOT / "src/hingepoint" / layer).rglob("*.py"))
    ]
    script = f"""
import importlib, sys
sys.modules["django"] = None
for name in {modules!r}:
    importlib.import_module(name)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def django(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings}
    environment["DJANGO_SETTINGS_MODULE"] = "hingepoint.config.settings"
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # of the browser tests
    command = [sys.executable, "-m", "django", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_an_installation_behind_https_passes_the_deployment_check():
    checked = django("check", "--deploy", "--fail-level", "WARNING", HINGEPOINT_HTTPS="true")
    assert checked.returncode == 0, checked.stderr


#: Public functions of ``actions`` modules that take a clock and are no transaction of their own, with the reason.
NO_ACTION = {
    "agreements.actions": {"lapse_expired": "writes part by part, each in its own"},
    "audit.actions": {"record": "a part of actions, written at their end"},
    "bridge.actions": {"settle": "passes on to one, and words its refusal"},
    "debts.actions": {"read_debts": "reads everything first, then keeps each day in one of its own"},
    "detection.actions": {
        "switch_on": "turns it on in one, then reads",
        "run_rules": "lets rules begin anew, then reads",
        "read_on": "writes part by part, each in its own",
        "read_touched": "writes part by part, each in its own",
    },
    "sponsorship.actions": {"mail": "hands over one after another, each marked by one statement"},
    "principles.actions": {"read_principles": "reads everything first, then keeps it in one of its own"},
    "discovery.actions": {
        "ask_for_run": "writes files first, then queues in one",
        "hear": "one statement; called while a run computes",
        "fail": "passes on to one",
        "stop": "passes on to one",
    },
    "escalations.actions": {"settle": "a part of actions, in their turn"},
    "made_files.actions": {"make": "writes the file first, then notes it in one"},
    "home.actions": dict.fromkeys(
        ("renew_answers", "make_missing_answers", "keep_day"), "keeps each answer in a statement of its own"
    ),
    "impact.actions": {"read_rollouts": "reads outside any, then keeps each in one"},
    "imports.actions": {
        "bring": "writes files first, then keeps and queues in one",
        "import_files": "reads files first, then writes in one",
        "import_page": "reads the tables first, then writes in one",
        "work": "the task: reads files first, then writes in one",
        "undo_import": "passes on to one, and words its refusal",
    },
    "negotiation.actions": {"take_back": "passes on to one"},
    "people.actions": {
        "require_sign_in_allowed": "only reads",
        "note_visit": "one statement; the trail tells nothing of it",
        "send_invitations": "mails one after another, each link kept in one before its mail goes",
    },
    "notices.actions": {
        "send_digests": "keeps and marks each mail in a statement of its own",
        "try_chat": "is on record in one, then asks the chat outside any",
    },
    "team_chats.actions": {
        "tell_teams": "counts and marks each message in a statement of its own",
        "try_now": "is on record in one, then asks the chat outside any",
    },
    "premortems.actions": {"begin_ahead": "begins each in one of its own"},
    "merging.actions": {"merge": "passes on to one, and words its refusal"},
    "pressures.actions": {
        "switch_on": "turns it on in one, then reads",
        "read_on": "writes part by part, each in its own",
        "read_touched": "writes part by part, each in its own",
        "read_pressures": "reads outside any, then keeps the day in one",
    },
    "reviews.actions": {"prepare_ahead": "prepares each review in one of its own"},
    "signals.actions": {
        "read_anew": "reads each day, then keeps it in one of its own",
        "read_signals": "reads outside any, then keeps each day in one",
    },
    "sheets.actions": {"bring_sheet": "writes the file first, then keeps it in one"},
    "proof.actions": {
        "attach": "writes files first, then the rows in one",
        "take_step_with_proof": "writes files first, then the rows in one",
        "send_waiting_links": "mails one after another, each counted before its mail goes",
        "send_waiting_codes": "mails one after another, each digest kept before its mail goes",
    },
    "strategy.actions": {
        "refresh_findings": "asks for several runs, each in its own",
        "ask_open_deals": "writes batch by batch, each in its own; a batch that was overtaken is taken back",
        "ask_touched_deals": "writes batch by batch, each in its own",
        "ask_by_new_usual_days": "passes on to one",
    },
    "sign_on.actions": {
        "apply": "a part of the transaction that learned of the groups",
        "end_doors": "a part of the transaction that lets somebody go",
    },
    "upkeep.actions": {
        "take_turn": "locks the row of the job first: that is the turn",
        "beat": "one statement that counts only while the turn is its own",
        "end_turn": "one statement that counts only while the turn is its own",
        "keep_answer": "one row in place of another; the trail tells nothing of it",
        "try_again": "one statement, of tasks that no worker holds",
    },
    "sync.actions": {
        "connect_or_renew": "passes on to one",
        "say_stages": "passes on to one",
        "say_words": "passes on to one",
        "test": "asks the CRM first, then keeps what was found in one statement",
        "rehearse": "asks the CRM first, then takes everything back",
        "sync": "asks the CRM outside any, and keeps each page in one",
        "sync_what_is_due": "runs several connections",
    },
    "webhooks.actions": {
        "send_test": "makes the message in one, sends it outside any, keeps the answer in one",
    },
    "tokens.actions": {
        "note_use": "one statement, now and then, that nobody decides by",
        "begin_request": "a part of the transaction of a request",
    },
    "trials.actions": {"conclude": "concludes several trials, each in its own"},
}


def test_every_change_is_one_action_or_says_why_not():
    """So that it decides on what it read in its own transaction: on SQLite that alone is its turn."""
    found = {}
    for path in sorted((ROOT / "src/hingepoint/domain").glob("*/actions.py")):
        functions = [
            one for one in ast.parse(path.read_text()).body
            if isinstance(one, ast.FunctionDef)
            and not one.name.startswith("_")
            and "at" in {argument.arg for argument in one.args.kwonlyargs}
            and "action" not in {getattr(each, "id", "") for each in one.decorator_list}
        ]  # fmt: skip
        found[f"{path.parent.name}.actions"] = {one.name for one in functions}
    expected = {name: set(reasons) for name, reasons in NO_ACTION.items()}
    assert {name: names for name, names in found.items() if names} == expected


def test_the_migrations_hold_every_table_as_the_models_say(db):
    call_command("makemigrations", "--check", "--dry-run")  # ends the program where they do not


class TestContainer:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    dockerfile = (ROOT / "Dockerfile").read_text()

    def test_compose_sets_only_settings_that_exist(self):
        known = {f"HINGEPOINT_{name.upper()}" for name in Environment.model_fields}
        assert set(self.compose["services"]["hingepoint"]["environment"]) <= known

    def test_compose_uses_the_database_it_starts_and_keeps_its_volumes(self):
        services = self.compose["services"]
        address = services["hingepoint"]["environment"]["HINGEPOINT_DATABASE_URL"]
        account = services["database"]["environment"]
        assert address.startswith(f"postgres://{account['POSTGRES_USER']}:")
        assert address.endswith(f"@database:5432/{account['POSTGRES_DB']}")
        used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
        assert used == set(self.compose["volumes"])

    def test_no_secret_is_written_down(self):
        assert "${POSTGRES_PASSWORD:?" in (ROOT / "compose.yaml").read_text()

    def test_the_image_runs_a_command_that_exists_and_not_as_root(self):
        program, name, *options = yaml.safe_load(self.dockerfile.rpartition("\nCMD ")[2])
        command = cli.main.get_command(click.Context(cli.main), name)
        assert program == "hingepoint"
        command.make_parser(click.Context(command)).parse_args(options)
        assert "\nUSER hingepoint\n" in self.dockerfile
        assert "/healthz" in self.dockerfile

    def test_the_image_holds_all_that_makes_pdf_and_slides_and_speaks_to_postgresql(self):
        [lock] = re.findall(r"^COPY requirements/(\w+)\.txt", self.dockerfile, re.MULTILINE)
        assert f"-r requirements/{lock}.txt" in self.dockerfile
        extras = PROJECT["optional-dependencies"]
        wanted = required([*PROJECT["dependencies"], *extras["postgres"], *extras["reports"]])
        assert wanted - locked(lock).keys() == set(), "run: python3 dev.py lock"

    def test_everything_the_image_copies_is_there_and_not_ignored(self):
        allowed = {
            line.removeprefix("!")
            for line in (ROOT / ".dockerignore").read_text().splitlines()
            if line[:1] == "!"
        }
        for words in re.findall(r"^COPY (?!--from)(.+)$", self.dockerfile, re.MULTILINE):
            for source in words.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in allowed, source


@pytest.mark.slow
def test_the_server_starts_without_the_libraries_of_statistics():
    script = "import sys, django; django.setup(); import hingepoint.config.urls; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment["DJANGO_SETTINGS_MODULE"] = "hingepoint.config.settings"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert (
        loaded & {"scipy.special", "scipy.optimize", "scipy.stats", "sklearn", "statsmodels", "pandas"}
        == set()
    )


def test_migrations_hold_values_and_no_enum_of_ours():
    for migration in sorted((ROOT / "src/hingepoint/domain/migrations").glob("0*.py")):
        named = re.findall(r"hingepoint\.[\w.]+\[.*", migration.read_text())
        assert not named, f"{migration.name}: {named}"


def test_an_enum_of_a_table_lives_in_records_with_its_words():
    for module in sorted((ROOT / "src/hingepoint").rglob("*.py")):
        assert "TextChoices" not in module.read_text(), f"{module}: write it as Worded, in records"


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = [line for line in CONTRIBUTING.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.split("|")[1].strip())
def test_each_path_in_the_table_of_contributing_exists(row):
    for path in re.findall(r"`([\w./]+)`", row):
        if "/" in path and not path.startswith("."):
            known = [base / path for base in (ROOT, ROOT / "src/hingepoint")]
            assert any(one.exists() for one in known), path


@pytest.mark.parametrize("words", ["signal", "format", "CRM", "result", "document", "command"])
def test_each_family_names_its_list_and_its_best_member(words):
    (row,) = (row for row in TABLE if words in row.split("|")[1])
    _, _, touch, copy, *_ = row.split("|")
    assert re.search(r"a line in `[A-Z_]+` of `[\w./]+`", touch)
    assert "`" in copy


def modules_of(folder: str) -> set[str]:
    """Return the modules and folders of code in a folder of the package."""
    inside = (ROOT / "src/hingepoint" / folder).iterdir()
    return {one.stem for one in inside if one.suffix == ".py" or (one / "__init__.py").exists()} - {
        "__init__"
    }


def test_the_list_of_a_family_holds_every_member():
    shared = {"charts", "findings", "methods", "pictures", "typesetting"}
    assert modules_of("reports") - shared == reports.DOCUMENTS.keys()
    shape = {"source", "exchange", "outgoing", "oidc", "own", "paging", "passing", "values"}
    assert modules_of("connectors") - shape == set(connectors.CONNECTORS)
    assert modules_of("analysis/signals") - {"shape", "engine", "lacked_agreements"} == set(signals.SIGNALS)
    assert metric_words.NOUNS.keys() == metrics.BUILT_IN.keys()
    assert set(formats.TABLES) == {"csv", "json", "parquet", "xlsx", "xls", "ods"}


def test_what_answers_imports_nothing_that_changes():
    subjects = ("agreements", "deals", "home", "strategy")
    answering = [
        path
        for subject in subjects
        for pattern in ("queries/*.py", "rules.py", "results.py", "benchmarks.py")
        for path in (ROOT / "src/hingepoint/domain" / subject).glob(pattern)
    ]
    assert len(answering) >= 25
    asked = re.compile(r"^\s*(?:from|import) .*\bactions\b.*", re.MULTILINE)
    assert {
        path.name: asked.findall(path.read_text()) for path in answering if asked.search(path.read_text())
    } == {}
