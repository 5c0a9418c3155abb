"""A server on 127.0.0.1 that implements as much of the hub's protocol as huggingface_hub needs.

GET  /api/models/{repo}/revision/{revision}   → {"id", "sha", …}
GET  /api/models/{repo}/tree/{commit}         → the files, large ones with their SHA-256
HEAD /{repo}/resolve/{commit}/{file}          → ETag, X-Repo-Commit, X-Linked-ETag, Content-Length
GET  /{repo}/resolve/{commit}/{file}          → the bytes, or the asked range
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "c" * 40
LARGE = 1 << 20


@dataclass
class Hub:
    """The server's content and the requests; tests change it to make it fail."""

    repo: str
    files: dict[str, bytes]
    url: str = ""
    requests: list[str] = field(default_factory=list)
    status: int = 200
    error_code: str = ""
    cut: int = 0
    """Send only this many bytes of a large file at its first request."""
    forever: bool = False
    corrupt: bool = False
    token: str = ""


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            path = urlsplit(self.path).path
            hub.requests.append(f"{self.command} {path}")
            if hub.status != 200 or (hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}"):
                self.reply(hub.status if hub.status != 200 else 401, b"", {"X-Error-Code": hub.error_code}, body=body)
            elif match := re.fullmatch(rf"/api/models/{hub.repo}(?:/revision/([^/]+))?", path):
                if (match[1] or "main") not in {"main", COMMIT, "v1"}:
                    self.reply(404, b"", {"X-Error-Code": "RevisionNotFound"}, body=body)
                    return
                info = {
                    "id": hub.repo,
                    "modelId": hub.repo,
                    "sha": COMMIT,
                    "private": False,
                    "tags": [],
                    "siblings": [],
                }
                self.json(info, body=body)
            elif path == f"/api/models/{hub.repo}/tree/{COMMIT}":
                self.json([self.entry(name, content) for name, content in hub.files.items()], body=body)
            elif match := re.fullmatch(rf"/{hub.repo}/resolve/{COMMIT}/(.+)", path):
                self.file(match[1], body=body)
            else:
                self.reply(404, b"", {"X-Error-Code": "RepoNotFound"}, body=body)

        def entry(self, name: str, content: bytes) -> dict[str, object]:
            entry: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": git_id(content)}
            if len(content) >= LARGE:
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            return entry

        def file(self, name: str, *, body: bool) -> None:
            if name not in hub.files:
                self.reply(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body=body)
                return
            content = hub.files[name]
            large = len(content) >= LARGE
            headers = {
                "ETag": f'"{hashlib.sha256(content).hexdigest() if large else git_id(content)}"',
                "X-Repo-Commit": COMMIT,
            }
            if large and hub.corrupt:
                content = content[:-1] + bytes([content[-1] ^ 1])
            status = 200
            if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
                status = 206
                headers["Content-Range"] = f"bytes {asked[1]}-{len(content) - 1}/{len(content)}"
                content = content[int(asked[1]) :]
            cut = hub.cut if large and body else 0
            if cut and not hub.forever:
                hub.cut = 0
            self.reply(status, content, headers, body=body, cut=cut)

        def json(self, value: object, *, body: bool) -> None:
            self.reply(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body=body)

        def reply(self, status: int, content: bytes, headers: dict[str, str], *, body: bool, cut: int = 0) -> None:
            self.send_response(status)
            for key, value in headers.items():
                if value:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content[:cut] if cut else content)
            if cut:
                self.close_connection = True

    return Handler


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
