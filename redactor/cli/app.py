"""The command `redactor`: registers the commands, and turns errors into a line, a hint and an exit code."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from typing import Annotated

import typer

from redactor import __version__
from redactor.cli import (
    accounts,
    audit,
    context,
    detect,
    evaluate,
    locate,
    log,
    models,
    policies,
    redact,
    review,
    sample,
    script,
    serve,
    service,
    transcribe,
    vault,
)
from redactor.console import complain
from redactor.errors import OutOfSpace, OutputError, RedactorError

app = typer.Typer(
    name="redactor",
    help="Find and remove protected health information (PHI) in voicemail: redacted transcripts and bleeped audio.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables: speech
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    redact,
    locate,
    transcribe,
    detect,
    evaluate,
    audit,
    script,
    context,
    policies,
    models,
    serve,
    service,
    review,
    sample,
    accounts,
    vault,
    log,
):
    command.register(app)


@app.command()
def version(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print the versions of redactor and of the libraries it uses."""
    import json
    from importlib.metadata import version as installed

    engines = {
        name: installed(name) for name in ("faster-whisper", "ctranslate2", "presidio-analyzer", "soundfile", "av")
    }
    if as_json:
        print(json.dumps({"redactor": __version__, **engines}))
    else:
        print(f"redactor {__version__}")
        print("  ".join(f"{name} {number}" for name, number in engines.items()))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    options_metavar="[--config FILE]",
)
def hook(context: typer.Context) -> None:
    """Queue a recording for the service, called by a telephone system; takes milliseconds (`redactor hook --help`)."""
    from redactor.hook.main import main as take

    raise typer.Exit(take(context.args))


def main() -> None:
    """Console entry. Exit codes: 0, those of `errors`, 64 for usage, 130 after Ctrl-C."""
    _open_streams()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except RedactorError as error:
        complain(error)
        sys.exit(error.exit_code)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    except SystemExit as stop:
        if stop.code == 130:  # Typer's answer to Ctrl-C
            print("Stopped.", file=sys.stderr)
        # Typer exits with 1 when the reader closes a pipe (`| head`), which is not an error.
        sys.exit(0 if stop.code == 1 else stop.code)
    except Exception as error:  # noqa: BLE001 - the last boundary: no traceback may reach a terminal
        if isinstance(error, OSError) and error.errno in _LOST:
            sys.exit(_lost_output(error))
        usage = getattr(error, "format_message", None)
        if usage is None:
            # An internal error: print only its type, since messages and tracebacks may quote speech.
            complain(RedactorError(f"Unexpected {type(error).__name__}."))
            sys.exit(70)
        message = _choices(error, usage()) or _without_arguments(usage())
        complain(RedactorError(message, hint=f"See `{_command_of(error)} --help`."))
        sys.exit(64)
    sys.exit(code if isinstance(code, int) else 0)


def _open_streams() -> None:
    """Make sure that the standard streams are open and use UTF-8.

    If standard error were closed, the next file to be opened would take its place and receive error messages.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # noqa: PERF203
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "r" if name == "stdin" else "w"), "utf-8"))
    for stream, errors in ((sys.stdin, "strict"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


_LOST = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF}
"""Errors of writes to standard output: other files' errors are handled where they are read and written."""


def _lost_output(error: OSError) -> int:
    """The exit code after a failed write; standard output is closed so that nothing fails on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno == errno.EPIPE:  # the reader closed the pipe (`| head`): no error
        return 0
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    problem = OutOfSpace("The disk is full.") if full else OutputError("The output cannot be written.")
    complain(problem)
    return problem.exit_code


_OPTION = re.compile(r"--?[a-z][a-z-]*")


def _command_of(error: Exception) -> str:
    """The command that a usage error is about."""
    context = getattr(error, "ctx", None)
    return f"redactor {' '.join(context.command_path.split()[1:])}".strip() if context else "redactor"


def _choices(error: Exception, message: str) -> str:
    """The possible values, if an option was given another one; "" for any other mistake."""
    options = [name for name in getattr(getattr(error, "param", None), "opts", ()) if name.startswith("--")]
    # The given value comes before this text, so the last occurrence is the library's own.
    _, found, listed = message.rpartition(" is not one of ")
    if not (found and options and re.fullmatch(r"'[\w.-]+'(, '[\w.-]+')*\.", listed)):
        return ""
    return f"{options[0]} must be one of {listed.replace(chr(39), '')}"


def _without_arguments(message: str) -> str:
    """A usage message without the arguments: file names contain names and numbers of people, and messages reach
    logs.
    """
    message = message.replace(": Value error, ", ": ").replace("Input should be", "the value must be").strip()
    message += "" if message.endswith((".", "?")) else "."
    if message.startswith("Got unexpected extra arg"):
        return "There are more arguments than the command accepts."
    given = {part for word in sys.argv[1:] for part in (word, word.partition("=")[0], word.partition("=")[2])}
    private = sorted((w for w in given if w and not _OPTION.fullmatch(w)), key=len, reverse=True)
    for word in private:
        message = message.replace(repr(word), "'…'").replace(f"'{word}'", "'…'")
    if any(word in message for word in private if len(word) > 3):
        return "No such option." if message.startswith("No such option") else "The command line is not valid."
    return message


if __name__ == "__main__":
    main()
