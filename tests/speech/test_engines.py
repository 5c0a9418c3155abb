"""The contract, for the real engine, the fakes and the transcript reader."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract import ID, TranscriberContract, WindowEngineContract

from redactor.speech import (
    Batcher,
    FakeEngine,
    FakeTranscriber,
    Recognizer,
    Transcriber,
    TranscriptReader,
    WhisperEngine,
    WindowEngine,
)
from redactor.types import Mono, Speech, TimedText

SCRIPT = [
    TimedText(text, start, end)
    for text, start, end in [
        ("Hi,", 0.2, 0.5),
        ("this", 0.7, 0.9),
        ("is", 0.9, 1.0),
        ("Maria", 1.0, 1.3),
        ("Lopez.", 1.3, 1.8),
        ("Please", 2.0, 2.3),
        ("call", 2.3, 2.5),
        ("me", 2.5, 2.6),
        ("back", 2.6, 2.9),
        ("at", 2.9, 3.0),
        ("555-013-2204.", 3.0, 6.0),
        ("Thank", 6.1, 6.4),
        ("you.", 6.4, 6.7),
    ]
]


class TestFakeEngine(WindowEngineContract):
    @pytest.fixture
    def engine(self) -> WindowEngine:
        return FakeEngine()


class TestWhisperEngine(WindowEngineContract):
    @pytest.fixture
    def engine(self, micro: WhisperEngine) -> WindowEngine:
        return micro


class TestBatcher(WindowEngineContract):
    @pytest.fixture
    def engine(self, micro: WhisperEngine) -> Iterator[WindowEngine]:
        with Batcher(micro, workers=2, batch_size=4) as batcher:
            yield batcher


class TestRecognizerWithFake(TranscriberContract):
    @pytest.fixture
    def transcriber(self) -> Transcriber:
        return Recognizer(FakeEngine())


class TestRecognizerWithWhisper(TranscriberContract):
    @pytest.fixture
    def transcriber(self, micro: WhisperEngine) -> Transcriber:
        return Recognizer(micro)

    def test_understands_some_of_it(self, transcriber: Transcriber, voicemail: Mono) -> None:
        speech = transcriber.transcribe([voicemail], recording_id=ID)
        text = speech.transcripts[0].text
        # However the shipped checkpoint is trained, it must recognise the call back and most of the number.
        assert "call" in text.lower()
        assert "555" in text
        assert speech.model.synthetic_only


class TestFakeTranscriber(TranscriberContract):
    @pytest.fixture
    def transcriber(self) -> Transcriber:
        return FakeTranscriber({ID: [SCRIPT]})


class TestTranscriptReader(TranscriberContract):
    @pytest.fixture
    def transcriber(self, tmp_path: Path) -> Transcriber:
        """A reader belongs to one recording: the contract's other sounds get an empty transcript."""
        path, empty = tmp_path / "words.json", tmp_path / "empty.json"
        words = [{"word": w.text, "start": w.start, "end": w.end} for w in SCRIPT]
        path.write_text(json.dumps({"language": "en", "segments": [{"start": 0.2, "end": 6.7, "words": words}]}))
        empty.write_text('{"text": "", "segments": []}')

        class ById:
            def transcribe(self, channels: list[Mono], *, recording_id: str) -> Speech:
                reader = TranscriptReader(path if recording_id == ID else empty)
                return reader.transcribe(channels, recording_id=recording_id)

        return ById()
