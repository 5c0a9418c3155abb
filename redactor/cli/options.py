"""Options that several commands share, each declared once: single options, and groups of options as dataclasses.

Typer knows flat parameters only. A command that takes a group as a parameter is registered through `flat`:

    def redact(paths: Paths, *, recognition: RecognitionGroup) -> None: ...

    app.command()(flat(redact))
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

if TYPE_CHECKING:  # `serve` imports this module before it lowers its priority: nothing large may load here
    from redactor.builders import RecognitionOptions
    from redactor.kept_transcripts import KeptTranscripts
    from redactor.policy import Policy
    from redactor.recording_context import RecordingContexts


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each group of options replaced by its options, for Typer."""
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if not is_dataclass(parameter.annotation):
            parameters.append(parameter)
            continue
        group = groups[parameter.name] = parameter.annotation
        hints = get_type_hints(group, include_extras=True)
        parameters.extend(
            inspect.Parameter(
                option.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if option.default is MISSING else option.default,
                annotation=hints[option.name],
            )
            for option in fields(group)
        )

    @functools.wraps(command)
    def flattened(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{option.name: given.pop(option.name) for option in fields(group)})
        command(**given)

    flattened.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flattened


Paths = Annotated[
    list[Path],
    # Not `readable`, here and below: one file without permission is that file's failure, not the command line's.
    typer.Argument(metavar="PATH…", readable=False, help="Recordings, or folders that contain them."),
]
RevisionOption = Annotated[
    str | None,
    typer.Option(
        metavar="REV", help="Pin a downloaded checkpoint to this hub revision.", rich_help_panel="Recognition"
    ),
]
NerOption = Annotated[
    str,
    typer.Option(
        "--ner",
        metavar="NAME|PATH|auto|none",
        help="Model that finds names and clinical facts, beside the patterns: the shipped taggers (auto), a spaCy "
        "pipeline, a Hugging Face model, or none (then only what a pattern or list holds is found).",
        rich_help_panel="Privacy",
    ),
]
TranscriptOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|DIR",
        readable=False,
        help="Use a transcript: what `redactor transcribe` printed, corrected, or one made elsewhere (Whisper, "
        "WhisperX, Amazon Transcribe, Deepgram, WebVTT, SubRip, CTM). DIR: one for each recording, with the "
        "recording's name.",
        rich_help_panel="Input",
    ),
]
RawOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODEC[:RATE[:CHANNELS]]",
        help="Format of headerless audio: ulaw, alaw, s16 …; rate 8000 if not given.",
        rich_help_panel="Input",
    ),
]
SandboxOption = Annotated[
    Literal["off", "limits", "auto", "required"],
    typer.Option(
        help="Decode in processes that can do nothing else: auto, with every protection that works here; required, "
        "with bubblewrap and a system-call filter or not at all; limits, without bubblewrap; off, in this process.",
        rich_help_panel="Input",
    ),
]
RecipientsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        readable=False,
        help="CSV of recipients, with the columns file, recipient, caller, sent, prerecorded, direction.",
    ),
]
RulesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", readable=False, help="The practice's own rules (TOML), which override the shipped ones."
    ),
]
ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", readable=False, help="Settings of the service (TOML).")
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Folder that contains audit log and vault, instead of the settings file."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionGroup:
    """How recordings are recognised: the fields of `RecognitionOptions`, declared for the command line."""

    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|PATH|auto",
            help="Speech checkpoint: a name (see `redactor models list`), a folder, or auto.",
            rich_help_panel="Recognition",
        ),
    ] = "auto"
    revision: RevisionOption = None
    window: Annotated[
        Literal["auto", "full"],
        typer.Option(
            help="auto: each window as short as measurements of the checkpoint allow; full: always the whole 30 s "
            "context.",
            rich_help_panel="Recognition",
        ),
    ] = "auto"
    beam: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20,
            help="Beam width where a greedy search is unsure; 1: greedy only; the checkpoint's own if not given.",
            rich_help_panel="Recognition",
        ),
    ] = None
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Spoken language; en if not given.", rich_help_panel="Recognition"),
    ] = None
    hotwords: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Words that the recogniser should expect: staff, practice, drugs.",
            rich_help_panel="Recognition",
        ),
    ] = None
    initial_prompt: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Text that sets the recogniser's style.", rich_help_panel="Recognition"),
    ] = None
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="Where recognition runs.", rich_help_panel="Performance")
    ] = "auto"
    compute_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="CTranslate2 type, such as int8 or float16.", rich_help_panel="Performance"),
    ] = None
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads of each recognition call; 0: one.", rich_help_panel="Performance")
    ] = 0
    workers: Annotated[
        int,
        typer.Option(
            min=0, help="Recognition calls at once; 0: as many as cores allow.", rich_help_panel="Performance"
        ),
    ] = 0
    batch_size: Annotated[
        int,
        typer.Option(
            min=0, max=512, help="Most windows in one recognition call; 0: by device.", rich_help_panel="Performance"
        ),
    ] = 0

    def options(self, *, probe: bool = False) -> RecognitionOptions:
        """The options as the builders take them; `probe` is theirs."""
        from redactor.builders import RecognitionOptions

        return RecognitionOptions(**{option.name: getattr(self, option.name) for option in fields(self)}, probe=probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyGroup:
    """What is found and removed."""

    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            "-p",
            metavar="NAME|FILE",
            help="What is removed: a shipped policy or a TOML file.",
            rich_help_panel="Privacy",
        ),
    ] = "deidentify"
    ner: NerOption = "auto"
    padding: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=2.0,
            help="Seconds bleeped before and after covered words; the policy's if not given.",
            rich_help_panel="Privacy",
        ),
    ] = None
    unheard: Annotated[
        Literal["quarantine", "bleep"] | None,
        typer.Option(
            help="Speech that no word stands for: quarantine the recording, or bleep the stretch; the policy's if not "
            "given.",
            rich_help_panel="Privacy",
        ),
    ] = None

    max_doubt: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Withhold a recording in which, with a higher probability than this, something is still audible; the "
            "policy's if not given.",
            rich_help_panel="Privacy",
        ),
    ] = None
    second_ear: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH|auto",
            help="A second checkpoint that recognises each recording too: what only it hears as PHI is covered where "
            "the first one is unsure. auto: a smaller one that is here.",
            rich_help_panel="Privacy",
        ),
    ] = None

    def build_policy(self) -> Policy:
        from redactor.builders import policy_from

        return policy_from(self.policy, padding=self.padding, unheard=self.unheard, max_doubt=self.max_doubt)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextGroup:
    """What is known beforehand about the people in the recordings."""

    context: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="CSV or JSON of known people and practices, with the columns file, role, name, phone, id, email, "
            "address: searched in each recording exactly and by sound. A row without file is part of a directory for "
            "all recordings.",
            rich_help_panel="Privacy",
        ),
    ] = None
    context_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Key of a context file that `redactor context seal` sealed.",
            rich_help_panel="Privacy",
        ),
    ] = None

    context_hotwords: Annotated[
        bool,
        typer.Option(
            "--context-hotwords/--no-context-hotwords",
            help="Also tell the recogniser to expect the names of the recording's own people.",
            rich_help_panel="Recognition",
        ),
    ] = False

    def read(self) -> RecordingContexts | None:
        """The contexts, or None if no file is given.

        Raises:
            NoInput, ConfigurationError: see `read_contexts`; or a key without a file.
        """
        from redactor.errors import ConfigurationError

        if self.context is None:
            if self.context_key is not None:
                raise ConfigurationError("--context-key is for --context.", hint="Add --context, or omit it.")
            return None
        from redactor.recording_context import read_contexts

        return read_contexts(self.context, self.context_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingGroup:
    """How recordings are read."""

    raw: RawOption = None
    sandbox: SandboxOption = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingGroup:
    """Whether what was recognised is kept for runs with another policy."""

    keep_transcripts: Annotated[
        Path | None,
        typer.Option(
            metavar="VAULT",
            readable=False,
            help="Keep what was recognised, sealed in the vault of this folder, and take it from there instead of "
            "recognising a recording again, as for another policy. `redactor vault keygen --out VAULT` makes its keys.",
            rich_help_panel="Resuming",
        ),
    ] = None
    vault_identity: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Private key that opens kept transcripts; organisation.key in VAULT if not given. Without one, they "
            "are only sealed.",
            rich_help_panel="Resuming",
        ),
    ] = None

    def open(self) -> KeptTranscripts | None:
        """The kept transcripts, or None if none shall be kept.

        Raises:
            ConfigurationError: no keys, or the vault's packages are not installed. TrailDamaged, OutputError.
        """
        from redactor.errors import ConfigurationError

        if self.keep_transcripts is None:
            if self.vault_identity is not None:
                raise ConfigurationError("--vault-identity is for --keep-transcripts.", hint="Omit it.")
            return None
        from redactor.log_and_vault import open_kept_transcripts

        return open_kept_transcripts(self.keep_transcripts, self.vault_identity)
