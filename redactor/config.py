"""The service's settings: one TOML file, checked as a whole before anything starts. The file names secrets (a file, an
environment variable) and never contains them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from redactor.config_parsing import (
    LARGEST_NUMBER,
    Count,
    Folder,
    Folders,
    HttpsAddress,
    HttpsHost,
    HttpsHosts,
    ListenAddress,
    PositiveCount,
    Seconds,
    Secret,
    SecretValue,
    SettingsFile,
    Texts,
    as_configuration_error,
    refuse,
)
from redactor.hook.settings import DEFAULT
from redactor.webhook_signatures import SHORTEST_KEY, is_webhook_secret


def _checked_key(key: Secret) -> Secret:
    if key and not re.fullmatch(rb"[0-9a-fA-F]{64}", key):
        raise refuse("must be 64 hexadecimal digits.")
    return key


def _checked_webhook_secret(secret: Secret) -> Secret:
    if secret and not is_webhook_secret(secret):
        raise refuse(
            f"must be whsec_ and the base64 of at least {SHORTEST_KEY} bytes, or at least {SHORTEST_KEY} plain bytes: "
            "make one with `openssl rand -base64 32`, and write whsec_ before it."
        )
    return secret


WebhookSecret = Annotated[SecretValue, AfterValidator(_checked_webhook_secret)]
HexKey = Annotated[SecretValue, AfterValidator(_checked_key)]


class Table(BaseModel):
    """One table of the file: unknown settings are errors, and so are values of another type ("5" is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ServiceTable(Table):
    """[service].

    Attributes:
        spool: folder where the hook leaves tickets.
        state: folder of the queue, its key and the mails' recordings; only the service may read it.
        roots: folders that contain recordings; nothing outside them is opened.
        sent: folders among or below `roots` with messages that staff sent, where no hook says otherwise; no mailboxes.
        results: folder for the results of recordings outside `roots` (mails, fetched recordings), and of all
            recordings if `beside` is false.
        originals: stay; seal (a copy in the vault of [keeping]); replace (sealed, and replaced by the redacted audio).
        beside: write results into the recording's own folder, those of a mailbox into its folder `redacted`.
        database_url: SQLite in `state` if not set; or postgresql+psycopg://…, for services on several hosts.
        key: 32 bytes, hexadecimal, that all services of one database share; made in `state` if not set.
        queue_limit: recordings that may wait; senders of more are told to try again.
        tries: attempts on a recording that fails for a passing reason, before it becomes a dead letter.
        lease: seconds after which a recording is taken from a service that stopped answering.
        in_flight: recordings in progress at once; 0: by device, at most 16.
        drain_seconds: how long shutdown may wait for recordings in progress.
        nice: by how much the service yields to calls and hooks on the same host, 0 to 19 (Unix).
        sandbox: required (bubblewrap and the system-call filter, or no start), auto (what works; the log says what),
            limits (without bubblewrap).
        transcripts: folder of transcripts named by the recordings' SHA-256 (ID.json, .vtt …), used instead of
            recognition.
    """

    spool: Folder = Field(min_length=1)
    state: Folder = Field(min_length=1)
    roots: Folders = Field(min_length=1)
    sent: Folders = ()
    results: Folder = ""
    originals: Literal["stay", "seal", "replace"] = "stay"
    beside: bool = True
    database_url: SecretValue = Secret()
    key: HexKey = Secret()
    spool_limit: PositiveCount = 10_000
    hook_seconds: Annotated[float, Field(gt=0, le=LARGEST_NUMBER)] = 0.9
    queue_limit: PositiveCount = 10_000
    tries: PositiveCount = 5
    lease: Annotated[float, Field(ge=1, le=LARGEST_NUMBER)] = 30.0
    in_flight: Count = 0
    drain_seconds: Seconds = 60.0
    nice: Annotated[int, Field(ge=0, le=19)] = 10
    sandbox: Literal["required", "auto", "limits"] = "auto"
    transcripts: Folder = ""

    @model_validator(mode="after")
    def _folders_of_sent_messages(self) -> ServiceTable:
        if not all(any(Path(folder).is_relative_to(root) for root in self.roots) for folder in self.sent):
            raise refuse("The setting service.sent may only name folders among service.roots or below them.")
        return self


class AsteriskTable(Table):
    """[asterisk] `voicemail`: the folder that contains CONTEXT/MAILBOX/INBOX; one of the roots, or below one."""

    voicemail: Folder = ""


class SweepTable(Table):
    """[sweep] `every`: seconds between walks over the roots; 0: never. `settle`: seconds for which a file must not
    have changed.
    """

    every: Seconds = 60.0
    settle: Seconds = 10.0


class HttpTable(Table):
    """[http].

    Attributes:
        listen: ADDRESS:PORT; "": no HTTP. The reverse proxy does TLS.
        public_url: the service's address as senders know and sign it (https://redactor.example.org).
        token: bearer token for jobs, results and dead letters; if not set, only tokens of `redactor accounts token`
            are accepted.
        body_limit: largest request in bytes.
    """

    listen: ListenAddress = "127.0.0.1:8470"
    public_url: HttpsAddress = ""
    token: SecretValue = Secret()
    body_limit: Count = 262_144


class RedactionTable(Table):
    """[redaction] as the options of `redactor redact`; `model` "none": only transcripts; `verify_transcripts`:
    `verify` for them; `sent_policy`: the policy of sent messages; `context`, `context_key`: absolute paths.
    """

    policy: str = "deidentify"
    sent_policy: str = ""
    model: str = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: str = ""
    threads: Count = 0
    workers: Count = 0
    batch_size: Count = 0
    window: Literal["auto", "full"] = "auto"
    beam: Count = 0
    language: str = ""
    hotwords: str = ""
    initial_prompt: str = ""
    revision: str = ""
    ner: str = "auto"
    raw: str = ""
    bleep: Literal["tone", "silence", "noise"] = "tone"
    operator: Literal["label", "mask", "hash", "drop"] = "label"
    hash_key: SecretValue = Secret()
    unheard: Literal["", "quarantine", "bleep"] = ""
    verify: bool = False
    verify_transcripts: bool = True
    verify_model: str = "auto"
    second_ear: str = ""
    names: Literal["auto", "id", "keep"] = "auto"
    context: Folder = ""
    context_key: Folder = ""
    context_hotwords: bool = False

    @model_validator(mode="after")
    def _keys_with_what_they_are_for(self) -> RedactionTable:
        if self.hash_key and self.operator != "hash":
            raise refuse('The setting redaction.hash_key is for operator = "hash" only.')
        if self.context_key and not self.context:
            raise refuse("The setting redaction.context_key is for redaction.context.")
        return self


class TwilioTable(Table):
    """[twilio] `account`: SID that fetches recordings; `token`: the auth token that signs requests; `hosts`: where
    recordings are.
    """

    account: str = ""
    token: SecretValue = Secret()
    hosts: HttpsHosts = ("https://api.twilio.com",)


class WebhookTable(Table):
    """[webhook] `secret`: of Standard Webhooks (whsec_BASE64, 16 bytes or more); `hosts`: https://HOST[:PORT] that
    recordings may be fetched from.
    """

    secret: WebhookSecret = Secret()
    hosts: HttpsHosts = ()


class S3Table(Table):
    """[s3] `endpoint`: https://HOST[:PORT]; `buckets`: whose events are accepted; `token`: bearer token of the senders
    of events.
    """

    endpoint: HttpsHost = ""
    region: str = "us-east-1"
    buckets: Texts = ()
    access_key: SecretValue = Secret()
    secret_key: SecretValue = Secret()
    token: SecretValue = Secret()

    @model_validator(mode="after")
    def _credentials(self) -> S3Table:
        if self.endpoint and not (self.token and self.access_key and self.secret_key and self.buckets):
            raise refuse("S3 needs s3.buckets, and the secrets s3.access_key, s3.secret_key and s3.token.")
        return self


class CallbackTable(Table):
    """[callback] `url`: receives every outcome, signed with `secret` (Standard Webhooks), in up to `tries` attempts at
    growing intervals.
    """

    url: HttpsAddress = ""
    secret: WebhookSecret = Secret()
    tries: Count = 12

    @model_validator(mode="after")
    def _signed(self) -> CallbackTable:
        if self.url and not self.secret:
            raise refuse("Callbacks are signed: set callback.secret_file or callback.secret_env.")
        return self


class KeepingTable(Table):
    """[keeping], absolute paths.

    Attributes:
        trail: folder of the audit log; `state`/trail if not set.
        trail_keys: its key file; `state`/trail.keys if not set. Keep a copy where the auditor is.
        anchor: file that records how long the log is; `state`/trail.anchor if not set, but better on another file
            system or host.
        vault: folder of the vault; `state`/vault if not set.
        recipients: public keys to seal for; without them nothing can be sealed.
        identity: private key that opens; not on a host that only receives recordings.
    """

    trail: Folder = ""
    trail_keys: Folder = ""
    anchor: Folder = ""
    vault: Folder = ""
    recipients: Folder = ""
    identity: Folder = ""


DAY = 86_400
UpToADay = Annotated[float, Field(ge=1, le=DAY)]


class ReviewTable(Table):
    """[review], absolute paths; off unless `folder` is set. Audit log and vault are those of [keeping], which needs
    recipients and identity.

    Attributes:
        folder: redacted versions; only the service may read it.
        public_url: the address for browsers (https://review.example.org); plain http for this machine alone.
        behind_proxy: with https, the client's address (by which log-ins are slowed down) is the last one in
            X-Forwarded-For of requests from the loopback address: the proxy must append it. False: it is the proxy's,
            and all clients wait for each other.
        take_sent: sent messages that the service redacts are audited and come up for review.
        take_jobs: which jobs come up for correction and release, whatever their direction: "withheld" ones, "all", or
            "none".
        keep_days: after which what is kept for that (recording, plan, redacted version) is destroyed; 0: never.
        recipients: CSV of `redactor audit --recipients` for them; `file` is a path (below the root, if there is only
            one), an id that a hook gave, or a SHA-256.
        recipients_seconds: how long a message waits for its row, unredacted; then it is audited with an unknown
            recipient.
        rules, consents: the practice's own rules and the consent register, as for `redactor audit`.
        reveal_seconds: how long access to one original lasts.
        idle_seconds, absolute_seconds: after which a session ends.
        emergency_seconds: how long emergency access lasts.
    """

    folder: Folder = ""
    public_url: HttpsAddress = ""
    behind_proxy: bool = True
    take_sent: bool = True
    take_jobs: Literal["none", "withheld", "all"] = "withheld"
    keep_days: Annotated[float, Field(ge=0, le=36_500)] = 90.0
    recipients: Folder = ""
    recipients_seconds: Seconds = 3600.0
    rules: Folder = ""
    consents: str = ""
    reveal_seconds: UpToADay = 900.0
    idle_seconds: UpToADay = 900.0
    absolute_seconds: Annotated[float, Field(ge=1, le=7 * DAY)] = 28_800.0
    emergency_seconds: UpToADay = 3600.0


LOCAL_OR_HTTPS = re.compile(
    r"https://(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?/?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?/?"
)


class Settings(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", strict=True)

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

    _file: Path = PrivateAttr(default=Path(DEFAULT))

    @property
    def file(self) -> Path:
        """The file that the settings are from."""
        return self._file

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
    def reviews_jobs(self) -> bool:
        return bool(self.review.folder) and self.review.take_jobs != "none"

    @property
    def roots(self) -> tuple[str, ...]:
        return tuple(root.rstrip("/") or "/" for root in self.service.roots)

    @model_validator(mode="after")
    def _tables_together(self) -> Settings:
        mailboxes = self.asterisk.voicemail
        if mailboxes and any(Path(folder).is_relative_to(mailboxes) for folder in self.service.sent):
            raise refuse(
                "The setting service.sent names a folder of asterisk.voicemail: messages in a mailbox were received. "
                "Remove it."
            )
        if self.service.originals != "stay" and not self.keeping.recipients:
            raise refuse(f'To seal originals (service.originals = "{self.service.originals}"), set keeping.recipients.')
        if self.twilio.token and not (self.http.public_url and self.twilio.account):
            raise refuse("Twilio signs the address it calls: set http.public_url and twilio.account.")
        if self.review.folder and not (self.keeping.recipients and self.keeping.identity):
            raise refuse("The review needs a vault that it can open: set keeping.recipients and keeping.identity.")
        if self.review.folder and not LOCAL_OR_HTTPS.fullmatch(self.review.public_url):
            raise refuse(
                "The review needs review.public_url: https://HOST, or http://localhost:PORT for this machine alone."
            )
        if self.redaction.model == "none" and not self.service.transcripts:
            raise refuse('The setting redaction.model = "none" needs service.transcripts.')
        return self


def load_settings(path: Path, *, listen: str | None = None, sandbox: str | None = None) -> Settings:
    """Read and check the settings file.

    Args:
        listen, sandbox: from the command line, where they win over the file.

    Raises:
        ConfigurationError: names the setting, never its value.
    """

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **sources: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return sources["init_settings"], SettingsFile(settings_cls, path)

    given: dict[str, Any] = {}
    if listen is not None:
        given["http"] = {"listen": listen}
    if sandbox is not None:
        given["service"] = {"sandbox": sandbox}
    try:
        settings = FromFile(**given)
    except ValidationError as problem:
        raise as_configuration_error(problem, Settings, path) from None
    settings._file = Path(path).absolute()  # noqa: SLF001 - the model is frozen
    return settings
