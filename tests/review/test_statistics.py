"""Agreement, bounds and samples: against published values, definitions and simulation."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.proportions import clopper_pearson
from redactor.review.sampling import allocated, draw
from redactor.review.statistics import estimate, kappa

counts = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=6)


def test_kappa_of_cohens_kind():
    # 50 grants read twice: both yes 20, both no 15, five and ten apart: p0 = .7, pe = .5, κ = .4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([]) is None
    assert kappa([("a", "a")] * 9) is None
    assert kappa([("a", "b"), ("b", "a")]) == pytest.approx(-1.0)
    assert kappa([("a", "a"), ("b", "b")]) == pytest.approx(1.0)


def test_no_miss_in_n_is_at_most_about_three_in_n():
    for n in (30, 100, 1000):
        found = estimate([(False, 0.5)] * n)
        assert found.above == pytest.approx(1 - 0.05 ** (1 / n))
        assert 0.9 * 3 / n < found.above <= 3 / n
        assert (found.low, found.share) == (0.0, 0.0)


def test_bounds_are_exact():
    low, high = clopper_pearson(4, 10)

    def at_least(k, n, p):
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))

    assert at_least(4, 10, low) == pytest.approx(0.025)
    assert 1 - at_least(5, 10, high) == pytest.approx(0.025)
    assert clopper_pearson(0, 10)[0] == 0
    assert clopper_pearson(10, 10)[1] == 1


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0.01, 1))
def test_equal_probabilities_count_as_if_there_were_none(hits, p):
    weighted, plain = estimate((h, p) for h in hits), clopper_pearson(sum(hits), len(hits))
    assert weighted.share == pytest.approx(sum(hits) / len(hits))
    assert weighted.effective == pytest.approx(len(hits))
    assert (weighted.low, weighted.high) == (pytest.approx(plain[0], abs=1e-6), pytest.approx(plain[1], abs=1e-6))


def test_unequal_probabilities_are_made_up_for():
    """90 of 1,000 common ones drawn with none bad, all 10 rare ones drawn, all bad: the share of the whole is 1 %."""
    found = estimate([(False, 0.09)] * 90 + [(True, 1.0)] * 10)
    assert found.share == pytest.approx(10 / 1010)
    assert found.hits == 10
    assert found.low < 10 / 1010 < found.high
    assert found.effective < 100
    with pytest.raises(ValueError, match="probability"):
        estimate([(True, 0.0)])
    assert estimate([]) is None


def test_the_bound_holds_as_often_as_it_says():
    rng, covered = random.Random(5), 0
    for _ in range(300):
        population = [("rare", rng.random() < 0.3) for _ in range(60)] + [
            ("common", rng.random() < 0.02) for _ in range(1500)
        ]
        truth = sum(bad for _, bad in population) / len(population)
        drawn = draw(((str(i), s) for i, (s, _) in enumerate(population)), size=120, least=30, seed=rng.randrange(9**9))
        covered += estimate((population[int(d.message)][1], d.probability) for d in drawn).above >= truth
    assert covered >= 300 * 0.93


@given(counts, st.integers(1, 120), st.integers(0, 5), st.integers(0, 10**6))
def test_a_sample_is_whole_repeatable_and_says_its_probabilities(strata, size, least, seed):
    frame = [(f"{name}/{i}", name) for name, n in strata.items() for i in range(n)]
    drawn = draw(frame, size=size, least=least, seed=seed)
    assert drawn == draw(list(reversed(frame)), size=size, least=least, seed=seed)
    assert len({d.message for d in drawn}) == len(drawn) == min(size, len(frame))
    for name, n in strata.items():
        mine = [d for d in drawn if d.stratum == name]
        assert all(d.message in {m for m, s in frame if s == name} for d in mine)
        assert all(d.probability == len(mine) / n for d in mine)
        if size >= least * len(strata):
            assert len(mine) >= min(least, n)


def test_each_message_is_drawn_as_often_as_its_probability_says():
    frame = [(str(i), "a" if i < 20 else "b") for i in range(60)]
    seen = dict.fromkeys((m for m, _ in frame), 0)
    runs = 2000
    for seed in range(runs):
        for d in draw(frame, size=15, least=5, seed=seed):
            seen[d.message] += 1
    probability = {d.message: d.probability for seed in range(99) for d in draw(frame, size=15, least=5, seed=seed)}
    for message, n in seen.items():
        assert n / runs == pytest.approx(probability[message], abs=0.05)


@given(counts, st.integers(1, 400), st.integers(0, 9))
def test_what_is_shared_out_is_all_there_is(strata, size, least):
    given_out = allocated(strata, size=size, least=least)
    assert sum(given_out.values()) == min(size, sum(strata.values()))
    assert all(0 <= given_out[name] <= strata[name] for name in strata)
