"""Sets and tallies do what Python's own do, in less memory; a large archive is listed in flat memory."""

import subprocess
import sys
import textwrap
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from redactor.storage import number_set as compact
from redactor.storage.number_set import NumberSet, RepeatedTexts

NUMBERS = st.lists(st.one_of(st.integers(0, 50), st.integers(0, 2**64 - 1)), max_size=300)


@given(NUMBERS, NUMBERS)
def test_a_set_of_numbers(first, second):
    ours, theirs = NumberSet(), set()
    for number in first:
        assert ours.add(number) == (number not in theirs)
        theirs.add(number)
    other = ours.copy()
    for number in second:
        other.add(number)
    assert len(ours) == len(theirs)
    assert len(other) == len(theirs | set(second))
    assert all((number in ours) == (number in theirs) for number in [*first, *second])


@given(st.lists(st.text(max_size=3), max_size=100))
def test_a_tally_counts_beyond_its_first_few(texts):
    few, compact._FEW = compact._FEW, 10
    try:
        tally, counted = RepeatedTexts(), Counter()
        for text in texts:
            assert tally.add(text) == (not counted[text])
            counted[text] += 1
        assert all(tally.repeated(text) == (n > 1) for text, n in counted.items())
    finally:
        compact._FEW = few


def test_a_hundred_thousand_files_cost_no_memory():
    """A faked walk of 1,000 folders of 100 files, in a process of its own: what is held at the most, above what was
    there before.
    """
    code = """
        import os, resource, stat
        from pathlib import Path
        from redactor.storage import Inputs, inputs

        numbers = iter(range(1, 10**9))
        folders = [str(n) for n in range(1000)]
        def walk(start, onerror):
            yield str(start), list(folders), []
            for folder in folders:
                yield os.path.join(start, folder), [], [f"message-{n}.wav" for n in range(100)]
        inputs.os.walk = walk
        inputs._is_folder_link = lambda path: False
        inputs._status = lambda path: os.stat_result((stat.S_IFREG, next(numbers), 1, 1, 0, 0, 1, 0, 0, 0))
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = peak()
        inputs = iter(Inputs([Path(".")], is_audio=lambda path: True))
        first = next(inputs)
        n = 1 + sum(1 for _ in inputs)
        print(n, (peak() - before) // 1024)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    files, grown = map(int, done.stdout.split())
    assert files == 100_000
    assert grown < 30  # MiB
