"""Search in the words that redacted transcripts keep, without these words in the database.

A kept word may still identify somebody: it is what a reviewer has not covered yet. So each message has a row with keyed
marks of its kept words (`Sealer.mark`, cut to 40 bits), in which a mark is looked for as a piece of text. That reads
about 30 MB for 50,000 messages, whatever the word. A vocabulary, each word sealed, is compared by sound when words like
another one are sought; it does not say in which messages they are said.

Without the key, a copy of the database tells which messages have a word in common, and how often each unknown word is
said; the commonest words, which would be guessed by their frequency, are left out. What is covered is not in it at
all, and a word is removed from its message with the version that covers it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import Indel
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from redactor.crypto import Sealer
from redactor.database import reading, upsert
from redactor.errors import RedactorError
from redactor.phi.alike import alike, word_key
from redactor.phi.known_phrases import is_everyday, is_function, plain
from redactor.phi.lexicons.phonetic import pronounced
from redactor.review.schema import MARK, messages, vocabulary, words
from redactor.types import TimedText, Transcript

IGNORED = frozenset(
    "a about all am an and are as at be been but by can did do for from had has have he her him his how i if im in is "
    "it its ive just me my no not of on or our out she so that thats the their them then there they this to up us was "
    "we were what when where which who will with would you your".split()
)
"""Words that are neither stored nor sought: their frequency would give them away."""
_TOGETHER = 200
_SOUND = 50.0
"""Similarity of sounds, in percent, below which no word is compared further; that of `KnownNames` is the same."""
_COMPARED = 2000
"""Words of the vocabulary that are compared further, the most similar ones."""
_MOST = 40
"""Words of the vocabulary that one word may sound like; the most similar ones count."""


def kept_in(shown: Mapping[str, Any]) -> set[str]:
    """The words of a view (or of a document) that are not covered, as they are compared."""
    return {
        key
        for word in shown["words"]
        if not word.get("label") and not word.get("redacted") and (key := word_key(word["text"])) and key not in IGNORED
    }


class KeptWords:
    """The index. Safe for many threads and processes."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._reads, self._sealer = engine, reading(engine), sealer
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def mark(self, key: str) -> str:
        """The mark of a word in the form in which it is compared."""
        return self._sealer.mark(b"kept word", key.encode()).hex()[:MARK]

    def marks_of(self, text: str) -> tuple[str, ...]:
        """The marks of typed words; function words are ignored."""
        keys = dict.fromkeys(key for word in text.split() if (key := word_key(word)) and key not in IGNORED)
        return tuple(map(self.mark, keys))

    # --- writing

    def note(self, c: Connection, message: str, kept: Iterable[str]) -> None:
        """Store the kept words of a version of a message, in the transaction that makes it the current one."""
        rows, fresh = self.rows([(message, kept)])
        upsert(c, words, {"message": message}, {"marks": rows[0]["marks"]})
        self._add(c, fresh)

    def rows(self, given: Iterable[tuple[str, Iterable[str]]]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Rows of `words` for (message, kept words), and what the vocabulary has to know: mark → word."""
        rows: list[dict[str, Any]] = []
        fresh: dict[str, str] = {}
        for message, kept in given:
            marks = {self.mark(key): key for key in kept}
            rows.append({"message": message, "marks": "".join(sorted(marks))})
            fresh.update((mark, key) for mark, key in marks.items() if mark not in self._known)
        return rows, fresh

    def add_new(self, c: Connection, given: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Store the words of messages that have no row yet; those that have one keep it."""
        rows, fresh = self.rows(given)
        if rows:
            kind = postgresql if c.dialect.name == "postgresql" else sqlite
            c.execute(kind.insert(words).on_conflict_do_nothing(), rows)
        self._add(c, fresh)

    def _add(self, c: Connection, fresh: Mapping[str, str]) -> None:
        if fresh:
            kind = postgresql if c.dialect.name == "postgresql" else sqlite
            rows = [{"mark": mark, "word": self._sealer.seal(key.encode())} for mark, key in sorted(fresh.items())]
            c.execute(kind.insert(vocabulary).on_conflict_do_nothing(), rows)

    def catch_up(
        self,
        view: Callable[[str, str], Mapping[str, Any]],
        *,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int:
        """Index the messages that an earlier version has added; returns how many there were.

        Args:
            view: (message, folder) → what the page shows of that version.
        """
        missing = (
            select(messages.c.id, messages.c.folder)
            .outerjoin(words, words.c.message == messages.c.id)
            .where(messages.c.version > 0, words.c.message.is_(None))
            .limit(_TOGETHER)
        )
        done = 0
        while not stopped():
            with self._reads.connect() as c:
                rows = [(row.id, row.folder) for row in c.execute(missing)]
            if not rows:
                break
            found = []
            for message, folder in rows:
                said: set[str] = set()
                with suppress(RedactorError, ValueError, KeyError, TypeError):  # its files are gone: nothing to find
                    said = kept_in(view(message, folder))
                found.append((message, said))
            with self._engine.begin() as c:
                self.add_new(c, found)
            done += len(rows)
        return done

    # --- by sound

    def known(self) -> dict[str, str]:
        """The vocabulary, opened: mark → word. Kept in memory; only what is new is read again."""
        with self._lock:
            with self._reads.connect() as c:
                marks = set(c.execute(select(vocabulary.c.mark)).scalars())
                fresh = sorted(marks - self._known.keys())
                for start in range(0, len(fresh), _TOGETHER):
                    some = vocabulary.c.mark.in_(fresh[start : start + _TOGETHER])
                    for row in c.execute(select(vocabulary).where(some)):
                        if (opened := self._sealer.open(bytes(row.word))) is not None:
                            self._known[row.mark] = opened.decode()
            return dict(self._known)

    def like(self, sought: Sequence[str]) -> list[tuple[str, ...]]:
        """What a message must keep to have something like a phrase: all marks of one of these groups.

        One word that is heard as two ("whit lock") is not found here.
        """
        keys = [key for word in sought if (key := word_key(word))]
        if not keys or all(map(is_function, keys)):
            return []
        groups = [tuple(self.mark(key) for key in dict.fromkeys(keys) if key not in IGNORED)]
        known = self.known()
        for key in dict.fromkeys(keys):
            if is_function(key) or (is_everyday(key) and len(keys) > 1) or len(key) == 1:
                continue
            groups.append((self.mark(key),))
            groups.extend((mark,) for mark in _sounding(key, known))
        return list(dict.fromkeys(groups))


def _sounding(key: str, known: Mapping[str, str]) -> list[str]:
    """The marks of known words that sound like a word, by the same comparison as in one message."""
    spoken = pronounced(plain(key))
    if not spoken:
        return []
    sounds = {mark: pronounced(plain(word)) for mark, word in known.items() if word != key}
    near = process.extract(
        spoken, sounds, scorer=Indel.normalized_similarity, score_cutoff=_SOUND / 100, limit=_COMPARED
    )
    found = []
    for _, _, mark in near:
        said = Transcript.of([TimedText(known[mark], 0.0, 1.0, 0.0)])
        if alike([key], said.words):
            found.append(mark)
        if len(found) == _MOST:
            break
    return found
