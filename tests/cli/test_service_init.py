"""`redactor service init`: from nothing to a service whose first message is on the screen; nothing is overwritten."""

import http.cookiejar
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pyotp
import pytest

from redactor.auth.qr_codes import BORDER, lines_of, svg_of
from redactor.cli.main import main as command
from redactor.config import load_settings
from redactor.hook.settings import plain_tables

PASSWORD = "correct horse battery staple"
PROGRAM = [sys.executable, "-c", "from redactor.cli.main import main; main()"]


@pytest.fixture
def sent(tmp_path, toy_recordings):
    folder = tmp_path / "sent"
    for path in toy_recordings(folder, 2):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
    return folder


def init(monkeypatch, capsys, *words, typed=f"{PASSWORD}\n"):
    """(exit code, standard output, standard error)."""
    monkeypatch.setattr("sys.argv", ["redactor", "service", "init", "--model", "voicemail-micro", *map(str, words)])
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as stop:
        command()
    printed = capsys.readouterr()
    return stop.value.code, printed.out, printed.err


def content(folder):
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class Browser:
    """A browser without scripts; `pages` are the addresses that it showed."""

    def __init__(self, base):
        self.base, self.pages = base, []
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._opener.addheaders = [("Accept", "text/html")]

    def _open(self, request):
        with self._opener.open(request, timeout=30) as answer:
            self.pages.append(urllib.parse.urlsplit(answer.url).path)
            return answer.read().decode()

    def get(self, path):
        return self._open(self.base + path)

    def post(self, path, **fields):
        return self._open(urllib.request.Request(self.base + path, urllib.parse.urlencode(fields).encode()))


def test_from_nothing_to_the_first_message_in_two_commands_and_three_screens(tmp_path, sent):
    """What a person does: init, serve, log in (password, code), queue, next."""
    config, port = tmp_path / "site" / "redactor.toml", free_port()
    words = ["service", "init", "--sent", sent, "--config", config, "--account", "Dana", "--port", port]
    started = subprocess.Popen(
        [*PROGRAM, *map(str, words), "--model", "voicemail-micro"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        started.stdin.write(f"{PASSWORD}\n")
        started.stdin.flush()
        shown = iter(started.stdout.readline, "")
        secret = next(line for line in shown if "type this secret" in line).partition(": ")[2].replace(" ", "").strip()
        once = pyotp.TOTP(secret)
        started.stdin.write(f"{once.now()}\n")
        started.stdin.flush()
        rest = started.stdout.read()
        assert started.wait(timeout=60) == 0, started.stderr.read()
    recovery = re.findall(r"^  ([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})$", rest, re.MULTILINE)
    assert len(recovery) == 10
    assert f"redactor serve --config {config}" in rest
    assert f"http://localhost:{port}" in rest

    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen([*PROGRAM, "serve", "--config", str(config)], stderr=log)
    try:
        browser = Browser(f"http://localhost:{port}")
        for _ in range(300):
            try:
                browser.get("/")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        browser.post("/login", name="dana", password=PASSWORD, next="")
        page = browser.post("/login/code", code=recovery[0], next="")  # a one-time code works once in 30 s
        assert browser.pages == ["/login", "/login/code", "/messages"]
        for _ in range(300):
            if "There are no messages" not in page:
                break
            time.sleep(0.2)
            page = browser.get("/messages")
        browser.pages.clear()
        page = browser.post("/messages/next", csrf=re.search(r'name="csrf" content="([^"]+)"', page)[1])
        assert re.fullmatch(r"/messages/[0-9a-f]{64}", browser.pages[0])
        assert "<audio" in page
    finally:
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=60) == 0, (tmp_path / "log").read_text()


def test_the_settings_file_is_complete_and_plain_enough_for_the_hook(tmp_path, sent, monkeypatch, capsys):
    mailboxes, calls = tmp_path / "voicemail", tmp_path / 'calls with "quotes" and ü'
    mailboxes.mkdir()
    calls.mkdir()
    config = tmp_path / "site" / "redactor.toml"
    given = (calls, "--sent", sent, "--sent", sent / "..", "--voicemail", mailboxes, "--config", config)
    monkeypatch.chdir(tmp_path)
    code, out, err = init(monkeypatch, capsys, *given, "--account", "dana")
    assert code == 0, err
    assert "Speech checkpoint: voicemail-micro" in out
    found = load_settings(config)
    assert found.service.roots == (str(tmp_path),)  # the others are below it
    assert found.service.sent == (str(sent), str(tmp_path))
    assert found.asterisk.voicemail == str(mailboxes)
    assert found.redaction.model == "voicemail-micro"
    assert {p.name: oct(p.stat().st_mode & 0o777) for p in config.parent.iterdir() if p.is_file()} == {
        "redactor.toml": "0o640",
        "recipients.txt": "0o644",
        "organisation.key": "0o600",
        "recovery.key": "0o600",
    }
    assert oct((config.parent / "state").stat().st_mode & 0o777) == "0o700"
    assert plain_tables(config.read_text()) is not None
    # The account: its owner has chosen the password, and the codes are set up at the first log-in.
    monkeypatch.setattr("sys.argv", ["redactor", "accounts", "list", "--config", str(config)])
    with pytest.raises(SystemExit):
        command()
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["name"], row["roles"], row["codes"], row["must_change_password"]) == ("dana", ["lead"], False, False)
    assert PASSWORD not in config.read_text() + out + err
    # Again: refused, and nothing changes.
    before = content(tmp_path)
    code, _, err = init(monkeypatch, capsys, *given, "--account", "dana")
    assert code == 78
    assert "settings file already" in err
    assert content(tmp_path) == before


@pytest.mark.parametrize("there", ["redactor.toml", "recovery.key", "state/queue.sqlite"])
def test_nothing_is_overwritten(tmp_path, sent, monkeypatch, capsys, there):
    path = tmp_path / "site" / there
    path.parent.mkdir(parents=True)
    path.write_text("theirs")
    before = content(tmp_path)
    code, _, err = init(monkeypatch, capsys, "--sent", sent, "--config", tmp_path / "site" / "redactor.toml")
    assert code == 78
    assert "nothing was changed" in err
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        ((), f"{PASSWORD}\n", 78, "No folder with recordings"),
        (("--sent", "missing"), f"{PASSWORD}\n", 78, "does not exist"),
        (("--sent", "sent"), "short\n", 78, "12 to 256 characters"),
        (("--sent", "sent"), "", 78, "12 to 256 characters"),
        (("--sent", "sent", "--account", "D W"), f"{PASSWORD}\n", 78, "log-in name"),
        (("--sent", "sent", "--model", "no-such-model"), f"{PASSWORD}\n", 69, "no checkpoint with that name"),
        (("--sent", "sent", "--port", "0"), f"{PASSWORD}\n", 64, "--port"),
    ],
)
def test_a_failure_leaves_nothing_behind(tmp_path, sent, monkeypatch, capsys, words, typed, code, said):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site" / "state").mkdir(parents=True)  # empty folders may exist
    before = content(tmp_path)
    given, _, err = init(
        monkeypatch, capsys, "--config", "site/redactor.toml", "--account", "dana", *words, typed=typed
    )
    assert given == code, err
    assert said in err
    assert content(tmp_path) == before


def modules(lines):
    """The modules of a code in text, as rows of booleans."""
    halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    rows = []
    for line in lines:
        pairs = [halves[c] for c in line]
        rows += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    return rows


def test_the_code_in_the_terminal_is_a_qr_code_of_the_secret():
    """The three finder patterns, the quiet zone, and the same modules as on the page."""
    uri = f"otpauth://totp/redactor:dana?secret={pyotp.random_base32(32)}&issuer=redactor"
    rows = modules(lines_of(uri, colour=False))
    size = len(rows[0]) - 2 * BORDER
    code = [row[BORDER : BORDER + size] for row in rows[BORDER : BORDER + size]]
    assert not any(any(row) for row in rows[:BORDER])
    assert not any(any(row[:BORDER]) or any(row[-BORDER:]) for row in rows)
    finder = [[max(abs(x - 3), abs(y - 3)) in (0, 1, 3) for x in range(7)] for y in range(7)]
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        assert [[bool(m) for m in row[left : left + 7]] for row in code[top : top + 7]] == finder
    coloured = list(lines_of(uri, colour=True))
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in coloured)


def test_the_code_on_the_page_is_drawn_without_styles_or_links():
    """The pages' Content-Security-Policy allows neither style attributes nor images from data addresses."""
    drawn = str(svg_of("otpauth://totp/redactor:dana?secret=ABC&issuer=<script>"))
    assert drawn.startswith("<svg ")
    assert "script" not in drawn
    assert "style=" not in drawn
    assert "href" not in drawn
    assert 'fill="#fff"' in drawn  # readable in dark mode, too


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_mistakes_are_asked_again(tmp_path, sent):
    """Too short a password, two that differ, a wrong code: the person types again; nothing typed is shown."""
    import pty
    import select

    config = tmp_path / "site" / "redactor.toml"
    words = ["service", "init", "--sent", sent, "--config", config, "--account", "dana", "--model", "voicemail-micro"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(PROGRAM[0], [*PROGRAM, *map(str, words)])
    shown = ""

    def until(text, *, seconds=120):
        nonlocal shown
        end = time.monotonic() + seconds
        while text not in shown:
            assert time.monotonic() < end, shown
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 65_536).decode()
                except OSError:  # the program has ended
                    assert text in shown, shown
        before, _, shown = shown.partition(text)
        return before

    def answer(text):
        time.sleep(0.05)  # the program switches the echo off after it has asked
        os.write(terminal, f"{text}\n".encode())

    until("New password for dana, at least 12 characters: ")
    answer("short")
    until("New password for dana")
    until(": ")
    answer(PASSWORD)
    until("Again: ")
    answer(f"{PASSWORD}!")
    until("The two passwords differ.")
    until("New password for dana, at least 12 characters: ")
    answer(PASSWORD)
    until("Again: ")
    answer(PASSWORD)
    drawn = until("Or type this secret: ")
    assert drawn.count("\x1b[38;5;16;48;5;231m") > 15
    assert PASSWORD not in drawn
    secret = until("\r\n").replace(" ", "")
    until("at the first log-in): ")
    answer("000000" if pyotp.TOTP(secret).now() != "000000" else "000001")
    until("The code does not match")
    until("at the first log-in): ")
    answer(pyotp.TOTP(secret).now())
    until("Recovery codes")
    until("log in as dana.")
    assert os.waitpid(child, 0)[1] == 0
    os.close(terminal)
