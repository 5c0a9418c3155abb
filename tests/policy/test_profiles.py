"""Policies are checked when they are read: a typing error must never redact less than intended."""

import pytest

from redactor.errors import ConfigurationError
from redactor.policy import load_policy, parse_policy, policy_names
from redactor.policy.profiles import RULES
from redactor.types import CLINICAL, IDENTIFIERS, LABELS

HEAD = 'name = "x"\nversion = "1"\n'


def test_the_default_policy_is_named_first():
    assert policy_names() == ("deidentify", "clinical", "identifiers", "minimum-necessary")


@pytest.mark.parametrize("name", policy_names())
def test_shipped_policies_decide_every_label(name):
    policy = load_policy(name)
    assert set(policy.labels) == LABELS
    assert set(policy.labels.values()) <= set(RULES)
    assert policy.stamp == f"{name}/{policy.version}"
    assert policy.description
    assert policy.unheard_speech == "quarantine"
    assert policy.unheard_sound == "bleep"


def test_what_the_shipped_policies_redact():
    def redacted(name):
        return {label for label, rule in load_policy(name).labels.items() if rule == "redact"}

    assert redacted("deidentify") == LABELS
    assert redacted("identifiers") == IDENTIFIERS
    assert redacted("clinical") == CLINICAL | {"KEYED_DIGITS"}
    in_part = {"PERSON", "PHONE_NUMBER", "DATE_TIME", "CONDITION", "MEDICATION", "PROCEDURE", "SPECIALTY"}
    assert redacted("minimum-necessary") == LABELS - in_part - {"ORGANIZATION"}


@pytest.mark.parametrize("default", ["keep", "flag", "redact"])
def test_keyed_digits_are_redacted_unless_a_policy_names_them(default):
    head = f'{HEAD}default = "{default}"\n'
    assert parse_policy(head).labels["KEYED_DIGITS"] == "redact"
    assert parse_policy(head + '[labels]\nKEYED_DIGITS = "keep"').labels["KEYED_DIGITS"] == "keep"


def test_labels_cannot_be_changed_behind_the_checks():
    with pytest.raises(TypeError):
        load_policy("deidentify").labels["PERSON"] = "keep"


WRONG = [
    # a policy file                                          the message says               the hint says
    ("name = ", "not valid TOML", "docs"),
    ('version = "1"', "has no name", 'name = "…"'),
    ('name = "x"', "has no version", 'version = "1"'),
    ('name = ""\nversion = "1"', "has no name", 'name = "…"'),
    (HEAD + "padd = 0.3", "unknown keys: padd", "padding"),
    (HEAD + '[labels]\nPERSN = "redact"', "unknown labels: PERSN", "PERSON"),
    (HEAD + '[labels]\nPERSON = "keep-all"', "unknown rules: keep-all", "keep-first-name"),
    (HEAD + 'default = "nothing"', "unknown rules: nothing", "redact"),
    (HEAD + "[labels]\nPERSON = 3", "unknown rules: 3", "redact"),
    (HEAD + '[labels]\nMEDICATION = "keep-first-name"', "does not apply to MEDICATION", "PERSON"),
    (HEAD + 'default = "keep-callback"', "does not apply", "PHONE_NUMBER"),
    (HEAD + "labels = 3", "not a table", "[labels]"),
    (HEAD + 'labels = "PERSON"', "not a table", "[labels]"),
    (HEAD + "min_score = 1.5", "between 0 and 1", ""),
    (HEAD + "min_score = nan", "between 0 and 1", ""),
    (HEAD + "min_score = true", "min_score must be a number", "min_score = 0.3"),
    (HEAD + 'min_score = "high"', "min_score must be a number", "min_score = 0.3"),
    (HEAD + "padding = -0.1", "between 0 and 2 seconds", ""),
    (HEAD + "reach = -0.1", "between 0 and 2 seconds", ""),
    (HEAD + 'reach = "far"', "reach must be a number", "reach = 0.3"),
    (HEAD + "padding = inf", "between 0 and 2 seconds", ""),
    (HEAD + "padding = [1]", "padding must be a number", "padding = 0.3"),
    (HEAD + 'unheard_speech = "keep"', '"quarantine" or "bleep"', ""),
    (HEAD + 'unheard_sound = "quarantine"', '"bleep" or "keep"', ""),
]


@pytest.mark.parametrize(("text", "message", "hint"), WRONG)
def test_a_wrong_policy_says_what_to_do(text, message, hint):
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 78


def test_an_operators_own_policy(tmp_path):
    path = tmp_path / "front desk.toml"
    # Windows editors write a byte-order mark.
    path.write_text(HEAD + 'default = "flag"\npadding = 1\n[labels]\nPERSON = "redact"\n', encoding="utf-8-sig")
    policy = load_policy(str(path))
    assert policy.stamp == "x/1"
    assert policy.padding == 1.0
    assert policy.labels["PERSON"] == "redact"
    assert policy.labels["US_SSN"] == "flag"


def test_policies_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigurationError, match="no policy with that name") as caught:
        load_policy("de-identify")
    assert "deidentify, clinical" in caught.value.hint
    with pytest.raises(ConfigurationError, match="no policy with that name"):
        load_policy("x" * 5000)
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        load_policy(str(tmp_path / "none.toml"))
    assert str(tmp_path) not in caught.value.message + caught.value.hint
    (tmp_path / "latin.toml").write_bytes(HEAD.encode() + "description = 'é'".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_policy(str(tmp_path / "latin.toml"))


def test_options_win_over_the_file_and_are_checked_like_it():
    policy = load_policy("deidentify")
    assert policy.with_changes(padding=0.5, min_score=None).padding == 0.5
    assert policy.with_changes(padding=None) == policy
    with pytest.raises(ConfigurationError):
        policy.with_changes(padding=9.0)
    with pytest.raises(ConfigurationError):
        policy.with_changes(unheard_speech="keep")
