"""Many tasks under way: bounded, drained, in the order asked for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.concurrency import MemoryBudget, bounded_map, in_order


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 6))
def test_every_task_has_its_result_once(delays: list[int], threads: int) -> None:
    def work(task: tuple[int, int]) -> int:
        time.sleep(task[1] / 2000)
        return task[0]

    results = list(bounded_map(work, enumerate(delays, 1), threads=threads))
    assert sorted(results) == list(range(1, len(delays) + 1))
    ordered = in_order(bounded_map(work, enumerate(delays, 1), threads=threads), place=lambda n: n)
    assert list(ordered) == list(range(1, len(delays) + 1))


def test_tasks_are_taken_when_there_is_room() -> None:
    taken: list[int] = []
    running = threading.Semaphore(0)
    most = under_way = 0
    lock = threading.Lock()

    def tasks():
        for n in range(50):
            taken.append(n)
            yield n

    def work(n: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        running.acquire(timeout=5)
        with lock:
            under_way -= 1
        return n

    results = bounded_map(work, tasks(), threads=4)
    running.release()
    next(results)
    assert len(taken) <= 5
    for _ in range(60):
        running.release()
    assert len(list(results)) == 49
    assert 2 <= most <= 4


def test_stopping_finishes_what_is_under_way() -> None:
    stop = threading.Event()
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 5:
            stop.set()
        time.sleep(0.02)
        return n

    done = list(bounded_map(work, range(1000), threads=3, stopping=stop.is_set))
    assert sorted(done) == sorted(begun)
    assert 5 <= len(done) <= 10


def test_released_tasks_are_taken_again_and_quiet_ones_last() -> None:
    parked = [7]
    quiet = [8, 9]
    begun: list[int] = []

    def work(n: int) -> int | None:
        begun.append(n)
        return n or None

    def released(idle: bool) -> list[int]:
        if idle:
            return [quiet.pop(0)] if quiet else []
        return [parked.pop()] if 3 in begun and parked else []

    assert sorted(bounded_map(work, [0, 1, 2, 3], threads=2, released=released)) == [1, 2, 3, 7, 8, 9]
    assert begun[-2:] == [8, 9]


def test_an_exception_waits_for_the_rest() -> None:
    finished: list[int] = []

    def work(n: int) -> int:
        if n == 1:
            raise KeyError(n)
        time.sleep(0.05)
        finished.append(n)
        return n

    with pytest.raises(KeyError):
        list(bounded_map(work, [0, 1, 2], threads=3))
    assert sorted(finished) == [0, 2]


def test_allowance_bounds_the_sum_and_lets_a_giant_go_alone() -> None:
    allowance, lock = MemoryBudget(10.0), threading.Lock()
    held: list[float] = []
    seen: list[list[float]] = []

    def hold(amount: float) -> None:
        with allowance.of(amount):
            with lock:
                held.append(amount)
                seen.append(list(held))
            time.sleep(0.003)
            with lock:
                held.remove(amount)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(hold, [3.0, 4.0, 25.0, 1.5] * 8))
    assert all(sum(s) <= 10 or len(s) == 1 for s in seen)
    assert [25.0] in seen


def test_order_survives_gaps() -> None:
    assert list(in_order([3, 1, 5, 2], place=lambda n: n)) == [1, 2, 3, 5]
