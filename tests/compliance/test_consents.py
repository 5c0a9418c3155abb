"""The consent register: what counts, what is refused, and that no value of it reaches a message."""

import sqlite3
from datetime import date

import pytest

from redactor.compliance import (
    Circumstances,
    Consents,
    Grant,
    Message,
    audit,
    load_rules,
    parse_register,
    read_register,
)
from redactor.errors import ConfigurationError, NoInput
from redactor.types import Finding, TimedText, Transcript

SECRET = "Zebedee"


def row(**columns):
    return [(2, {"recipient": "12", **columns})]


def test_a_csv_is_read(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "recipient,patient,scopes,authorised,restrictions,neutral_names,callback_numbers,part2\n"
        '(206) 555-0163,Maria Lopez,"details until 2027-01-31; hiv",Robert Lopez until '
        "2027-02-01,callback-only,Oak Office,206-555-0142,yes\n"
        "*,,,,,Lakeside,206-555-0199,\n\n"
    )
    register = read_register(str(path))
    entry = register.of("+1 206 555 0163")
    assert entry.scopes == (Grant("details", date(2027, 1, 31)), Grant("hiv"))
    assert entry.authorised == (Grant("Robert Lopez", date(2027, 2, 1)),)
    assert entry.restrictions == {"callback-only"}
    assert entry.neutral_names == ("Oak Office", "Lakeside")
    assert entry.callback_numbers == ("206-555-0142", "206-555-0199")
    assert entry.part2
    assert register.everybody.callback_numbers == ("206-555-0199",)
    assert register.of("206-555-0164") is None
    assert register.of("") is None


def test_a_database_is_read(tmp_path):
    path = tmp_path / "r.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE consents (recipient TEXT, scopes TEXT, part2 BOOLEAN)")
        db.execute("INSERT INTO consents VALUES ('Box 7', 'billing', 1)")
    db.close()
    (tmp_path / "r.url").write_text(f"sqlite:///{path}\n")
    for given in (path, f"sqlite:///{path}", tmp_path / "r.url"):
        entry = read_register(str(given)).of("box 7")
        assert entry == Consents(scopes=(Grant("billing"),), part2=True)


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"scopes": SECRET}, "scopes"),
        ({"scopes": "details until tomorrow"}, "scopes"),
        ({"scopes": "details 2027-01-01"}, "scopes"),
        ({"authorised": f"{SECRET} exp 1/1/27"}, "authorised"),
        ({"authorised": f"{SECRET} till 01.02.27"}, "authorised"),
        ({"authorised": f"{SECRET} (until May)"}, "authorised"),
        ({"authorised": f"{SECRET} expires soon"}, "authorised"),
        ({"restrictions": f"no voicemail {SECRET}"}, "restrictions"),
        ({"callback_numbers": "555"}, "callback_numbers"),
        ({"part2": SECRET}, "part2"),
        ({"authorised": f"{SECRET} until 31.12.2027"}, "authorised"),
        ({"recipient": ""}, "recipient"),
        ({"recipient": "-"}, "recipient"),
        ({"recipient": "( ) ..."}, "recipient"),
        ({"recipient": "*", "scopes": "details"}, "recipient"),
    ],
)
def test_a_bad_row_names_row_and_column_and_no_value(columns, column):
    with pytest.raises(ConfigurationError) as caught:
        parse_register(row(**columns))
    assert "Row 2" in caught.value.message
    assert f"column {column}" in caught.value.message
    assert SECRET not in caught.value.message + caught.value.hint


def test_one_recipient_has_one_row():
    with pytest.raises(ConfigurationError, match="Row 3"):
        parse_register([(2, {"recipient": "206-555-0163"}), (3, {"recipient": "2065550163"})])


@pytest.mark.parametrize("head", ["recipient,scope", "mailbox,scopes", "recipient,recipient"])
def test_unknown_columns_are_refused(tmp_path, head):
    path = tmp_path / "r.csv"
    path.write_text(f"{head}\n1,{SECRET}\n")
    with pytest.raises(ConfigurationError) as caught:
        read_register(str(path))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "lines", ["2065550163,details\n", "2065550163,details\n,callback-only\n", f"2065550163,details,\n{SECRET}\n"]
)
def test_a_row_that_ends_early_is_refused(tmp_path, lines):
    path = tmp_path / "r.csv"
    path.write_text(f"recipient,scopes,restrictions\n{lines}")
    with pytest.raises(ConfigurationError, match=r"Row [23]") as caught:
        read_register(str(path))
    assert "ends before it" in caught.value.message
    assert SECRET not in caught.value.message


def test_lines_without_any_cell_are_passed_over(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("recipient,scopes,restrictions\n2065550163,details,\n\n  \n,,\n")
    assert len(read_register(str(path))) == 1


CALM = "hi maria this is karen from lakeside family practice please call us back at 206 555 0142"


@pytest.mark.parametrize(
    ("more", "unknown"),
    [
        ({"restrictions": "", "part2": ""}, {}),
        ({"part2": "no"}, {"V17": ("restrictions",)}),
        ({"restrictions": ""}, {"V06": ("part 2 flag",)}),
        ({"restrictions": "", "neutral_names": "Lakeside Family Practice"}, {}),
        ({"restrictions": "", "scopes": "part2"}, {}),
        ({}, {"V06": ("part 2 flag",), "V17": ("restrictions",)}),
    ],
)
def test_what_a_register_has_no_column_for_is_not_known(more, unknown, detector):
    transcript = Transcript.of(TimedText(w, n, n + 0.5) for n, w in enumerate(CALM.split()))
    message = Message("0" * 64, (transcript,), tuple(next(iter(detector.search([transcript])))), 9.0)
    register = parse_register(row(patient="Maria Lopez", callback_numbers="206-555-0142", **more))
    result = audit(message, Circumstances(register.of("12"), DAY, prerecorded=False), load_rules())
    assert {b.rule: b.missing for b in result.breaches} == unknown
    assert result.verdict.value == ("undetermined" if unknown else "pass")


def test_a_practice_left_unnamed_may_have_been_asked_for(detector):
    words = "hi maria this is karen please call us back at 206 555 0142".split()
    transcript = Transcript.of(TimedText(w, n, n + 0.5) for n, w in enumerate(words))
    message = Message("0" * 64, (transcript,), tuple(next(iter(detector.search([transcript])))), 9.0)
    register = parse_register(row(patient="Maria Lopez", callback_numbers="206-555-0142"))
    result = audit(message, Circumstances(register.of("12"), DAY, prerecorded=False), load_rules())
    assert {b.rule: b.verdict.value for b in result.breaches} == {"V15": "undetermined", "V17": "undetermined"}


def test_what_cannot_be_read_is_said(tmp_path):
    for given in (tmp_path / "none.csv", tmp_path / "none.sqlite"):
        with pytest.raises(NoInput):
            read_register(str(given))
    with pytest.raises(ConfigurationError) as caught:
        read_register(f"sqlite:////nowhere/{SECRET}.db")
    assert SECRET not in caught.value.message + caught.value.hint


DAY = date(2026, 6, 15)


def told(consents, **more):
    """The verdict of V01 on "you have gout"."""
    transcript = Transcript.of(TimedText(w, n, n + 0.5) for n, w in enumerate("hi maria you have gout".split()))
    message = Message("0" * 64, (transcript,), (Finding("CONDITION", 18, 22, 0.85, "test"),), 5.0)
    result = audit(message, Circumstances(consents, **more), load_rules())
    return next((b.verdict.value for b in result.breaches if b.rule == "V01"), ""), result


@pytest.mark.parametrize(
    ("grants", "sent", "today", "verdict"),
    [
        ((), DAY, None, "findings"),
        ((Grant("details"),), DAY, None, ""),
        ((Grant("details", DAY),), DAY, None, ""),  # the last day counts
        ((Grant("details", date(2026, 6, 14)),), DAY, None, "findings"),
        ((Grant("medication"), Grant("billing")), DAY, None, "findings"),
        (
            (Grant("details", date(2026, 6, 14)),),
            None,
            DAY,
            "undetermined",
        ),  # it may have held when the message was sent
        ((Grant("details", date(2026, 6, 16)),), None, DAY, ""),
        ((Grant("details", DAY),), None, DAY, "undetermined"),  # elsewhere it is the next day already
        ((Grant("details", date(2026, 6, 16)),), None, None, "undetermined"),
        ((Grant("billing"),), None, DAY, "findings"),
    ],
)
def test_a_consent_counts_on_the_day_of_sending(grants, sent, today, verdict):
    got, result = told(Consents(patient="Maria", scopes=grants), sent=sent, today=today)
    assert got == verdict
    assert bool([e for e in result.exempt if e[0] == "V01"]) == (not verdict)


def test_nothing_known_is_never_a_pass():
    got, result = told(None, sent=DAY)
    assert got == "undetermined"
    assert result.verdict.value != "pass"
    silent = audit(Message("0" * 64, (), (), 5.0), Circumstances(), load_rules())
    assert silent.verdict.value == "undetermined"
    assert "V17" in {b.rule for b in silent.breaches}
