import numpy as np
import pytest

from redactor.speech.activity import Activity
from redactor.speech.understanding import FEWEST, RUN, Floors, find_guesses
from redactor.types import TimedText, Unheard

FLOORS = Floors(run=0.5, channel=0.7)


def said(*confidences: float, start: float = 1.0) -> list[TimedText]:
    """A word every half second."""
    return [TimedText("word", start + 0.5 * i, start + 0.5 * i + 0.4, c) for i, c in enumerate(confidences)]


def heard(end: float) -> Activity:
    return Activity(end + 1.0, np.zeros(0, np.float32), ((1.0, end),), ((1.0, end),))


def found(words: list[TimedText], overlaps: tuple[tuple[float, float], ...] = ()) -> tuple[Unheard, ...]:
    return find_guesses(words, heard(max(w.end or 0 for w in words)), overlaps, channel=2, floors=FLOORS)


def test_sure_words_are_understood() -> None:
    assert found(said(*[0.9] * 20)) == ()


def test_single_unsure_words_are_ordinary() -> None:
    assert found(said(*[0.9, 0.9, 0.1, 0.95] * 6)) == ()


def test_a_run_of_unsure_words_is_a_guess_from_its_first_to_its_last() -> None:
    (stretch,) = found(said(*[0.95] * 14, *[0.2] * RUN, *[0.95] * 14))
    assert (stretch.channel, stretch.kind) == (2, "doubt")
    # One or two neighbours may come along: the mean of a run says nothing about a single word.
    assert stretch.start == pytest.approx(8.0, abs=0.01)
    assert stretch.end == pytest.approx(8.0 + 0.5 * (RUN - 1) + 0.4, abs=0.01)


@pytest.mark.parametrize(("rest", "end"), [(0.6, 12.4), (0.9, 9.4)])
def test_an_unsure_sentence_with_a_guess_in_it_is_a_guess_as_a_whole(rest: float, end: float) -> None:
    words = said(*[0.95] * 14, *[0.1, 0.3, 0.1], *[rest] * 6, *[0.95] * 20)
    words[13] = words[13]._replace(text="before.")
    words[22] = words[22]._replace(text="after.")
    (stretch,) = found(words)
    assert stretch.start == pytest.approx(8.0, abs=0.01)
    assert stretch.end == pytest.approx(end, abs=0.51)


def test_a_message_that_is_unsure_on_the_whole_is_unclear() -> None:
    (whole,) = found(said(*[0.65] * 20))
    assert (whole.kind, whole.start) == ("unclear", 0.0)


def test_a_few_unsure_words_are_covered_but_say_nothing_about_the_whole() -> None:
    (stretch,) = found(said(*[0.3] * 5))
    assert stretch.kind == "doubt"


def test_a_few_unsure_words_for_many_seconds_of_speech_are_unclear() -> None:
    few = said(*[0.3] * (FEWEST - 1))
    (whole,) = find_guesses(few, heard(9.0), (), channel=2, floors=FLOORS)
    assert whole.kind == "unclear"


def test_guesses_over_most_of_the_speech_are_unclear() -> None:
    (whole,) = found(said(*[0.95] * 6, *[0.4] * 8, *[0.95] * 2), overlaps=((1.0, 2.5),))
    assert whole.kind == "unclear"


def test_voices_that_overlap_are_reported_beside_words_that_are_sure() -> None:
    assert found(said(*[0.95] * 20), overlaps=((3.0, 4.0),)) == (Unheard(2, 3.0, 4.0, "overlap"),)


def test_a_channel_without_words_has_no_guesses() -> None:
    assert find_guesses([], heard(9.0), (), channel=0, floors=FLOORS) == ()


def test_a_word_without_a_time_does_not_end_the_search() -> None:
    words = said(*[0.2] * 6)
    words[0] = words[0]._replace(start=None, end=None)
    (stretch,) = found(words)
    assert stretch.start == 1.5


def test_a_quarter_of_overlap_is_a_second_speaker_throughout() -> None:
    assert [s.kind for s in found(said(*[0.95] * 20), overlaps=((2.0, 3.0), (6.0, 8.0)))] == ["unclear"]


def test_a_stretch_in_another_language_is_not_understood_however_sure_its_words_are():
    text = (
        "hello i am calling about an appointment necesito otra receta para mi hijo gracias thank you very much goodbye"
    )
    words = [word._replace(text=other) for word, other in zip(said(*[0.95] * 19), text.split(), strict=True)]
    assert [stretch.kind for stretch in found(words)] == ["unclear"]
