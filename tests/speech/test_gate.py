"""Which results are accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.speech.gate import DecodedWindow, best, is_accepted, loops

FINE = DecodedWindow((1, 2, 3, 4), -0.3, 0.01, 1.0, ended=True)


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, True),
        ({"compression": 2.5}, False),
        ({"log_probability": -1.1}, False),
        ({"ended": False}, False),
        ({"tokens": (7, 1, 2, 1, 2, 1, 2, 1, 2)}, False),
        # "Nothing said": another try would only invent another text.
        ({"log_probability": -1.1, "no_speech": 0.7}, True),
        ({"compression": 2.5, "no_speech": 0.7}, False),
        ({"log_probability": -1.1, "no_speech": 0.7, "compression": 2.5}, True),
        ({"tokens": ()}, True),
    ],
)
def test_which_results_are_accepted(changed: dict, stands: bool) -> None:
    assert is_accepted(FINE._replace(**changed)) is stands


@pytest.mark.parametrize(
    ("tokens", "is_loop"),
    [
        ((5, 5, 5, 5), False),  # a number
        ((5,) * 8, True),
        ((1, 2, 3) * 3, False),
        ((1, 2, 3) * 4, True),
        ((9, 8, 7, *(1, 2) * 4), True),
        (((1, 2) * 4 + (3,)), False),  # it found its way out
        (((1, 2) * 10 + (3,)), True),  # after too long
        ((), False),
    ],
)
def test_loops(tokens: tuple[int, ...], is_loop: bool) -> None:
    assert loops(tokens) is is_loop


@given(
    st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(4, 9)
)
def test_every_repeated_phrase_is_a_loop(before: list[int], phrase: list[int], times: int) -> None:
    assert loops((*before, *phrase * times)) or len(phrase) * times < 8


def test_the_best_of_rejected_results_has_no_repetition() -> None:
    wild = FINE._replace(log_probability=-0.2, compression=9.0)
    calm = FINE._replace(log_probability=-1.4)
    assert best([wild, calm]) is calm
    assert best([wild, wild._replace(log_probability=-0.1)]).log_probability == -0.1
