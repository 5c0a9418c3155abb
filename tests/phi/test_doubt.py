"""Words that recognition was unsure of: covered where something identifying is said, left alone elsewhere."""

from __future__ import annotations

import re

import pytest

from redactor.phi import Detector, build_detector
from redactor.types import TimedText, Transcript


@pytest.fixture(scope="module")
def patterns() -> Detector:
    return build_detector(ner="none")


def transcript(marked: str, channel: int = 0) -> Transcript:
    """Words marked with ? are unsure."""
    return Transcript.of(
        [
            TimedText(word.removesuffix("?"), n / 2, n / 2 + 0.4, 0.2 if word.endswith("?") else 0.95)
            for n, word in enumerate(marked.split())
        ],
        channel=channel,
    )


@pytest.mark.parametrize(
    ("marked", "covered"),
    [
        ("hi my name is gar? bolled? and i have a question", {"gar", "bolled"}),
        ("this is doctor clock? about the results", {"clock"}),
        ("this is some? thing? about the results", {"some", "thing"}),
        ("hi this is dana wet? lock? calling", {"dana", "wet", "lock"}),
        ("call me at four one oh drive? five five one two", {"drive", "four", "two"}),
        ("my date of birth is murk? for? tense?", {"murk", "for", "tense"}),
        ("the member number is seen? ate? one", {"seen", "ate"}),
        ("she is in? the? waiting? room", set()),
        ("i take the? little? white? pill every day", set()),
        ("we close at five thirty? today?", set()),
    ],
)
def test_covers_unsure_words_in_context_only(patterns: Detector, marked: str, covered: set[str]) -> None:
    said = transcript(marked)
    found = next(iter(patterns.search([said])))
    words = {w.text for w in said.words if any(f.start < w.char_end and f.end > w.char_start for f in found)}
    assert covered <= words
    if not covered:
        assert not words & set(re.findall(r"(\S+)\?", marked))


def test_sure_words_change_nothing_and_channels_are_kept(detector: Detector) -> None:
    texts = ["hi this is dana whitlock call me at four one oh five five five oh one four two", "", "see you soon"] * 2
    said = [transcript(text, channel=n % 2) for n, text in enumerate(texts)]
    together = list(detector.search(iter(said), batch_size=4))
    assert [[(f.label, f.start, f.end) for f in found] for found in together] == [
        [(f.label, f.start, f.end) for f in detector.detect(text)] for text in texts
    ]
    assert all(f.channel == t.channel for t, found in zip(said, together, strict=True) for f in found)
    assert together == [next(detector.search([t])) for t in said]
