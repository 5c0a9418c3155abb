"""What `redactor transcribe` prints comes back: unchanged, with corrected words, or with a corrected text."""

import json
from pathlib import Path

import pytest
from sounds import silence

from redactor.errors import TranscriptError
from redactor.speech import TranscriptReader, WordsDocuments, words_document
from redactor.speech.formats import parse
from redactor.types import ModelInfo, Mono, Speech, TimedText, Transcript

ID = "5" * 64
SCRIPT = [
    ("Hi,", 0.2, 0.5),
    ("this", 0.7, 0.9),
    ("is", 0.9, 1.0),
    ("Maria", 1.0, 1.3),
    ("Lopez.", 1.3, 1.8),
    ("Please", 2.0, 2.3),
    ("call", 2.3, 2.5),
    ("me", 2.5, 2.6),
    ("back", 2.6, 2.9),
    ("at", 2.9, 3.0),
    ("555-013-2204.", 3.0, 6.0),
    ("Thank", 6.1, 6.4),
    ("you.", 6.4, 6.7),
]


def printed(script=SCRIPT, *, same_as=(0,), channels=(0,), duration=6.9):
    texts = tuple(Transcript.of([TimedText(*word, 0.4) for word in script], channel=c) for c in channels)
    return words_document(ID, duration, Speech(texts, same_as, ModelInfo("faster-whisper", "base")))


def given(document):
    """The words of the first channel, as (text, start, end)."""
    return [tuple(word[:3]) for word in parse(json.dumps(document)).channels[0]]


def read(tmp_path: Path, document: object, audio: list[Mono], identity=ID):
    path = tmp_path / "words.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return TranscriptReader(path).transcribe(audio, recording_id=identity)


def with_words(change):
    document = printed()
    change(document["channels"][0]["words"])
    return document


def with_text(old, new):
    document = printed()
    text = document["channels"][0]["text"]
    assert old in text
    document["channels"][0]["text"] = text.replace(old, new)
    return document


def test_the_round_trip_changes_nothing(tmp_path, voicemail):
    speech = read(tmp_path, printed(), [voicemail])
    assert [(w.text, w.start, w.end, w.confidence) for w in speech.transcripts[0].words] == [
        (*word, 0.4) for word in SCRIPT
    ]
    assert speech.unheard == ()
    assert speech.warnings == ()


def test_a_corrected_word_keeps_its_time_and_is_certain():
    document = with_words(lambda words: words[3].update(text="Marina"))
    word = parse(json.dumps(document)).channels[0][3]
    assert word == TimedText("Marina", 1.0, 1.3, 1.0)
    assert parse(json.dumps(document)).channels[0][2].confidence == 0.4


def test_one_word_corrected_to_two_gives_both_its_time():
    words = given(with_words(lambda words: words[4].update(text="Lopez Diaz.")))
    # They are one word more than was recognised: they may have been said in the pauses beside it, too.
    assert [word[0] for word in words[4:6]] == ["Lopez", "Diaz."]
    assert {word[1:] for word in words[4:6]} == {(1.3, 2.0)}


def test_two_words_corrected_to_one_cover_the_time_of_both():
    def join(words):
        words[3]["text"] = "Marialopez"
        del words[4]

    assert given(with_words(join))[3] == ("Marialopez", 1.0, pytest.approx(2.0))


def test_an_added_word_needs_no_time():
    words = given(with_words(lambda words: words.insert(5, {"text": "again"})))
    assert words[5] == ("again", None, None)


def test_a_plan_puts_an_added_word_between_its_neighbours(tmp_path, voicemail):
    from redactor.policy.word_spans import with_times

    speech = read(tmp_path, with_words(lambda words: words.insert(5, {"text": "Diaz"})), [voicemail])
    word = with_times(speech.transcripts[0], 6.9)[0].words[5]
    assert word.text == "Diaz"
    assert word.start <= 1.8
    assert word.end >= 2.0


def test_a_corrected_text_gets_the_times_of_the_words():
    words = given(with_text("Maria", "Marina"))
    assert words == [(t.replace("Maria", "Marina"), s, e) for t, s, e in SCRIPT]


@pytest.mark.parametrize("new", ["Dana Whitlock Diaz.", "Whitlock.", "Xu Qi."])
def test_other_words_in_a_text_get_the_whole_place(new):
    changed = [word for word in given(with_text("Maria Lopez.", new)) if word[0] in new.split()]
    assert [word[0] for word in changed] == new.split()
    assert {word[1:] for word in changed} == {(1.0, 1.8)}


def test_a_word_added_to_a_text_has_no_time():
    assert ("kindly", None, None) in given(with_text("Please call", "Please kindly call"))


def test_a_word_that_was_removed_leaves_its_speech_unheard(tmp_path, voicemail):
    speech = read(tmp_path, with_text("555-013-2204. ", ""), [voicemail])
    assert [gap.kind for gap in speech.unheard] == ["speech"]


def test_words_and_text_that_were_both_corrected_must_agree():
    document = with_text("Maria", "Marina")
    document["channels"][0]["words"][3]["text"] = "Marina"
    assert given(document)[3] == ("Marina", 1.0, 1.3)
    document["channels"][0]["words"][3]["text"] = "Mariana"
    with pytest.raises(TranscriptError, match="text and the words in entry 1 of channels differ"):
        parse(json.dumps(document))


def test_a_document_without_text_is_read_by_its_words():
    document = with_words(lambda words: words[3].update(text="Marina"))
    del document["channels"][0]["text"], document["channels"][0]["recognised"]
    assert given(document)[3] == ("Marina", 1.0, 1.3)


def test_an_edit_without_the_recognised_mark_is_not_guessed():
    document = with_text("Maria", "Marina")
    del document["channels"][0]["recognised"]
    with pytest.raises(TranscriptError, match="differ"):
        parse(json.dumps(document))


def test_channels_that_were_not_recognised_are_counted(tmp_path, voicemail):
    # Channel 1 has the sound of channel 0; channel 2 is the second that is recognised.
    document = printed(same_as=(0, 0, 2), channels=(0, 2))
    document["channels"][0].update(words=[], text="")
    speech = read(tmp_path, document, [silence(6.9), voicemail])
    assert [len(t.words) for t in speech.transcripts] == [0, len(SCRIPT)]


def test_the_document_of_another_recording_is_refused(tmp_path, voicemail):
    with pytest.raises(TranscriptError, match="another recording: 555555555555") as caught:
        read(tmp_path, printed(), [voicemail], identity="6" * 64)
    assert caught.value.hint
    document = printed()
    del document["id"]
    assert read(tmp_path, document, [voicemail], identity="6" * 64).transcripts[0].words


def test_a_document_in_another_language_is_refused(tmp_path, voicemail):
    document = printed()
    document["channels"][0]["language"] = "es"
    with pytest.raises(TranscriptError, match="other than English"):
        read(tmp_path, document, [voicemail])


def test_two_words_of_a_short_message_are_not_moved(tmp_path, voicemail):
    late = [("Thank", 0.25, 0.55), ("you.", 0.55, 0.85)]
    speech = read(tmp_path, printed(late, duration=0.9), [voicemail[int(5.85 * 16000) : int(6.75 * 16000)]])
    assert [(w.text, w.start, w.end) for w in speech.transcripts[0].words] == late


WORDS = "entry 1 of channels"
BROKEN = [
    (lambda d: d.update(schema="redactor-words/2"), "newer version"),
    (lambda d: d.update(id="msg"), "id is not the SHA-256"),
    (lambda d: d.update(channels={}), "channels is not a list"),
    (lambda d: d.update(channels=["Maria"]), f"{WORDS} is not an object"),
    (lambda d: d.update(same_as="Maria"), "same_as is not a list"),
    (lambda d: d.update(duration="Maria"), "duration of the document is not a number"),
    (lambda d: d["channels"][0].update(channel="Maria"), f"{WORDS}: channel is not a number"),
    (lambda d: d["channels"][0].update(channel=4), f"{WORDS}: same_as does not name channel 4"),
    (lambda d: d["channels"].append(d["channels"][0]), "entry 2 of channels: there are two entries for channel 0"),
    (lambda d: d["channels"][0].update(words="Maria"), f"{WORDS}: words is not a list"),
    (lambda d: d["channels"][0].update(text=7), f"{WORDS}: text is not a text"),
    (lambda d: d["channels"][0]["words"].insert(2, "Maria"), f"word 3 in {WORDS} is not an object"),
    (lambda d: d["channels"][0]["words"][3].pop("text"), f"word 4 in {WORDS} has no text"),
    (lambda d: d["channels"][0]["words"][3].update(start="Maria"), f"start of word 4 in {WORDS} is not a number"),
    (lambda d: d["channels"][0]["words"][3].update(start=True), f"start of word 4 in {WORDS} is not a number"),
    (lambda d: d["channels"][0]["words"][3].pop("end"), f"word 4 in {WORDS} has only one of start and end"),
    (lambda d: d["channels"][0]["words"][3].update(start=2.0), f"word 4 in {WORDS} ends before it starts"),
    (lambda d: d["channels"][0]["words"][3].update(end=float("nan")), f"end of word 4 in {WORDS} is not a number"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_a_broken_document_says_where(change, message):
    document = printed()
    change(document)
    with pytest.raises(TranscriptError) as caught:
        parse(json.dumps(document))
    assert message in caught.value.message
    assert caught.value.hint
    assert "Maria" not in caught.value.message + caught.value.hint


def test_broken_json_says_line_and_column(tmp_path, voicemail):
    text = json.dumps(printed(), indent=1)
    lines = text.splitlines()
    number = next(i for i, line in enumerate(lines) if '"text": "this"' in line)
    lines[number] = lines[number].rstrip(",")
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, "\n".join(lines), [voicemail])
    assert f"line {number + 2}, column" in caught.value.message
    assert "this" not in caught.value.message.split("line")[1]


def test_lines_of_several_recordings(tmp_path, voicemail):
    other = {**printed(), "id": "6" * 64, "channels": []}
    path = tmp_path / "words.jsonl"
    path.write_text(f"{json.dumps(other)}\n\n{json.dumps(printed())}\n")
    assert WordsDocuments.count(path) == 2
    reader = TranscriptReader(path, documents=WordsDocuments(path))
    assert len(reader.transcribe([voicemail], recording_id=ID).transcripts[0].words) == len(SCRIPT)
    assert reader.info.revision == TranscriptReader(path).info.revision
    with pytest.raises(TranscriptError, match="no line for this recording"):
        reader.transcribe([voicemail], recording_id="7" * 64)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (json.dumps(printed()), 1),
        ("\n" + json.dumps(printed()) + "\n\n", 1),
        (json.dumps(printed()) + "\n{", 2),
        (json.dumps(printed(), indent=1), 0),
        ('{"segments": []}', 0),
        ("{", 0),
        ("", 0),
    ],
)
def test_documents_on_lines_are_counted(tmp_path, content, count):
    (tmp_path / "words").write_text(content)
    assert WordsDocuments.count(tmp_path / "words") == count
    assert WordsDocuments.count(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"schema": "redactor-words/1", "id": }', "line 2, column 38"),
        ("[1]", "line 2 is not a document"),
        (json.dumps({**printed(), "id": 3}), "line 2 is not a document"),
        (json.dumps(printed()), "line 2 is the second one of its recording"),
    ],
)
def test_a_broken_line_says_which(tmp_path, voicemail, line, message):
    path = tmp_path / "words.jsonl"
    path.write_text(f"{json.dumps(printed())}\n{line}\n")
    with pytest.raises(TranscriptError) as caught:
        TranscriptReader(path, documents=WordsDocuments(path)).transcribe([voicemail], recording_id=ID)
    assert message in caught.value.message
