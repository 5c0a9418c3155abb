"""Settings: what is wrong is said by the setting's name, and no value is repeated."""

import pytest

from redactor.config import load_settings
from redactor.errors import ConfigurationError
from redactor.job_config import recipe_of
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
def test_what_is_wrong_is_named_and_not_repeated(tmp_path, lines, named):
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, GOOD + lines)
    assert named in told.value.message
    assert "'secret'" not in told.value.message
    assert "/secret" not in told.value.message
    assert "/none" not in told.value.message


@pytest.mark.parametrize("roots", ["[]", '["/r/../secret"]', '["/a", "/r//secret"]', '["/r/./secret"]', '["//r"]'])
def test_roots_in_which_nothing_would_be_found_are_refused(tmp_path, roots):
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
        recipe_of(load(tmp_path, f"{GOOD}[redaction]\n{lines}\n"))
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


def test_nothing_is_signed_with_a_key_that_is_none():
    with pytest.raises(ValueError, match="0"):
        webhook_headers(b"whsec_", "msg_1", b"{}")
