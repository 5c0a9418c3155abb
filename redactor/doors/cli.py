"""The command `redactor`: parses, builds the objects, runs them, turns errors into a line, a hint and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from redactor import __version__
from redactor.doors import evaluate, models, redact, words
from redactor.doors.terminal import complain
from redactor.errors import RedactorError

app = typer.Typer(
    name="redactor",
    help="Find and remove protected health information (PHI) in voicemail: redacted transcripts and bleeped audio.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables: speech
    context_settings={"help_option_names": ["-h", "--help"]},
)
redact.register(app)
words.register(app)
evaluate.register(app)
models.register(app)


@app.command()
def version(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print the versions of redactor and of the engines below it."""
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


def main() -> None:
    """Console entry. Exit codes: 0, those of `errors`, 64 for usage, 130 after Ctrl-C."""
    try:
        code = app(standalone_mode=False)
    except RedactorError as error:
        complain(error)
        sys.exit(error.exit_code)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe went away (`| head`): not an error of ours.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last boundary: no traceback may reach a terminal
        usage = getattr(error, "format_message", None)
        if usage is None:
            # A fault of ours: say its kind and no more, since messages and tracebacks may quote speech.
            complain(RedactorError(f"Unexpected {type(error).__name__}."))
            sys.exit(70)
        print(f"{usage()} See `redactor --help`.", file=sys.stderr)
        sys.exit(64)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
