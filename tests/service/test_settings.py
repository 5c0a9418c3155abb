"""Settings: errors name the setting, and repeat no value."""

import re

import pytest

from redactor.config import load_settings
from redactor.errors import ConfigurationError
from redactor.hook.settings import hook_settings, read_toml
from redactor.job_config import job_configuration_of
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
        "Line 5: The setting service.nice must be a whole number from 0 to 19.",
        "Line 6: There is no setting quene_limit in [service]. Did you mean queue_limit?",
        "Line 7: There is no table htpt of settings. Did you mean [http]?",
    ]
    assert "c.toml" in told.value.hint


def test_allowed_values_are_listed(tmp_path):
    with pytest.raises(ConfigurationError, match=r"Line 6: The setting redaction.bleep must be one of tone, silence,"):
        load(tmp_path, GOOD + "[redaction]\nbleep = 'beep'\n")


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
