"""Sends requests that schemathesis generates from the OpenAPI description to a running service, which must give no
server error and no answer that quotes a request.

    python benchmarks/fuzz_api.py [--requests 2000] [--seed 1] [--json FILE]      # needs the extra `bench`

All routes are configured. Some of the requests are signed as the route requires, so that they pass the check of the
signature. Every request carries planted PHI in a header and in its query. An answer of 503 with Retry-After means that
the queue is full, and is not an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.parse
from collections import Counter
from pathlib import Path
from typing import Any

import hooks
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from report import stamp

from redactor.webhook_signatures import twilio_signature, webhook_headers

CANARY = "Whitlock-5550142"
SECRET, TOKEN, PUBLIC = b"0123456789abcdef", "a-token-of-the-test", "https://redactor.example.org"
VARIED = {
    "/webhook",
    "/s3",
    "/twilio/recording",
    "/jobs/{number}",
    "/jobs/{number}/files/{kind}",
    "/dead-letters",
    "/dead-letters/{number}/retry",
}
"""Operations that a request can vary."""
ON_LISTED_HOST = {
    "/webhook": {"url": "https://127.0.0.1:9/a.wav"},
    "/twilio/recording": {
        "RecordingUrl": "https://127.0.0.1:9/a",
        "RecordingSid": "RE" + "a" * 32,
        "RecordingStatus": "completed",
        "AccountSid": "AC1",
    },
}


def configure_routes(site: hooks.Site) -> None:
    """Configure every route."""
    (site.folder / "secret").write_bytes(SECRET)
    (site.folder / "token").write_text(TOKEN)
    secret, token = f'"{site.folder}/secret"', f'"{site.folder}/token"'
    text = site.config.read_text().replace(
        'listen = ""', f'listen = "127.0.0.1:0"\npublic_url = "{PUBLIC}"\ntoken_file = {token}'
    )
    site.config.write_text(
        f'{text}[twilio]\naccount = "AC1"\ntoken_file = {secret}\nhosts = '
        f'["https://127.0.0.1:9"]\n[webhook]\nsecret_file = {secret}\nhosts = ["https://127.0.0.1:9"]\n'
        f'[s3]\nendpoint = "https://127.0.0.1:9"\nbuckets = ["calls"]\naccess_key_file = '
        f"{secret}\nsecret_key_file = {secret}\ntoken_file = {token}\n"
    )


def signed(case: Any, number: int) -> dict[str, str]:
    """Headers that the route accepts, for every second request; the others keep the values of schemathesis."""
    headers = {"X-Caller": CANARY, "Authorization": f"Bearer {TOKEN}"}
    if number % 2:
        return {"X-Caller": CANARY}
    request = case.as_transport_kwargs(base_url="http://x")
    body: Any = request.get("data") or request.get("json") or b""
    if case.path == "/webhook":
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        raw = (text if isinstance(text, str) else json.dumps(text)).encode()
        headers |= webhook_headers(SECRET, "id", raw)
    if case.path == "/twilio/recording" and isinstance(body, dict):
        fields = "".join(k + v for k, v in sorted((str(k), str(v)) for k, v in body.items()))
        headers["X-Twilio-Signature"] = twilio_signature(SECRET, f"{PUBLIC}/twilio/recording?who={CANARY}", fields)
    return headers


def run(folder: Path, *, requests: int, seed_number: int) -> dict[str, Any]:
    site = hooks.Site(folder)
    configure_routes(site)
    process = site.start()
    statuses: Counter[str] = Counter()
    problems: list[str] = []
    said: dict[tuple[str, int], str] = {}
    sent = 0
    try:
        hooks.wait_for_ready(site)
        port = int(site.log.read_text().split("listening on port ")[1].split()[0])
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        operations = [o.ok() for o in schema.get_all_operations()]
        varied = sum(operation.path in VARIED for operation in operations)
        for operation in operations:

            def check(case: Any) -> None:
                nonlocal sent
                sent += 1
                if (
                    isinstance(case.body, dict) and sent % 4 == 0
                ):  # what is signed gets as far as the queue now and then
                    case.body |= ON_LISTED_HOST.get(case.path, {})
                answer = case.call(headers=signed(case, sent), params={"who": CANARY})
                # Called before the next.
                statuses[f"{operation.method.upper()} {operation.path} {answer.status_code}"] += 1  # noqa: B023
                text = answer.content.decode("utf-8", "replace") + json.dumps(dict(answer.headers), default=str)
                quoted = [CANARY, TOKEN, SECRET.decode()]
                if isinstance(case.body, dict):
                    quoted += [v for v in case.body.values() if isinstance(v, str) and len(v) > 8]
                if answer.status_code >= 500 and answer.status_code != 503:
                    problems.append(f"{operation.path}: {answer.status_code}")  # noqa: B023
                # Hypothesis draws from the words of our own source, too: what the same answer says to others is no
                # quotation.
                usual = said.setdefault((operation.path, answer.status_code), text)  # noqa: B023
                if any(
                    (q in text or urllib.parse.quote(q) in text) and (usual is text or q not in usual) for q in quoted
                ):
                    problems.append(f"{operation.path} {answer.status_code}: quotes the request")  # noqa: B023

            share = -(-requests // varied) if operation.path in VARIED else 1
            test = given(case=operation.as_strategy())(check)
            test = settings(
                max_examples=share,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(test)
            seed(seed_number)(test)()
        alive = process.poll() is None
    finally:
        code = hooks.stop(process)
    log = site.log.read_text()
    return {
        "requests": sent,
        "operations": len(operations),
        "alive": alive,
        "ended": code,
        "statuses": dict(sorted(statuses.items())),
        "problems": problems[:20],
        "log_names_somebody": CANARY in log or "Traceback" in log,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with hooks.workspace() as folder:
        found = run(folder, requests=options.requests, seed_number=options.seed)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps({"stamp": stamp(), **found}, indent=1) + "\n")
    sys.exit(bool(found["problems"]) or not found["alive"] or found["log_names_somebody"])


if __name__ == "__main__":
    main()
