import numpy as np
import pytest

from redactor.speech.activity import Activity
from redactor.speech.coverage import SHORTEST, TOLERANCE, gaps, longest_plausible
from redactor.types import TimedText, Unheard


def heard(speech: list[tuple[float, float]], *, sound: list[tuple[float, float]] | None = None) -> Activity:
    return Activity(60.0, np.zeros(0, np.float32), tuple(speech), tuple(speech if sound is None else sound))


def word(text: str, start: float | None, end: float | None, confidence: float = 0.9) -> TimedText:
    return TimedText(text, start, end, confidence)


def test_speech_without_words_is_reported() -> None:
    (gap,) = gaps(heard([(1.0, 4.0)]), [], channel=3)
    assert (gap.channel, gap.start, gap.end, gap.kind) == (3, 1.0, 4.0, "speech")


def test_speech_with_words_is_not() -> None:
    words = [word("please", 1.0, 1.5), word("call", 1.7, 2.1), word("back", 2.4, 3.0)]
    assert gaps(heard([(0.9, 3.2)]), words, channel=0) == ()


def test_a_clause_without_words_is_reported() -> None:
    words = [word("please", 1.0, 1.5), word("back", 5.0, 5.4)]
    (gap,) = gaps(heard([(0.9, 5.5)]), words, channel=0)
    assert gap.start == pytest.approx(1.8)
    assert gap.end == pytest.approx(4.7)


def test_a_word_stretched_over_a_clause_does_not_hide_it() -> None:
    (gap,) = gaps(heard([(1.0, 9.0)]), [word("hi", 1.0, 9.0)], channel=0)
    assert gap.start < 3
    assert gap.end == 9.0


def test_a_spoken_number_may_be_long() -> None:
    assert gaps(heard([(1.0, 6.0)]), [word("555-013-2204", 1.0, 6.0)], channel=0) == ()
    assert longest_plausible("K-I-M") > longest_plausible("Kim")


def test_words_of_one_cue_fill_it_together() -> None:
    cue = [word(text, 1.0, 5.0) for text in "Hi this is Maria Lopez calling about my appointment".split()]
    assert gaps(heard([(1.0, 5.0)]), cue, channel=0) == ()
    assert gaps(heard([(1.0, 30.0)]), [word(w.text, 1.0, 30.0) for w in cue[:3]], channel=0)


@pytest.mark.parametrize("untimed", [word("Ann", None, None), word("Ann", 2.0, 2.0), word("Ann", 9.0, 2.0)])
def test_a_word_without_a_time_explains_no_more_than_its_longest_duration(untimed: TimedText) -> None:
    def left(between: float) -> tuple[Unheard, ...]:
        words = [word("a", 1.0, 1.2), untimed, word("c", 1.2 + between, 1.4 + between)]
        return gaps(heard([(0.9, 1.5 + between)]), words, channel=0)

    tolerances = 2 * TOLERANCE - 0.05  # "a" and "c" are too short for all of it
    assert left(longest_plausible("Ann") + tolerances - 0.05) == ()
    (gap,) = left(longest_plausible("Ann") + tolerances + 0.2)
    assert gap.end - gap.start == pytest.approx(longest_plausible("Ann") + 0.2, abs=0.1)


def test_one_word_without_a_time_does_not_excuse_a_message() -> None:
    alone = gaps(heard([(1.0, 20.0), (25.0, 50.0)]), [word("Ann", None, None)], channel=0)
    assert [(gap.start, gap.end) for gap in alone] == [(1.0, 20.0), (25.0, 50.0)]
    words = [word("Hi", 1.0, 1.3), word("Ann", None, None), word("bye", 49.6, 50.0)]
    assert sum(g.end - g.start for g in gaps(heard([(1.0, 20.0), (25.0, 50.0)]), words, channel=0)) > 42


def test_a_word_without_a_time_is_used_once() -> None:
    """Not for speech, and for other sound in the same stretch as well."""
    activity = heard([(2.0, 3.0)], sound=[(2.0, 3.0), (4.0, 5.0)])
    assert {gap.kind for gap in gaps(activity, [word("Ann", None, None)], channel=0)} == {"speech", "sound"}
    assert gaps(activity, [word("Ann", None, None), word("Lee", None, None)], channel=0) == ()


@pytest.mark.parametrize(
    "claim",
    [
        word("Ann", 0.0, 60.0),
        word("Ann", -1e9, 1e9),
        word("Ann", 30.0, 1e300),
        word("Ann", 5.0, 5.0 + 1e-12),
        word("Ann", 5.0, 5.0),
        word("Ann", None, 60.0),
        word("Ann", 0.0, None),
        word("Ann", float("inf"), float("inf")),
    ],
)
@pytest.mark.parametrize("copies", [1, 4])
def test_no_word_vouches_for_more_than_its_length(claim: TimedText, copies: int) -> None:
    activity = heard([(0.0, 60.0)])
    unheard = sum(g.end - g.start for g in gaps(activity, [claim._replace(confidence=1.0)] * copies, channel=0))
    assert 60.0 - unheard <= copies * longest_plausible("Ann") + 1e-6


def test_thousands_of_words_at_one_place_vouch_for_that_place() -> None:
    for words in (
        [word("Ann", 5.0 + i * 1e-6, 5.0 + (i + 1) * 1e-6) for i in range(5000)],
        [word("Ann", 5.0 + i * 1e-6, 60.0 + i * 1e-6) for i in range(5000)],
        [word("Ann", 5.0, 5.2)] * 5000,
    ):
        unheard = sum(g.end - g.start for g in gaps(heard([(0.0, 60.0)]), words, channel=0))
        assert unheard > 60.0 - longest_plausible("Ann") - 2 * TOLERANCE


def test_short_pieces_add_up() -> None:
    """Every second syllable has a word, and no piece between the words is long."""
    words = [word("a", 1.0 + 1.1 * i, 1.05 + 1.1 * i) for i in range(20)]
    (gap,) = gaps(heard([(0.8, 22.4)]), words, channel=0)
    assert gap.start < 2
    assert gap.end > 21
    few = [w for w in words if not 3 < (w.start or 0) < 4] + [word("bye", 23.0, 24.0)]
    pieces = [(w.start + 0.0, w.start + 0.2) for w in few if w.start]
    assert gaps(heard(pieces), few, channel=0) == ()


def test_short_sounds_add_up_without_the_gaps() -> None:
    tones = [(1.0 + 1.5 * i, 1.2 + 1.5 * i) for i in range(8)]
    assert [(g.start, g.end, g.kind) for g in gaps(heard([], sound=tones), [], channel=0)] == [
        (*t, "sound") for t in tones
    ]
    assert gaps(heard([], sound=tones[:3]), [], channel=0) == ()


@pytest.mark.parametrize("length", [SHORTEST - 0.1, SHORTEST + 0.1])
def test_short_gaps_are_timing_errors(length: float) -> None:
    assert len(gaps(heard([(1.0, 1.0 + length)]), [], channel=0)) == (length > SHORTEST)


def test_short_pieces_close_together_count_as_one() -> None:
    keypad = [(1 + 0.4 * i, 1.2 + 0.4 * i) for i in range(8)]
    (gap,) = gaps(heard([], sound=keypad), [], channel=0)
    assert (gap.kind, gap.start, round(gap.end, 2)) == ("sound", 1.0, 4.0)


def test_low_confidence_words_do_not_explain_ringing() -> None:
    activity = heard([], sound=[(1.0, 3.0)])
    assert gaps(activity, [word("0929", 1.0, 3.0, 0.3)], channel=0)[0].kind == "sound"
    assert gaps(activity, [word("goodbye", 1.0, 3.0, 0.8)], channel=0) == ()


def test_low_confidence_words_explain_speech() -> None:
    assert gaps(heard([(1.0, 2.0)]), [word("goodbye", 1.0, 2.0, 0.05)], channel=0) == ()


def test_faint_speech_without_words_is_reported_as_such() -> None:
    level = np.zeros(0, np.float32)
    activity = Activity(60.0, level, ((1.0, 4.0),), (), faint=((9.0, 11.0), (11.1, 11.6)))
    found = gaps(activity, [word("please", 1.0, 2.4), word("call", 2.5, 4.0)], channel=1)
    assert [(gap.start, gap.end, gap.kind) for gap in found] == [(9.0, 11.6, "faint")]


def test_faint_speech_that_goes_on_from_loud_speech_is_one_gap() -> None:
    activity = Activity(60.0, np.zeros(0, np.float32), ((1.0, 1.5),), (), faint=((1.5, 2.0),))
    assert [(gap.start, gap.end) for gap in gaps(activity, [], channel=0)] == [(1.0, 2.0)]
