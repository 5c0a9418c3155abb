"""`redactor script`: checks a proposed wording before anybody reads it aloud."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from redactor import builders
from redactor.cli.options import NerOption, RulesOption
from redactor.console import notice
from redactor.errors import ConfigurationError, InputError, NoInput

LONGEST = 20_000
"""Characters: a script of half an hour."""


def register(app: typer.Typer) -> None:
    app.command()(script)


def script(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|-",
            help='The wording, or "-" for standard input (other users of this machine can see arguments).',
        ),
    ],
    *,
    consents: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL", help="Consent register: CSV, SQLite file, or a file .url with a database's address."
        ),
    ] = None,
    recipient: Annotated[
        str | None, typer.Option(metavar="ID", help="Judge it for this recipient, by the id in the register.")
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="Judge it for a recipient who consented to this; may be repeated."),
    ] = None,
    rules: RulesOption = None,
    prerecorded: Annotated[
        bool | None, typer.Option("--prerecorded/--live", help="Whether a recording is played or a person speaks.")
    ] = None,
    ner: NerOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check a wording by the rules V01 … V20: what it should not say, and how to say it better.

    Without --recipient it is judged for a recipient who consented to nothing and asked for no restriction.
    {name}, {caller}, {practice}, {number} and {date} stand for what differs from call to call.

    Exit codes: 0 nothing found, 1 findings, 3 some rules could not be judged.
    """
    from redactor.compliance import (
        SCOPES,
        Circumstances,
        Consents,
        Grant,
        RuleVerdict,
        audit,
        load_rules,
        read_register,
    )
    from redactor.compliance.results import FINDINGS, UNDETERMINED
    from redactor.compliance.transcriber import message_of_text

    said = _given(text)
    rule_set = load_rules(rules)
    register = read_register(consents) if consents is not None else None
    if recipient is not None and (register is None or consent):
        raise ConfigurationError(
            "--recipient needs --consents, and excludes --consent.",
            hint="The register says what this recipient consented to.",
        )
    wrong = sorted(set(consent or ()) - SCOPES)
    if wrong:
        raise ConfigurationError("--consent names no known scope.", hint=f"Scopes: {', '.join(sorted(SCOPES))}.")
    if recipient is not None and register is not None:
        entry = register.of(recipient)
    else:
        base = (register.everybody if register else None) or Consents()
        entry = Consents(
            scopes=tuple(Grant(scope) for scope in consent or ()),
            restrictions=base.restrictions or frozenset(),
            neutral_names=base.neutral_names,
            callback_numbers=base.callback_numbers,
            part2=False,
        )
    message = message_of_text(said, builders.build_detector(ner), hashlib.sha256(said.encode()).hexdigest())
    circumstances = Circumstances(
        consents=entry, sent=datetime.now().astimezone().date(), prerecorded=prerecorded, to_patient=recipient is None
    )
    audited = audit(message, circumstances, rule_set)
    if as_json:
        print(json.dumps(_document(audited, rule_set, message), ensure_ascii=False))
    else:
        _print(audited, rule_set, message)
        if recipient is None:
            notice("Judged for a recipient who consented to nothing else and asked for no restriction.")
    code = {RuleVerdict.FINDINGS: FINDINGS, RuleVerdict.UNDETERMINED: UNDETERMINED, RuleVerdict.PASS: 0}[
        audited.verdict
    ]
    raise typer.Exit(code)


def _given(text: str) -> str:
    if text == "-":
        if sys.stdin.isatty():
            raise NoInput("There is no input.", hint="Pipe the wording in, or give it as an argument.")
        try:
            text = sys.stdin.read(LONGEST + 1)
        except UnicodeDecodeError:
            raise InputError("The wording is not UTF-8 text.", hint="Save it as UTF-8.") from None
    if not text.strip():
        raise NoInput("The wording is empty.", hint='Give it as an argument, or "-" and pipe it in.')
    if len(text) > LONGEST:
        raise InputError(f"The wording is longer than {LONGEST:,} characters.", hint="Give one script at a time.")
    return text


def _document(audited: Any, rule_set: Any, message: Any) -> dict[str, Any]:
    words = message.transcripts[0].words
    return {
        "schema": "redactor-script/1",
        "rules": audited.rules,
        "verdict": audited.verdict.value,
        "kind": audited.kind.value,
        "seconds": round(audited.duration, 1),
        "text": message.transcripts[0].text,
        "findings": [
            {
                "rule": b.rule,
                "title": rule_set.rules[b.rule].title,
                "severity": b.severity.value,
                "verdict": b.verdict.value,
                "authority": rule_set.rules[b.rule].authority,
                "citation": rule_set.rules[b.rule].citation,
                "why": b.why,
                "missing": list(b.missing),
                "better": b.better,
                "spans": [
                    {"start": words[e.first].char_start, "end": words[e.last - 1].char_end, "matched": e.matched}
                    for e in b.evidence
                ],
            }
            for b in audited.breaches
        ],
    }


def _print(audited: Any, rule_set: Any, message: Any) -> None:
    """Print the text with the evidence marked, then each finding. The text is the user's own, so it may be shown."""
    from rich.console import Console
    from rich.text import Text

    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    wrong = {i for b in audited.breaches for e in b.evidence if e.matched not in WHOLE for i in range(e.first, e.last)}
    shown = Text()
    words = message.transcripts[0].words
    for i, word in enumerate(words):
        first, last = i in wrong and i - 1 not in wrong, i in wrong and i + 1 not in wrong
        # Marks as well as colour: output may go to a file, and not everybody sees colours.
        shown.append("[" * first + word.text + "]" * last, style="bold red" if i in wrong else "")
        shown.append(" " if i + 1 < len(words) else "")
    out.print(shown)
    for b in audited.breaches:
        rule = rule_set.rules[b.rule]
        said = ", ".join(f'"{e.text}"' for e in b.evidence if e.matched not in WHOLE)
        line = Text(f"{b.rule} {b.severity.value} {b.verdict.value}: {rule.title}", style="bold")
        line.append(f" ({rule.authority}{f', {rule.citation}' if rule.citation else ''})", style="not bold")
        out.print(line)
        out.print(Text(f"    {f'{said}: ' if said else ''}{b.why}"))
        if b.missing:
            out.print(Text(f"    missing: {', '.join(b.missing)}"))
        if b.better:
            out.print(Text(f"    better: {b.better}"))
    if not audited.breaches:
        out.print(
            Text(
                f"No findings by the rules {audited.rules}. Kind: {audited.kind.value}, about {audited.duration:.0f} s."
            )
        )


WHOLE = frozenset({"length", "restriction on file"})
"""Evidence that is the whole text: none of it is marked."""
