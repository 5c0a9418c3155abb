from collections.abc import Sequence

import numpy as np
import pytest
from contract import ID
from hypothesis import given
from hypothesis import strategies as st
from sounds import noise, silence

from redactor.speech import FakeEngine, Recognizer
from redactor.speech.activity import Activity, listen
from redactor.speech.recognize import ChannelPlan, fit
from redactor.speech.spans import overlapping, union
from redactor.speech.windows import Window
from redactor.types import ModelInfo, Mono, TimedText


def plan_of(*windows: Window, duration: float = 60.0, speech: tuple[tuple[float, float], ...] = ()) -> ChannelPlan:
    level = np.full(2000, -20, np.float32)
    return ChannelPlan(0, Activity(duration, level, speech, speech), windows, 8.0)


def window(start: float, end: float, *, keep: tuple[float, float] | None = None) -> Window:
    return Window(start, end, *(keep or (start, end)), speech=True)


def words(*items: tuple[str, float, float]) -> list[TimedText]:
    return [TimedText(*item) for item in items]


def texts(found: Sequence[TimedText]) -> list[str]:
    return [w.text for w in found]


def test_times_are_put_back_on_the_recordings_clock() -> None:
    joined = plan_of(window(10, 15), window(20, 25)).join([words(("a", 1, 2)), words(("b", 0.5, 1))])
    assert [(w.text, w.start, w.end) for w in joined] == [("a", 11, 12), ("b", 20.5, 21)]


def test_skipped_counts_what_is_in_no_window() -> None:
    assert plan_of(window(0, 10), window(9, 12), window(20, 30)).skipped == pytest.approx(38)


LEFT, RIGHT = window(0, 8, keep=(0, 7.4)), window(6.8, 14, keep=(7.4, 14))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        # the cut goes through "Maria": both heard it, it is kept once
        (
            [("is", 6.9, 7.1), ("Maria", 7.2, 7.7)],
            [("Maria", 0.45, 0.9), ("Lopez", 1.0, 1.5)],
            ["is", "Maria", "Lopez"],
        ),
        # each heard it on the other side of the cut: it is not lost
        ([("Maria", 7.2, 7.75)], [("Maria,", 0.35, 0.8), ("Lopez", 1.0, 1.5)], ["Maria", "Lopez"]),
        # they disagree: both stand
        ([("Mar", 7.2, 7.9)], [("Maria", 0.4, 0.9)], ["Mar", "Maria"]),
        # the second window hears the end of a word of the first: that one is the first's
        ([("appointment", 6.0, 7.0)], [("ment", 0.0, 0.2), ("is", 0.7, 0.9)], ["appointment", "is"]),
        # only one heard it
        ([], [("Maria", 0.3, 0.7)], ["Maria"]),
        ([("Maria", 7.1, 7.6)], [], ["Maria"]),
        # a word without a time is never thrown away
        ([("a", None, None)], [("b", None, None)], ["a", "b"]),
    ],
)
def test_no_word_is_lost_where_windows_overlap(left, right, expected) -> None:
    assert texts(plan_of(LEFT, RIGHT).join([words(*left), words(*right)])) == expected


class Deaf(FakeEngine):
    """Leaves out the middle of long windows, like a model that loses its place."""

    def _say(self, window: Mono) -> list[TimedText]:
        said = super()._say(window)
        return said if len(said) < 9 else said[:3] + said[-3:]


def test_speech_without_words_is_recognised_again(voicemail: Mono) -> None:
    once = Recognizer(Deaf(), retry=False).transcribe([voicemail], recording_id=ID)
    again = Recognizer(Deaf()).transcribe([voicemail], recording_id=ID)
    assert any(gap.kind == "speech" for gap in once.unheard)
    assert len(again.transcripts[0].words) > len(once.transcripts[0].words)
    assert sum(g.end - g.start for g in again.unheard) < sum(g.end - g.start for g in once.unheard)


class Mute(FakeEngine):
    def _say(self, window: Mono) -> list[TimedText]:
        return []


def test_an_engine_without_results_leaves_speech_unheard(voicemail: Mono) -> None:
    channel = np.concatenate([noise(2, -25), silence(3), voicemail])
    speech = Recognizer(Mute()).transcribe([channel], recording_id=ID)
    assert {gap.kind for gap in speech.unheard} == {"speech", "sound"}
    assert sum(g.end - g.start for g in speech.unheard if g.kind == "speech") > 5
    assert speech.transcripts[0].text == ""


def test_all_channels_share_one_call(voicemail: Mono) -> None:
    engine = FakeEngine(max_window=3.0)
    Recognizer(engine, retry=False).transcribe([voicemail, voicemail[::-1]], recording_id=ID)
    assert len(engine.calls) == 1
    assert engine.calls[0] > 4


def test_silence_never_reaches_the_engine() -> None:
    engine = FakeEngine()
    speech = Recognizer(engine).transcribe([silence(5), silence(2)], recording_id=ID)
    assert engine.calls == []
    assert speech.skipped == 7


def test_short_windows_and_one_window_agree(voicemail: Mono) -> None:
    """Whatever the window length, every stretch of speech gets words."""
    for max_window in (2.0, 3.0, 5.0, 28.0):
        speech = Recognizer(FakeEngine(), max_window=max_window).transcribe([voicemail], recording_id=ID)
        assert speech.unheard == ()
        assert len(speech.transcripts[0].words) > 10


class Timeless(FakeEngine):
    def _say(self, window: Mono) -> list[TimedText]:
        return [
            TimedText("a", None, None),
            TimedText("b", 1.0, 1.0),
            TimedText("c", 2.0, 1.5),
            TimedText("d", 0.5, 0.9),
        ]


def test_words_without_usable_times_stay_without(voicemail: Mono) -> None:
    (transcript,) = Recognizer(Timeless(), retry=False).transcribe([voicemail], recording_id=ID).transcripts
    assert [w.start is None for w in transcript.words][:3] == [True, True, True]
    assert texts(list(transcript.words))[:4] == ["a", "b", "c", "d"]


def test_the_checkpoint_chooses_the_window() -> None:
    assert Recognizer(FakeEngine(max_window=8.0)).plan(noise(20, -20), number=0).max_window == 8.0


def test_retry_asks_only_for_what_is_missing(voicemail: Mono) -> None:
    plan = Recognizer(FakeEngine()).plan(voicemail, number=0)
    heard = words(("hi", 0.2, 1.8), ("thank", 6.0, 6.3), ("you", 6.3, 6.7))
    for again in plan.retry(heard):
        assert again.start > 0.4
        assert again.end < 6.5
    assert plan.retry(Recognizer(FakeEngine()).engine.recognize([voicemail])[0]) == ()


def test_model_info_is_passed_on() -> None:
    info = Recognizer(FakeEngine()).transcribe([silence(1)], recording_id=ID).model
    assert isinstance(info, ModelInfo)
    assert listen(silence(1)).active == ()


def fitted(*items: tuple[str, float | None, float | None], active: tuple[tuple[float, float], ...]) -> list[tuple]:
    activity = Activity(60.0, np.zeros(0, np.float32), active, active)
    return [(w.text, w.start and round(w.start, 2), w.end and round(w.end, 2)) for w in fit(words(*items), activity)]


def test_words_give_back_the_pause_that_alignment_gave_them() -> None:
    assert fitted(("a", 1.0, 1.5), ("b", 1.5, 4.0), active=((1.0, 1.5), (3.0, 3.5))) == [
        ("a", 1.0, 1.5),
        ("b", 2.92, 3.58),
    ]


def test_words_get_the_sound_that_goes_on() -> None:
    assert fitted(("a", 1.0, 1.5), ("b", 3.0, 3.4), active=((0.9, 1.8), (2.8, 3.9))) == [
        ("a", 0.9, 1.8),
        ("b", 2.8, 3.9),
    ]


def test_words_never_grow_over_neighbours_or_without_end() -> None:
    assert fitted(("a", 1.0, 1.2), ("b", 1.3, 1.5), ("c", 3.0, 3.5), active=((0.0, 9.0),)) == [
        ("a", 0.7, 1.3),
        ("b", 1.3, 2.0),
        ("c", 2.7, 4.0),
    ]


def test_fitting_leaves_words_without_times_or_without_sound_alone() -> None:
    odd = (("a", None, None), ("b", 2.0, 2.0), ("c", 4.0, 5.0))
    assert fitted(*odd, active=((0.0, 1.0),)) == list(odd)


times = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=12)


@given(times, times)
def test_fitting_keeps_order_and_all_sound_inside_words(
    raw: list[tuple[int, int]], sound: list[tuple[int, int]]
) -> None:
    said = [TimedText(str(i), a / 10, (a + b) / 10) for i, (a, b) in enumerate(sorted(raw))]
    active = tuple(union([(a / 10, (a + b + 1) / 10) for a, b in sound]))
    out = fit(said, Activity(60.0, np.zeros(0, np.float32), active, active))
    assert [w.start for w in out] == sorted(w.start for w in out)
    for before, after in zip(said, out, strict=True):
        assert after.text == before.text
        for start, end in overlapping(active, before.start, before.end):
            assert after.start <= max(start, before.start) + 1e-9
            assert after.end >= min(end, before.end) - 1e-9
