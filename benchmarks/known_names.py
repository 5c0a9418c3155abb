"""What context brings: PHI that stays audible, needless bleeps and false alarms, with names that are known beforehand.

    python benchmarks/known_names.py --model base [--files 200] [--archive .train/voicemails] [--json FILE]

Each message is recognised once, and once more with the hot words of its context. Its context are the people and
practices of its labels (names that are spelled letter by letter are left out); the directory are 500 invented names,
with and without those of all messages. The labels are exact, which no operator's list is: the rows show what can be
reached, not what a site will see.

A false alarm is a finding of the context that touches no labelled word and covers sound that stays audible without it.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import voicemails
from report import folder_of, headline, progress, save, stamp, table

from redactor.audio import decode, read_source
from redactor.errors import Quarantine
from redactor.evaluation import EvaluationTotals, ideal_findings, measure
from redactor.labels import LabelledRecording, load_labels
from redactor.phi import KnownParty, build_detector
from redactor.phi.gazetteers import words
from redactor.phi.known import NAME_SOURCE, NUMBER_SOURCE
from redactor.policy import load_policy, make_plan
from redactor.recognition import listen
from redactor.recording_context import RecordingContext, RecordingContexts
from redactor.types import Finding, Interval, ModelInfo, Plan, Recording, Speech

DIRECTORY = 500
ALSO_WORDS = (
    "young king hill price long best may hope will grant brown green white black short day summers winters rose joy "
    "grace faith mark bill frank chase page case bell bush cook cross field fields fish fox french gentry good hall "
    "hand head heart house hunter judge knight lane love marsh mason miller moon moore noble north park parks pay "
    "penny pike pitts poole power reed rich rivers rush sharp small snow stone storm street swift waters weeks wells "
    "west wise wood woods"
).split()
"""Names that are everyday words: a third of the directory has one."""
_SPELLED = re.compile(r"(?:[A-Z][-. ]+)+[A-Z]\W*")


@dataclass(frozen=True, slots=True)
class _Message:
    labelled: LabelledRecording
    recording: Recording
    speech: Speech
    biased: Speech | None
    ideal: Plan


def invented(count: int, *, without: frozenset[str] = frozenset(), seed: int = 1) -> list[KnownParty]:
    """People who do not exist, the same in every run; none has a name of `without` (lower case)."""
    rng = random.Random(seed)
    first, last = sorted(words("first_names") - without), sorted(words("surnames") - without)
    plain = [name for name in ALSO_WORDS if name not in without]
    made = []
    for number in range(count):
        surname = rng.choice(plain) if number % 3 == 0 else rng.choice(last)
        made.append(KnownParty("patient", f"{rng.choice(first)} {surname}".title()))
    return made


def people(labelled: LabelledRecording) -> list[KnownParty]:
    """The people and practices of a message's labels."""
    found = {}
    for channel in labelled.channels:
        for span in channel.spans:
            name = channel.transcript.text[span.start : span.end].strip(" ,.?!")
            if span.must and span.label in ("PERSON", "ORGANIZATION") and not _SPELLED.fullmatch(name):
                found[name] = KnownParty("practice" if span.label == "ORGANIZATION" else "patient", name)
    return list(found.values())


class Bench:
    """The messages, and what every variant shares."""

    def __init__(self, archive: Path, files: int, model: str, *, bias: bool, cache: Path | None = None) -> None:
        from redactor.builders import RecognitionOptions, build_transcriber

        self.model, self.cache = model, cache
        self.detector = build_detector()
        self.policy = load_policy("deidentify").with_changes(unheard_speech="bleep")
        engine = build_transcriber(RecognitionOptions(model=model))
        self.messages: list[_Message] = []
        for labelled in [one for one in load_labels(archive) if one.ordinary][:files]:
            recording = decode(read_source(labelled.path))
            speech = self._heard(recording, engine, None)
            own = RecordingContexts().with_parties(people(labelled))
            hotwords = own.hotwords if own is not None and bias else None
            biased = self._heard(recording, engine, hotwords) if hotwords else speech if bias else None
            texts = tuple(channel.transcript for channel in labelled.channels)
            found = ideal_findings(labelled.channels, list(self.detector.pipe([t.text for t in texts])))
            truth = Speech(texts, tuple(range(recording.channels)), ModelInfo("labels", "labels"))
            ideal = make_plan(recording, truth, found, self.policy)
            self.messages.append(_Message(labelled, recording, speech, biased, ideal))
            if len(self.messages) % 20 == 0:
                progress(f"message {len(self.messages)}")

    def _heard(self, recording: Recording, engine: Any, hotwords: str | None) -> Speech:
        if self.cache is None:
            return listen(recording, engine, hotwords=hotwords)
        name = hashlib.sha256(f"{self.model} {recording.id} {hotwords or ''}".encode()).hexdigest()[:24]
        path = self.cache / f"{name}.pickle"
        if path.exists():
            kept: Speech = pickle.loads(path.read_bytes())
            return kept
        speech = listen(recording, engine, hotwords=hotwords)
        path.write_bytes(pickle.dumps(speech))
        return speech

    def run(self, context_of: Callable[[_Message], RecordingContext | None], *, biased: bool = False) -> dict[str, Any]:
        """The figures of one variant."""
        totals, alarms, withheld = EvaluationTotals(), 0, 0
        for message in self.messages:
            speech = message.biased if biased and message.biased is not None else message.speech
            context = context_of(message)
            plan = self._plan(message.recording, speech, context)
            if plan is None and biased:  # as `Pipeline.plan`
                plan = self._plan(message.recording, message.speech, context)
            withheld += plan is None
            measure(message.labelled, plan, message.ideal, totals, policy=self.policy)
            if context is not None and plan is not None:
                without = self._plan(message.recording, speech, None)
                alarms += len(false_alarms(message.labelled, plan, without.intervals if without else ()))
        figures = totals.figures()
        person = figures["labels"].get("PERSON", {}).get("audible_percent")
        organisation = figures["labels"].get("ORGANIZATION", {}).get("audible_percent")
        return {
            "audible_phi_percent": figures["audible_phi_percent"],
            "audible_person_percent": person,
            "audible_organization_percent": organisation,
            "over_bleep_percent": figures["over_bleep_percent"],
            "false_alarms": alarms,
            "wer_percent": figures["wer_percent"],
            "withheld": withheld,
        }

    def _plan(self, recording: Recording, speech: Speech, context: RecordingContext | None) -> Plan | None:
        known = [context] * len(speech.transcripts)
        found = [f for several in self.detector.search(speech.transcripts, known=known) for f in several]
        try:
            return make_plan(recording, speech, tuple(found), self.policy)
        except Quarantine:
            return None


def false_alarms(labelled: LabelledRecording, plan: Plan, bleeped: Sequence[Interval]) -> list[Finding]:
    """Findings of the context that touch no labelled span, outside what is bleeped without it."""
    spans = [
        (channel.transcript.channel, word.start or 0.0, word.end or 0.0)
        for channel in labelled.channels
        for span in channel.spans
        for word in channel.transcript.words
        if word.char_start < span.end and word.char_end > span.start
    ]
    return [
        decision.finding
        for decision in plan.decisions
        if decision.finding.source in (NAME_SOURCE, NUMBER_SOURCE)
        and not any(c == decision.finding.channel and s < decision.end and e > decision.start for c, s, e in spans)
        and not any(
            i.channel == decision.finding.channel and i.start <= decision.start + 0.05 and i.end >= decision.end - 0.05
            for i in bleeped
        )
    ]


def measured(bench: Bench, *, bias: bool) -> dict[str, dict[str, Any]]:
    """Variant → figures."""
    true = [party for message in bench.messages for party in people(message.labelled)]
    parts = frozenset(part.lower() for party in true for part in re.findall(r"\w+", party.name))
    others = invented(DIRECTORY, without=parts)
    foreign, whole = RecordingContexts(others), RecordingContexts([*others, *true])
    own = {id(message): RecordingContexts().with_parties(people(message.labelled)) for message in bench.messages}
    rows = {
        "no context": bench.run(lambda _: None),
        f"directory of {DIRECTORY} other people": bench.run(lambda _: foreign.with_parties(())),
        f"directory of {DIRECTORY} and all labelled names": bench.run(lambda _: whole.with_parties(())),
        "the message's own names": bench.run(lambda message: own[id(message)]),
        "own names and directory": bench.run(lambda message: foreign.with_parties(people(message.labelled))),
    }
    if bias:
        rows["hot words alone"] = bench.run(lambda _: None, biased=True)
        rows["own names and hot words"] = bench.run(lambda message: own[id(message)], biased=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--files", type=int, default=voicemails.FILES)
    parser.add_argument("--archive", type=Path, default=voicemails.FOLDER)
    parser.add_argument("--no-bias", action="store_true", help="do not recognise again with hot words")
    parser.add_argument("--cache", type=Path, help="folder for what was recognised, for further runs")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.cache:
        given.cache.mkdir(exist_ok=True)
    stamped = stamp(folder_of(given.model))
    bias = not given.no_bias
    bench = Bench(given.archive, given.files, given.model, bias=bias, cache=given.cache)
    rows = measured(bench, bias=bias)
    columns = ("", "audible PHI %", "PERSON %", "ORGANIZATION %", "over-bleep %", "false alarms", "WER %", "withheld")
    print(f"{len(bench.messages)} messages. {headline(stamped)}\n")
    print(table(columns, [[name, *figures.values()] for name, figures in rows.items()]))
    if given.json:
        save(given.json, {"stamp": stamped, "messages": len(bench.messages), "rows": rows})


if __name__ == "__main__":
    main()
