"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Paths = Annotated[
    list[Path],
    # Not `readable`, here and below: one file without permission is that file's failure, not the command line's.
    typer.Argument(metavar="PATH…", readable=False, help="Recordings, or folders that hold them."),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|PATH|auto",
        help="Speech checkpoint: a name (see `redactor models list`), a folder, or auto.",
        rich_help_panel="Recognition",
    ),
]
VerifyModelOption = Annotated[
    str,
    typer.Option(
        metavar="NAME|PATH|auto",
        help="Checkpoint of --verify; auto: a smaller one of this machine, else the first one with another search; "
        "with --transcript the one of --model.",
        rich_help_panel="Privacy",
    ),
]
RevisionOption = Annotated[
    str | None,
    typer.Option(
        metavar="REV", help="Pin a downloaded checkpoint to this hub revision.", rich_help_panel="Recognition"
    ),
]
DeviceOption = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where recognition runs.", rich_help_panel="Performance")
]
ComputeOption = Annotated[
    str | None,
    typer.Option(
        "--compute-type",
        metavar="TYPE",
        help="CTranslate2 type, such as int8 or float16.",
        rich_help_panel="Performance",
    ),
]
ThreadsOption = Annotated[
    int, typer.Option(min=0, help="CPU threads of each recognition call; 0: one.", rich_help_panel="Performance")
]
WorkersOption = Annotated[
    int,
    typer.Option(min=0, help="Recognition calls at once; 0: as many as cores allow.", rich_help_panel="Performance"),
]
BatchOption = Annotated[
    int,
    typer.Option(
        "--batch-size",
        min=0,
        max=512,
        help="Most windows in one recognition call; 0: by device.",
        rich_help_panel="Performance",
    ),
]
WindowOption = Annotated[
    Literal["auto", "full"],
    typer.Option(
        "--window",
        help="auto: each window as short as the checkpoint was measured to read well; full: always the whole 30 s "
        "context.",
        rich_help_panel="Recognition",
    ),
]
BeamOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=20,
        help="Beam width where a greedy search is unsure; the checkpoint's own if left out; 1: greedy only.",
        rich_help_panel="Recognition",
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(metavar="CODE", help="Spoken language: en if left out.", rich_help_panel="Recognition")
]
HotwordsOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Words the recogniser should expect: staff, practice, drugs.",
        rich_help_panel="Recognition",
    ),
]
PromptOption = Annotated[
    str | None,
    typer.Option(
        "--initial-prompt", metavar="TEXT", help="Text that sets the recogniser's style.", rich_help_panel="Recognition"
    ),
]
PolicyOption = Annotated[
    str,
    typer.Option(
        "--policy",
        "-p",
        metavar="NAME|FILE",
        help="What is removed: a shipped policy or a TOML file.",
        rich_help_panel="Privacy",
    ),
]
PaddingOption = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=2.0, help="Seconds bleeped around covered words (policy's if left out).", rich_help_panel="Privacy"
    ),
]
RawOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODEC[:RATE[:CHANNELS]]",
        help="Headerless audio: ulaw, alaw, s16 …; rate 8000 if left out.",
        rich_help_panel="Input",
    ),
]
NerOption = Annotated[
    str,
    typer.Option(
        "--ner",
        metavar="NAME|PATH|auto|none",
        help="Model for names beside the patterns: the shipped tagger (auto), none, a spaCy pipeline or a Hugging "
        "Face model.",
        rich_help_panel="Privacy",
    ),
]

Unheard = Literal["quarantine", "bleep"]
UnheardOption = Annotated[
    Unheard | None,
    typer.Option(
        help="Speech that no word stands for: quarantine the recording, or bleep the stretch (policy's if left out).",
        rich_help_panel="Privacy",
    ),
]
TranscriptOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|DIR",
        readable=False,
        help="Use a transcript made elsewhere (Whisper, WhisperX, Amazon Transcribe, Deepgram, WebVTT, SubRip, "
        "CTM); DIR: one per recording, same name.",
        rich_help_panel="Input",
    ),
]


SandboxOption = Annotated[
    Literal["off", "limits", "auto", "required"],
    typer.Option(
        help="Decode in processes that can do nothing else: with all that works here (auto), or not at all without "
        "bubblewrap and a filter of system calls (required), or without bubblewrap (limits).",
        rich_help_panel="Input",
    ),
]
ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", readable=False, help="Settings of the service (TOML).")
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="Folder of trail and vault, instead of the settings."),
]
