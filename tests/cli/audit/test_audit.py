"""`redactor audit`: what is written, what is not, and how it ends."""

import csv
import io
import json
import re
import stat

import pytest
import spoken
from sent_cases import BASE, NUMBER, said

from redactor.compliance import Audited, Breach, Kind, RuleVerdict, Severity
from redactor.compliance.recipients import read_sendings
from redactor.compliance.results import ResultRow, discreet, harmless
from redactor.compliance.reviewed import Rate, missed
from redactor.compliance.transcriber import clipped
from redactor.storage import Inputs

WORDS = ("metformin", "Whitlock", "Denise", "Karen", "Lakeside", "555-0142")
TEXT = said("Your metformin is here.", greeting="Hi Denise Whitlock,")


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    spoken.save(folder, "2065550142-denise", TEXT)
    spoken.save(folder, "clean", said("We have some information for you."))
    (folder / "damaged.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVEjunk")
    (folder / "damaged.json").write_text("{}")
    return folder


@pytest.fixture
def register(tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(
        f"recipient,patient,callback_numbers,restrictions,part2\n7,Denise "
        f"Whitlock,{NUMBER},,\n8,{BASE['patient']},{NUMBER},,\n"
    )
    return path


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(
        "file,recipient,caller,sent,prerecorded\n2065550142-denise,7,=cmd|' /C "
        "calc'!A0,2026-06-15,no\nclean.wav,8,staff-2,2026-06-16,no\n"
    )
    return path


def test_findings_are_written_without_a_word_of_the_messages(run, tmp_path, archive, register, calls):
    out = tmp_path / "out"
    done = run(
        "audit", archive, "--out", out, "--transcript", archive, "--consents", register, "--recipients", calls, "--json"
    )
    assert done.returncode == 65, done.stderr.decode()  # the damaged one
    counts = json.loads(done.stdout)
    assert (counts["audited"], counts["findings"], counts["nothing_found"], counts["not_audited"]) == (2, 1, 1, 1)
    assert sorted(p.name for p in out.iterdir()) == ["audit.csv", "audit.json", "report.html"]
    everything = b"".join(p.read_bytes() for p in out.iterdir()) + done.stdout + done.stderr
    for word in WORDS:
        assert word.lower().encode() not in everything.lower(), word
    assert all(stat.S_IMODE(p.stat().st_mode) & 0o007 == 0 for p in out.iterdir())
    doc = json.loads((out / "audit.json").read_text())
    assert doc["schema"] == "redactor-audit/1"
    assert doc["words_shown"] is False
    first = next(m for m in doc["messages"] if m["status"] == "audited" and m["breaches"])
    assert {b["rule"]: b["verdict"] for b in first["breaches"]} == {"V02": "findings", "V16": "findings"}
    evidence = first["breaches"][0]["evidence"][0]
    assert evidence["matched"] == "MedicationRecognizer MEDICATION"
    assert 0 < evidence["start"] < evidence["end"] < first["duration"]
    assert "text" not in evidence
    clean = next(m for m in doc["messages"] if m.get("verdict") == "pass")
    assert clean["breaches"] == []
    rows = list(csv.DictReader(io.StringIO((out / "audit.csv").read_text(encoding="utf-8-sig"))))
    assert [r["rule"] for r in rows if r["id"] == first["id"]] == ["V02", "V16"]
    assert {r["status"] for r in rows} == {"audited", "damaged-audio"}
    assert any(r["caller"].startswith("'=cmd") for r in rows)
    assert not any(c.startswith(("=", "+", "@")) for r in rows for c in r.values())


def test_words_are_shown_only_on_demand_and_loudly(run_here, tmp_path, archive, register, calls):
    (archive / "damaged.wav").unlink()
    out = tmp_path / "out"
    done = run_here(
        "audit",
        archive,
        "--out",
        out,
        "--transcript",
        archive,
        "--consents",
        register,
        "--recipients",
        calls,
        "--show-words",
    )
    assert done.returncode == 1
    assert b"PROTECTED HEALTH INFORMATION" in done.stderr
    assert b"metformin" not in done.stdout + done.stderr
    assert "metformin" in (out / "audit.json").read_text()
    page = (out / "report.html").read_text()
    assert "<mark>metformin</mark>" in page
    assert "protected health information" in page


def test_without_a_register_nothing_passes(run_here, tmp_path, archive):
    (archive / "damaged.wav").unlink()
    (archive / "2065550142-denise.wav").unlink()
    done = run_here("audit", archive, "--out", tmp_path / "out", "--transcript", archive)
    assert done.returncode == 3, done.stderr.decode()
    message = json.loads((tmp_path / "out" / "audit.json").read_text())["messages"][0]
    assert message["verdict"] == "undetermined"
    assert {b["rule"] for b in message["breaches"]} == {"V14", "V17"}
    assert all(b["missing"] for b in message["breaches"])


def test_nothing_found_ends_in_zero_and_the_same_again_is_the_same(run_here, tmp_path, archive, register, calls):
    out = tmp_path / "out"
    command = [
        "audit",
        archive / "clean.wav",
        "--out",
        out,
        "--transcript",
        archive / "clean.json",
        "--consents",
        register,
        "--recipients",
        calls,
    ]
    first = run_here(*command)
    assert first.returncode == 0, first.stderr.decode()
    before = (out / "audit.csv").read_bytes()
    assert run_here(*command).returncode == 0
    assert (out / "audit.csv").read_bytes() == before


def test_messages_left_by_others_are_not_audited(run_here, tmp_path, archive, register):
    calls = tmp_path / "calls.csv"
    calls.write_text("file,recipient,direction\n2065550142-denise.wav,7,in\nclean,8,out\n")
    (archive / "damaged.wav").unlink()
    done = run_here(
        "audit",
        archive,
        "--out",
        tmp_path / "out",
        "--transcript",
        archive,
        "--consents",
        register,
        "--recipients",
        calls,
        "--json",
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["left_by_others"] == 1


def test_a_heard_name_is_a_keyed_hash(run_here, tmp_path, archive, register):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123")
    (archive / "damaged.wav").unlink()
    names = []
    for n in range(2):
        run_here(
            "audit",
            archive,
            "--out",
            tmp_path / f"out{n}",
            "--transcript",
            archive,
            "--consents",
            register,
            "--recipient",
            "7",
            "--hash-key-file",
            key,
        )
        names.append([m["caller"] for m in json.loads((tmp_path / f"out{n}" / "audit.json").read_text())["messages"]])
    assert names[0] == names[1]
    assert len(set(names[0])) == 1  # both are Karen's
    assert re.fullmatch(r"caller-[0-9a-f]{8}", names[0][0])


def mailboxes(folder):
    """One folder for each of two mailboxes, each with a message of the same name."""
    for box in ("101", "102"):
        (folder / box).mkdir(parents=True)
        spoken.save(folder / box, "msg0000", said(f"Your metformin is here. It is about box {box}."))
    return folder


@pytest.mark.parametrize("key", ["msg0000.wav", "msg0000"])
def test_a_row_is_of_one_recording(run_here, tmp_path, register, key):
    archive = mailboxes(tmp_path / "in")
    calls = tmp_path / "calls.csv"
    calls.write_text(f"file,recipient\nnobody,8\n{key},7\n")
    command = ("audit", "--out", tmp_path / "out", "--consents", register, "--recipients", calls)
    done = run_here(*command, archive, "--transcript", archive)
    assert done.returncode == 78, done.stderr.decode()
    assert b"Row 3" in done.stderr
    assert b"msg0000.wav,7" not in done.stderr
    assert not (tmp_path / "out").exists()
    done = run_here(*command, archive / "101", archive / "102", "--transcript", archive)
    assert done.returncode == 78, done.stderr.decode()


def test_of_the_same_names_each_path_has_its_own_row(run_here, tmp_path):
    archive = mailboxes(tmp_path / "in")
    register, calls = tmp_path / "register.csv", tmp_path / "calls.csv"
    register.write_text(
        f"recipient,patient,callback_numbers,scopes,restrictions,part2\n7,Maria "
        f"Lopez,{NUMBER},medication,,\n8,Maria Lopez,{NUMBER},,,\n"
    )
    calls.write_text("file,recipient,prerecorded\n101/msg0000.wav,7,no\n102/msg0000.wav,8,no\n")
    out = tmp_path / "out"
    done = run_here(
        "audit",
        archive,
        "--out",
        out,
        "--transcript",
        archive,
        "--consents",
        register,
        "--recipients",
        calls,
        "--ner",
        "none",
    )
    assert done.returncode == 1, done.stderr.decode()
    doc = json.loads((out / "audit.json").read_text())
    assert [m["verdict"] for m in doc["messages"]] == ["pass", "findings"]
    assert doc["name_model"] == "none"
    # By its name alone the one in the folder given still is told from the one below it.
    spoken.save(archive, "msg0000", said("We have some information for you."))
    calls.write_text("file,recipient\nmsg0000.wav,8\n101/msg0000.wav,7\n102/msg0000.wav,8\n")
    items = Inputs([archive], is_audio=lambda path: path.suffix == ".wav")
    sendings = read_sendings(calls)
    sendings.settle(items)
    assert [sendings.of(item, "").recipient for item in items] == ["8", "7", "8"]


def row_of(identity, *rules):
    breaches = tuple(Breach(r, Severity.S2, RuleVerdict.FINDINGS, why="x") for r in rules)
    return ResultRow(
        1, identity, Audited(identity, "t/1", Kind.OTHER, RuleVerdict.FINDINGS if rules else RuleVerdict.PASS, breaches)
    )


def test_a_label_counts_for_one_message_or_for_none():
    rows = [row_of("0123456789" + "a" * 54, "V02"), row_of("0123456789" + "b" * 54)]
    both = missed(rows, {"0123456789": frozenset({"V02"})})
    assert (both.reviewed, both.unknown) == (0, 1)
    one = missed(rows, {"0123456789a": frozenset({"V02", "V14"})})
    assert (one.reviewed, one.breaches.count, one.breaches.total) == (1, 1, 2)


def test_somebody_elses_files_are_left_alone(run_here, tmp_path, archive):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("mine")
    done = run_here("audit", archive, "--out", out, "--transcript", archive)
    assert done.returncode == 73
    assert (out / "report.html").read_text() == "mine"
    assert [p.name for p in out.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("name", "text", "code", "words"),
    [
        ("--recipients", "file,recipient,sent\nx,7,Zebedee\n", 78, b"column sent"),
        ("--recipients", "file,who\nx,Zebedee\n", 78, b"columns"),
        ("--recipients", "file,prerecorded\nx,Zebedee\n", 78, b"column prerecorded"),
        ("--recipients", "file\nZebedee\nZebedee\n", 78, b"Row 3"),
        ("--recipients", "file,recipient,direction\nx,7,in\nZebedee,7\n", 78, b"Row 3"),
        ("--consents", "recipient,scopes\nZebedee,nonsense\n", 78, b"column scopes"),
        ("--rules", "Zebedee", 78, b"TOML"),
        ("--reviewed", "id,rules\nZebedee,V01\n", 78, b"Row 2"),
        ("--reviewed", "id,rules\n0123456789,V99\n", 78, b"Row 2"),
        ("--reviewed", "id,rules\n0123456789\n", 78, b"Row 2"),
        ("--reviewed", "id,rules\n0123456789,V02\n01234567,V02\n", 78, b"Row 3"),
    ],
)
def test_bad_files_are_said_before_anything_is_heard(run_here, tmp_path, archive, name, text, code, words):
    given = tmp_path / "given.csv"
    given.write_text(text)
    done = run_here("audit", archive, "--out", tmp_path / "out", "--transcript", archive, name, given)
    assert done.returncode == code, done.stderr.decode()
    assert words in done.stderr
    assert b"Zebedee" not in done.stderr.replace(b"TOML: ", b"")
    assert not (tmp_path / "out").exists()


def test_a_formula_is_no_cell():
    assert [harmless(x) for x in ("=1+1", "+1", "-1", "@x", "\tx", "a=1", "", 1.5, -2)] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "a=1",
        "",
        1.5,
        -2,
    ]


def test_what_matched_tells_no_word():
    assert discreet("list: V05 hiv phrase 3") == "list: V05"
    assert discreet("list: V09 phrase 12") == "list: V09"
    assert discreet("consent: mental-health until 2027-01-01") == "consent until 2027-01-01"
    assert discreet("MedicationRecognizer MEDICATION") == "MedicationRecognizer MEDICATION"


@pytest.mark.parametrize(
    ("count", "total", "bound"), [(0, 100, 0.0295), (0, 30, 0.0950), (3, 60, 0.1244), (5, 5, 1.0), (0, 0, 1.0)]
)
def test_the_bound_is_clopper_and_pearsons(count, total, bound):
    assert Rate(count, total).bound == pytest.approx(bound, abs=5e-4)


def test_clipping_is_seen_and_loud_speech_is_not_clipping(tmp_path):
    from redactor.audio import Limits, decode, read_source

    for name, loud in (("a", False), ("b", True)):
        spoken.save(tmp_path, name, "We have some information for you.", loud=loud)
    plain, loud = (clipped(decode(read_source(tmp_path / f"{n}.wav", limits=Limits()))) for n in "ab")
    assert plain < 0.0005
    assert loud > 0.02
