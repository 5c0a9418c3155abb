"""Hot words of one recording: windows with other prompts in one batcher, and results that depend on their own alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from redactor.speech import Batcher, Recognizer, WhisperEngine
from redactor.speech.fake import FakeEngine
from redactor.types import Mono

NAMES = [None, "Maria Lopez", "Dana Whitlock, Dr. Okafor, Cedar Hollow Pediatrics"]


def test_windows_without_hot_words_are_as_before(micro: WhisperEngine, voicemail: Mono) -> None:
    plain, none = micro.prepare(voicemail), micro.prepare(voicemail, hotwords=None)
    assert plain.prompt == none.prompt == ()
    assert plain.bucket == none.bucket
    assert plain.bucket[2] == 0


def test_prompts_of_other_lengths_are_other_buckets(micro: WhisperEngine, voicemail: Mono) -> None:
    prepared = [micro.prepare(voicemail, hotwords=names) for names in NAMES]
    assert len({p.bucket for p in prepared}) == len(NAMES)
    assert {p.bucket[:1] for p in prepared} == {prepared[0].bucket[:1]}
    longest = micro.prepare(voicemail, hotwords="Broussard " * 1000)
    assert len(longest.prompt) + longest.limit <= micro._model.max_length
    assert longest.limit > 0


@pytest.mark.parametrize("careful", [False, True])
def test_a_window_depends_on_its_own_hot_words_only(micro: WhisperEngine, voicemail: Mono, *, careful: bool) -> None:
    part = voicemail[:48_000]
    alone = [micro.recognize([part], careful=careful, hotwords=names) for names in NAMES]
    with Batcher(micro, workers=2, batch_size=8) as batcher, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(batcher.recognize, [part], careful=careful, hotwords=names) for names in NAMES * 2]
        assert [one.result() for one in asked] == alone * 2


def test_windows_with_prompts_of_one_length_share_a_call(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = micro.prepare(voicemail[:48_000], hotwords="Dana Whitlock")
    before, *_, last = micro._tokenizer.encode(" Dana Lopez")
    other = replace(one, prompt=tuple(last if token == before else token for token in one.prompt))
    assert other.prompt != one.prompt
    assert other.bucket == one.bucket
    alone = [micro.decode([one])[0], micro.decode([other])[0]]
    sizes: list[int] = []
    search = WhisperEngine._search

    def watched(self, encoded, batch, **how):
        sizes.append(len(batch))
        return search(self, encoded, batch, **how)

    monkeypatch.setattr(WhisperEngine, "_search", watched)
    assert micro.decode([one, other]) == alone
    assert sizes[0] == 2


def test_rejected_windows_are_decoded_again_without_them(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[list[tuple[int, ...]]] = []
    search = WhisperEngine._search

    def watched(self, encoded, batch, **how):
        prompts.append([window.prompt for window in batch])
        return search(self, encoded, batch, **how)

    monkeypatch.setattr(WhisperEngine, "_search", watched)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda _: False)
    micro.recognize([voicemail[:48_000]], hotwords="Dana Whitlock")
    assert prompts[0] != [()]
    assert prompts[-1] == [()]


def test_speech_without_words_is_tried_again_without_them(voicemail: Mono) -> None:
    asked: list[tuple[bool, str | None]] = []

    class Deaf(FakeEngine):
        def recognize(self, windows, *, careful=False, hotwords=None):
            asked.append((careful, hotwords))
            return [[] for _ in windows]

    Recognizer(Deaf()).transcribe([voicemail], recording_id="0" * 64, hotwords="Dana Whitlock")
    assert asked == [(False, "Dana Whitlock"), (True, None)]
