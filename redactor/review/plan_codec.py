"""Encodes a Plan for the vault and decodes it. A plan contains speech, so it is stored nowhere else."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from redactor.types import (
    Action,
    Cover,
    Decision,
    Finding,
    Interval,
    KeyTone,
    ModelInfo,
    Plan,
    Speech,
    Transcript,
    Unheard,
    Word,
)

SCHEMA = "redactor-plan/1"


def pack(plan: Plan, *, suffix: str) -> bytes:
    """JSON. `suffix` is the recording's; headerless audio cannot be decoded without it."""
    return json.dumps({"schema": SCHEMA, "suffix": suffix, **asdict(plan)}, ensure_ascii=False).encode()


def unpack(data: bytes) -> tuple[Plan, str]:
    """The plan and the recording's suffix.

    Raises:
        ValueError: another version wrote it.
    """
    given: dict[str, Any] = json.loads(data)
    if given.pop("schema", None) != SCHEMA:
        raise ValueError("not a plan of this version")
    suffix = str(given.pop("suffix"))
    speech = given["speech"]
    heard = Speech(
        transcripts=tuple(
            Transcript(t["channel"], t["text"], tuple(Word(**w) for w in t["words"]), t["language"])
            for t in speech["transcripts"]
        ),
        same_as=tuple(speech["same_as"]),
        model=ModelInfo(**speech["model"]),
        skipped=speech["skipped"],
        unheard=tuple(Unheard(**u) for u in speech["unheard"]),
        warnings=tuple(speech["warnings"]),
        key_tones=tuple(KeyTone(**k) for k in speech.get("key_tones", ())),  # plans of earlier versions have none
    )
    plan = Plan(
        id=given["id"],
        policy=given["policy"],
        duration=given["duration"],
        sample_rate=given["sample_rate"],
        channels=given["channels"],
        speech=heard,
        decisions=tuple(
            Decision(Finding(**d["finding"]), Action(d["action"]), d["start"], d["end"]) for d in given["decisions"]
        ),
        covers=tuple(Cover(**{**c, "labels": tuple(c["labels"])}) for c in given["covers"]),
        intervals=tuple(Interval(**{**i, "labels": tuple(i["labels"])}) for i in given["intervals"]),
        warnings=tuple(given["warnings"]),
    )
    return plan, suffix
