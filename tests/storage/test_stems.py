"""Names are tallied as they should be; a large archive is listed in little memory."""

import subprocess
import sys
import textwrap
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from redactor.storage.stems import Stems, folded, without_suffix

NAMES = st.lists(st.text(alphabet="aAéÉ.", min_size=1, max_size=4), max_size=40)


@given(NAMES)
def test_names_are_counted_exactly_and_as_file_systems_compare_them(names):
    stems, exact = Stems(names), Counter(names)
    shorts = Counter(without_suffix(name) for name in names)
    alike = Counter(folded(without_suffix(name)) for name in names)
    for name in names:
        assert stems.has_namesake(name) == (exact[name] > 1)
        assert stems.shares_stem(name) == (shorts[without_suffix(name)] > 1)
    made = [stems.stem(name, number) for number, name in enumerate(names, 1)]
    assert len({folded(stem) for stem in made}) == len(names)
    for name, stem in zip(names, made, strict=True):
        if alike[folded(without_suffix(name))] > 1:
            assert stem.startswith(name)


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
