"""Many recordings under way at once, with the real engine: the same artefacts as one by one, and no failure stalls
another.
"""

from pathlib import Path

import pytest

from redactor.audio import looks_like_audio
from redactor.phi import build_detector
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.render import Replacer
from redactor.speech import Batcher, Recognizer, WhisperEngine, resolve
from redactor.storage import Item, list_inputs
from redactor.types import Status

RECORDINGS = 6


@pytest.fixture(scope="module")
def detector():
    return build_detector()


@pytest.fixture(scope="module")
def shared() -> Recognizer:
    engine = WhisperEngine.load(resolve("voicemail-micro"), device="cpu", cpu_threads=1, workers=2)
    return Recognizer(Batcher(engine, workers=2, batch_size=4))


@pytest.fixture
def archive(tmp_path, toy_recordings) -> Path:
    folder = tmp_path / "archive"
    toy_recordings(folder, RECORDINGS)
    return folder


def pipeline(transcriber, detector) -> Pipeline:
    return Pipeline(
        transcriber_for=lambda _item: transcriber,
        detector=detector,
        policy=load_policy("deidentify").with_changes(unheard_speech="bleep"),
        replacer=Replacer(),
        names="keep",
    )


def items(folder: Path) -> list[Item]:
    return list(list_inputs([folder], is_audio=looks_like_audio).items)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_company_changes_no_artefact(archive, tmp_path, shared, detector) -> None:
    engine = WhisperEngine.load(resolve("voicemail-micro"), device="cpu", cpu_threads=1)
    alone, together = tmp_path / "alone", tmp_path / "together"
    for item in items(archive):
        assert pipeline(Recognizer(engine), detector).process(item, alone).status is Status.REDACTED
    outcomes = list(pipeline(shared, detector).run(items(archive), together, threads=8, ordered=True))
    assert [o.item for o in outcomes] == list(range(1, RECORDINGS + 1))
    assert contents(together) == contents(alone)
    assert len(contents(alone)) == 5 * RECORDINGS


def test_one_failure_stalls_nobody(archive, tmp_path, shared, detector) -> None:
    (archive / "a-empty.wav").write_bytes(b"")
    (archive / "b-noise.wav").write_bytes(bytes(range(256)) * 40)
    (archive / "c-cut.flac").write_bytes((archive / "toy-02.flac").read_bytes()[:9000])
    listed = items(archive)
    outcomes = list(pipeline(shared, detector).run(listed, tmp_path / "out", threads=8))
    assert sorted(o.item for o in outcomes) == [item.number for item in listed]
    assert sum(o.status is Status.REDACTED for o in outcomes) == RECORDINGS
    assert sum(o.status is Status.FAILED for o in outcomes) == 3


def test_an_engine_that_fails_on_one_window_fails_one_recording(
    archive, tmp_path, shared, detector, monkeypatch
) -> None:
    engine = shared.engine.engine
    search = WhisperEngine._search
    victim = engine.prepare

    def prepare(window, *, careful=False):
        prepared = victim(window, careful=careful)
        if not marked:
            marked.append(prepared)
        return prepared

    def poisoned(self, encoded, batch, **how):
        if any(window is marked[0] for window in batch):
            raise RuntimeError("no such luck")
        return search(self, encoded, batch, **how)

    marked: list[object] = []
    monkeypatch.setattr(engine, "prepare", prepare)
    monkeypatch.setattr(WhisperEngine, "_search", poisoned)
    outcomes = list(pipeline(shared, detector).run(items(archive), tmp_path / "out", threads=8))
    assert [o.reason for o in outcomes if o.status is Status.FAILED] == ["recognition-failed"]
    assert sum(o.status is Status.REDACTED for o in outcomes) == RECORDINGS - 1


def test_stopping_drains(archive, tmp_path, shared, detector) -> None:
    seen: list[int] = []
    run = pipeline(shared, detector).run(items(archive), tmp_path / "out", threads=2, stopping=lambda: bool(seen))
    for outcome in run:
        seen.append(outcome.item)
        assert outcome.status is Status.REDACTED
    assert 1 <= len(seen) <= 3
    assert len(contents(tmp_path / "out")) == 5 * len(seen)
