"""Places of a text become the words that they touch, as everywhere else."""

from hypothesis import given
from hypothesis import strategies as st

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.model import Message
from redactor.policy.word_spans import covered_words
from redactor.types import TimedText, Transcript


@given(st.lists(st.text("abc,'.", min_size=1, max_size=6), max_size=12), st.integers(0, 60), st.integers(0, 60))
def test_evidence_covers_every_word_it_touches(words, start, end):
    transcript = Transcript.of(TimedText(w, n, n + 0.5) for n, w in enumerate(words))
    found = AnnotatedText(Message("0", (transcript,), duration=60.0), transcript).evidence(start, end, "test")
    first, last = covered_words(transcript.words, start, end)
    assert (found is None) == (first == last)
    if found is not None:
        assert (found.first, found.last) == (first, last)
        assert found.text == " ".join(w.text for w in transcript.words[first:last])
        assert (found.start, found.end) == (float(first), last - 1 + 0.5)


@given(st.text())
def test_plain_text_keeps_every_place(text):
    assert len(plain(text)) == len(text)
    assert plain("It\u2019s Dr. O'Neil: {name}!") == "it's dr  o'neil  {name} "
