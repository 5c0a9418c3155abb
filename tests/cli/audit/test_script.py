"""`redactor script`: marks, better words, exit codes; from the argument and from standard input."""

import json

import pytest
from sent_cases import NUMBER, said

GOOD = "Hi {name}, this is {caller} from {practice}. Please call us back at {number}. Thank you."


def test_what_is_wrong_is_marked_and_better_words_given(run_here):
    done = run_here("script", said("Your metformin is here."))
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "[metformin]" in text
    assert "V02 S1 findings" in text
    assert "better: Your prescription is ready." in text
    assert "HHS FAQ 198" in text


def test_a_script_with_slots_is_in_order(run_here):
    done = run_here("script", "-", input=GOOD.encode())
    assert done.returncode == 0, done.stdout.decode()
    assert b"No findings" in done.stdout


def test_json_has_places_of_the_text(run):
    done = run("script", "-", "--json", input=said("Your bill is past due.").encode())
    doc = json.loads(done.stdout)
    assert done.returncode == 1
    finding = next(f for f in doc["findings"] if f["rule"] == "V09")
    assert "past due" in " ".join(doc["text"][s["start"] : s["end"]] for s in finding["spans"])


def test_consents_are_taken_into_account(run_here, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(f'name = "own"\nversion = "1"\n[practice]\ncallback_numbers = ["{NUMBER}"]\n')
    register = tmp_path / "register.csv"
    register.write_text("recipient,patient,scopes,restrictions,part2\n7,Maria Lopez,medication,,\n8,Maria Lopez,,,\n")
    text = said("Your metformin is here.")
    assert run_here("script", text, "--rules", own).returncode == 1
    assert run_here("script", text, "--rules", own, "--consent", "medication").returncode == 0
    assert run_here("script", text, "--rules", own, "--consents", register, "--recipient", "7").returncode == 0
    assert run_here("script", text, "--rules", own, "--consents", register, "--recipient", "8").returncode == 1
    assert run_here("script", text, "--rules", own, "--consents", register, "--recipient", "9").returncode == 3


@pytest.mark.parametrize(
    ("words", "given", "code"),
    [
        (["-"], b" \n", 66),
        (["-"], b"\xff\xfe\x00", 65),
        (["hi", "--consent", "everything"], b"", 78),
        (["hi", "--recipient", "7"], b"", 78),
        ([], b"", 64),
    ],
)
def test_what_cannot_be_judged_is_said(run_here, words, given, code):
    assert run_here("script", *words, input=given).returncode == code
