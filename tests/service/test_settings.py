"""Settings: errors name the setting, and repeat no value."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redactor.cli.main import main as command
from redactor.config import load_settings
from redactor.errors import ConfigurationError
from redactor.hook.settings import hook_settings, read_toml
from redactor.job_config import job_configuration_of
from redactor.service.effective_settings import effective_settings
from redactor.toml_positions import positions_in
from redactor.webhook_signatures import webhook_headers

GOOD = '[service]\nspool = "/s"\nstate = "/t"\nroots = ["/r/"]\n'


def load(tmp_path, text, **kwargs):
    path = tmp_path / "c.toml"
    path.write_text(text)
    return load_settings(path, **kwargs)


def test_defaults(tmp_path):
    found = load(tmp_path, GOOD, listen="[::1]:1", sandbox="limits")
    assert (found.roots, found.http.listen, found.service.sandbox) == (("/r",), "[::1]:1", "limits")
    assert str(found.results) == "/t/results"
    assert load(tmp_path, GOOD + 'sent = ["/r/a/"]\nlease = 5\n[http]\nlisten = "127.0.0.1:0"\n').service.lease == 5.0


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("queue_limit = 'secret'", "service.queue_limit"),
        ("queue_limit = true", "queue_limit"),
        ("tries = -1", "tries"),
        ("nice = 20", "service.nice"),
        ("queue_limit = 0", "queue_limit"),
        ("secret_thing = 1", "secret_thing"),
        ("sandbox = 'secret'", "service.sandbox"),
        ("results = 'secret'", "service.results"),
        ("key = 'secret'", "service.key"),
        ("key_env = 'NOT_SET'", "service.key"),
        ("key_file = '/none/secret'", "service.key"),
        ("key_file = 5", "service.key"),
        ("[http]\nlisten = 'secret'", "http.listen"),
        ("[http]\npublic_url = 'secret'", "http.public_url"),
        ("[web]\nx = 1", "web"),
        ("[webhook]\nhosts = ['secret']", "webhook.hosts"),
        ("[webhook]\nhosts = 'https://x'", "webhook.hosts"),
        ("[callback]\nurl = 'https://secret/'", "callback.secret"),
        ("[s3]\nendpoint = 'https://secret'", "s3.buckets"),
        ("[review]\nidle_seconds = inf", "review.idle_seconds"),
        ("[review]\nreveal_seconds = nan", "review.reveal_seconds"),
        ("[redaction]\nmodel = 'none'", "service.transcripts"),
        ("[redaction]\nverify = 1", "redaction.verify"),
        ("hook_seconds = inf", "service.hook_seconds"),
        ("hook_seconds = nan", "service.hook_seconds"),
        (f"lease = 1{'0' * 400}", "service.lease"),
        ("[sweep]\nevery = inf", "sweep.every"),
        ("sent = ['/r//secret']", "service.sent[0]"),
        ("sent = ['/r/a', '/r/../secret']", "service.sent[1]"),
        ("results = '/secret/./x'", "service.results"),
        ("sent = ['/r/v/secret']\n[asterisk]\nvoicemail = '/r/v/'", "service.sent"),
        ("sent = ['/r/v/']\n[asterisk]\nvoicemail = '/r/v'", "service.sent"),
        ("[asterisk]\nvoicemail = '/r//secret'", "asterisk.voicemail"),
        ("[http]\nlisten = 'secret:65536'", "http.listen"),
        ("[webhook]\nhosts = ['https://x', 'https://secret:99999']", "webhook.hosts"),
        ("[twilio]\nhosts = ['https://secret:0']", "twilio.hosts"),
        ("[s3]\nendpoint = 'https://secret:65536'", "s3.endpoint"),
        ("[callback]\nurl = 'https://secret:99999/x'", "callback.url"),
        ("[callback]\nurl = 'https:///secret'", "callback.url"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_not_repeated(tmp_path, lines, named):
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, GOOD + lines)
    assert named in told.value.message
    assert "'secret'" not in told.value.message
    assert "/secret" not in told.value.message
    assert "/none" not in told.value.message


@pytest.mark.parametrize("roots", ["[]", '["/r/../secret"]', '["/a", "/r//secret"]', '["/r/./secret"]', '["//r"]'])
def test_roots_that_would_find_nothing_are_refused(tmp_path, roots):
    with pytest.raises(ConfigurationError, match=r"service\.roots.*(realpath|name those)") as told:
        load(tmp_path, GOOD.replace('["/r/"]', roots))
    assert "secret" not in told.value.message


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("bleep = 'beep'", "bleep"),
        ("unheard = 'x'", "unheard"),
        ("policy = 'nothing'", "policy"),
        ("operator = 'hash'", "hash"),
    ],
)
def test_redaction_is_checked_before_anything_starts(tmp_path, lines, named):
    with pytest.raises(ConfigurationError) as told:
        job_configuration_of(load(tmp_path, f"{GOOD}[redaction]\n{lines}\n"))
    assert named in told.value.message + told.value.hint


def test_secrets_are_read_and_hidden(tmp_path, monkeypatch):
    monkeypatch.setenv("OUR_KEY", "ab" * 32)
    found = load(tmp_path, GOOD + 'key_env = "OUR_KEY"\n')
    assert found.service.key == b"ab" * 32
    assert "abab" not in repr(found)
    monkeypatch.setenv("OUR_KEY", "short")
    with pytest.raises(ConfigurationError, match="64 hexadecimal"):
        load(tmp_path, GOOD + 'key_env = "OUR_KEY"\n')


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_no base64 at all!!", "whsec_" + "c" * 25, "fifteen bytes.."]
)
@pytest.mark.parametrize("table", ["webhook", "callback"])
def test_secrets_that_anybody_could_guess_are_refused(tmp_path, monkeypatch, table, secret):
    monkeypatch.setenv("OUR_SECRET", secret)
    with pytest.raises(ConfigurationError, match=f"{table}.secret must be whsec_ .*openssl rand"):
        load(tmp_path, f'{GOOD}[{table}]\nsecret_env = "OUR_SECRET"\n')
    for enough in ("sixteen bytes...", "whsec_c2l4dGVlbiBieXRlcy4uLg=="):
        monkeypatch.setenv("OUR_SECRET", enough)
        assert load(tmp_path, f'{GOOD}[{table}]\nsecret_env = "OUR_SECRET"\n')


def test_a_mistake_comes_with_its_line_and_the_nearest_name(tmp_path):
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, GOOD + "nice = 50\nquene_limit = 5\n[htpt]\nlisten = ''\n")
    assert told.value.message.splitlines() == [
        "Line 5, column 8: The setting service.nice must be a whole number from 0 to 19.",
        "Line 6, column 1: There is no setting quene_limit in [service]. Did you mean queue_limit?",
        "Line 7, column 2: There is no table htpt of settings. Did you mean [http]?",
    ]
    assert "c.toml" in told.value.hint


def test_allowed_values_are_listed(tmp_path):
    with pytest.raises(ConfigurationError, match=r"Line 6, column 9: .* redaction.bleep must be one of tone, silence,"):
        load(tmp_path, GOOD + "[redaction]\nbleep = 'beep'\n")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (GOOD + "nice = 50\n", (5, 8)),
        (GOOD + "  nice=50\n", (5, 8)),
        (GOOD.replace('["/r/"]', '[\n  "/r/",  # the calls\n  "/r/../x",\n]'), (6, 3)),  # the second of a list
        ('service.spool = "/s"\nservice.state = "/t"\nservice.roots = ["/r"]\nservice.nice = 50\n', (4, 16)),
        ('service = {spool = "/s", state = "/t", roots = ["/r"], nice = 50}\n', (1, 63)),
        (GOOD.replace("/s", "/ü") + "[http]\n'listen' = 'x'\n", (6, 12)),
        (GOOD + '"nice" = 50\n', (5, 10)),
        (GOOD + "key_file = '/none'\n", (5, 12)),
        (GOOD + "key_env = 'NOT_SET_ANYWHERE'\n", (5, 11)),
        (GOOD + "key = 'x'\n", (5, 7)),
        (GOOD + "quene = 5\n", (5, 1)),
        (GOOD + "[asterisk]\nvoicemail = 5 # five\n", (6, 13)),
        (GOOD + '[redaction]\nhotwords = """\nnice = 50\n"""\nbleep = \'x\'\n', (9, 9)),  # no setting in a text
        (GOOD.replace("\n", "\r\n") + "nice = 50\r\n", (5, 8)),
        ('[service]\nspool = "/s"\n[service\n', (3, 9)),  # not TOML at all
        ("[service]\nspool = /s\n", (2, 9)),
    ],
)
def test_mistakes_are_told_with_line_and_column(tmp_path, monkeypatch, text, where):
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, text)
    assert f"line {where[0]}, column {where[1]}" in told.value.message.replace("Line", "line"), told.value.message


def test_what_is_missing_has_no_place(tmp_path):
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, '[service]\nspool = "/s"\nstate = "/t"\n')
    assert told.value.message == "The setting service.roots is missing."


VALUES = st.one_of(
    st.booleans(), st.integers(-5, 5), st.text("a#='\"[]{}, \\", max_size=6), st.lists(st.integers(0, 9), max_size=3)
)


TABLES = st.dictionaries(st.sampled_from("abcdef"), VALUES, min_size=1)


@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.text(" ", max_size=3))
def test_positions_are_those_of_the_keys_and_values(table, end, indent):
    lines = ["# [t]", "[t]  # x = 1"]
    lines += [f"{indent}{key} = {json.dumps(value)}  # {key}" for key, value in table.items()]
    found = positions_in(end.join(lines) + end)
    for number, (key, value) in enumerate(table.items(), 3):
        key_at, value_at = found["t", key]
        assert (key_at.line, value_at.line) == (number, number)
        assert lines[number - 1][key_at.column - 1 :].startswith(f"{key} =")
        assert lines[number - 1][value_at.column - 1 :].startswith(json.dumps(value))
        for place in range(len(value) if isinstance(value, list) else 0):
            at = found["t", key, place].value
            assert lines[at.line - 1][at.column - 1 :].startswith(str(value[place]))


@given(st.text("[]{}=\"'#.,\n ab\\", max_size=40))
@example("a=[}")
@example("a=[")
@example("a={b=]")
@example("a=[,,")
def test_no_text_stops_the_search_for_positions(text):
    positions_in(text)


def printed(tmp_path, text, **given):
    found = load(tmp_path, text, **given)
    named = {"listen": ("http", "listen"), "sandbox": ("service", "sandbox")}
    return effective_settings(found, overridden=frozenset(named[name] for name in given))


def test_settings_in_effect_are_a_settings_file_that_says_where_each_comes_from(tmp_path, monkeypatch):
    monkeypatch.setenv("OUR_KEY", "ab" * 32)
    (tmp_path / "token").write_text("very secret token")
    text = f"""{GOOD}key_env = "OUR_KEY"
sent = ["/r/a b"]
[http]
token_file = "{tmp_path}/token"
listen = "127.0.0.1:1"
[redaction]
hotwords = "café \\"quoted\\""
"""
    shown = printed(tmp_path, text, listen="[::1]:2")
    assert "very secret" not in shown
    assert "abab" not in shown
    rows = dict(line.split(" = ", 1) for line in shown.splitlines() if " = " in line and not line.startswith("#"))
    assert rows["spool"] == '"/s"    # line 2'
    assert rows["sent"] == '["/r/a b"]    # line 6'
    assert rows["lease"] == "30.0    # default"
    assert rows["listen"] == '"[::1]:2"    # command line'
    assert rows["key_env"] == '"OUR_KEY"    # line 5; the secret is not shown'
    assert rows["token_file"].endswith("# line 8; the secret is not shown")
    assert rows["results"] == '""    # default; /t/results is used'
    assert rows["beside"] == "true    # default"
    assert "# database_url_file: not set" in shown
    again = load(tmp_path, shown)
    assert again.model_dump() == load(tmp_path, text, listen="[::1]:2").model_dump()
    assert again.service.key == b"ab" * 32


def test_print_config_prints_and_starts_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("os.nice", lambda by: 0)
    (tmp_path / "c.toml").write_text(GOOD.replace("/s", f"{tmp_path}/s"))
    words = ["redactor", "serve", "--config", str(tmp_path / "c.toml"), "--print-config", "--sandbox", "limits"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as stop:
        command()
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert 'sandbox = "limits"    # command line' in out
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("name", ["SERVICE", "HTTP", "http__listen", "REDACTOR_HTTP__LISTEN", "LISTEN"])
def test_variables_that_the_file_does_not_name_change_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, '{"listen": "0.0.0.0:1"}')
    assert load(tmp_path, GOOD).http.listen == "127.0.0.1:8470"


@pytest.mark.parametrize(
    "lines", ["", "spool_limit = 1\n", "hook_seconds = 1\n", "hook_seconds = 0.001\n", "spool_limit = 1000000000\n"]
)
def test_the_hook_takes_every_file_that_the_service_takes(tmp_path, lines):
    found = load(tmp_path, GOOD + lines)
    of_the_hook = hook_settings(read_toml(tmp_path / "c.toml"))
    assert (of_the_hook.spool, of_the_hook.roots) == (found.service.spool, found.roots)
    assert (of_the_hook.spool_limit, of_the_hook.seconds) == (found.service.spool_limit, found.service.hook_seconds)


@pytest.mark.parametrize("lines", ["spool_limit = 0", "hook_seconds = 0", "spool_limit = 1.5"])
def test_the_service_refuses_what_the_hook_refuses(tmp_path, lines):
    with pytest.raises(ConfigurationError, match=r"spool_limit|hook_seconds"):
        load(tmp_path, GOOD + lines)


@pytest.mark.parametrize("name", ["spool", "state"])
def test_folders_that_are_required_are_not_empty(tmp_path, name):
    with pytest.raises(ConfigurationError, match=f"service.{name} must not be empty"):
        load(tmp_path, re.sub(f'{name} = "[^"]*"', f'{name} = ""', GOOD))


def test_nothing_is_signed_with_an_empty_key():
    with pytest.raises(ValueError, match="0"):
        webhook_headers(b"whsec_", "msg_1", b"{}")
