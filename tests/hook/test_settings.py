"""The hook's short reader of the settings file agrees with tomllib, or leaves the file to it."""

import sys

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redactor.hook.settings import plain_tables

KEYS = st.sampled_from(["a", "b-c", "d_1", "1", "é", '"q"', "a.b", "a b", "", "null", "[x]"])
PIECES = st.sampled_from(
    [
        '"',
        "'",
        '"""',
        "'''",
        "#",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "\\",
        "\\u0041",
        "\t",
        " ",
        "\r",
        "\n",
        "\x0b",
        "\u2028",
        "\x7f",
        "\ufeff",
        "\xa0",
        "null",
        "true",
        "false",
        "nan",
        "inf",
        "NaN",
        "-",
        "+",
        "_",
        "0",
        "01",
        "1e5",
        "1.",
        ".5",
        "0x1",
        "1979-05-27",
        "x",
        "é",
        "[t]",
        "a = 1",
        '"s"',
    ]
)
VALUES = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=8).map(lambda t: f'"{t}"'),
    st.lists(PIECES, max_size=6).map("".join),
    st.lists(st.text(max_size=4), max_size=3).map(lambda items: "[" + ", ".join(f'"{t}"' for t in items) + "]"),
)
NAMES = st.text("abcdefgh-_1", min_size=1, max_size=5)
QUOTED = st.text("ab #[]=,é", max_size=5).map(lambda t: f'"{t}"')
USUAL = st.one_of(
    st.integers(0, 99).map(str),
    st.just("true"),
    QUOTED,
    st.lists(QUOTED, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
)
GOOD = st.one_of(
    NAMES.map(lambda k: f"[{k}]"),
    st.tuples(NAMES, USUAL).map(" = ".join),
    st.tuples(NAMES, USUAL).map("=".join),
    st.just(""),
    st.just("# it's"),
    st.tuples(NAMES, USUAL, USUAL).map(lambda t: f"{t[0]} = {t[1]} # {t[2]}"),
)
ODD = st.one_of(
    KEYS.map(lambda k: f"[{k}]"),
    st.tuples(KEYS, VALUES).map(" = ".join),
    VALUES,
    st.lists(PIECES, max_size=8).map("".join),
    st.tuples(NAMES, VALUES, VALUES).map(lambda t: f"{t[0]} = {t[1]} # {t[2]}"),
)
LINES = st.one_of(GOOD, GOOD, GOOD, GOOD, ODD)
TEXTS = st.tuples(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"])).map(lambda t: t[1].join(["[t]", *t[0]]))


@given(TEXTS)
@example('[t]\na = "#" # "')
@example('[t]\na = """\n[u]\n"""')
@example('[t]\na = [ "x", # y\n"z" ]')
@example("[t]\na = 1\r")
@example("[t]\na = 1\n[t]\nb = 2")
@example("[t]\na = null")
@example('[t]\na = [null, "null"]')
@example("[t]\na = NaN\nb = Infinity")
@example("[t]\n[t.u]\n[t.u.v]")
@example("[[t]]\na = 1")
def test_the_short_reader_agrees_with_tomllib(text):
    plain = plain_tables(text)
    if plain is not None:
        assert repr(plain) == repr(tomllib.loads(text))  # which raises where it is no TOML


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_usual_file_needs_no_parser(end):
    text = end.join(
        [
            "# Ours",
            "[service]  # here",
            'spool = "/var/spool/redactor"',
            'roots = ["/var/spool/asterisk", "/srv/re#c"]  # two "roots"',
            "spool_limit = 5",
            "",
            "[sweep]",
            "every = 5.5",
            "deep = true",
        ]
    )
    assert plain_tables(text) == tomllib.loads(text)


def test_the_example_of_the_settings_needs_no_parser():
    import redactor

    example_file = Path(redactor.__file__).parent / "service/deploy/redactor.toml"
    text = example_file.read_text(encoding="utf-8")
    assert plain_tables(text) == tomllib.loads(text)


def test_another_way_to_write_it_is_read_as_well(tmp_path):
    from redactor.hook.settings import hook_settings, read_toml

    file = tmp_path / "redactor.toml"
    file.write_text("service.spool = '/spool'\nservice.roots = [\n  '/a',\n  \"/b\",\n]\n")
    settings = hook_settings(read_toml(file))
    assert (settings.spool, settings.roots) == ("/spool", ("/a", "/b"))
