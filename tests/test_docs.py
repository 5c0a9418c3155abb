"""The documentation is checked: links and anchors, commands and flags, configuration keys, the rules, the generated
page.
"""

import base64
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from redactor import config as s
from redactor.compliance import load_rules
from redactor.config_parsing import Secret
from redactor.hook.arguments import FRONTS, USAGE
from redactor.policy.profiles import parse_policy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OURS = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
"""Pages whose commands and settings are checked; links are checked in every page."""
WRITTEN = [page for page in OURS if page.name != "commands.md"]
PLANNED = (
    "index quickstart archives telephony review compliance vault-and-audit-log configuration commands accuracy "
    "performance architecture security deployment"
).split()


def pages() -> list[Path]:
    """All pages of the project, except hidden and generated ones."""
    made = {"site", "demo-out", "dist", "build"}
    folders = [p for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name not in made]
    return sorted([*ROOT.glob("*.md"), *(p for folder in folders for p in folder.rglob("*.md"))])


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def prose(page: Path) -> str:
    """A page without its code blocks and comments."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?:^|(?<=\n\n))(?: {4}[^\n]*\n)+", "", text)


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, which a code host and mkdocs make in the same way from words and hyphens."""
    made = set()
    for heading in re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        made.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return made


# Links.


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_and_anchors_exist(page):
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    missing = []
    for target in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if (
            not there.exists()
            or not there.is_relative_to(ROOT)
            or (anchor and there.suffix == ".md" and anchor not in anchors(there))
        ):
            missing.append(target)
    assert not missing


def test_every_page_is_there_and_in_the_menu():
    assert {p.stem for p in DOCS.glob("*.md")} == set(PLANNED)
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2]
    assert [p for p in PLANNED if f" {p}.md" not in menu] == []


def test_the_readme_is_short_and_shows_the_picture():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    # The example is what the program prints, on one line.
    assert [line for line in lines if len(line) > 120 and '"id": 1' not in line] == []
    assert any("docs/images/redaction.png" in line for line in lines)


# Commands.


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("make_commands", DOCS / "make_commands.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def commands() -> dict[str, set[str]]:
    """Every command with its options."""
    found = {
        name: {"--help", *(o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-"))}
        for name, command in generator().commands()
    }
    found["hook"] = {"--help", *re.findall(r"--[a-z-]+", USAGE)}
    return found


def test_the_command_reference_is_what_the_generator_gives():
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == generator().page(), "run docs/make_commands.py"


def shown(page: Path) -> Iterator[str]:
    """Commands in code blocks, and in prose between back quotes."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            continue
        parts = [line] if fenced or line.startswith("    ") else re.findall(r"`([^`]+)`", line)
        for piece in (piece for part in parts for piece in part.partition(" #")[0].split(" | ")):
            words = re.sub(r"^(\.venv/bin/|/opt/redactor/bin/)", "", piece.removeprefix("$ ").strip())
            if words.startswith("redactor "):
                yield words


WITHOUT_WORD = {"review": "review open"}
"""Group → the command that is meant without its word."""


def wrong_with(line: str) -> str:
    """What is wrong with a command that a page shows; "" if nothing is."""
    words = line.split()[1:]
    if words[0].startswith("-"):
        return "" if words == ["--help"] else line
    if words[0] == "COMMAND":
        return ""
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in commands()), None)
    groups = {n.split()[0] for n in commands() if " " in n}
    if name is None and len(words) > 1:
        name = WITHOUT_WORD.get(words[0])
    if name is None:
        return "" if words[0] in groups and len(words) == 1 else line
    if name == "hook" and len(words) > 1 and words[1] not in {*FRONTS, "FRONT", "--help"}:
        return line
    given = re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(words))
    return "" if set(given) <= commands()[name] else line


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_commands_that_are_shown_exist(page):
    assert [line for line in shown(page) if wrong_with(line)] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_flags_in_the_text_exist(page):
    every = set().union(*commands().values())
    given = {f for part in re.findall(r"`([^`\n]+)`", prose(page)) for f in re.findall(r"^--[a-z][a-z-]+", part)}
    assert sorted(given - every) == []


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("redactor redact A --out B", True),
        ("redactor log verify --no-vault", True),
        ("redactor vault", True),
        ("redactor redact A --outt B", False),
        ("redactor redakt A", False),
        ("redactor log check", False),
        ("redactor log verify --since 1", False),
        ("redactor hook asterix A B", False),
    ],
)
def test_the_check_of_commands_finds_mistakes(line, good):
    assert (wrong_with(line) == "") == good


def test_commands_are_found_in_the_pages():
    assert sum(1 for page in WRITTEN for _ in shown(page)) > 60
    named = "\n".join(line for page in WRITTEN for line in shown(page)) + (DOCS / "commands.md").read_text("utf-8")
    assert [name for name in commands() if f"redactor {name}" not in named] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_make_targets_that_are_shown_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?:^    |`)make ([a-z]+)\b|^make ([a-z]+) *(?:#|$)", page.read_text("utf-8"), re.MULTILINE)
    targets = [a or b for a, b in targets]
    assert [t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)] == []


# Configuration.

TABLES = {name: table.annotation for name, table in s.Settings.model_fields.items()}
SMALLEST = '[service]\nspool = "/s"\nstate = "/t"\nroots = ["/r"]\n'


def documented() -> dict[str, dict[str, str]]:
    """Keys and defaults by table, as docs/configuration.md lists them."""
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    found = {}
    for name, part in re.findall(r"^## `\[(\w+)\]`\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE):
        rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", part, re.MULTILINE)
        found[name] = {key: default for keys, default in rows for key in re.findall(r"`(\w+)`", keys)}
    return found


def test_every_setting_is_documented_with_its_default():
    found = documented()
    assert set(found) == set(TABLES)
    for name, kind in TABLES.items():
        hints = kind.model_fields
        secrets = {name for name, field in hints.items() if isinstance(field.default, Secret)}
        assert set(found[name]) == {f"{n}_file" if n in secrets else n for n in hints}, name
        for key, default in found[name].items():
            field = hints.get(key)
            if field is None or key in secrets or default == "required":
                continue
            value = tomllib.loads(f"x = {default.strip('`')}")["x"]
            assert (tuple(value) if isinstance(value, list) else value) == field.default, f"{name}.{key}"


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_settings_in_the_text_exist(page):
    names = "|".join(TABLES)
    wrong = []
    for table, key in re.findall(rf"`({names})\.([a-z_]+)`", page.read_text(encoding="utf-8")):
        known = TABLES[table].model_fields
        if key not in known and re.sub(r"_(file|env)$", "", key) not in known:
            wrong.append(f"{table}.{key}")
    # Names of files look alike.
    assert [w for w in wrong if not w.endswith((".toml", ".service", ".py"))] == []


def secrets_for(text: str, folder: Path) -> str:
    """The block with each secret in a file of its own."""
    kinds = {
        "key": "ab" * 32,
        "database_url": "postgresql+psycopg://u@localhost/n",
        "secret": "whsec_" + base64.b64encode(b"x" * 24).decode(),
    }

    def kept(match: re.Match[str]) -> str:
        path = folder / match[1]
        path.write_text(kinds.get(match[1], "a-token-that-is-long-enough"))
        return f'{match[1]}_file = "{path}"'

    return re.sub(r'^(\w+)_file = "[^"]*"', kept, text, flags=re.MULTILINE)


TOML = [(page, n, block) for page in WRITTEN for n, block in enumerate(blocks(page, "toml"))]


@pytest.mark.parametrize(("page", "number", "block"), TOML, ids=[f"{p.stem}-{n}" for p, n, _ in TOML])
def test_configuration_that_is_shown_is_accepted(page, number, block, tmp_path):
    path = tmp_path / "shown.toml"
    given = tomllib.loads(block)
    if "practice" in given or "rules" in given:
        path.write_text(block, encoding="utf-8")
        assert load_rules(path).name == given["name"]
    elif "name" in given:
        assert parse_policy(block).name == given["name"]
    else:
        path.write_text(secrets_for(block, tmp_path) + ("" if "service" in given else "\n" + SMALLEST), "utf-8")
        assert s.load_settings(path).service.spool


def test_there_are_examples_of_all_three_kinds():
    kinds = {
        "rules" if "practice" in g else "policy" if "name" in g else "settings"
        for g in (tomllib.loads(b) for _, _, b in TOML)
    }
    assert kinds == {"rules", "policy", "settings"}


# Rules.


def test_the_table_of_rules_is_that_of_the_program():
    text = (DOCS / "compliance.md").read_text(encoding="utf-8")
    rows = {r[0]: r for r in re.findall(r"^\| (V\d\d) \| (\w+) \| [^|]+ \| (\w+) \| ([^|]+) \|", text, re.MULTILINE)}
    assert rows == {r.id: (r.id, r.severity.value, r.authority, r.citation or "-") for r in load_rules().rules.values()}


# The site.


def test_the_site_builds_without_a_warning(tmp_path):
    beside = Path(sys.executable).with_name("mkdocs")
    program = beside if beside.exists() else shutil.which("mkdocs")
    if program is None:
        pytest.skip("mkdocs is missing: `make docs` installs it")
    done = subprocess.run(
        [program, "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "repository" / "SECURITY" / "index.html").exists()
