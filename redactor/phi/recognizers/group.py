"""All recognizers behind one: for a short message Presidio's engine spends more time on calling a recognizer than most
of ours need.

The engine sees one recognizer that supports every label; its members are ordinary Presidio recognizers.
"""

from __future__ import annotations

from collections.abc import Sequence

from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts


class RecognizerGroup(LocalRecognizer):
    """Calls its members in turn, and labels each result with its member's name."""

    def __init__(self, members: Sequence[EntityRecognizer]) -> None:
        self.members = tuple(members)
        self._names = [str(getattr(member, "name", "")) for member in members]
        labels = sorted({label for member in members for label in member.supported_entities})
        super().__init__(supported_entities=labels, supported_language="en", name="RecognizerGroup")

    def load(self) -> None:
        """The members are loaded."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The members' results; members without a requested label are skipped."""
        wanted = set(entities)
        found: list[RecognizerResult] = []
        for member, name in zip(self.members, self._names, strict=True):
            if wanted.isdisjoint(member.supported_entities):
                continue
            for result in member.analyze(text, entities, nlp_artifacts):  # type: ignore[arg-type]  # ours take None too
                result.recognition_metadata = {
                    RecognizerResult.RECOGNIZER_NAME_KEY: name,
                    # The engine sorts results by the recognizer it called: with any other id they would be lost.
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                }
                found.append(result)
        return found
