"""The properties that keep PHI from leaking between a span of text and a stretch of sound."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import findings_in, transcripts

from redactor.policy.word_spans import (
    EDGE,
    LONGEST_STRETCH,
    SHORTEST_STRETCH,
    TAIL,
    UNSURE_REACH,
    covered_words,
    longest_duration,
    merge_intervals,
    padded,
    shortest_duration,
    time_span,
    with_times,
)
from redactor.types import Interval, TimedText, Transcript, Word

DURATION = 10.0


@given(transcripts(), st.integers(-5, 90), st.integers(-5, 90))
def test_exactly_the_words_that_share_a_character_with_a_span_are_covered(transcript, start, end):
    first, last = covered_words(transcript.words, start, end)
    shares = [max(start, w.char_start) < min(end, w.char_end) for w in transcript.words]
    assert [first <= i < last for i in range(len(shares))] == shares


def test_a_span_that_disagrees_with_a_words_edges_covers_the_whole_word():
    # "DOB:June" is one word for the recogniser: a match by text would leave it standing.
    words = Transcript.of([TimedText(t, i, i + 1) for i, t in enumerate("her DOB:June 3, 1980 ok".split())]).words
    assert covered_words(words, 8, 20) == (1, 4)


@given(transcripts())
def test_every_word_gets_a_time_inside_the_recording(transcript):
    complete, widened = with_times(transcript, DURATION)
    assert complete.text == transcript.text
    assert [w.text for w in complete.words] == [w.text for w in transcript.words]
    assert all(0 <= w.start < w.end <= DURATION for w in complete.words)
    for old, new in zip(transcript.words, complete.words, strict=True):
        if old.start is not None and old.end is not None and 0 <= old.start < min(old.end, DURATION):
            assert (new.start, new.end) == (old.start, min(old.end, DURATION))
        else:
            widened -= 1
    assert widened == 0


UNTIMED = [
    # before                 word without time          after              covered at least
    ([(1.0, 2.0)], (None, None), [(5.0, 6.0)], (2.0, 5.0)),  # from neighbour to neighbour
    ([(1.0, 2.0)], (3.0, 3.0), [(5.0, 6.0)], (2.0, 5.0)),  # no length
    ([(1.0, 2.0)], (4.0, 3.0), [(5.0, 6.0)], (2.0, 5.0)),  # inverted
    ([(1.0, 2.0)], (-1.0, 3.0), [(5.0, 6.0)], (2.0, 5.0)),  # before the recording
    ([(1.0, 2.0)], (11.0, 12.0), [(5.0, 6.0)], (2.0, 5.0)),  # after the recording
    ([(1.0, 2.0)], (float("nan"), 3.0), [(5.0, 6.0)], (2.0, 5.0)),  # not a number
    ([], (None, None), [(5.0, 6.0)], (0.0, 5.0)),  # first word
    ([(1.0, 2.0)], (None, None), [], (2.0, 10.0)),  # last word
    ([], (None, None), [], (0.0, 10.0)),  # the only word
    ([(1.0, 2.0)], (None, None), [(2.0, 3.0)], (1.5, 2.5)),  # neighbours touch: it was said inside them
    ([(1.0, 2.0)], (None, None), [(2.01, 3.0)], (1.51, 2.5)),  # … or nearly touch
    ([(1.0, 2.0)], (None, None), [(1.4, 3.0)], (0.9, 2.5)),  # … or overlap
    ([(1.0, 2.0)], (None, None), [(None, None), (4.0, 5.0)], (2.0, 4.0)),  # two in a row share the stretch
]


@pytest.mark.parametrize(("before", "word", "after", "least"), UNTIMED)
def test_a_word_without_a_time_reaches_from_neighbour_to_neighbour(before, word, after, least):
    words = [Word("x", start, end, 1.0, 2 * i, 2 * i + 1) for i, (start, end) in enumerate([*before, word, *after])]
    complete, _ = with_times(Transcript(0, " ".join("x" for _ in words), tuple(words)), DURATION)
    got = complete.words[len(before)]
    assert got.start <= least[0] + 1e-9
    assert got.end >= least[1] - 1e-9
    assert got.end - got.start >= SHORTEST_STRETCH - 1e-9
    assert got.end - got.start <= max(SHORTEST_STRETCH, least[1] - least[0]) + 1.0


@st.composite
def runs(draw):
    """A transcript with times, some of its words kept, and a run of covered ones."""
    transcript, _ = with_times(draw(transcripts(min_words=1)), DURATION)
    n = len(transcript.words)
    first = draw(st.integers(0, n - 1))
    last = draw(st.integers(first + 1, n))
    kept = [draw(st.booleans()) and not first <= i < last for i in range(n)]
    return transcript.words, first, last, kept


@settings(max_examples=80)
@given(runs(), st.floats(0, 2), st.floats(0, 2))
def test_padding_holds_the_words_and_stops_inside_kept_neighbours(run, padding, reach):
    words, first, last, kept = run
    start, end = time_span(words, first, last)
    need = sum(shortest_duration(w.text) for w in words[first:last])
    low, high = padded(words, first, last, padding=padding, reach=reach, duration=DURATION, kept=kept)
    assert 0 <= low <= start < end <= high <= DURATION
    assert high - low >= min(need, DURATION) - 1e-9
    # The time that the words themselves need: as given, or widened evenly where no voice is so fast.
    short = max(0.0, need - (end - start)) / 2
    own_low = start - short - max(0.0, end + short - DURATION)
    own_high = end + short + max(0.0, short - start)
    before = [w for w, keep in zip(words[:first], kept[:first], strict=True) if keep]
    after = [w for w, keep in zip(words[last:], kept[last:], strict=True) if keep]
    most = reach + UNSURE_REACH
    if before:
        ends = min(before[-1].end, before[-1].start + longest_duration(before[-1].text))
        assert low >= min((before[-1].start + ends) / 2, own_low) - 1e-9
        assert low >= min(ends, own_low) - most - 1e-9
        assert low >= min(own_low - padding, max(ends, own_low - LONGEST_STRETCH)) - 1e-9
    else:
        assert low >= own_low - max(padding, EDGE) - 1e-9
    if after:
        begins = max(after[0].start, after[0].end - longest_duration(after[0].text))
        assert high <= max((begins + after[0].end) / 2, own_high) + 1e-9
        assert high <= max(begins, own_high) + most + 1e-9
        assert high <= max(own_high + TAIL * padding, min(begins, own_high + LONGEST_STRETCH)) + 1e-9
    else:
        assert high <= own_high + max(TAIL * padding, EDGE) + 1e-9


def test_a_kept_word_that_was_stretched_over_what_was_missed_keeps_its_far_part():
    words = words_at((1.0, 1.2), (1.3, 1.7), (1.7, 3.2))
    _, high = padded(words, 1, 2, padding=0.25, reach=0.06, duration=DURATION, kept=[True, False, True])
    assert 3.2 - longest_duration("x") <= high <= 3.2 - longest_duration("x") / 2
    mirrored = words_at((0.5, 2.0), (2.0, 2.4), (2.5, 2.7))
    assert padded(mirrored, 1, 2, padding=0.25, reach=0.06, duration=DURATION, kept=[True, False, True])[0] < 0.9


def test_padding_reaches_further_where_recognition_was_unsure():
    words = words_at((1.0, 1.3), (1.3, 1.8), (1.8, 2.1), text="word")
    sure = padded(words, 1, 2, padding=0.25, reach=0.05, duration=DURATION, kept=[True, False, True])
    words[0], words[2] = (replace(words[i], confidence=0.3) for i in (0, 2))
    unsure = padded(words, 1, 2, padding=0.25, reach=0.05, duration=DURATION, kept=[True, False, True])
    assert unsure[0] < sure[0]
    assert unsure[1] > sure[1]


def test_padding_reaches_further_from_a_number_into_a_slow_word():
    number, quick, slow = Word("0165", 1.0, 2.0, 1.0, 0, 4), (2.0, 2.3), (2.0, 2.45)
    reach = [
        padded(
            [number, Word("about", *times, 1.0, 5, 10)], 0, 1, padding=0.2, reach=0.05, duration=9.0, kept=[False, True]
        )[1]
        for times in (quick, slow)
    ]
    assert reach == [pytest.approx(2.05), pytest.approx(2.05 + UNSURE_REACH)]


def test_what_follows_a_covered_word_up_to_the_recordings_edge_is_covered():
    """A number that is cut off there: its last digit was not recognised."""
    words = words_at((0.6, 1.0), (8.0, 9.4))
    assert padded(words, 1, 2, padding=0.1, reach=0.05, duration=10.0, kept=[True, False])[1] == 10.0
    assert padded(words, 0, 1, padding=0.1, reach=0.05, duration=10.0, kept=[False, True])[0] == 0.0
    assert padded(words, 1, 2, padding=0.1, reach=0.05, duration=12.0, kept=[True, False])[1] == pytest.approx(9.6)


def words_at(*times: tuple[float, float], text: str = "x") -> list[Word]:
    return [Word(text, start, end, 1.0, 2 * i, 2 * i + 1) for i, (start, end) in enumerate(times)]


def test_padding_passes_over_a_short_covered_neighbour_but_not_into_the_kept_one_behind_it():
    words = words_at((1.0, 1.4), (1.4, 1.45), (1.45, 2.0), text="thoroughly")
    assert padded(words, 2, 3, padding=0.5, reach=2, duration=DURATION, kept=[True, False, False])[0] == pytest.approx(
        1.2
    )


def test_padding_runs_over_pauses_and_reaches_a_little_into_kept_words():
    words = words_at((1.25, 2.0), (2.1, 2.6), (2.6, 3.4), text="thoroughly")
    low, high = padded(words, 1, 2, padding=0.25, reach=0.1, duration=DURATION, kept=[True, False, True])
    assert (low, high) == (pytest.approx(1.9), pytest.approx(2.7))


def test_a_time_too_short_for_speech_is_widened_into_the_neighbours():
    words = words_at((1.0, 2.0), (2.0, 2.1), (2.1, 3.1))
    words[1] = Word("555-867-5309", 2.0, 2.1, 1.0, 2, 14)
    low, high = padded(words, 1, 2, padding=0.25, reach=0.1, duration=DURATION, kept=[True, False, True])
    assert high - low >= shortest_duration("555-867-5309") > 1.0


def test_a_short_pause_between_a_covered_word_and_its_neighbour_is_covered():
    """Letters of a spelled name that recognition left out; over a long pause, only padding."""
    words = words_at((0.8, 1.0), (1.6, 2.4), (3.1, 3.3), (5.0, 5.1))
    low, high = padded(words, 1, 2, padding=0.1, reach=0.05, duration=10.0, kept=[True, False, True, True])
    assert (low, high) == (pytest.approx(1.0, abs=0.05), pytest.approx(3.1, abs=0.05))
    assert low <= 1.0
    assert high >= 3.1
    assert padded(words, 2, 3, padding=0.1, reach=0.05, duration=10.0, kept=[True, True, False, True])[1] <= 3.5


def test_at_the_recordings_edge_a_short_time_is_widened_on_the_other_side():
    words = [Word("5558675309", 0.0, 0.1, 1.0, 0, 10), Word("bye-bye-bye-bye", 0.1, 1.5, 1.0, 11, 26)]
    low, high = padded(words, 0, 1, padding=0.0, reach=0.1, duration=DURATION, kept=[False, True])
    assert (low, high) == (0.0, pytest.approx(shortest_duration("5558675309")))


FASTEST = [
    ("5551234", 0.77),
    ("555-1234", 0.77),
    ("Smith", 0.125),
    ("10:00", 0.22),
    ("$2,000", 0.22),
    ("2007", 0.33),
    ("...", 0.0),
]


@pytest.mark.parametrize(("text", "seconds"), FASTEST)
def test_the_least_time_of_a_word(text, seconds):
    assert shortest_duration(text) == pytest.approx(seconds)


intervals = st.lists(
    st.tuples(st.floats(0, 9.9), st.floats(0.01, 3), st.sampled_from("ABC")).map(
        lambda p: Interval(0, p[0], min(DURATION, p[0] + p[1]), (p[2],))
    ),
    max_size=8,
)


@given(intervals, transcripts(), st.floats(0, 2))
def test_joined_intervals_are_sorted_and_apart_and_swallow_no_kept_word(given_intervals, transcript, join):
    kept = with_times(transcript, DURATION)[0].words
    out = merge_intervals(given_intervals, kept, join=join)
    assert all(a.end < b.start for a, b in itertools.pairwise(out))
    for interval in given_intervals:
        holder = [o for o in out if o.start <= interval.start and interval.end <= o.end]
        assert len(holder) == 1
        assert set(interval.labels) <= set(holder[0].labels)
    for o in out:
        # What was not covered before is a pause of at most `join` seconds in which no kept word is spoken.
        inside = sorted((i for i in given_intervals if o.start <= i.start and i.end <= o.end), key=lambda i: i.start)
        reached = o.start
        for i in inside:
            if i.start > reached:
                assert i.start - reached <= join
                assert not any(w.start < i.start and w.end > reached for w in kept)
            reached = max(reached, i.end)
        assert reached == o.end
        assert len(o.labels) == len(set(o.labels))


@given(st.data())
def test_findings_of_the_generator_touch_words(data):
    transcript = data.draw(transcripts(min_words=1))
    for f in data.draw(findings_in(transcript)):
        first, last = covered_words(transcript.words, f.start, f.end)
        assert first < last
