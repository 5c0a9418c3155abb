"""The contract of every WindowEngine and Transcriber; each implementation inherits these tests."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sounds import noise, silence, tone

from redactor.speech import Transcriber, WindowEngine
from redactor.types import Mono, Speech

ID = "0" * 64


class WindowEngineContract:
    """Subclasses provide `engine`."""

    def test_says_who_it_is(self, engine: WindowEngine) -> None:
        assert engine.info.engine
        assert engine.info.name
        assert 2 <= engine.max_window <= 30
        assert len(engine.language) == 2

    def test_hears_words_with_times_inside_the_window(self, engine: WindowEngine, voicemail: Mono) -> None:
        (words,) = engine.recognize([voicemail])
        assert len(words) > 5
        starts = [w.start for w in words if w.start is not None]
        assert starts == sorted(starts)
        assert all(0 <= w.start <= w.end <= len(voicemail) / 16_000 for w in words if w.start is not None)
        assert all(0 <= w.confidence <= 1 for w in words)
        assert all(w.text == w.text.strip() != "" for w in words)

    def test_hears_nothing_in_silence_or_in_no_samples(self, engine: WindowEngine) -> None:
        assert engine.recognize([]) == []
        assert engine.recognize([silence(0.0)]) == [[]]
        assert engine.recognize([silence(0.001)]) == [[]]

    def test_result_does_not_depend_on_company(self, engine: WindowEngine, voicemail: Mono) -> None:
        part = voicemail[:48_000]
        (alone,) = engine.recognize([part])
        crowd = engine.recognize([voicemail, part, silence(0.0), part])
        assert len(crowd) == 4
        assert crowd[1] == alone == crowd[3]

    def test_leaves_its_input_alone(self, engine: WindowEngine, voicemail: Mono) -> None:
        before = voicemail.copy()
        frozen = voicemail[:]
        frozen.flags.writeable = False
        engine.recognize([frozen])
        assert np.array_equal(before, voicemail)

    def test_may_be_called_from_threads(self, engine: WindowEngine, voicemail: Mono) -> None:
        parts = [voicemail[:32_000], voicemail[32_000:64_000]] * 2
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda part: engine.recognize([part])[0], parts))
        assert together == [engine.recognize([part])[0] for part in parts]


class TranscriberContract:
    """Subclasses provide `transcriber`, which knows `voicemail` (its words begin with "hi" or "hello") under ID."""

    def check(self, speech: Speech, channels: list[Mono]) -> None:
        assert [t.channel for t in speech.transcripts] == list(range(len(channels)))
        assert speech.same_as == tuple(range(len(channels)))
        assert speech.model.engine
        assert 0 <= speech.skipped <= sum(len(c) for c in channels) / 16_000 + 1e-6
        for transcript in speech.transcripts:
            duration = len(channels[transcript.channel]) / 16_000
            assert transcript.text == " ".join(w.text for w in transcript.words)
            assert all(transcript.text[w.char_start : w.char_end] == w.text for w in transcript.words)
            starts = [w.start for w in transcript.words if w.start is not None]
            assert starts == sorted(starts)
            assert all(0 <= w.start < w.end <= duration for w in transcript.words if w.start is not None)
        for gap in speech.unheard:
            assert gap.kind in {"speech", "sound"}
            assert 0 <= gap.start < gap.end <= len(channels[gap.channel]) / 16_000

    def test_recognises_a_voicemail(self, transcriber: Transcriber, voicemail: Mono) -> None:
        speech = transcriber.transcribe([voicemail], recording_id=ID)
        self.check(speech, [voicemail])
        text = speech.transcripts[0].text.lower()
        assert text.startswith(("hi", "hello"))
        assert len(speech.transcripts[0].words) > 8

    def test_keeps_channels_apart(self, transcriber: Transcriber, voicemail: Mono) -> None:
        channels = [voicemail, silence(6.9)]
        speech = transcriber.transcribe(channels, recording_id=ID)
        self.check(speech, channels)
        assert len(speech.transcripts[0].words) > 8
        assert not any(gap.channel == 1 for gap in speech.unheard)

    def test_is_repeatable(self, transcriber: Transcriber, voicemail: Mono) -> None:
        first = transcriber.transcribe([voicemail], recording_id=ID)
        assert transcriber.transcribe([voicemail], recording_id=ID) == first

    def test_never_calls_noise_clean(self, transcriber: Transcriber) -> None:
        for sound in (noise(8, -20), tone(8, 440, 480)):
            speech = transcriber.transcribe([sound], recording_id="1" * 64)
            self.check(speech, [sound])
            assert speech.unheard or speech.transcripts[0].words

    def test_hears_nothing_in_silence(self, transcriber: Transcriber) -> None:
        for channel in (silence(3), silence(0)):
            speech = transcriber.transcribe([channel], recording_id="1" * 64)
            self.check(speech, [channel])
            assert speech.unheard == ()

    def test_repr_hides_what_was_said(self, transcriber: Transcriber, voicemail: Mono) -> None:
        speech = transcriber.transcribe([voicemail], recording_id=ID)
        first = speech.transcripts[0].words[0].text
        assert first not in repr(speech).replace("faster-whisper", "").replace("transcript", "")
