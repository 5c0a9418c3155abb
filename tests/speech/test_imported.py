"""Every format, as its tool writes it; and every way in which a transcript can fail to match its recording."""

import json
from pathlib import Path

import numpy as np
import pytest
from sounds import silence

from redactor.errors import TranscriptError
from redactor.speech import TranscriptReader
from redactor.speech.formats import parse
from redactor.types import Mono

PAIRS = [("Hi,", 0.2, 0.5), ("this", 0.7, 0.9), ("is", 0.9, 1.0), ("Maria", 1.0, 1.3), ("Lopez.", 1.3, 1.8)]


def segments(key: str = "probability") -> list[dict]:
    words = [{"word": " " + t, "start": s, "end": e, key: 0.8} for t, s, e in PAIRS]
    return [{"id": 0, "start": 0.2, "end": 1.8, "text": " Hi, this is Maria Lopez.", "words": words}]


def amazon(label: str | None = None) -> list[dict]:
    items = []
    for text, start, end in PAIRS:
        bare = text.rstrip(",.")
        items.append(
            {
                "type": "pronunciation",
                "start_time": str(start),
                "end_time": str(end),
                "alternatives": [{"confidence": "0.8", "content": bare}],
            }
        )
        if bare != text:
            items.append({"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": text[-1]}]})
    return [item | ({"channel_label": label} if label else {}) for item in items]


WHISPERX = segments("score")
del WHISPERX[0]["words"][3]["start"], WHISPERX[0]["words"][3]["end"], WHISPERX[0]["words"][3]["score"]

FORMATS = {
    "openai-whisper": {"text": " Hi, this is Maria Lopez.", "segments": segments(), "language": "en"},
    "faster-whisper, as a list": segments(),
    "faster-whisper, as tuples": [
        {
            "start": 0.2,
            "end": 1.8,
            "text": "Hi, this is Maria Lopez.",
            "words": [[s, e, " " + t, 0.8] for t, s, e in PAIRS],
        }
    ],
    "OpenAI verbose_json": {
        "task": "transcribe",
        "language": "english",
        "duration": 6.9,
        "text": "Hi, this is Maria Lopez.",
        "words": [{"word": t.rstrip(",."), "start": s, "end": e} for t, s, e in PAIRS],
    },
    "WhisperX": {"segments": WHISPERX, "word_segments": WHISPERX[0]["words"], "language": "en"},
    "Amazon Transcribe": {
        "jobName": "j",
        "status": "COMPLETED",
        "results": {
            "transcripts": [{"transcript": "Hi, this is Maria Lopez."}],
            "items": amazon(),
            "language_code": "en-US",
        },
    },
    "Deepgram": {
        "metadata": {"duration": 6.9, "channels": 1},
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {
                            "transcript": "Hi, this is Maria Lopez.",
                            "words": [
                                {
                                    "word": t.lower().rstrip(",."),
                                    "start": s,
                                    "end": e,
                                    "confidence": 0.8,
                                    "punctuated_word": t,
                                }
                                for t, s, e in PAIRS
                            ],
                        }
                    ]
                }
            ]
        },
    },
}

CTM = "\n".join(f"msg 1 {s} {e - s:.2f} {t} 0.8" for t, s, e in PAIRS)
VTT_WORDS = """WEBVTT - made by hand

NOTE not spoken

STYLE
::cue { color: red }

1
00:00.200 --> 00:01.800 align:start position:0%
<v Caller>Hi, <00:00:00.700><c>this </c><00:00:00.900>is <00:01.000>Maria <00:01.300>Lopez.</v>
"""


def read(tmp_path: Path, content: object, audio: list[Mono]):
    path = tmp_path / "transcript"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return TranscriptReader(path).transcribe(audio, recording_id="0" * 64)


@pytest.mark.parametrize("content", [*FORMATS.values(), CTM], ids=[*FORMATS, "CTM"])
def test_formats(content: object, tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, content, [voicemail])
    (transcript,) = speech.transcripts
    assert transcript.text.replace(",", "").replace(".", "") == "Hi this is Maria Lopez"
    assert transcript.language == "en"
    assert speech.model.engine == "transcript"
    for word, (_, start, end) in zip(transcript.words, PAIRS, strict=True):
        if word.start is not None:
            assert word.start == pytest.approx(start)
            assert word.end == pytest.approx(end)
    # The rest of the voicemail has no words in this transcript.
    assert any(gap.kind == "speech" and gap.start < 2.5 for gap in speech.unheard)


def test_times_inside_a_cue() -> None:
    (words,) = parse(VTT_WORDS).channels.values()
    assert [w.text for w in words] == [text for text, _, _ in PAIRS]
    assert [w.start for w in words] == [start for _, start, _ in PAIRS]
    assert [w.end for w in words] == [0.7, 0.9, 1.0, 1.3, 1.8]


def test_format_names() -> None:
    names = {key: parse(json.dumps(value)).format for key, value in FORMATS.items()}
    assert names["openai-whisper"] == names["faster-whisper, as tuples"] == "Whisper"
    assert names["WhisperX"] == "WhisperX"
    assert parse(CTM).format == "CTM"
    assert parse(VTT_WORDS).format == "WebVTT"


def test_a_word_without_a_time_has_none(tmp_path: Path, voicemail: Mono) -> None:
    maria = read(tmp_path, FORMATS["WhisperX"], [voicemail]).transcripts[0].words[3]
    assert (maria.text, maria.start, maria.end) == ("Maria", None, None)


VTT = """\ufeffWEBVTT

00:00:00.200 --> 00:00:01.800
<v Maria Lopez>Hi, this is <b>Maria</b> Lopez &amp; son.

00:00:02.000 --> 00:00:02.900
Please call
me back

00:00:02.900 --> 00:00:06.000
at 555-013-2204.

00:00:06.100 --> 00:00:06.800
Thank you.
"""
SRT = (
    "1\n00:00:00,200 --> 00:00:01,800\nHi, this is Maria Lopez & son.\n\n2\n00:00:02,000 --> 00:00:02,900\nPlease "
    "call\nme back\n\n3\n00:00:02,900 --> 00:00:06,000\nat 555-013-2204.\n\n4\n00:00:06,100 --> "
    "00:00:06,800\nThank you.\n"
)


@pytest.mark.parametrize("content", [VTT, VTT.replace("\n", "\r\n"), SRT])
def test_words_of_a_cue_have_the_whole_cue(content: str, tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, content, [voicemail])
    words = speech.transcripts[0].words
    assert (
        speech.transcripts[0].text == "Hi, this is Maria Lopez & son. Please call me back at 555-013-2204. Thank you."
    )
    assert {(w.start, w.end) for w in words[:7]} == {(0.2, 1.8)}
    assert {(w.start, w.end) for w in words[7:11]} == {(2.0, 2.9)}
    assert speech.unheard == ()


def test_segments_without_words_have_the_whole_segment(tmp_path: Path, voicemail: Mono) -> None:
    content = {"segments": [{"start": 0.2, "end": 1.8, "text": "Hi, this is Maria Lopez."}]}
    words = read(tmp_path, content, [voicemail[:31_000]]).transcripts[0].words
    assert {(w.start, w.end) for w in words} == {(0.2, 1.8)}


def test_a_text_that_says_more_than_its_words_is_taken_with_its_segment(tmp_path: Path, voicemail: Mono) -> None:
    short = segments()
    del short[0]["words"][3]
    words = read(tmp_path, short, [voicemail[:31_000]]).transcripts[0].words
    assert [w.text for w in words][3] == "Maria"
    assert {(w.start, w.end) for w in words} == {(0.2, 1.8)}


def two_channels() -> list[dict]:
    items = [item | {"channel_label": "ch_1"} for item in amazon()]
    return [{"channel_label": "ch_0", "items": []}, {"channel_label": "ch_1", "items": items}]


@pytest.mark.parametrize(
    "results",
    [
        {"items": amazon("ch_1"), "channel_labels": {"channels": two_channels(), "number_of_channels": 2}},
        {"items": amazon("ch_1")},
    ],
)
def test_amazon_channels(results: dict, tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, {"results": results}, [silence(6.9), voicemail])
    assert [len(t.words) for t in speech.transcripts] == [0, 5]
    assert {gap.channel for gap in speech.unheard} == {1}


def test_deepgram_and_ctm_channels(tmp_path: Path, voicemail: Mono) -> None:
    deepgram = json.loads(json.dumps(FORMATS["Deepgram"]))
    deepgram["results"]["channels"].append({"alternatives": [{"transcript": "", "words": []}]})
    assert [len(t.words) for t in read(tmp_path, deepgram, [voicemail, silence(6.9)]).transcripts] == [5, 0]
    other = CTM.replace("msg 1 ", "msg B ")
    assert [len(t.words) for t in read(tmp_path, other, [silence(6.9), voicemail]).transcripts] == [0, 5]


def test_a_transcript_without_channels_applies_to_every_channel(tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, FORMATS["openai-whisper"], [voicemail, voicemail * np.float32(0.5)])
    assert [len(t.words) for t in speech.transcripts] == [5, 5]


def test_channels_of_one_sound_are_taken_together(tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, {"results": {"items": amazon("ch_0") + amazon("ch_1")}}, [voicemail])
    assert len(speech.transcripts[0].words) == 10
    assert speech.warnings


def test_an_untranscribed_channel_is_reported(tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, CTM.replace("msg 1 ", "msg A "), [voicemail, voicemail])
    assert {gap.channel for gap in speech.unheard} == {0, 1}
    assert sum(g.end - g.start for g in speech.unheard if g.channel == 1) > 5


@pytest.mark.parametrize(
    "empty", ['{"text": "", "segments": []}', "WEBVTT", '{"results": {"items": [], "transcripts": []}}']
)
def test_an_empty_transcript_leaves_speech_unheard(empty: str, tmp_path: Path, voicemail: Mono) -> None:
    speech = read(tmp_path, empty, [voicemail])
    assert sum(g.end - g.start for g in speech.unheard if g.kind == "speech") > 5
    assert read(tmp_path, empty, [silence(3)]).unheard == ()


def shifted(by: float) -> list[dict]:
    moved = segments()
    for word in moved[0]["words"]:
        word["start"] += by
        word["end"] += by
    return moved


LONG = {"segments": [{"words": [{"word": "call", "start": 0.1 + i / 10, "end": 0.15 + i / 10} for i in range(30)]}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("Hi, this is Maria Lopez.", "unknown"),
        ('{"foo": "Maria"}', "unknown"),
        ('{"text": "Hi, this is Maria', "broken"),
        ('{"segments": "Maria Lopez"}', "broken"),
        ("[" * 100_000, "broken"),
        ('{"segments": [{"words": [{"Maria": 1}]}]}', "broken"),
        ('{"segments": [{"words": [{"word": "Maria", "start": "soon"}]}]}', "broken"),
        ('{"segments": 5}', "broken"),
        ('{"results": {"channels": "Maria"}}', "broken"),
        ("WEBVTT\n\nsoon --> later\nMaria", "unreadable times"),
        (shifted(6.0), "after the recording ends"),
        (shifted(-0.5), "before the recording"),
        ([segments()[0], segments()[0] | {"words": list(reversed(segments()[0]["words"]))}], "order"),
        ({"segments": [{"text": "Hi, this is Maria Lopez."}]}, "no times"),
        ({"text": "Hi, this is Maria Lopez.", "words": [{"word": "Hi"}]}, "no times"),
        ({"duration": 60.0, "segments": segments()}, "60.0 s"),
        ({"results": {"items": amazon("ch_2")}}, None),
        (CTM + "\nother 1 2.0 0.3 Maria", "2 recordings"),
        ("msg 1 soon 0.3 Maria", "unknown"),
        (
            {"results": {"items": amazon()[:1], "transcripts": [{"transcript": "Maria Lopez " * 9}]}},
            "more words than its list",
        ),
    ],
)
def test_fails_closed_without_quoting(content: object, message: str | None, tmp_path: Path, voicemail: Mono) -> None:
    audio = [voicemail] if message else [voicemail, silence(6.9)]
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, content, audio)
    said = f"{caught.value.message} {caught.value.hint}"
    assert (message or "channel") in said
    assert not any(word in said for word in ("Maria", "Lopez", "soon", str(tmp_path)))
    assert caught.value.__cause__ is None


def test_the_transcript_of_another_recording_is_refused(tmp_path: Path, voicemail: Mono) -> None:
    with pytest.raises(TranscriptError, match="silent"):
        read(tmp_path, LONG, [np.concatenate([silence(30), voicemail])])


def test_a_file_that_cannot_be_read(tmp_path: Path, voicemail: Mono) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(TranscriptError, match="cannot be read"):
            TranscriptReader(path).transcribe([voicemail], recording_id="0" * 64)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x80\x81\x82 Maria")
    with pytest.raises(TranscriptError, match="UTF-8"):
        TranscriptReader(binary).transcribe([voicemail], recording_id="0" * 64)


def test_utf_16(tmp_path: Path, voicemail: Mono) -> None:
    path = tmp_path / "t.vtt"
    path.write_bytes(VTT.lstrip("\ufeff").encode("utf-16"))
    assert TranscriptReader(path).transcribe([voicemail], recording_id="0" * 64).transcripts[0].words


def test_small_overshoot_is_rounding(tmp_path: Path, voicemail: Mono) -> None:
    late = [*SCRIPT[:-1], ("you.", 6.4, 7.2)]
    assert spoken(tmp_path, late, voicemail)[-1].end == pytest.approx(len(voicemail) / 16_000)


SCRIPT = [
    *PAIRS,
    ("Please", 2.0, 2.3),
    ("call", 2.3, 2.5),
    ("me", 2.5, 2.6),
    ("back", 2.6, 2.9),
    ("at", 2.9, 3.0),
    ("555-013-2204.", 3.0, 6.0),
    ("Thank", 6.1, 6.4),
    ("you.", 6.4, 6.7),
]


def spoken(tmp_path: Path, script: list[tuple[str, float, float]], audio: Mono):
    words = [{"word": t, "start": s, "end": e} for t, s, e in script]
    return read(tmp_path, {"segments": [{"words": words}]}, [audio]).transcripts[0].words


def louder_later(voicemail: Mono, seconds: float) -> Mono:
    """The voicemail with a second of silence around it, said `seconds` later."""
    return np.concatenate([silence(1.0 + seconds), voicemail, silence(1.0)])


@pytest.mark.parametrize("offset", [-0.8, -0.4, -0.2, 0.2, 0.5, 0.8])
def test_shifted_times_are_corrected(offset: float, tmp_path: Path, voicemail: Mono) -> None:
    audio = louder_later(voicemail, 0.0)
    words = spoken(tmp_path, [(t, 1.0 + s + offset, 1.0 + e + offset) for t, s, e in SCRIPT], audio)
    for word, (_, start, end) in zip(words, SCRIPT, strict=True):
        assert word.start == pytest.approx(1.0 + start, abs=0.15)
        assert word.end == pytest.approx(1.0 + end, abs=0.15)


def test_times_that_fit_are_left_alone(tmp_path: Path, voicemail: Mono) -> None:
    assert [(w.start, w.end) for w in spoken(tmp_path, SCRIPT, voicemail)] == [(s, e) for _, s, e in SCRIPT]


@pytest.mark.parametrize("drift", [-0.05, -0.03, 0.03, 0.05])
def test_drifting_times_are_corrected(drift: float, tmp_path: Path, voicemail: Mono) -> None:
    audio = np.concatenate([voicemail, silence(0.5)] * 3)
    every = len(voicemail) / 16_000 + 0.5
    script = [(t, s + i * every, e + i * every) for i in range(3) for t, s, e in SCRIPT]
    words = spoken(tmp_path, [(t, s * (1 + drift), e * (1 + drift)) for t, s, e in script], audio)
    for word, (_, start, end) in zip(words, script, strict=True):
        assert word.start == pytest.approx(start, abs=0.15)
        assert word.end == pytest.approx(end, abs=0.15)


def test_times_that_jump_are_refused(tmp_path: Path, voicemail: Mono) -> None:
    audio = np.concatenate([voicemail, silence(1.0), voicemail, silence(2.0)])
    every = len(voicemail) / 16_000 + 1.0
    second = [(t, s + every + 0.8, e + every + 0.8) for t, s, e in SCRIPT]
    with pytest.raises(TranscriptError, match=r"jump|certain"):
        spoken(tmp_path, [*SCRIPT, *second], audio)


def test_words_of_another_message_are_refused(tmp_path: Path, voicemail: Mono) -> None:
    said = "I'd like to move my appointment on Monday to some other day next week if that is possible at all".split()
    with pytest.raises(TranscriptError, match=r"jump|certain"):
        spoken(tmp_path, [(word, 0.3 + i * 0.32, 0.55 + i * 0.32) for i, word in enumerate(said)], voicemail)


def test_cues_of_which_little_can_be_known_count_for_more(
    tmp_path: Path, voicemail: Mono, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redactor.speech.imported.LEAD", 1e6)
    content = {
        "segments": [
            {"start": 0.2, "end": 1.8, "text": "Hi, this is Maria Lopez & son."},
            {"start": 2.0, "end": 6.0, "text": "Please call me back at 555-013-2204."},
        ]
    }
    speech = read(tmp_path, content, [voicemail])
    first, *_, last = speech.transcripts[0].words
    assert (first.start, first.end) == (0.0, pytest.approx(2.6, abs=0.05))
    assert (last.start, last.end) == (pytest.approx(1.2, abs=0.05), pytest.approx(6.8, abs=0.05))
    assert any("roughly" in warning for warning in speech.warnings)


@pytest.mark.parametrize("stated", ["es", "spanish", "fr-FR", "de_DE"])
def test_another_language_is_refused(stated: str, tmp_path: Path, voicemail: Mono) -> None:
    content = {"segments": segments(), "language": stated}
    with pytest.raises(TranscriptError, match="other than English"):
        read(tmp_path, content, [voicemail])


@pytest.mark.parametrize("stated", ["en", "English", "en-US", "en_GB", "EN", None])
def test_english_is_not(stated: str | None, tmp_path: Path, voicemail: Mono) -> None:
    assert read(tmp_path, {"segments": segments(), "language": stated}, [voicemail]).transcripts[0].language == "en"


def test_a_transcript_that_claims_to_be_english_is_read(tmp_path: Path, voicemail: Mono) -> None:
    spanish = "Hola, soy María López y llamo para confirmar mi cita del martes, por favor llámeme".split()
    words = [{"word": word, "start": 0.2 + 0.4 * i, "end": 0.5 + 0.4 * i} for i, word in enumerate(spanish)]
    with pytest.raises(TranscriptError, match="in English"):
        read(tmp_path, {"segments": [{"words": words}], "language": "en"}, [voicemail])


def test_languages_identified_in_parts() -> None:
    results = {"items": amazon(), "language_codes": [{"language_code": "en-US"}, {"language_code": "es-US"}]}
    assert parse(json.dumps({"results": results})).language == "es"
    deepgram = json.loads(json.dumps(FORMATS["Deepgram"]))
    deepgram["results"]["channels"][0]["alternatives"][0]["words"][3]["language"] = "es"
    assert parse(json.dumps(deepgram)).language == "es"
