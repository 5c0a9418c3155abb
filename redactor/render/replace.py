"""Replacements of covered words in text, by presidio-anonymizer's operators."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from typing import Any

from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult
from presidio_anonymizer.operators import Operator, OperatorType

from redactor.errors import ConfigurationError
from redactor.types import Cover, Transcript

OPERATORS = ("label", "mask", "hash", "drop")
"""label: [PERSON]; mask: ******; hash: [PERSON:1f0c…], the same for the same words under one key; drop: nothing."""

MIN_KEY_BYTES = 16


class KeyedHash(Operator):
    """Presidio operator: HMAC-SHA256 of the normalised words, 12 hex digits, so that a person gets the same token in
    the whole archive.

    A plain hash of a phone number can be reversed by trying all numbers; the secret key prevents that.
    """

    def operate(self, text: str = "", params: dict[str, Any] | None = None) -> str:
        given = params or {}
        said = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
        digest = hmac.new(given["key"], said.encode(), hashlib.sha256).hexdigest()[:12]
        return f"[{given['entity_type']}:{digest}]"

    def validate(self, params: dict[str, Any] | None = None) -> None:
        key = (params or {}).get("key")
        if not isinstance(key, bytes) or len(key) < MIN_KEY_BYTES:
            raise ConfigurationError(
                f"The hash operator needs a secret key of at least {MIN_KEY_BYTES} bytes.",
                hint="Make one with `head -c 32 /dev/urandom > hash.key` and pass --hash-key-file hash.key.",
            )

    def operator_name(self) -> str:
        return "keyed_hash"

    def operator_type(self) -> OperatorType:
        return OperatorType.Anonymize


class Replacer:
    """Chooses the replacement of each cover of a transcript.

    Args:
        operator: one of `OPERATORS`.
        key: secret for "hash".

    Raises:
        ConfigurationError: unknown operator, or "hash" without a key.
    """

    def __init__(self, operator: str = "label", *, key: bytes | None = None) -> None:
        if operator not in OPERATORS:
            raise ConfigurationError(
                f"There is no text operator {operator!r}.", hint=f"Use one of: {', '.join(OPERATORS)}."
            )
        self.operator = operator
        self._key = key
        self._engine = AnonymizerEngine()  # type: ignore[no-untyped-call]
        self._engine.add_anonymizer(KeyedHash)
        if operator == "hash":
            KeyedHash().validate({"key": key})

    @property
    def fingerprint(self) -> str:
        """Tells replacers apart whose output differs, without giving the key away."""
        mark = (
            hmac.new(self._key or b"", b"redactor settings", hashlib.sha256).hexdigest()[:8]
            if self.operator == "hash"
            else ""
        )
        return f"{self.operator}{mark}"

    def replacements(self, transcript: Transcript, covers: Sequence[Cover]) -> list[str]:
        """One string for each cover, in order. Sentence marks after the last covered word stay, so the text still
        reads.
        """
        spans: list[tuple[int, int, str]] = []
        for cover in covers:
            if cover.first == cover.last:
                continue
            start = transcript.words[cover.first].char_start
            end = transcript.words[cover.last - 1].char_end
            spans.append((start, end, _closing(transcript.text[start:end])))
        found = [
            RecognizerResult(cover.label, start, end - len(closing), 1.0)
            for cover, (start, end, closing) in zip((c for c in covers if c.first != c.last), spans, strict=True)
        ]
        # Presidio merges overlapping and adjacent results of one type; covers never share a word, so one call per cover
        # is exact.
        made = iter(
            self._one(transcript.text, result) + closing for result, (_, _, closing) in zip(found, spans, strict=True)
        )
        return [next(made) if c.first != c.last else self._bare(c.label) for c in covers]

    def _one(self, text: str, result: RecognizerResult) -> str:
        piece = text[result.start : result.end]
        if not piece:
            return self._bare(result.entity_type)
        whole = RecognizerResult(result.entity_type, 0, len(piece), 1.0)
        return str(
            self._engine.anonymize(piece, [whole], {"DEFAULT": self._config(result.entity_type, len(piece))}).text
        )

    def _bare(self, label: str) -> str:
        return "" if self.operator == "drop" else f"[{label}]"

    def _config(self, label: str, length: int) -> OperatorConfig:
        if self.operator == "label":
            return OperatorConfig("replace", {"new_value": f"[{label}]"})
        if self.operator == "mask":
            return OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": length, "from_end": False})
        if self.operator == "hash":
            return OperatorConfig("keyed_hash", {"key": self._key})
        return OperatorConfig("redact")


def _closing(text: str) -> str:
    bare = text.rstrip(".,?!;:")
    return text[len(bare) :] if bare else ""
