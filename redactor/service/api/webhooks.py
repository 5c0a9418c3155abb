"""Reports of recordings on other hosts. The signature is checked before any part of the body is read; a worker fetches
the recording.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redactor.audio import AUDIO_SUFFIXES
from redactor.errors import RefusedInput
from redactor.hook.known import LONGEST, MOST, parties_of
from redactor.service.api.dependencies import ServiceContext, accepted, refusal
from redactor.service.ingest.fetch import allowed
from redactor.service.jobs.queue import NewJob
from redactor.webhook_signatures import twilio_is_genuine, webhook_is_genuine

_RECORDING = re.compile(r"RE[0-9a-fA-F]{32}")
RECORDS = 100
"""Most records of one S3 event."""


Known = Annotated[str, Field(max_length=LONGEST)]


class PartyNotice(BaseModel):
    """A person or a practice."""

    model_config = ConfigDict(extra="forbid")

    name: Known = ""
    phone: Known = ""
    id: Known = ""
    email: Known = ""
    address: Known = ""


PartiesNotice = Known | PartyNotice | Annotated[list[Known | PartyNotice], Field(max_length=MOST)]


class KnownNotice(BaseModel):
    """The people of a message by their roles: a name, an object, or a list of these."""

    model_config = ConfigDict(extra="forbid")

    caller: PartiesNotice = ""
    recipient: PartiesNotice = ""
    patient: PartiesNotice = ""
    provider: PartiesNotice = ""
    staff: PartiesNotice = ""
    practice: PartiesNotice = ""


class RecordingNotice(BaseModel):
    """The body of a signed webhook that reports a recording."""

    id: str = Field(min_length=1, max_length=200, description="The sender's id of the recording.")
    url: str = Field(min_length=8, max_length=4096, description="URL of the recording, on one of the configured hosts.")
    direction: Literal["", "in", "out"] = ""
    suffix: str = Field("", max_length=8, description="Suffix (.wav) of audio without a header.")
    context: KnownNotice | None = Field(None, description="What is known about the message beforehand.")


class Bucket(BaseModel):
    name: str = Field(max_length=255)


class Object(BaseModel):
    key: str = Field(max_length=4096, description="URL-encoded, as S3 sends it.")
    eTag: str = Field("", max_length=200)  # noqa: N815 - S3's names
    versionId: str = Field("", max_length=200)  # noqa: N815


class Stored(BaseModel):
    bucket: Bucket
    object: Object


class Record(BaseModel):
    eventName: str = Field(max_length=100)  # noqa: N815
    s3: Stored


class StorageEvent(BaseModel):
    """The part of an S3 event notification that is needed."""

    Records: list[Record] = Field(max_length=RECORDS)


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "The recording is queued."},
    200: {"description": "The recording is known already."},
    204: {"description": "There is nothing to do."},
    400: {"description": "The request is malformed, or the host is not listed."},
    401: {"description": "The request is not signed, or too old."},
    404: {"description": "This route is not configured."},
    408: {"description": "The body arrived too slowly."},
    413: {"description": "The body is too large."},
    503: {"description": "Try again after Retry-After seconds."},
}


def _body(model: type[BaseModel] | None, kind: str = "application/json") -> dict[str, Any]:
    schema = model.model_json_schema() if model else {"type": "object", "additionalProperties": {"type": "string"}}
    return {"requestBody": {"required": True, "content": {kind: {"schema": _inlined(schema)}}}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose references to its own definitions are replaced by these."""
    definitions = schema.pop("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return walk(definitions[node["$ref"].rpartition("/")[2]])
            return {key: walk(value) for key, value in node.items()}
        return [walk(value) for value in node] if isinstance(node, list) else node

    found: dict[str, Any] = walk(schema)
    return found


def router(context: ServiceContext) -> APIRouter:
    """The routes."""
    routes = APIRouter(responses=ANSWERS)
    s = context.settings

    @routes.post(
        "/twilio/recording", openapi_extra=_body(None, "application/x-www-form-urlencoded"), response_class=Response
    )
    async def twilio(request: Request) -> Response:
        """Twilio's recordingStatusCallback (form fields, X-Twilio-Signature)."""
        if not s.twilio.token:
            raise refusal(404, "not-configured")
        raw = await context.body(request)
        is_form = (
            request.headers.get("content-type", "").partition(";")[0].strip().lower()
            == "application/x-www-form-urlencoded"
        )
        form = _form(raw) if is_form else []
        query = request.scope["query_string"].decode("latin-1")
        url = s.http.public_url.rstrip("/") + "/twilio/recording" + (f"?{query}" if query else "")
        signature = request.headers.get("x-twilio-signature", "")
        if not twilio_is_genuine(s.twilio.token, url, signature, form=form, body=None if is_form else raw):
            raise refusal(401, "bad-signature")
        fields = dict(form) if is_form else _flat(raw)
        if fields.get("RecordingStatus", "completed") != "completed":
            return Response(status_code=204)
        sid, address = fields.get("RecordingSid", ""), fields.get("RecordingUrl", "")
        if not _RECORDING.fullmatch(sid) or fields.get("AccountSid", s.twilio.account) != s.twilio.account:
            raise refusal(400, "bad-request")
        address += ".wav" + ("?RequestedChannels=2" if fields.get("RecordingChannels") == "2" else "")
        _check_host(address, s.twilio.hosts)
        number, new = await context.add(NewJob("twilio", sid, "", {"kind": "twilio", "url": address, "id": sid}))
        return accepted(number, new=new)

    @routes.post("/webhook", openapi_extra=_body(RecordingNotice), response_class=Response)
    async def webhook(request: Request) -> Response:
        """A recording to fetch. The request is signed according to Standard Webhooks, or has a token with the scope
        hook.
        """
        if not s.webhook.secret:
            raise refusal(404, "not-configured")
        raw = await context.body(request)
        if not (webhook_is_genuine(s.webhook.secret, request.headers, raw) or await context.admits(request, "hook")):
            raise refusal(401, "bad-signature")
        notice = _read(RecordingNotice, raw)
        _check_host(notice.url, s.webhook.hosts)
        suffix = notice.suffix if notice.suffix.lower() in AUDIO_SUFFIXES else ""
        details = {"kind": "url", "url": notice.url, "id": notice.id, "suffix": suffix}
        # A replay within the minutes that a signature is valid finds the job and changes nothing.
        number, new = await context.add(
            NewJob(
                "webhook",
                f"{notice.id}\0{notice.url}",
                "",
                details,
                direction=notice.direction,
                known=_known(notice.context),
            )
        )
        return accepted(number, new=new)

    @routes.post("/s3", openapi_extra=_body(StorageEvent), response_class=Response)
    async def s3(request: Request) -> Response:
        """S3 event notifications (AWS, MinIO and others); Authorization: Bearer TOKEN."""
        if not s.s3.endpoint:
            raise refusal(404, "not-configured")
        if not await context.admits(request, "hook", s.s3.token):
            raise refusal(401, "bad-token")
        event = _read(StorageEvent, await context.body(request))
        added = 0
        for record in event.Records:
            bucket, key = record.s3.bucket.name, unquote_plus(record.s3.object.key)
            if not record.eventName.removeprefix("s3:").startswith("ObjectCreated:") or bucket not in s.s3.buckets:
                continue
            if (
                ".redacted." in key
                or PurePosixPath(key).suffix.lower() not in AUDIO_SUFFIXES
                or {"..", "."} & set(key.split("/"))
            ):
                continue
            version, tag = record.s3.object.versionId, record.s3.object.eTag
            # The version is recorded: by the time it is fetched, the key may mean a newer one.
            details = {"kind": "s3", "bucket": bucket, "key": key, "id": key, "version": version}
            added += (await context.add(NewJob("s3", f"{bucket}\0{key}\0{version or tag}", "", details)))[1]
        return Response(status_code=202 if added else 200)

    return routes


def _check_host(url: str, hosts: tuple[str, ...]) -> None:
    try:
        allowed(url, hosts)
    except RefusedInput:
        raise refusal(400, "host-not-listed") from None


def _read(model: type[BaseModel], raw: bytes) -> Any:
    try:
        return model.model_validate_json(raw)
    except ValidationError:
        raise refusal(400, "bad-request") from None


def _known(notice: KnownNotice | None) -> list[dict[str, str]]:
    try:
        return parties_of(notice.model_dump()) if notice is not None else []
    except RefusedInput:
        raise refusal(400, "bad-request") from None


def _form(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise refusal(400, "bad-request") from None


def _flat(raw: bytes) -> dict[str, str]:
    try:
        found = json.loads(raw)
        return {str(k): str(v) for k, v in found.items()}
    except (ValueError, AttributeError, RecursionError):
        raise refusal(400, "bad-request") from None
