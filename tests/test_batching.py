"""Batches of many threads' work: nothing lost, nothing mixed up, one caller's failure its own."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.batching import Closed, DynamicBatcher, Requeued


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=12),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_each_caller_gets_its_own_results_in_order(calls: list[list[int]], size: int, workers: int) -> None:
    def square(pieces: Sequence[int]) -> list[int]:
        assert len(pieces) <= size
        assert len({p % 3 for p in pieces}) == 1
        return [p * p for p in pieces]

    gather = DynamicBatcher(square, key=lambda p: p % 3, size=size, workers=workers, linger=0.001)
    with gather, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(gather, calls))
    assert results == [[p * p for p in call] for call in calls]
    assert gather.counts.pieces == sum(map(len, calls))


def test_threads_meet_in_one_batch() -> None:
    sizes: list[int] = []

    def note(pieces: Sequence[int]) -> Sequence[int]:
        sizes.append(len(pieces))
        return pieces

    with DynamicBatcher(note, size=8, linger=2.0) as gather:
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: gather([n]), range(8)))
    # Half a batch is enough to start; the rest waits for company no longer than it may.
    assert sizes[0] >= 4
    assert len(sizes) <= 3
    assert time.monotonic() - began < 5


def test_a_failure_is_its_callers_alone() -> None:
    def handle(pieces: Sequence[int]) -> list[int]:
        if 13 in pieces:
            raise ValueError("unlucky")
        return [p + 1 for p in pieces]

    with DynamicBatcher(handle, size=16, linger=0.05) as gather, ThreadPoolExecutor(6) as pool:
        futures = {n: pool.submit(gather, [n, n + 100]) for n in (11, 12, 13, 14)}
        assert [futures[n].result(5) for n in (11, 12, 14)] == [[12, 112], [13, 113], [15, 115]]
        with pytest.raises(ValueError, match="unlucky"):
            futures[13].result(5)


def test_a_caller_whose_pieces_cannot_be_made_fails_without_hanging_the_rest() -> None:
    def pieces() -> object:
        yield 1
        raise MemoryError

    with DynamicBatcher(list, size=4, linger=0.01) as gather:
        with pytest.raises(MemoryError):
            gather(pieces())
        assert gather([2]) == [2]


def test_the_oldest_does_not_starve() -> None:
    """A lonely key is served although another one is always fuller."""
    stop = threading.Event()

    def slow(pieces: Sequence[str]) -> Sequence[str]:
        time.sleep(0.01)
        return pieces

    with DynamicBatcher(slow, key=lambda p: p[0], size=4, linger=0.001, patience=0.2) as gather:

        def flood(n: int) -> None:
            while not stop.is_set():
                gather(["a"] * 4)

        with ThreadPoolExecutor(5) as pool:
            floods = [pool.submit(flood, n) for n in range(4)]
            time.sleep(0.05)
            began = time.monotonic()
            assert pool.submit(gather, ["b"]).result(5) == ["b"]
            assert time.monotonic() - began < 2
            stop.set()
            for f in floods:
                f.result(5)


def test_closing_finishes_what_waits_and_refuses_the_rest() -> None:
    gather = DynamicBatcher(list, size=100, linger=0.2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gather, [1, 2, 3])
        time.sleep(0.05)
        gather.close()
        assert waiting.result(1) == [1, 2, 3]
    with pytest.raises(Closed):
        gather([4])
    assert gather([]) == []


def test_a_caller_is_never_far_ahead_of_the_workers() -> None:
    made: list[int] = []
    done: list[int] = []
    furthest = 0

    def slow(pieces: Sequence[int]) -> Sequence[int]:
        time.sleep(0.002)
        done.extend(pieces)
        return pieces

    def endless():
        nonlocal furthest
        for n in range(500):
            made.append(n)
            furthest = max(furthest, len(made) - len(done))
            yield n

    with DynamicBatcher(slow, size=4, linger=0.0) as gather:
        assert gather(endless()) == list(range(500))
    assert furthest <= 4 * 4 + 4 + 1


def test_second_steps_share_batches_too() -> None:
    """Odd numbers need a second step; it is one batch for those of several callers, and nobody waits for the others."""
    seen: list[list[int | str]] = []
    ready = threading.Event()

    def handle(pieces: Sequence[int | str]) -> Sequence[str | Requeued[int | str]]:
        ready.wait(5)
        seen.append(list(pieces))
        return [p if isinstance(p, str) else Requeued(f"{p} again") if p % 2 else str(p) for p in pieces]

    with (
        DynamicBatcher(handle, key=type, size=4, linger=0.05) as gather,
        ThreadPoolExecutor(4) as pool,
    ):
        futures = [pool.submit(gather, [2 * n, 2 * n + 1]) for n in range(4)]
        time.sleep(0.1)
        ready.set()
        assert [f.result(5) for f in futures] == [[f"{2 * n}", f"{2 * n + 1} again"] for n in range(4)]
    second = [batch for batch in seen if isinstance(batch[0], str)]
    assert sum(map(len, second)) == 4
    assert len(second) < 4


def test_second_steps_are_finished_when_closed() -> None:
    def handle(pieces: Sequence[int]) -> Sequence[int | Requeued[int]]:
        time.sleep(0.05)
        return [p if p >= 3 else Requeued(p + 1) for p in pieces]

    gather = DynamicBatcher(handle, size=4, workers=2, linger=0.0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gather, [0, 1, 2])
        time.sleep(0.02)
        gather.close()
        assert waiting.result(5) == [3, 3, 3]


def test_a_failed_second_step_fails_its_caller_only() -> None:
    def handle(pieces: Sequence[str]) -> Sequence[str | Requeued[str]]:
        if any(p == "b again" for p in pieces):
            raise ValueError("unlucky")
        return [p if "again" in p else Requeued(f"{p} again") for p in pieces]

    with DynamicBatcher(handle, size=8, linger=0.05) as gather, ThreadPoolExecutor(3) as pool:
        futures = {p: pool.submit(gather, [p]) for p in "abc"}
        assert futures["a"].result(5) == ["a again"]
        assert futures["c"].result(5) == ["c again"]
        with pytest.raises(ValueError, match="unlucky"):
            futures["b"].result(5)


def test_age_alone_leaves_no_batch_empty_while_many_wait() -> None:
    """Among pieces that came together, old as they are, full batches go first."""
    sizes: list[int] = []
    ready = threading.Event()

    def handle(pieces: Sequence[str]) -> Sequence[str]:
        ready.wait(5)
        sizes.append(len(pieces))
        return pieces

    with (
        DynamicBatcher(handle, key=lambda p: p, size=4, linger=0.0, patience=0.0) as gather,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(gather, ["first"])
        time.sleep(0.05)
        rest = pool.submit(gather, ["alone", *["together"] * 8])
        time.sleep(0.05)
        ready.set()
        first.result(5)
        rest.result(5)
    assert sizes == [1, 4, 4, 1]
