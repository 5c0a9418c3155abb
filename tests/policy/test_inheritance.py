"""A policy that extends another needs only its differences, and never redacts less than its files say."""

import pytest

from redactor.errors import ConfigurationError
from redactor.policy import load_policy, parse_policy, resolve_policy

HEAD = 'name = "x"\nversion = "1"\n'


@pytest.fixture
def write(tmp_path):
    def go(name, text, *, head=HEAD):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + text)
        return str(path)

    return go


def test_a_file_changes_a_shipped_policy(write):
    policy = load_policy(write("desk.toml", 'extends = "minimum-necessary"\n[labels]\nPERSON = "redact"\n'))
    base = load_policy("minimum-necessary")
    assert (policy.stamp, policy.description) == ("x/1", "")
    assert {label for label in base.labels if base.labels[label] != policy.labels[label]} == {"PERSON"}
    assert policy.padding == base.padding


def test_the_nearest_file_of_a_chain_wins(write):
    write("base/site.toml", 'extends = "identifiers"\npadding = 0.4\nreach = 0.1\n[labels]\nCONDITION = "redact"\n')
    write("middle.toml", 'extends = "base/site.toml"\npadding = 0.3\n')
    resolved = resolve_policy(write("desk.toml", 'extends = "middle.toml"\n[labels]\nPERSON = "flag"\n'))
    policy, origins = resolved.policy, resolved.merged.origins
    assert (policy.padding, policy.reach) == (0.3, 0.1)
    assert (policy.labels["CONDITION"], policy.labels["MEDICATION"], policy.labels["PERSON"]) == (
        "redact",
        "flag",
        "flag",
    )
    assert resolved.merged.chain == ("desk.toml", "middle.toml", "site.toml", "identifiers")
    assert (origins["padding"], origins["reach"]) == ("middle.toml", "site.toml")
    assert (origins["labels.CONDITION"], origins["labels.MEDICATION"]) == ("site.toml", "identifiers")


def test_a_default_is_for_labels_that_no_file_of_the_chain_names(write):
    policy = load_policy(write("desk.toml", 'extends = "clinical"\ndefault = "flag"\n'))
    assert (policy.labels["PERSON"], policy.labels["MEDICATION"]) == ("flag", "redact")
    assert policy.labels["KEYED_DIGITS"] == "redact"


def test_keyed_digits_stay_redacted_under_an_inherited_default(write):
    write("base.toml", 'default = "keep"\n')
    assert load_policy(write("desk.toml", 'extends = "base.toml"\n')).labels["KEYED_DIGITS"] == "redact"


def test_name_and_version_are_not_inherited(write):
    with pytest.raises(ConfigurationError, match="has no name"):
        load_policy(write("desk.toml", 'extends = "deidentify"\n', head=""))
    with pytest.raises(ConfigurationError, match="has no version"):
        load_policy(write("desk.toml", 'extends = "deidentify"\n', head='name = "x"\n'))


def test_loops_are_errors(write, tmp_path):
    write("a.toml", 'extends = "b.toml"\n')
    write("b.toml", 'extends = "a.toml"\n')
    for name in ("a.toml", "b.toml"):
        with pytest.raises(ConfigurationError, match="extends itself"):
            load_policy(str(tmp_path / name))
    (tmp_path / "link.toml").symlink_to(tmp_path / "self.toml")
    with pytest.raises(ConfigurationError, match="extends itself"):
        load_policy(write("self.toml", 'extends = "link.toml"\n'))


@pytest.mark.parametrize(
    ("extends", "message", "hint"),
    [
        ("3", "does not name a policy", 'extends = "deidentify"'),
        ('""', "does not name a policy", 'extends = "deidentify"'),
        ('["deidentify"]', "does not name a policy", 'extends = "deidentify"'),
        ('"de-identify"', "extends is not there", "deidentify, clinical"),
        ('"none.toml"', "extends is not there", "relative to the file"),
        (r'"a\u0000.toml"', "extends is not there", "relative to the file"),
    ],
)
def test_a_wrong_line_says_what_to_do(write, tmp_path, extends, message, hint):
    with pytest.raises(ConfigurationError) as caught:
        load_policy(write("desk.toml", f"extends = {extends}\n"))
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert str(tmp_path) not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("padding = ", "a policy that it extends: The policy is not valid TOML"),
        ("labels = 3", "a policy that it extends: labels is not a table"),
        ("padd = 0.3", "unknown keys: padd"),
        ("padding = 7", "between 0 and 2 seconds"),
        ('[labels]\nPERSON = "keep-all"', "unknown rules: keep-all"),
    ],
)
def test_mistakes_in_the_extended_file_are_found(write, base, message):
    write("base.toml", base)
    with pytest.raises(ConfigurationError) as caught:
        load_policy(write("desk.toml", 'extends = "base.toml"\n'))
    assert message in caught.value.message


def test_what_is_shown_is_a_policy_file_with_the_same_meaning(write, call):
    write("base.toml", 'extends = "identifiers"\npadding = 0.4\n')
    path = write("desk.toml", 'description = "A \\"desk\\"\\u007f\\n"\nextends = "base.toml"\n[labels]\nAGE = "keep"\n')
    code, out, err = call("policies", "show", path)
    assert (code, err) == (0, "")
    assert parse_policy(out) == load_policy(path)
    lines = {line.partition(" =")[0]: line.partition("  # ")[2] for line in out.splitlines()}
    assert out.startswith("# desk.toml, which extends base.toml, which extends identifiers\n")
    assert (lines["padding"], lines["min_score"]) == ("base.toml", "built in")
    assert (lines["AGE"], lines["MEDICATION"], lines["PERSON"]) == (
        "desk.toml",
        "identifiers",
        "default of identifiers",
    )


def test_keyed_digits_are_shown_as_built_in_where_the_default_would_keep_them(write, call):
    _, out, _ = call("policies", "show", write("desk.toml", 'default = "keep"\n'))
    assert next(line for line in out.splitlines() if line.startswith("KEYED_DIGITS")).endswith("# built in")


def test_shipped_policies_are_shown_and_listed(call):
    code, out, _ = call("policies", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "deidentify",
        "clinical",
        "identifiers",
        "minimum-necessary",
    ]
    assert "Every identifier and every clinical fact." in out
    for name in ("deidentify", "clinical", "identifiers", "minimum-necessary"):
        code, out, _ = call("policies", "show", name)
        assert parse_policy(out) == load_policy(name)
    assert call("policies", "show", "nothing")[0] == 78
