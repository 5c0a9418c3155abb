import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sounds import noise, silence

from redactor.errors import ModelUnavailable, RecognitionFailed
from redactor.speech import DecodingOptions, WhisperEngine, load_transcriber, pick_device, resolve
from redactor.speech.alignment import words_of
from redactor.speech.whisper import REJECTED, TRIMMED_WINDOW
from redactor.types import Mono


def piece(word: str, start: float, end: float, probability: float = 0.9, tokens: int = 1) -> dict:
    return {"word": word, "start": start, "end": end, "probability": probability, "tokens": [0] * tokens}


def test_pieces_without_a_space_belong_to_the_word_before() -> None:
    found = words_of([piece(" 555", 1, 2, 1.0), piece("-013", 2, 3, 0.5), piece(".", 3, 5)], duration=10)
    assert [(w.text, w.start, w.end) for w in found] == [("555-013.", 1, 3)]
    assert found[0].confidence == pytest.approx(0.8)


def test_punctuation_gives_no_times() -> None:
    found = words_of([piece(" (", 0, 1), piece("hi", 1, 1.3), piece(",", 1.3, 4), piece(" -", 4, 5)], duration=10)
    assert [(w.text, w.start, w.end) for w in found] == [("(hi, -", 1, 1.3)]


def test_spoken_signs_are_words() -> None:
    assert [w.text for w in words_of([piece(" $", 0, 1), piece("20", 1, 2), piece(" &", 2, 3)], duration=10)] == [
        "$20",
        "&",
    ]


def test_times_stay_inside_the_window_and_in_order() -> None:
    found = words_of([piece(" a", -1, 1), piece(" b", 3, 2), piece(" c", 2.5, 40)], duration=5)
    assert [(w.start, w.end) for w in found] == [(0, 1), (3, 3), (3, 5)]


def test_says_what_it_runs_on(micro: WhisperEngine) -> None:
    info = micro.info
    assert info.name == "voicemail-micro"
    assert info.device == "cpu"
    assert info.compute_type.startswith("int8")
    assert info.synthetic_only
    assert "CTranslate2" in info.engine


def test_noise_ends(micro: WhisperEngine) -> None:
    """Whatever a model says to noise, it stops: the number of tokens is limited by the window's length."""
    (said,) = micro.recognize([noise(2, -20)])
    assert sum(len(w.text) for w in said) < 400


def test_windows_are_at_most_30_s(micro: WhisperEngine) -> None:
    with pytest.raises(ValueError, match="30 s"):
        micro.recognize([silence(30.1)])


def test_prompts_and_hotwords_are_used_and_never_shown(voicemail: Mono, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    options = DecodingOptions(hotwords="Zyxwort Clinic", initial_prompt="Calling Quorn", beam_size=1)
    engine = WhisperEngine.load(resolve("voicemail-micro"), device="cpu", cpu_threads=1, options=options)
    plain = WhisperEngine(engine._model, info=engine.info, max_window=8, options=DecodingOptions(beam_size=1))
    assert len(engine._prompt) > len(plain._prompt)
    engine.recognize([voicemail[:48_000]])
    shown = caplog.text + repr(options) + repr(engine)
    assert "Zyxwort" not in shown
    assert "Quorn" not in shown


def test_engine_errors_quote_nothing(micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("decoded 'Maria Lopez' and died")

    broken = WhisperEngine(micro._model, info=micro.info, max_window=8)
    spy = SimpleNamespace(generate=fail, device="cpu", device_index=[0], encode=micro._model.model.encode)
    monkeypatch.setattr(micro._model, "model", spy)
    with pytest.raises(RecognitionFailed) as caught:
        broken.recognize([voicemail])
    assert "Lopez" not in str(caught.value) + caught.value.hint


class Spy:
    """Stands before a CTranslate2 model and notes what it is asked for."""

    def __init__(self, model: object) -> None:
        self.model, self.device, self.device_index = model, "cpu", [0]
        self.searches: list[tuple[int, int, int]] = []  # beam, windows, encoder frames
        self.encode, self.align = model.encode, model.align

    def generate(self, encoded: object, *args: object, **options: float) -> object:
        self.searches.append((options["beam_size"], *encoded.shape[:2]))
        return self.model.generate(encoded, *args, **options)


def test_rejected_windows_are_decoded_again_in_the_full_context(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(micro._model.model)
    options = DecodingOptions(beam_size=1)
    engine = WhisperEngine(micro._model, info=micro.info, max_window=8, margin=1.0, options=options)
    monkeypatch.setattr(micro._model, "model", spy)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: False)
    (said,) = engine.recognize([voicemail[:32_000]])
    assert spy.searches == [(1, 1, 150), (5, 1, 1500)]
    assert said  # the better of them is kept: nothing is dropped
    assert all(word.confidence <= REJECTED for word in said)  # but its words are guesses
    assert engine.recognize([voicemail[:32_000]]) == [said]  # the same in every run


def test_second_searches_take_one_window_at_a_time(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window in the full context costs several times the memory of a trimmed one: neither a batch of doubtful ones
    nor several calls at once may multiply that."""
    windows = [voicemail[first : first + 32_000] for first in (0, 16_000, 32_000)]
    searching, most, sizes = 0, 0, set()
    lock = threading.Lock()
    generate = micro._model.model.generate

    def watched(encoded: Any, *args: object, **options: Any) -> object:
        nonlocal searching, most
        if encoded.shape[1] < 1500:
            return generate(encoded, *args, **options)
        with lock:
            searching += 1
            most = max(most, searching)
            sizes.add(encoded.shape[0])
        try:
            time.sleep(0.05)  # so that the others arrive
            return generate(encoded, *args, **options)
        finally:
            with lock:
                searching -= 1

    engine = WhisperEngine(
        micro._model, info=micro.info, max_window=8, margin=1.0, options=DecodingOptions(beam_size=1)
    )
    spy = Spy(micro._model.model)
    monkeypatch.setattr(spy, "generate", watched)
    monkeypatch.setattr(micro._model, "model", spy)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: False)
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda _: engine.recognize(windows), range(3)))
    assert all(any(words) for words in said)
    assert (most, sizes) == (1, {1})


def test_only_rejected_windows_are_decoded_again(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WhisperEngine(
        micro._model, info=micro.info, max_window=8, margin=1.0, options=DecodingOptions(beam_size=1)
    )
    windows = [voicemail[:32_000], voicemail[32_000:64_000]]
    first, second = engine.recognize(windows)
    doubted = engine._search(engine._encode([engine.prepare(windows[0])], 300), [engine.prepare(windows[0])])[0]
    spy = Spy(micro._model.model)
    monkeypatch.setattr(micro._model, "model", spy)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: found.tokens != doubted.tokens)
    again = engine.recognize(windows)
    assert again[1] == second
    assert spy.searches[0] == (1, 2, 150)
    assert {search[1:] for search in spy.searches[1:]} == {(1, 1500)}
    assert first


def test_careful_windows_get_a_wider_margin(micro: WhisperEngine, voicemail: Mono) -> None:
    engine = WhisperEngine(micro._model, info=micro.info, max_window=8, margin=0.5)
    part = voicemail[:32_000]
    assert engine.prepare(part).context == 250
    assert engine.prepare(part, careful=True).context == 500
    whole = WhisperEngine(micro._model, info=micro.info, max_window=8, margin=None)
    assert whole.prepare(part).context == whole.prepare(part, careful=True).context == 3000
    assert whole.prepare(part).bucket == whole.prepare(voicemail).bucket


def test_language_must_be_known(micro: WhisperEngine) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        WhisperEngine(micro._model, info=micro.info, max_window=8, options=DecodingOptions(language="de"))
    assert "multilingual" in caught.value.hint


def test_compute_type_must_exist() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        load_transcriber(resolve("voicemail-micro"), device="cpu", compute_type="int3")
    assert "compute-type" in caught.value.hint


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctranslate2

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert pick_device("auto") == "cpu"
    with pytest.raises(ModelUnavailable):
        pick_device("cuda")
    with pytest.raises(ModelUnavailable):
        pick_device("tpu")
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    assert pick_device("auto") == "cuda"


def test_a_model_that_does_not_load_says_so(tmp_path) -> None:
    from dataclasses import replace
    from shutil import copytree

    good = resolve("voicemail-micro")
    broken = tmp_path / "broken"
    copytree(good.path, broken)
    content = (broken / "model.bin").read_bytes()
    (broken / "model.bin").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelUnavailable, match="does not load"):
        WhisperEngine.load(replace(good, path=broken), device="cpu")


def test_load_transcriber_takes_the_commands_options(voicemail: Mono) -> None:
    recognizer = load_transcriber(
        resolve("voicemail-micro"),
        device="cpu",
        compute_type=None,
        threads=1,
        beam_size=1,
        language=None,
        hotwords="",
        initial_prompt=None,
    )
    speech = recognizer.transcribe([voicemail[: 3 * 16_000]], recording_id="0" * 64)
    assert speech.transcripts[0].words
    assert np.isfinite(speech.skipped)


def test_windows_are_given_the_margin_of_the_checkpoint(micro: WhisperEngine) -> None:
    """The shipped checkpoint is given its windows with a margin instead of 30 s of padding: its encoder sees fewer
    frames."""
    assert micro._margin is not None
    frames = 400
    needed = frames + round(100 * micro._margin)
    assert needed <= micro._context(frames) < needed + 50
    assert micro._context(401) % 50 == 0
    assert micro._context(2990) == 3000


def test_long_contexts_lie_on_a_wider_grid(micro: WhisperEngine) -> None:
    """The grid never adds more than a tenth, and windows of 20 s share a context more often than windows of 5 s."""
    engine = WhisperEngine(micro._model, info=micro.info, max_window=28, margin=4.0)
    contexts = {frames: engine._context(frames) for frames in range(100, 2600)}
    assert all(frames + 400 <= context <= 1.1 * (frames + 400) for frames, context in contexts.items())
    assert len({contexts[f] for f in range(2000, 2400)}) < len({contexts[f] for f in range(100, 500)})


def test_trimmed_windows_are_short() -> None:
    stock = replace(resolve("voicemail-micro"), max_window=28.0)
    assert WhisperEngine.load(stock, device="cpu").max_window == TRIMMED_WINDOW
    assert WhisperEngine.load(stock, device="cpu", full=True).max_window == 28.0


def test_the_beam_searches_only_where_the_greedy_text_is_unsure(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing unsure the words are the greedy ones, with everything unsure the beam's, and in between each window
    has its own."""
    windows = [voicemail[first : first + 48_000] for first in range(0, len(voicemail) - 48_000, 20_000)]
    assert len(windows) > 1

    def heard(beam: int, below: float) -> tuple[list[list[str]], int]:
        options = DecodingOptions(beam_size=beam)
        engine = WhisperEngine(
            micro._model, info=micro.info, max_window=7, margin=0.25, timestamps=False, options=options
        )
        searched = []
        search = engine._search

        def watched(encoded: object, batch: list, **how: object) -> object:
            searched.append((how.get("width"), len(batch)))
            return search(encoded, batch, **how)

        monkeypatch.setattr(engine, "_search", watched)
        monkeypatch.setattr("redactor.speech.gate.SURE", below)
        words = [[w.text for w in said] for said in engine.recognize(windows)]
        return words, sum(count for width, count in searched if width is None)

    greedy, _ = heard(1, 0.0)
    narrow, none = heard(5, -100.0)
    wide, every = heard(5, 100.0)
    assert none == 0
    assert narrow == greedy
    assert every == len(windows)
    mixed, _ = heard(5, -0.05)
    assert all(said in (a, b) for said, a, b in zip(mixed, greedy, wide, strict=True))


def test_windows_of_one_context_share_a_call(micro: WhisperEngine, voicemail: Mono) -> None:
    """Lengths that differ by less than the grid are one bucket, and the limit of tokens is enough for the longest of
    them."""
    some = [micro.prepare(voicemail[: round(seconds * 16_000)]) for seconds in (4.3, 4.5, 4.7)]
    assert len({p.bucket for p in some}) == 1
    assert some[0].limit >= 20 * 4.7


def test_words_are_corrected_by_the_checkpoints_delay(micro: WhisperEngine, voicemail: Mono) -> None:
    def starts(delay: float) -> list[float]:
        engine = WhisperEngine(micro._model, info=micro.info, max_window=7, margin=0.25, timestamps=False, delay=delay)
        return [w.start for w in engine.recognize([voicemail[:80_000]])[0] if w.start is not None]

    as_aligned, earlier = starts(0.0), starts(0.1)
    assert len(as_aligned) > 2
    assert earlier[2:] == pytest.approx([start - 0.1 for start in as_aligned[2:]])


def test_without_second_tries_a_rejected_window_has_no_words(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = DecodingOptions(beam_size=1, second_tries=False)
    engine = WhisperEngine(micro._model, info=micro.info, max_window=7, margin=0.25, timestamps=False, options=options)
    assert engine.recognize([voicemail[:80_000]])[0]
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: False)
    monkeypatch.setattr(engine, "_decode_again", None)  # it is not asked
    assert engine.recognize([voicemail[:80_000]]) == [[]]


def test_doubtful_windows_of_several_calls_share_a_search(
    micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(micro._model.model)
    engine = WhisperEngine(
        micro._model, info=micro.info, max_window=8, margin=1.0, options=DecodingOptions(beam_size=3)
    )
    monkeypatch.setattr(micro._model, "model", spy)
    monkeypatch.setattr("redactor.speech.whisper.is_confident", lambda found: False)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: True)
    windows = [voicemail[first : first + 32_000] for first in (0, 16_000, 32_000)]
    alone = [engine.recognize([window])[0] for window in windows]
    assert spy.searches == [(1, 1, 150), (3, 1, 150)] * 3
    prepared = [engine.prepare(window) for window in windows]
    requeued = [found.piece for window in prepared for found in engine.decode([window])]  # three calls
    assert {window.bucket for window in requeued} != {window.bucket for window in prepared}
    spy.searches.clear()
    together = engine.decode(requeued)
    assert spy.searches == [(3, 3, 150)]
    assert [[w.text for w in words] for words in together] == [[w.text for w in words] for words in alone]


def test_memory_of_a_search_is_bounded(micro: WhisperEngine, voicemail: Mono, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(micro._model.model)
    engine = WhisperEngine(
        micro._model, info=micro.info, max_window=8, margin=1.0, options=DecodingOptions(beam_size=1)
    )
    monkeypatch.setattr(micro._model, "model", spy)
    monkeypatch.setattr("redactor.speech.whisper.is_accepted", lambda found: True)
    windows = [voicemail[first : first + 32_000] for first in (0, 8_000, 16_000, 24_000, 32_000)]
    whole = engine.recognize(windows)
    one = engine.prepare(windows[0])
    width = engine._encode([one], one.context).shape
    view = 2 * 32 * width[1] * width[2] * 4  # the layers of an unknown checkpoint are assumed to be many
    monkeypatch.setattr("redactor.speech.whisper.SEARCH_MEMORY", 3 * view)
    spy.searches.clear()
    assert engine.recognize(windows) == whole
    assert spy.searches == [(1, 3, 150), (1, 2, 150)]
