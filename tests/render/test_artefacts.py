"""Text, JSON and subtitles: no covered word in any of them, and each well formed."""

import html
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown import KEY, REPLACERS, cover, everything, plan_of, plans, spoken

from redactor.errors import ConfigurationError
from redactor.render import OPERATORS, Replacer, document, plain_text, srt, tokens, vtt
from redactor.types import ModelInfo, TimedText, Transcript


@settings(max_examples=80)
@given(plans(), st.sampled_from(OPERATORS))
def test_no_covered_word_is_in_any_artefact_and_every_kept_one_is(case, operator):
    plan, covered, kept = case
    for name, content in everything(plan, operator).items():
        assert not [w for w in covered if w in content], name
        if name != "repr":
            assert all(content.count(w) >= 1 for w in kept), name


def parse_clock(text: str, mark: str) -> int:
    match = re.fullmatch(rf"(\d\d+):([0-5]\d):([0-5]\d){re.escape(mark)}(\d\d\d)", text)
    assert match, text
    hours, minutes, seconds, ms = map(int, match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def parse_srt(text: str) -> list[tuple[int, int, str]]:
    cues = []
    for number, block in enumerate(text.split("\n\n")[:-1], 1):
        index, times, payload = block.split("\n")  # three lines each, or it is malformed
        assert index == str(number)
        start, end = times.split(" --> ")
        cues.append((parse_clock(start, ","), parse_clock(end, ","), payload))
    assert text == "" or text.endswith("\n\n")
    return cues


def parse_vtt(text: str) -> list[tuple[int, int, str]]:
    header, *blocks, rest = text.split("\n\n")
    assert (header, rest) == ("WEBVTT", "")
    cues = []
    for block in blocks:
        times, payload = block.split("\n")
        start, end = times.split(" --> ")
        assert "<" not in payload
        assert not re.search(r"&(?!amp;|lt;|gt;)", payload)
        cues.append((parse_clock(start, "."), parse_clock(end, "."), html.unescape(payload)))
    return cues


@settings(max_examples=80)
@given(plans())
def test_subtitles_can_be_read_back(case):
    plan, _, _ = case
    shown = tokens(plan, REPLACERS["label"])
    cues = parse_srt(srt(shown))
    assert parse_vtt(vtt(shown)) == cues
    assert all(0 <= start < end for start, end, _ in cues)
    assert [c[0] for c in cues] == sorted(c[0] for c in cues)
    assert not any("-->" in text for _, _, text in cues)
    said = " ".join(re.sub(r"\[channel \d\] ", "", text) for _, _, text in cues)
    assert sorted(said.split()) == sorted(re.sub("-+>", "->", " ".join(t.text for t in shown)).split())


def one_line(text: str, *covers, **settings):
    transcript = spoken(text)
    plan = plan_of(transcript, covers=tuple(cover(transcript, *c) for c in covers))
    return tokens(plan, Replacer(**settings))


def test_a_plain_message():
    shown = one_line("Hi this is Dana Whitlock, call 555-0142.", (3, 5), (6, 7, "PHONE_NUMBER"))
    assert plain_text(shown) == "Hi this is [PERSON], call [PHONE_NUMBER]."
    assert [t.redacted for t in shown] == [False, False, False, True, False, True]
    assert srt(shown) == "1\n00:00:00,000 --> 00:00:02,700\nHi this is [PERSON], call [PHONE_NUMBER].\n\n"
    assert vtt(shown) == "WEBVTT\n\n00:00:00.000 --> 00:00:02.700\nHi this is [PERSON], call [PHONE_NUMBER].\n\n"


OPERATIONS = [
    # operator  "Hi Dana Whitlock, bye" with the name covered
    ("label", "Hi [PERSON], bye"),
    ("mask", "Hi *************, bye"),
    ("hash", r"Hi \[PERSON:[0-9a-f]{12}\], bye"),
    ("drop", "Hi , bye"),
]


@pytest.mark.parametrize(("operator", "expected"), OPERATIONS)
def test_operators(operator, expected):
    got = plain_text(one_line("Hi Dana Whitlock, bye", (1, 3), operator=operator, key=KEY))
    assert re.fullmatch(expected if operator == "hash" else re.escape(expected), got)


def test_a_dropped_run_without_a_sentence_mark_leaves_no_token():
    assert [t.text for t in one_line("Hi Dana bye", (1, 2), operator="drop")] == ["Hi", "bye"]


def test_neighbouring_runs_of_one_label_stay_two():
    assert plain_text(one_line("Hi Dana Kim bye", (1, 2), (2, 3))) == "Hi [PERSON] [PERSON] bye"


def test_a_word_of_marks_alone_is_replaced_whole():
    assert plain_text(one_line("Hi ... bye", (1, 2))) == "Hi [PERSON] bye"


def test_unheard_sound_shows_its_label_in_its_place():
    assert plain_text(one_line("Hi bye", (1, 1))) == "Hi [UNTRANSCRIBED] bye"
    assert plain_text(one_line("Hi bye", (2, 2), operator="mask")) == "Hi bye [UNTRANSCRIBED]"
    assert plain_text(one_line("Hi bye", (1, 1), operator="drop")) == "Hi bye"


def hashed(text: str, label: str = "PERSON", key: bytes = KEY) -> str:
    transcript = spoken(text)
    shown = tokens(
        plan_of(transcript, covers=(cover(transcript, 0, len(transcript.words), label),)), Replacer("hash", key=key)
    )
    return shown[0].text


def test_the_same_person_is_the_same_token_under_one_key():
    assert hashed("Dana Whitlock") == hashed("dana whitlock") == hashed("Dana  Whit-lock")
    assert hashed("Jos\u00e9") == hashed("Jose\u0301")
    assert hashed("Dana Whitlock") != hashed("Dana Whitlok")
    assert hashed("Dana Whitlock") != hashed("Dana Whitlock", key=b"another key, 16+")


@pytest.mark.parametrize("key", [None, b"", b"short", b"x" * 15, "a string of 16 or more"])
def test_a_hash_needs_a_long_key(key):
    with pytest.raises(ConfigurationError, match="at least 16 bytes") as caught:
        Replacer("hash", key=key)
    assert "--hash-key-file" in caught.value.hint
    assert "string of" not in str(caught.value)


def test_an_unknown_operator():
    with pytest.raises(ConfigurationError) as caught:
        Replacer("encrypt")
    assert all(name in caught.value.hint for name in OPERATORS)


def test_presidio_logs_nothing_that_was_said(caplog):
    with caplog.at_level("DEBUG"):
        for operator in OPERATORS:
            one_line("Hi Dana Whitlock bye", (1, 3), operator=operator, key=KEY)
    assert "Dana" not in caplog.text
    assert "Whitlock" not in caplog.text
    assert KEY.decode() not in caplog.text


def test_two_channels_read_as_a_dialogue():
    caller = spoken("Hi Dana here", channel=0)
    agent = Transcript.of([TimedText("Hello", 2.0, 2.3), TimedText("Kim", 2.4, 2.6)], channel=1)
    later = Transcript.of(
        [*(TimedText(w.text, w.start, w.end) for w in caller.words), TimedText("Thanks", 4.0, 4.5)], channel=0
    )
    plan = plan_of(later, agent, covers=(cover(later, 1, 2), cover(agent, 1, 2)))
    shown = tokens(plan, Replacer())
    assert plain_text(shown) == "[channel 0] Hi [PERSON] here\n[channel 1] Hello [PERSON]\n[channel 0] Thanks"
    assert [text for _, _, text in parse_srt(srt(shown))] == [
        "[channel 0] Hi [PERSON] here",
        "[channel 1] Hello [PERSON]",
        "[channel 0] Thanks",
    ]


def test_cues_of_two_talkers_stay_in_the_order_of_time():
    long = spoken("word " * 40, channel=0, pace=0.5)  # 20 s without a pause
    other = spoken("yes yes", channel=1, begin=7.0)
    cues = parse_vtt(vtt(tokens(plan_of(long, other), Replacer())))
    assert [c[0] for c in cues] == sorted(c[0] for c in cues)
    assert len([c for c in cues if c[2].startswith("[channel 0]")]) >= 4
    assert all(end - start <= 6500 and len(text) <= 84 + 12 for start, end, text in cues)


ODD_WORDS = [
    # as a supplied transcript may have them   in SubRip                in WebVTT
    ("<i>Dana</i>", "<i>Dana</i>", "&lt;i&gt;Dana&lt;/i&gt;"),
    ("A&B", "A&B", "A&amp;B"),
    ("-->", "->", "-&gt;"),
    ("---->", "->", "-&gt;"),
    ("one\n\ntwo", "one two", "one two"),
    ("a\u2028b\x85c\x0bd", "a b c d", "a b c d"),
    ("12\r\n13", "12 13", "12 13"),
]


@pytest.mark.parametrize(("word", "in_srt", "in_vtt"), ODD_WORDS)
def test_words_that_look_like_markup_or_blank_lines(word, in_srt, in_vtt):
    plan = plan_of(Transcript.of([TimedText(word, 0.0, 1.0)]))
    shown = tokens(plan, Replacer())
    assert srt(shown) == f"1\n00:00:00,000 --> 00:00:01,000\n{in_srt}\n\n"
    assert vtt(shown) == f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{in_vtt}\n\n"


def test_long_recordings_and_nothing_at_all():
    shown = tokens(plan_of(Transcript.of([TimedText("late", 360_000.5, 360_001.0)])), Replacer())
    assert srt(shown).startswith("1\n100:00:00,500 --> 100:00:01,000\n")
    empty = tokens(plan_of(Transcript(0, "", ())), Replacer())
    assert (plain_text(empty), srt(empty), vtt(empty)) == ("", "", "WEBVTT\n\n")


def test_the_document_is_as_designed():
    transcript = spoken("Hi Dana Whitlock bye")
    plan = plan_of(transcript, covers=(cover(transcript, 1, 3),), warnings=("of the plan",))
    doc = document(
        plan, tokens(plan, Replacer()), verification={"recognised_again": False}, warnings=["of the encoder"]
    )
    assert json.loads(json.dumps(doc)) == doc
    assert list(doc) == [
        "schema",
        "id",
        "status",
        "duration",
        "sample_rate",
        "channels",
        "policy",
        "model",
        "text",
        "words",
        "findings",
        "intervals",
        "skipped",
        "verification",
        "warnings",
    ]
    assert doc["schema"] == "redactor/1"
    assert doc["status"] == "redacted"
    assert doc["text"] == "Hi [PERSON] bye"
    assert list(doc["model"]) == list(ModelInfo.__dataclass_fields__)[:-2]
    assert doc["words"][1] == {
        "text": "[PERSON]",
        "start": 0.4,
        "end": 1.1,
        "channel": 0,
        "confidence": 0.9,
        "redacted": True,
    }
    assert doc["findings"] == [
        {
            "label": "PERSON",
            "start": 0.4,
            "end": 1.1,
            "channel": 0,
            "score": 0.877,
            "source": "test recognizer",
            "action": "redact",
        },
    ]
    assert doc["intervals"] == [{"start": 0.4, "end": 1.1, "channel": 0, "labels": ["PERSON"]}]
    assert doc["skipped"] == 1.235
    assert doc["warnings"] == ["of the plan", "of the encoder"]


def test_a_model_made_from_synthetic_speech_marks_the_document():
    plan = plan_of(spoken("Hi"), synthetic_only=True)
    assert document(plan, (), verification={})["synthetic_only"] is True
