"""The error tree: the docstring's drawing matches the classes."""

import pickle
import re

import pytest

from redactor import errors
from redactor.errors import RedactorError

CLASSES = {k.__name__: k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)}


def drawn_tree() -> dict[str, tuple[str | None, int, str]]:
    """Class name → parent, exit code (inherited where none is drawn), meaning; read from the module's docstring."""
    lines = [line[4:] for line in errors.__doc__.splitlines() if "── " in line or line.startswith("    RedactorError")]
    tree: dict[str, tuple[str | None, int, str]] = {}
    above: list[tuple[int, str]] = []
    for line in lines:
        match = re.fullmatch(r"([│├└─ ]*)(\w+) +(\d+)? *(\S.*)", line)
        assert match, line
        depth = len(match[1]) // 4
        above = [a for a in above if a[0] < depth]
        parent = above[-1][1] if above else None
        code = int(match[3]) if match[3] else tree[parent][1]
        tree[match[2]] = (parent, code, match[4])
        above.append((depth, match[2]))
    return tree


def test_the_docstring_draws_the_classes():
    drawn = {name: (parent, code) for name, (parent, code, _) in drawn_tree().items()}
    real = {name: (None if k is RedactorError else k.__bases__[0].__name__, k.exit_code) for name, k in CLASSES.items()}
    assert drawn == real
    assert len(drawn) >= 18


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_each_class_says_what_happened_and_what_to_do(kind):
    assert kind.__doc__
    assert kind.__doc__.strip()
    assert kind.default_hint.endswith(".")
    assert 0 < kind.exit_code < 126
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.reason)


def test_reasons_are_unique():
    reasons = [k.reason for k in CLASSES.values()]
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("hint", [None, "Do this."])
def test_errors_travel_between_processes(kind, hint):
    error = kind("What happened.", hint=hint)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.message, again.hint) == ("What happened.", "What happened.", hint or kind.default_hint)


def test_a_quarantine_travels_with_its_stretches():
    error = errors.NotUnderstood("What happened.", stretches=[(0, 1.0, 2.0, "speech")])
    assert pickle.loads(pickle.dumps(error)).stretches == ((0, 1.0, 2.0, "speech"),)
