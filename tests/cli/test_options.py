"""Groups of options: each option is declared once, and the groups fit the builders."""

import inspect
from dataclasses import dataclass, fields
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from redactor.builders import RecognitionOptions
from redactor.cli import audit, evaluate, redact, transcribe
from redactor.cli.options import RecognitionGroup, flat


@dataclass(frozen=True, kw_only=True)
class Group:
    needed: Annotated[int, typer.Option(help="A number.")]
    name: Annotated[str, typer.Option("--name", "-n")] = "nobody"


def command(word: str, *, group: Group, loud: bool = False) -> None:
    """Say what was given."""
    print(word, group, loud)


def test_a_group_becomes_flat_options():
    app = typer.Typer()
    app.command()(flat(command))
    done = CliRunner().invoke(app, ["hello", "--needed", "3", "-n", "x", "--loud"])
    assert (done.exit_code, done.stdout) == (0, "hello Group(needed=3, name='x') True\n")
    missing = CliRunner().invoke(app, ["hello"])
    assert missing.exit_code == 2
    assert "--needed" in missing.output
    assert "Say what was given." in CliRunner().invoke(app, ["--help"]).stdout


def test_the_group_of_recognition_has_the_builders_options_and_defaults():
    declared = {option.name: option.default for option in fields(RecognitionGroup)}
    built = {option.name: option.default for option in fields(RecognitionOptions)}
    assert declared == {name: default for name, default in built.items() if name != "probe"}
    assert RecognitionGroup(model="base", beam=5).options() == RecognitionOptions(model="base", beam=5)


@pytest.mark.parametrize("function", [redact.redact, audit.audit, evaluate.evaluate, transcribe.transcribe])
def test_every_command_that_recognises_speech_has_all_its_options(function):
    names = set(inspect.signature(flat(function)).parameters)
    assert {option.name for option in fields(RecognitionGroup)} <= names
