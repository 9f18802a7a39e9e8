#!/usr/bin/env python3
"""Make .venv on first use, keep it as the lock files say, and run one thing in it.

    python3 dev.py demo     the demo company in your browser; so with every other hingepoint command
    python3 dev.py test     the everyday tests; what follows goes to pytest
    python3 dev.py lint     ruff, mypy and the layers
    python3 dev.py docs     write docs/reference/ anew from the code
    python3 dev.py sentences    collect what translators say in other languages
    python3 dev.py changelog 0.2.0   gather changelog.d/ into CHANGELOG.md for a release
    python3 dev.py sbom   write the bill of materials of the locked packages to build/
    python3 dev.py lock     resolve the dependencies anew into requirements/ (--upgrade: to the newest)

Needs Python 3.11 or newer, nothing else.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
#: The newest Python that Hingepoint was tried on, and the newest for which every locked package has a wheel.
TRIED, HAS_WHEELS = (3, 13), (3, 14)
COMPILE = "uv pip compile -q --universal --python-version 3.11 --generate-hashes"
COMPILE += " --no-annotate --no-header --no-emit-index-url"
TASKS = {
    # A file's tests run in one process: what they share is made once.
    "test": ['pytest -n 2 --dist loadfile -m "not browser and not slow"'],
    "lint": ["ruff check", "ruff format --check", "mypy", "lint-imports"],
    "docs": ["python docs/write_reference.py"],
    "sentences": ["python docs/write_sentences.py"],
    "changelog": ["python docs/gather_changelog.py"],
    "sbom": ["python docs/write_sbom.py"],
    "lock": [  # the widest first: the narrower ones then choose the same versions
        f"{COMPILE} requirements/uv.in -o requirements/uv.txt",
        f"{COMPILE} pyproject.toml --extra test --extra proof -o requirements/proof.txt",
        f"{COMPILE} pyproject.toml --extra test -c requirements/proof.txt -o requirements/test.txt",
        f"{COMPILE} pyproject.toml --extra spark -c requirements/proof.txt -o requirements/spark.txt",
        f"{COMPILE} pyproject.toml --extra postgres --extra reports -c requirements/test.txt -o requirements/server.txt",
        f"{COMPILE} pyproject.toml -c requirements/test.txt -o requirements/core.txt",
    ],
}


def install(*locks):
    """Install the last of ``locks``, which contains the others, unless .venv has it already."""
    marks = {VENV / f"{lock}.installed": (ROOT / f"requirements/{lock}.txt").read_text() for lock in locks}
    if PYTHON.exists() and all(mark.exists() and mark.read_text() == text for mark, text in marks.items()):
        return
    print("Setting up .venv. The first time takes about a minute.", flush=True)
    if not PYTHON.exists():
        make_venv()
    pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r"]
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, "--require-hashes", "-r"]
    lock = ROOT / f"requirements/{locks[-1]}.txt"
    if subprocess.call([*pip, ROOT / "requirements/uv.txt"]) or subprocess.call([*uv, lock]):
        print("Going on with pip instead of uv, which takes a few minutes.", flush=True)
        # All that is needed is locked, and pip takes no pin for a package that another asks for with an extra.
        subprocess.check_call([*pip[:-1], "--no-deps", "-r", lock])
    for mark, text in marks.items():
        mark.write_text(text)


def about_this_python(version):
    """Return what to say of a Python that Hingepoint was not tried on; empty for one that it was."""
    if version <= TRIED:
        return ""
    here, tried = (".".join(map(str, one)) for one in (version, TRIED))
    wheels = (
        "the locked packages have wheels for it" if version <= HAS_WHEELS else "packages may need a compiler"
    )
    return f"Hingepoint was never tried on Python {here}, only up to {tried}; {wheels}. Going on."


def make_venv():
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv")


def become(command):
    """Let ``command`` take this process over, so that Ctrl-C and the exit code are its own."""
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def main(name, *arguments):
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # else every process that a test starts compiles everything
    if name not in TASKS:
        install("core")
        become([str(PYTHON), "-m", "hingepoint", name, *arguments])
    install("core", "test")
    os.chdir(ROOT)
    *first, last = [[str(BIN / program), *options] for program, *options in map(shlex.split, TASKS[name])]
    for command in first:
        if code := subprocess.call([*command, *arguments]):
            sys.exit(code)
    become([*last, *arguments])


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("Hingepoint needs Python 3.11 or newer; this is " + sys.version.split()[0])
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    if said := about_this_python(sys.version_info[:2]):
        print(said, file=sys.stderr, flush=True)
    main(*sys.argv[1:])
