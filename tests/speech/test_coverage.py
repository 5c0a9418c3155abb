import numpy as np
import pytest

from redactor.speech.activity import Activity
from redactor.speech.coverage import SHORTEST, covered, gaps, plausible
from redactor.types import TimedText


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


def test_a_clause_that_no_word_stands_for_is_reported() -> None:
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
    assert plausible("K-I-M") > plausible("Kim")


def test_words_of_one_cue_fill_it_together() -> None:
    cue = [word(text, 1.0, 5.0) for text in "Hi this is Maria Lopez calling about my appointment".split()]
    assert gaps(heard([(1.0, 5.0)]), cue, channel=0) == ()
    assert gaps(heard([(1.0, 30.0)]), [word(w.text, 1.0, 30.0) for w in cue[:3]], channel=0)


def test_a_word_without_a_time_covers_to_its_neighbours() -> None:
    words = [word("a", 1.0, 1.2), word("b", None, None), word("c", 4.0, 4.2)]
    assert gaps(heard([(1.0, 4.2)]), words, channel=0) == ()
    assert covered([word("b", 2.0, 2.0)], duration=9.0) == [(0.0, 9.0)]


@pytest.mark.parametrize("length", [SHORTEST - 0.1, SHORTEST + 0.1])
def test_short_gaps_are_timing_errors(length: float) -> None:
    assert len(gaps(heard([(1.0, 1.0 + length)]), [], channel=0)) == (length > SHORTEST)


def test_short_pieces_close_together_count_as_one() -> None:
    keypad = [(1 + 0.4 * i, 1.2 + 0.4 * i) for i in range(8)]
    (gap,) = gaps(heard([], sound=keypad), [], channel=0)
    assert (gap.kind, gap.start, round(gap.end, 2)) == ("sound", 1.0, 4.0)


def test_doubtful_words_do_not_explain_ringing() -> None:
    activity = heard([], sound=[(1.0, 3.0)])
    assert gaps(activity, [word("0929", 1.0, 3.0, 0.3)], channel=0)[0].kind == "sound"
    assert gaps(activity, [word("goodbye", 1.0, 3.0, 0.8)], channel=0) == ()


def test_doubtful_words_do_explain_speech() -> None:
    assert gaps(heard([(1.0, 2.0)]), [word("goodbye", 1.0, 2.0, 0.05)], channel=0) == ()


def test_faint_speech_without_words_is_reported_as_such() -> None:
    level = np.zeros(0, np.float32)
    activity = Activity(60.0, level, ((1.0, 4.0),), (), faint=((9.0, 11.0), (11.1, 11.6)))
    found = gaps(activity, [word("please", 1.0, 2.4), word("call", 2.5, 4.0)], channel=1)
    assert [(gap.start, gap.end, gap.kind) for gap in found] == [(9.0, 11.6, "faint")]


def test_faint_speech_that_goes_on_from_loud_speech_is_one_gap() -> None:
    activity = Activity(60.0, np.zeros(0, np.float32), ((1.0, 1.5),), (), faint=((1.5, 2.0),))
    assert [(gap.start, gap.end) for gap in gaps(activity, [], channel=0)] == [(1.0, 2.0)]
