"""The rules of the project: imports, length of modules, names at the top level, text."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = {
    "pyproject.toml",
    "README.md",
    "redactor",
    "models",
    "benchmarks",
    "tests",
    "sample_audio",
    "Makefile",
    "constraints.txt",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "SECURITY.md",
    "docs",
    "mkdocs.yml",
}
MADE = {"demo-out", "dist", "build", "site"}
"""What commands make; git ignores it."""


def tracked() -> list[Path]:
    """The files of the project: tracked files and new ones that git does not ignore; without git, all files except
    hidden and generated ones.
    """
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        skip = {"__pycache__", *MADE}
        names = [
            p
            for p in ROOT.rglob("*")
            if not any(
                part.startswith(".") or part in skip or part.endswith(".egg-info") for part in p.relative_to(ROOT).parts
            )
        ]
    return [p for p in names if p.is_file()]


def test_imports_point_down():
    command = Path(sys.executable).with_name("lint-imports")
    assert command.exists(), "import-linter is missing: pip install -e '.[dev]'"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_modules_are_short_and_named_for_what_they_hold():
    modules = [p for p in tracked() if p.suffix == ".py"]
    assert len(modules) > 20
    long = {
        str(p.relative_to(ROOT)): n for p in modules if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long
    assert not [p for p in modules if re.fullmatch(r"(utils?|helpers?|misc|common)\.py", p.name)]


def test_one_class_name_means_one_thing():
    named: dict[str, list[str]] = {}
    for path in (ROOT / "redactor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                named.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert len(named) > 300
    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def test_the_formatter_is_never_switched_off():
    switch = "fmt: " + "skip"
    assert [str(p) for p in tracked() if p.suffix == ".py" and switch in p.read_text(encoding="utf-8")] == []


def test_nothing_strange_at_the_top():
    top = {p.relative_to(ROOT).parts[0] for p in tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP
    assert {"pyproject.toml", "README.md", "redactor", "tests"} <= top


# Written in pieces, so that this file does not hold what it forbids.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "conda" + ".anaconda.org", "registry" + ".npmjs.org", "gh" + "cr.io"]
PATHS = ["/work" + "/", "/home" + r"/[a-z]+/", "/Us" + r"ers/[A-Za-z]+/", "/root" + "/"]
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *(r"(?<![\w.~/}])" + p for p in PATHS)]))


def test_no_registry_hosts_and_no_paths_of_one_machine():
    hits = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hits.extend(f"{path.relative_to(ROOT)}: {m.group()}" for m in FORBIDDEN.finditer(text))
    assert not hits


@pytest.mark.parametrize("bad", ["see /work" + "/main/x", "at https://pypi" + ".org/simple", "'/home" + "/me/a'"])
def test_the_search_finds_what_it_looks_for(bad):
    assert FORBIDDEN.search(bad)
    assert not FORBIDDEN.search("frame/work/x and ./root/x")
