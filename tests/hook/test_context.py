"""`--context` of the hook: what a caller knows about a message, in its ticket; a bad one is refused without a word of
it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.errors import RefusedInput
from redactor.hook.known import LARGEST, MOST, ROLES, checked, parties_of, read_argument
from redactor.hook.ticket import Ticket, read_ticket
from redactor.service.ingest.spool_reader import SpoolReader

GIVEN = {"caller": {"name": "Alcide Broussard", "phone": "337-555-0148"}, "provider": ["Dr. Okafor", {"id": "77"}]}
PARTIES = [
    {"role": "caller", "name": "Alcide Broussard", "phone": "337-555-0148"},
    {"role": "provider", "name": "Dr. Okafor"},
    {"role": "provider", "id": "77"},
]
ID = "0d9d5b5e-6c1f-4c3e-9d6e-0a6d8f0f6a11"


@pytest.fixture
def hook(tmp_path):
    """The hook in a process of its own: (exit code, what it printed, tickets)."""
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings/a.wav").write_bytes(b"RIFF")
    config = tmp_path / "redactor.toml"
    config.write_text(f'[service]\nspool = "{tmp_path}/spool"\nroots = ["{tmp_path}/recordings"]\n')

    def go(*words):
        command = [
            sys.executable,
            "-c",
            "import sys; from redactor.hook.main import main; sys.exit(main(sys.argv[1:]))",
        ]
        given = [w.replace("{}", f"{tmp_path}/recordings") if not w.startswith('{"') else w for w in words]
        done = subprocess.run(
            [*command, "--config", str(config), *given],
            capture_output=True,
            timeout=30,
            check=False,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        spool = SpoolReader(tmp_path / "spool")
        found = [read_ticket(spool.read(path)) for path in spool.waiting()] if spool.new.is_dir() else []
        return done.returncode, done.stdout + done.stderr, found

    return go


@pytest.mark.parametrize(
    "words",
    [
        ("mixmonitor", "{}/a.wav", "17.1"),
        ("mixmonitor", "{}/a.wav", "17.1", "in"),
        ("freeswitch", ID, "{}/a.wav"),
        ("freeswitch", "hangup", ID, "{}/a.wav"),
        ("file", "{}/a.wav", "--id", "1"),
    ],
)
@pytest.mark.parametrize("joined", [True, False])
def test_every_front_with_a_file_takes_a_context(hook, words, joined):
    document = json.dumps(GIVEN)
    code, printed, (ticket,) = hook(*words, *([f"--context={document}"] if joined else ["--context", document]))
    assert (code, printed) == (0, b"")
    assert ticket.known == PARTIES
    assert ticket.source == words[0]


def test_the_context_may_come_from_a_file(hook, tmp_path):
    path = tmp_path / "17.json"
    path.write_text(json.dumps(GIVEN))
    _, _, (ticket,) = hook("file", "{}/a.wav", "--id", "1", "--context", f"@{path}")
    assert ticket.known == PARTIES


@pytest.mark.parametrize(
    "context",
    [
        "Broussard",
        '"Broussard"',
        '["Broussard"]',
        '{"Broussard": "x"}',
        '{"caller": 5}',
        '{"caller": {"Broussard": "x"}}',
        '{"caller": {"name": ["Broussard"]}}',
        '{"caller": {"role": "caller", "name": "Broussard"}}',
        '{"caller": "Brous\\u0007sard"}',
        json.dumps({"caller": "Broussard" * 30}),
        json.dumps({"caller": ["Broussard"] * (MOST + 1)}),
        json.dumps({"caller": ["Broussard" * 20] * 49}),
        "[" * 4000,
        "@/nowhere/Broussard",
        "@/dev/zero",
    ],
)
def test_a_bad_context_is_refused_and_not_repeated(hook, context):
    code, printed, found = hook("file", "{}/a.wav", "--id", "1", "--context", context)
    assert (code, found) == (65, [])
    assert b"context" in printed
    assert b"roussard" not in printed
    assert b"Traceback" not in printed


@pytest.mark.parametrize("words", [("asterisk", "default", "100"), ("mailcmd",)])
def test_mailboxes_and_mails_take_none(hook, words):
    assert hook(*words, "--context", "{}")[0] == 64


def test_a_ticket_without_a_context_is_that_of_earlier_versions():
    document = json.loads(Ticket("file", id="1", path="/a").to_json())
    assert "known" not in document
    assert read_ticket(json.dumps(document).encode()).known == []
    with_it = Ticket("file", id="1", path="/a", known=PARTIES)
    assert read_ticket(with_it.to_json()).known == PARTIES
    assert "Broussard" not in repr(with_it)


@pytest.mark.parametrize("known", [5, [5], [{"name": "x"}], [{"role": "x"}], [{"role": "caller", "x": "y"}], {"a": 1}])
def test_a_forged_context_is_refused(known):
    document = json.loads(Ticket("file", id="1", path="/a").to_json()) | {"known": known}
    with pytest.raises(RefusedInput):
        read_ticket(json.dumps(document).encode())


def test_nothing_of_it_is_imported_without_a_context():
    code = (
        "import sys; from redactor.hook import arguments, main, ticket\n"
        "ticket.Ticket('file', id='1', path='/a').to_json()\n"
        "sys.exit('redactor.hook.known' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROLES, "name", "id", "x"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_document_gives_checked_parties_or_a_refusal(document):
    for read in (parties_of, checked, lambda given: read_argument(json.dumps(given))):
        try:
            parties = read(document)
        except RefusedInput:
            continue
        assert checked(parties) == parties
        assert len(json.dumps(parties)) <= LARGEST
