"""The house around the code: locks, container and layers are what they say."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from django.core.management import call_command

from hingepoint import cli
from hingepoint.config.environment import Environment

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


@pytest.mark.parametrize(("narrow", "wide"), [("core", "postgres"), ("postgres", "test"), ("test", "proof")])
def test_a_wider_lock_contains_the_narrower_one_in_the_same_versions(narrow, wide):
    differing = {name for name, versions in locked(narrow).items() if locked(wide).get(name) != versions}
    assert differing == set(), "run: python3 dev.py lock"


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


def test_an_installation_behind_https_passes_the_deployment_check():
    checked = django("check", "--deploy", "--fail-level", "WARNING", HINGEPOINT_HTTPS="true")
    assert checked.returncode == 0, checked.stderr


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
