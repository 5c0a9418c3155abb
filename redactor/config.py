"""The service's settings: one TOML file, checked whole before anything starts. Secrets are named (a file, an
environment variable), never given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

from redactor.config_parsing import HINT, Secret, filled
from redactor.errors import ConfigurationError
from redactor.hook.settings import hook_settings, read_toml
from redactor.webhook_signatures import SHORTEST_KEY, is_webhook_secret

SANDBOXES = ("required", "auto", "limits")
ORIGINALS = ("stay", "seal", "replace")
LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """[service].

    Attributes:
        spool: where the hook leaves tickets.
        state: folder of the queue, its key and the mails' recordings; only the service may read it.
        roots: folders that recordings lie in; nothing outside is opened.
        sent: folders among or below them whose recordings were sent by us, where nobody says otherwise; no mailboxes.
        results: folder for the results of what lies in none of them (mails, fetched recordings), and of all, where
            `beside` is false.
        originals: stay; seal (a copy in the vault of [keeping]); replace (sealed, and the redacted sound in their
            place: redacted for whoever listens).
        beside: results of recordings go into their own folder, those of a mailbox into its folder `redacted`.
        database_url: sqlite in `state`, where it is left out; or postgresql+psycopg://…, for services on several hosts.
        key: 32 bytes, hexadecimal, that all services of one database share; made in `state` where it is left out.
        queue_limit: most recordings that may wait; what comes then is told to try again.
        tries: attempts on a recording that fails for a passing reason, before it goes to the dead letters.
        lease: seconds after which a recording is taken from a service that does not answer any more.
        in_flight: recordings under way at once; 0: by device, at most 16.
        drain_seconds: how long the end may take, for what is under way.
        nice: by how much the service yields to calls and hooks on the same host, 0 to 19 (Unix).
        sandbox: required (bubblewrap and the filter of system calls, or no start), auto (what of them works; the log
            says what), limits (without bubblewrap).
        transcripts: folder of transcripts named by the recordings' SHA-256 (ID.json, .vtt …), used instead of
            recognition.
    """

    spool: str
    state: str
    roots: tuple[str, ...]
    sent: tuple[str, ...] = ()
    results: str = ""
    originals: str = "stay"
    beside: bool = True
    database_url: Secret = field(default=Secret())
    key: Secret = field(default=Secret())
    spool_limit: int = 10_000
    hook_seconds: float = 0.9
    queue_limit: int = 10_000
    tries: int = 5
    lease: float = 30.0
    in_flight: int = 0
    drain_seconds: float = 60.0
    nice: int = 10
    sandbox: str = "auto"
    transcripts: str = ""


@dataclass(frozen=True, slots=True)
class AsteriskTable:
    """[asterisk] `voicemail`: the folder that holds CONTEXT/MAILBOX/INBOX; one of the roots, or below one."""

    voicemail: str = ""


@dataclass(frozen=True, slots=True)
class SweepTable:
    """[sweep] `every`: seconds between walks over the roots; 0: never. `settle`: seconds for which a file must not
    have changed.
    """

    every: float = 60.0
    settle: float = 10.0


@dataclass(frozen=True, slots=True)
class HttpTable:
    """[http].

    Attributes:
        listen: ADDRESS:PORT; "": no HTTP. TLS is the reverse proxy's business.
        public_url: how senders reach us, as they sign it (https://redactor.example.org).
        token: of whom may ask for jobs, results and dead letters (Authorization: Bearer …); without one nobody may.
        body_limit: most bytes of a request.
    """

    listen: str = "127.0.0.1:8470"
    public_url: str = ""
    token: Secret = field(default=Secret())
    body_limit: int = 262_144


@dataclass(frozen=True, slots=True)
class RedactionTable:
    """[redaction] as the options of `redactor redact`; `model` "none": only transcripts; `verify_transcripts`:
    `verify` for them; `sent_policy`: of messages that were sent.
    """

    policy: str = "deidentify"
    sent_policy: str = ""
    model: str = "auto"
    device: str = "auto"
    compute_type: str = ""
    threads: int = 0
    workers: int = 0
    batch_size: int = 0
    window: str = "auto"
    beam: int = 0
    language: str = ""
    hotwords: str = ""
    initial_prompt: str = ""
    revision: str = ""
    ner: str = "auto"
    raw: str = ""
    bleep: str = "tone"
    operator: str = "label"
    hash_key: Secret = field(default=Secret())
    unheard: str = ""
    verify: bool = False
    verify_transcripts: bool = True
    verify_model: str = "auto"
    names: str = "auto"


@dataclass(frozen=True, slots=True)
class TwilioTable:
    """[twilio] `account`: SID that fetches recordings; `token`: the auth token that signs requests; `hosts`: where
    recordings lie.
    """

    account: str = ""
    token: Secret = field(default=Secret())
    hosts: tuple[str, ...] = ("https://api.twilio.com",)


@dataclass(frozen=True, slots=True)
class WebhookTable:
    """[webhook] `secret`: of Standard Webhooks (whsec_BASE64, 16 bytes or more); `hosts`: https://HOST[:PORT] that
    recordings may be fetched from.
    """

    secret: Secret = field(default=Secret())
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class S3Table:
    """[s3] `endpoint`: https://HOST[:PORT]; `buckets`: of which events are taken; `token`: that senders of events
    show.
    """

    endpoint: str = ""
    region: str = "us-east-1"
    buckets: tuple[str, ...] = ()
    access_key: Secret = field(default=Secret())
    secret_key: Secret = field(default=Secret())
    token: Secret = field(default=Secret())


@dataclass(frozen=True, slots=True)
class CallbackTable:
    """[callback] `url`: told of every outcome, signed (Standard Webhooks) with `secret`; tried `tries` times, ever
    less often.
    """

    url: str = ""
    secret: Secret = field(default=Secret())
    tries: int = 12


@dataclass(frozen=True, slots=True)
class KeepingTable:
    """[keeping], absolute paths.

    Attributes:
        trail: folder of the audit trail; `state`/trail if left out.
        trail_keys: its key file; `state`/trail.keys. A copy belongs where the auditor is.
        anchor: file that says how long the trail is; `state`/trail.anchor, but better on another file system or host.
        vault: folder of the vault; `state`/vault.
        recipients: public keys to seal for; without one nothing can be sealed.
        identity: private key that opens; never on a host that takes recordings only.
    """

    trail: str = ""
    trail_keys: str = ""
    anchor: str = ""
    vault: str = ""
    recipients: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ReviewTable:
    """[review], absolute paths; off unless `folder` is given. Trail and vault are those of [keeping], which needs
    recipients and identity.

    Attributes:
        folder: of redacted versions; only the service may read it.
        public_url: how browsers reach us (https://review.example.org); plain http is for the loopback alone.
        behind_proxy: with https the client's address, by which log-ins are slowed down, is the last in X-Forwarded-For
            of whoever asks from
            the loopback: the proxy must put it there. False: it is the proxy's, and all clients wait for each other.
        take_sent: what the service redacts of sent messages is audited and put before the reviewers.
        recipients: CSV of `redactor audit --recipients`, for these; `file` is a path (below the root, where recordings
            have but one), an id that a hook gave, or a SHA-256.
        recipients_seconds: how long a message waits for its row, unredacted; then it is audited as to nobody we know.
        rules, consents: a practice's own rules and the consent register, as `redactor audit` takes them.
        reveal_seconds: how long leave to hear one original lasts.
        idle_seconds, absolute_seconds: after which a session logs off by itself.
        emergency_seconds: how long emergency access lasts.
    """

    folder: str = ""
    public_url: str = ""
    behind_proxy: bool = True
    take_sent: bool = True
    recipients: str = ""
    recipients_seconds: float = 3600.0
    rules: str = ""
    consents: str = ""
    reveal_seconds: float = 900.0
    idle_seconds: float = 900.0
    absolute_seconds: float = 28_800.0
    emergency_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file."""

    service: ServiceTable
    asterisk: AsteriskTable = AsteriskTable()
    sweep: SweepTable = SweepTable()
    http: HttpTable = HttpTable()
    redaction: RedactionTable = RedactionTable()
    twilio: TwilioTable = TwilioTable()
    webhook: WebhookTable = WebhookTable()
    s3: S3Table = S3Table()
    callback: CallbackTable = CallbackTable()
    keeping: KeepingTable = KeepingTable()
    review: ReviewTable = ReviewTable()

    @property
    def state(self) -> Path:
        return Path(self.service.state)

    @property
    def results(self) -> Path:
        return Path(self.service.results) if self.service.results else self.state / "results"

    @property
    def reviews_sent(self) -> bool:
        return bool(self.review.folder) and self.review.take_sent

    @property
    def roots(self) -> tuple[str, ...]:
        return tuple(root.rstrip("/") or "/" for root in self.service.roots)


def load_settings(path: Path, *, listen: str | None = None, sandbox: str | None = None) -> Settings:
    """Read and check the settings file.

    Args:
        listen, sandbox: from the command line, where they win over the file.

    Raises:
        ConfigurationError: names the setting, never its value.
    """
    given = read_toml(path)
    settings: Settings = filled(Settings, given)
    hook_settings(given)
    if listen is not None:
        settings = replace(settings, http=replace(settings.http, listen=listen))
    if sandbox is not None:
        settings = replace(settings, service=replace(settings.service, sandbox=sandbox))
    _check(settings)
    return settings


def _check(s: Settings) -> None:
    def refuse(message: str) -> None:
        raise ConfigurationError(message, hint=HINT)

    if not s.roots:
        refuse("The setting service.roots names no folder: name those that recordings lie in.")
    paths = {
        "service.spool": s.service.spool,
        **{f"service.roots[{n}]": folder for n, folder in enumerate(s.service.roots)},
        "service.state": s.service.state,
        "service.results": s.service.results,
        "asterisk.voicemail": s.asterisk.voicemail,
        "service.transcripts": s.service.transcripts,
        **{f"keeping.{f.name}": getattr(s.keeping, f.name) for f in fields(s.keeping)},
        "review.folder": s.review.folder,
        "review.rules": s.review.rules,
        "review.recipients": s.review.recipients,
        **{f"service.sent[{n}]": folder for n, folder in enumerate(s.service.sent)},
    }
    for label, path in paths.items():
        if path and not Path(path).is_absolute():
            refuse(f"The setting {label} must be an absolute path.")
        if "//" in path or {".", ".."} & set(path.split("/")):  # paths are compared as they are written
            refuse(
                f"The setting {label} must be written without '.', '..' and double slashes: as `realpath -s` prints it."
            )
    if not all(any(Path(folder).is_relative_to(root) for root in s.roots) for folder in s.service.sent):
        refuse("The setting service.sent names folders among service.roots or below them.")
    if s.asterisk.voicemail and any(Path(folder).is_relative_to(s.asterisk.voicemail) for folder in s.service.sent):
        refuse(
            "The setting service.sent names a folder of asterisk.voicemail: what lies in a mailbox was "
            "received. Take it out."
        )
    if s.service.sandbox not in SANDBOXES:
        refuse(f"The setting service.sandbox must be one of {', '.join(SANDBOXES)}.")
    if s.service.originals not in ORIGINALS:
        refuse(f"The setting service.originals must be one of {', '.join(ORIGINALS)}.")
    if s.service.originals != "stay" and not s.keeping.recipients:
        refuse("Originals are sealed for somebody: set keeping.recipients.")
    if not (s.service.queue_limit and s.service.tries and s.service.lease >= 1):
        refuse("The settings service.queue_limit, tries and lease must be 1 or more.")
    if s.service.nice > 19:
        refuse("The setting service.nice lies between 0 and 19.")
    if s.http.listen and not (
        re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}", s.http.listen)
        and int(s.http.listen.rpartition(":")[2]) <= LAST_PORT
    ):
        refuse(f"The setting http.listen must be ADDRESS:PORT, PORT up to {LAST_PORT}.")
    for label, hosts in (
        ("twilio.hosts", s.twilio.hosts),
        ("webhook.hosts", s.webhook.hosts),
        ("s3.endpoint", (s.s3.endpoint,) if s.s3.endpoint else ()),
    ):
        if not all(re.fullmatch(r"https?://(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?", h) and _has_host(h) for h in hosts):
            refuse(f"The setting {label} must be https://HOST or https://HOST:PORT, PORT from 1 to {LAST_PORT}.")
    for label, url in (
        ("http.public_url", s.http.public_url),
        ("callback.url", s.callback.url),
        ("review.public_url", s.review.public_url),
    ):
        if url and not (re.fullmatch(r"https?://[!-~]+", url) and _has_host(url)):
            refuse(f"The setting {label} must be an https:// address.")
    if s.twilio.token and not (s.http.public_url and s.twilio.account):
        refuse("Twilio signs the address it calls: set http.public_url, and twilio.account.")
    if s.callback.url and not s.callback.secret:
        refuse("Callbacks are signed: set callback.secret_file or callback.secret_env.")
    for label, secret in (("webhook.secret", s.webhook.secret), ("callback.secret", s.callback.secret)):
        if secret and not is_webhook_secret(secret):
            refuse(
                f"The secret {label} must be whsec_ and the base64 of {SHORTEST_KEY} bytes or more, or so many "
                f"bytes as they are: "
                "make one with `openssl rand -base64 32`, and write whsec_ before it."
            )
    if s.s3.endpoint and not (s.s3.token and s.s3.access_key and s.s3.secret_key and s.s3.buckets):
        refuse("S3 needs s3.buckets, and as secrets access_key, secret_key and token.")
    if s.service.key and not re.fullmatch(rb"[0-9a-fA-F]{64}", s.service.key):
        refuse("The secret service.key must be 64 hexadecimal digits.")
    for name, longest in (("reveal", 86_400), ("idle", 86_400), ("absolute", 7 * 86_400), ("emergency", 86_400)):
        if not 1 <= getattr(s.review, f"{name}_seconds") <= longest:  # also refuses nan: leave that never ends
            refuse(f"review.{name}_seconds is not between 1 and {longest}.")
    if s.review.folder and not (s.keeping.recipients and s.keeping.identity):
        refuse("The review needs a vault that it can open: set keeping.recipients and keeping.identity.")
    if s.review.folder and not re.fullmatch(
        r"https://(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?/?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?/?",
        s.review.public_url,
    ):
        refuse("The review needs review.public_url: https://HOST, or http://localhost:PORT for this machine alone.")
    if s.redaction.model == "none" and not s.service.transcripts:
        refuse('redaction.model "none" needs service.transcripts.')


def _has_host(url: str) -> bool:
    """Whether an address names a host, and no port that there is not."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
