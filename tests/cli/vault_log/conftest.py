"""The command in this process."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from redactor.cli.app import app
from redactor.errors import RedactorError


@pytest.fixture
def run():
    """The command in this process, errors turned into exit codes as the console entry does."""

    def go(*words, input=None):  # noqa: A002 - as subprocess calls it
        done = CliRunner().invoke(app, [str(w) for w in words], input=input, standalone_mode=False)
        problem, told = done.exception, done.stderr_bytes
        code = done.return_value if isinstance(done.return_value, int) else done.exit_code
        if isinstance(problem, RedactorError):
            code, told = problem.exit_code, told + f"{problem.message} {problem.hint}".encode()
        elif problem is not None and not isinstance(problem, SystemExit):
            code = {"Abort": 130, "Exit": getattr(problem, "exit_code", 1)}.get(type(problem).__name__)
            if code is None:
                assert hasattr(problem, "format_message"), problem
                code = 64
        return SimpleNamespace(returncode=code, stdout=done.stdout_bytes, stderr=told)

    return go
