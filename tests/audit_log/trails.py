"""Shared by the tests of the audit log: a log in a folder, its verification, an event."""

from pathlib import Path

from redactor.audit_log import Anchor, KeyRing, Trail, events, export, verify

MESSAGE = "ab" * 32


def opened(folder: Path) -> Trail:
    return Trail.open(folder / "trail", key=folder / "keys", anchor=folder / "second" / "anchor")


def checked(folder: Path, *outside: Anchor):
    anchor = Anchor.load(folder / "second" / "anchor")
    return verify(folder / "trail", KeyRing.load(folder / "keys"), anchor=anchor, outside=outside)


def event(number: int = 1) -> events.Event:
    return events.MessageOpened(by="person:1", message=MESSAGE, version=number)


def segment(folder: Path, number: int = 1) -> Path:
    return folder / "trail" / f"trail-{number:06d}.jsonl"


def exported(folder, out, **bounds):
    parts = list(export(folder / "trail", KeyRing.load(folder / "keys"), **bounds))
    out.write_bytes(b"".join(p for p in parts if isinstance(p, bytes)))
    return parts[-1]
