"""An archive with a pipeline that only follows the journal's protocol."""

import hashlib
import json
from pathlib import Path, PurePath

from redactor.errors import OutputError
from redactor.storage import (
    ArchiveJournal,
    Claim,
    Fingerprint,
    Item,
    Step,
    Target,
    artefact,
    fingerprints,
    in_turn,
    save_set,
)
from redactor.types import Outcome, Status

SETTINGS = "0123456789abcdef"
CODES = {
    "recognition-failed": 70,
    "damaged-audio": 65,
    "untranscribed-speech": 3,
    "cannot-write": 73,
    "out-of-space": 74,
}


class Archive:
    """Inputs, outputs, and a pipeline that only follows the protocol."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        self.inputs = folder / "in"
        self.out.mkdir()
        self.inputs.mkdir()
        self.read: list[str] = []
        self.worked: list[str] = []
        self.fails: dict[str, str] = {}  # content → reason

    def put(self, name: str, content: str) -> None:
        (self.inputs / name).write_text(content)

    def items(self) -> list[Item]:
        names = sorted(p.name for p in self.inputs.iterdir())
        return [Item(n, self.inputs / name, PurePath(name), PurePath(name)) for n, name in enumerate(names, 1)]

    def claim(self, item: Item, content: str) -> Claim:
        return Claim(
            item, hashlib.sha256(content.encode()).hexdigest(), item.path.suffix, SETTINGS, Target(self.out) / item.stem
        )

    def save(self, claim: Claim) -> dict[str, Fingerprint]:
        doc = json.dumps({"id": claim.source_id, "settings": SETTINGS, "audio": ".wav"})
        texts = {".wav": claim.source_id, ".txt": "t", ".srt": "s", ".vtt": "v", ".json": doc}
        files = [(suffix, text.encode()) for suffix, text in texts.items()]
        save_set({artefact(claim.target, suffix): content for suffix, content in files})
        return fingerprints(files)

    def process(self, journal, item: Item) -> Outcome | None:
        known = journal.known(item)
        if known is not None and known.settings == SETTINGS:
            skipped = Outcome(item.number, known.source_id, Status.SKIPPED)
            journal.finish(item, skipped, {})
            return skipped
        content = item.path.read_text()
        self.read.append(item.path.name)
        claim = self.claim(item, content)
        decision = journal.begin(claim)
        if decision.step is not Step.PROCEED:
            return decision.outcome
        self.worked.append(item.path.name)
        reason = self.fails.get(content)
        if reason:
            status = Status.QUARANTINED if CODES[reason] == 3 else Status.FAILED
            outcome = Outcome(item.number, claim.source_id, status, reason=reason, message="m", exit_code=CODES[reason])
            journal.finish(item, outcome, {})
        else:
            outcome = Outcome(item.number, claim.source_id, Status.REDACTED)
            journal.finish(item, outcome, self.save(claim))
        return outcome

    def run(self, **options) -> list[str]:
        """Statuses by item, in order; `read` and `worked` hold the names of this run."""
        self.read, self.worked, done = [], [], {}
        journal = ArchiveJournal(self.out, patience=0.1, **options)
        try:
            for item in in_turn(self.items(), journal):
                outcome = self.process(journal, item)
                if outcome is not None:
                    assert outcome.item not in done
                    done[outcome.item] = outcome
        finally:
            journal.close()
        return [done[n].status.value for n in sorted(done)]

    def documents(self) -> list[str]:
        return sorted(p.name.partition(".redacted")[0] for p in self.out.glob("*.redacted.json"))


def crash(journal) -> None:
    """As if the process were killed: nothing is released, and no orderly end is recorded."""
    ledger = journal._ledger
    ledger.do(lambda c: c.execute("SELECT 1").fetchone())
    ledger.trouble = OutputError("crashed")  # so that the end is not noted as clean
    ledger.close()
