"""Context files: what they may contain, which recording a row belongs to, sealing, and that no value gets out."""

import json
import pickle
from pathlib import Path, PurePath

import pytest

from redactor.errors import ConfigurationError, NoInput
from redactor.phi import KnownParty
from redactor.recording_context import MAGIC, RecordingContexts, parse_contexts, read_contexts, sealed
from redactor.storage import Item

KEY = bytes(range(32))
CSV = """\
file,role,name,phone,id,email,address
101/INBOX/msg0001.wav,caller,Dana Whitlock,410-555-0142,,,
msg0002,patient,"Quanti, Maria",,88417720,,
msg0002,provider,Dr. Ngozi Okafor,,,,
,practice,Cedar Hollow Pediatrics,,,,
,staff,Leilani Kahananui,,,front@example.org,12 Pecan Ridge
"""
PRIVATE = ("Dana", "Whitlock", "0142", "Quanti", "8841", "Okafor", "Hollow", "Leilani", "front@", "Pecan", "msg0001")


def item(path, number=1):
    return Item(number, Path("/in") / path, PurePath(path), PurePath(path).with_suffix(""))


def names(context):
    return [party.name for party in context.own]


def test_rows_belong_to_recordings_by_path_name_stem_or_id():
    contexts = parse_contexts(CSV.encode())
    one, two, three = item("101/INBOX/msg0001.wav"), item("102/msg0002.wav", 2), item("other.wav", 3)
    contexts.settle([one, two, three])
    assert names(contexts.of(one, "a" * 64)) == ["Dana Whitlock"]
    assert names(contexts.of(two, "b" * 64)) == ["Quanti, Maria", "Dr. Ngozi Okafor"]
    assert names(contexts.of(three, "c" * 64)) == []
    assert len(contexts.of(three, "c" * 64).directory) == 2
    by_id = parse_contexts(f"file,role,name\n{'d' * 64},caller,Dana\n".encode())
    by_id.settle([three])
    assert names(by_id.of(three, "d" * 64)) == ["Dana"]
    assert by_id.of(three, "e" * 64) is None


def test_a_row_for_several_recordings_is_an_error():
    contexts = parse_contexts(b"file,role,name\nmsg0000.wav,caller,Dana Whitlock\n")
    with pytest.raises(ConfigurationError, match=r"^Row 2 of the context file: column file matches more than one"):
        contexts.settle([item("101/msg0000.wav"), item("102/msg0000.wav", 2)])


def test_json_has_the_same_rows():
    rows = [
        {"file": "101/INBOX/msg0001.wav", "role": "caller", "name": "Dana Whitlock", "phone": "410-555-0142"},
        {"role": "practice", "name": "Cedar Hollow Pediatrics"},
    ]
    contexts = parse_contexts(json.dumps(rows).encode())
    one = item("101/INBOX/msg0001.wav")
    contexts.settle([one])
    assert contexts.of(one, "").own == (KnownParty("caller", "Dana Whitlock", phone="410-555-0142"),)
    assert len(contexts.of(one, "").directory) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name\nDana Whitlock\n", "wrong columns"),
        ("role,name,name\ncaller,Dana,Whitlock\n", "wrong columns"),
        ("role,name,Whitlock\ncaller,Dana,Okafor\n", "wrong columns"),
        ("role,name\nDana,Whitlock\n", "Row 2 of the context file: column role is none of"),
        ("role,name,phone\ncaller,,\n", "Row 2 of the context file: column name is empty, and so are all others"),
        ("role,name\ncaller,Dana,Whitlock\n", "Row 2 of the context file: column the last is followed"),
        ("role,name,phone\ncaller,Dana\n", "Row 2 of the context file: column the last is missing"),
        ('role,name\ncaller,"Dana" Whitlock\n', "Row 2 of the context file is not valid CSV"),
        (f"role,name\ncaller,{'Dana' * 300}\n", "Row 2 of the context file: column name is longer"),
        ('[{"role": "caller", "name": "Dana"}, {"role": "Dana"}]', "Row 2 of the context file: column role"),
        ('[{"role": "caller", "name": 5}]', "Row 1 of the context file: column name is not text"),
        ('[{"role": "caller", "Dana": "Whitlock"}]', "Row 1 of the context file is not an object, or has an unknown"),
        ('["Dana"]', "Row 1 of the context file is not an object"),
        ('{"role": "caller", "name": "Dana"}', "must be an array"),
        ('[{"role": "Dana', "not valid JSON"),
    ],
)
def test_errors_name_row_and_column_and_no_value(content, message):
    with pytest.raises(ConfigurationError) as caught:
        parse_contexts(content.encode())
    shown = f"{caught.value.message} {caught.value.hint}"
    assert message in shown
    assert not any(word in shown for word in ("Dana", "Whitlock", "Okafor"))


def test_bytes_that_are_no_text_are_an_error():
    with pytest.raises(ConfigurationError, match="not valid UTF-8"):
        parse_contexts(b"role,name\ncaller,\xff\xfe\n")


def test_blank_lines_and_a_byte_order_mark_are_no_rows():
    contexts = parse_contexts(b"\xef\xbb\xbfRole , Name\n\n,\ncaller,Dana\n")
    assert len(contexts.of(item("a.wav"), "").directory) == 1


def test_sealed_files(tmp_path):
    path, key, other = tmp_path / "context", tmp_path / "key", tmp_path / "other"
    key.write_bytes(KEY)
    other.write_bytes(bytes(32))
    path.write_bytes(sealed(CSV.encode(), KEY))
    assert not any(value.encode() in path.read_bytes() for value in PRIVATE)
    assert path.read_bytes().startswith(MAGIC)
    assert repr(read_contexts(path, key)) == repr(parse_contexts(CSV.encode()))
    with pytest.raises(ConfigurationError, match="is sealed"):
        read_contexts(path)
    with pytest.raises(ConfigurationError, match="another key"):
        read_contexts(path, other)
    for wrong in (tmp_path / "missing", path):
        with pytest.raises(ConfigurationError, match="key of the context file cannot be read"):
            read_contexts(path, wrong)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ConfigurationError, match="damaged"):
        read_contexts(path, key)
    path.write_text(CSV)
    with pytest.raises(ConfigurationError, match="not sealed"):
        read_contexts(path, key)
    with pytest.raises(NoInput):
        read_contexts(tmp_path / "missing")


def test_fingerprints_are_keyed_and_follow_the_content():
    def mark(content=CSV, key=KEY, name="msg0002"):
        contexts = parse_contexts(content.encode()).keyed(key)
        one = item(f"{name}.wav")
        contexts.settle([one])
        return contexts.of(one, "").fingerprint

    assert mark() == mark()
    assert mark(key=bytes(32)) != mark()
    assert mark(CSV.replace("88417720", "88417721")) != mark()
    assert mark(CSV.replace("Leilani", "Lani")) != mark(), "the directory is part of every recording's context"
    assert mark(CSV.replace("410-555-0142", "410-555-0143")) == mark(), "another recording's row"
    assert mark(name="other") != mark()
    shuffled = [CSV.splitlines()[0], *reversed(CSV.splitlines()[1:])]
    assert mark("\n".join(shuffled)) == mark(), "the order of the rows says nothing"
    unkeyed = [parse_contexts(CSV.encode()).of(item("a.wav"), "").fingerprint for _ in range(2)]
    assert unkeyed[0] != unkeyed[1], "without a key nothing is taken for the same"


def test_contexts_travel_and_show_nothing():
    contexts = parse_contexts(CSV.encode()).keyed(KEY)
    one = item("101/INBOX/msg0001.wav")
    contexts.settle([one])
    contexts.prepare()
    there = pickle.loads(pickle.dumps(contexts))
    assert there.of(one, "").fingerprint == contexts.of(one, "").fingerprint
    assert len(pickle.dumps(contexts)) < 4000, "without the indexes"
    for shown in (repr(contexts), repr(contexts.of(one, "")), repr(contexts.of(one, "").own)):
        assert not any(value in shown for value in PRIVATE), shown


def test_nothing_known_is_no_context():
    assert RecordingContexts().of(item("a.wav"), "") is None
    assert RecordingContexts().named(["a"]) is None
    party = KnownParty("caller", "Dana")
    assert RecordingContexts().named(["a"], [party]).own == (party,)


def test_hot_words_are_the_names_of_the_recordings_own_people():
    rows = [("Whitlock, Dana"), "Dr. Ngozi Okafor, MD", "Whitlock, Dana", *(f"Person {n:03d}" for n in range(99))]
    own = [KnownParty("patient", name, phone="410-555-0142") for name in rows]
    context = RecordingContexts([KnownParty("staff", "Leilani")]).with_parties(own)
    assert context.hotwords.startswith("Dana Whitlock, Dr. Ngozi Okafor, Person 000, ")
    assert len(context.hotwords) <= 300
    assert "0142" not in context.hotwords
    assert "Leilani" not in context.hotwords
    assert RecordingContexts([KnownParty("staff", "Leilani")]).with_parties([]).hotwords is None
