"""The checks of an encoded output, whole: what was planted in it is found, what was kept on purpose is not."""

from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from redactor.audio import Source, bleep, decode, encode, read_source
from redactor.errors import VerificationHit
from redactor.phi import build_detector
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.render import Replacer
from redactor.speech import Recognizer, load_transcriber, resolve, second_transcriber
from redactor.speech.fake import FakeTranscriber
from redactor.types import UNTRANSCRIBED, TimedText

MESSAGE = Path(__file__).parents[1] / "speech" / "data" / "voicemail.flac"
"""Hi, this is Maria Lopez. Please call me back at five five five, oh one three, two two oh four. Thank you."""


@pytest.fixture(scope="module")
def detector():
    return build_detector()


@pytest.fixture(scope="module")
def first() -> Recognizer:
    return load_transcriber(resolve("voicemail-micro"), device="cpu", workers=1)


def pipeline(first, detector, second, **options) -> Pipeline:
    return Pipeline(
        transcriber_for=lambda _: first,
        detector=detector,
        policy=load_policy("deidentify").with_changes(unheard_speech="bleep"),
        replacer=Replacer(),
        verify_with=second,
        **options,
    )


@pytest.fixture(scope="module")
def recording():
    return decode(read_source(MESSAGE))


def output(recording, intervals, style="tone"):
    return encode(bleep(recording, intervals, style=style), recording.format)


class Counted:
    """A transcriber that counts what it is asked."""

    def __init__(self, inner):
        self.inner, self.calls = inner, 0
        self.info = inner.info

    def transcribe(self, channels, *, recording_id):
        self.calls += 1
        return self.inner.transcribe(channels, recording_id=recording_id)


@pytest.mark.parametrize("style", ["tone", "silence", "noise"])
def test_a_well_redacted_message_passes_with_another_decoding(first, detector, recording, style):
    second = Counted(second_transcriber(first, None))
    checked = pipeline(first, detector, second, style=style)
    plan = checked.plan(recording, first)
    assert plan.intervals
    said = checked.verification.check(recording, plan, output(recording, plan.intervals, style), checked.policy)
    assert said == {
        "bleeps_checked": len(plan.intervals),
        "recognised_again": True,
        "recognised_by": "voicemail-micro",
        "hits": 0,
    }
    assert second.calls == 1


def test_each_bleep_that_is_undone_or_moved_is_found_before_anything_is_heard(first, detector, recording):
    second = Counted(second_transcriber(first, None))
    checked = pipeline(first, detector, second)
    plan = checked.plan(recording, first)
    for wrong in plan.intervals:
        rest = [i for i in plan.intervals if i is not wrong]
        by = 0.5 if wrong.end + 0.5 <= plan.duration else -0.5
        for planted in (rest, [*rest, replace(wrong, start=wrong.start + by, end=wrong.end + by)]):
            with pytest.raises(VerificationHit):
                checked.verification.check(recording, plan, output(recording, planted), checked.policy)
    assert second.calls == 0


def test_the_second_reading_alone_hears_a_bleep_that_is_undone(first, detector, recording):
    checked = pipeline(first, detector, second_transcriber(first, None))
    plan = checked.plan(recording, first)
    longest = max(plan.intervals, key=lambda i: i.end - i.start)
    encoded = output(recording, [i for i in plan.intervals if i is not longest])
    found = checked.verification.again(decode(Source.of(encoded.data, encoded.suffix)), plan, checked.policy)
    undone = [h for h in found if h.kind == "uncovered"]
    assert undone
    assert all(longest.start - 0.3 <= h.start and h.end <= longest.end + 0.3 for h in undone)


def said(*words: tuple[str, float, float, float]) -> FakeTranscriber:
    return FakeTranscriber({"": [[TimedText(*w) for w in words]]})


KEPT = [
    ("please", 2.0, 2.3, 0.9),
    ("call", 2.3, 2.5, 0.9),
    ("me", 2.5, 2.7, 0.9),
    ("about", 2.7, 3.0, 0.9),
    ("the", 3.0, 3.1, 0.9),
]
NAMED = [("this", 0.3, 0.5, 0.9), ("is", 0.5, 0.6, 0.9), ("Maria", 0.7, 1.0, 0.9), ("Lopez", 1.0, 1.5, 0.9)]
MISHEARD = [("listen", 3.2, 3.5, 0.4), ("over", 3.5, 3.6, 0.4), ("there", 3.6, 3.9, 0.4)]
TAIL = [
    ("at", 4.0, 4.2, 0.9),
    ("your", 4.2, 4.6, 0.9),
    ("convenience", 4.6, 5.6, 0.9),
    ("thank", 5.7, 6.1, 0.9),
    ("you", 6.1, 6.8, 0.9),
]


@pytest.mark.parametrize(
    ("second", "withheld"),
    [
        ([*NAMED[:2], *KEPT, *MISHEARD], ""),
        ([*NAMED[:2], *KEPT, ("lesson", 3.2, 3.5, 0.9), *MISHEARD[1:]], ""),  # heard differently, and no PHI
        ([*NAMED[:2], *KEPT, ("lisinopril", 3.2, 3.9, 0.95)], "1 MEDICATION"),
        ([*NAMED[:2], *KEPT, ("lisinopril", 3.2, 3.9, 0.2)], ""),  # it is not sure itself
        ([*NAMED, *KEPT, *MISHEARD], ""),  # heard in the bleep, which holds nothing
    ],
)
def test_what_was_misheard_is_found_in_the_full_text(detector, recording, second, withheld):
    first = said(*NAMED, *KEPT, *MISHEARD, *TAIL)
    checked = pipeline(first, detector, said(*second, *TAIL))
    plan = checked.plan(recording, first)
    assert [c.label for c in plan.covers] == ["PERSON"]
    encoded = output(recording, plan.intervals)
    if withheld:
        with pytest.raises(VerificationHit, match=withheld):
            checked.verification.check(recording, plan, encoded, checked.policy)
    else:
        assert checked.verification.check(recording, plan, encoded, checked.policy)["hits"] == 0


def test_another_second_reader_makes_other_artefacts(first, detector):
    plain, same = pipeline(first, detector, None), pipeline(first, detector, second_transcriber(first, None))
    other = pipeline(first, detector, said())
    assert len({p.settings(first) for p in (plain, same, other)}) == 3


def test_an_output_of_another_length_is_refused(first, detector, recording):
    checked = pipeline(first, detector, None)
    plan = checked.plan(recording, first)
    short = replace(recording, samples=recording.samples[: -recording.sample_rate])
    with pytest.raises(VerificationHit, match="lasts"):
        checked.verification.check(recording, plan, encode(short.samples, recording.format), checked.policy)


def test_the_message_is_what_it_says():
    assert soundfile.info(MESSAGE).duration == pytest.approx(6.9, abs=0.1)


def test_the_first_readers_floor_is_not_that_of_the_second(detector, recording):
    """Another checkpoint's confidence is another: where it is low, what it hears is judged, not withheld unjudged."""

    class Sure(FakeTranscriber):
        def transcribe(self, channels, *, recording_id, hotwords=None):
            heard = super().transcribe(channels, recording_id=recording_id)
            return replace(heard, least_confidence=0.74)

    words = (*NAMED, *KEPT, *((text, start, end, 0.9) for text, start, end, _ in MISHEARD), *TAIL)
    first = Sure({"": [[TimedText(*w) for w in words]]})
    others = "peas tall knee shout a lemon dozen bear bat or conveyance thanks due".split()
    heard = [(o, start, end, 0.5) for o, (_, start, end, _) in zip(others, words[len(NAMED) :], strict=True)]
    checked = pipeline(first, detector, said(*NAMED[:2], *heard))
    plan = checked.plan(recording, first)
    encoded = output(recording, plan.intervals)
    found = checked.verification.again(decode(Source.of(encoded.data, encoded.suffix)), plan, checked.policy)
    assert {hit.label for hit in found} <= {UNTRANSCRIBED}
