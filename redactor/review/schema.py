"""The tables of the review pages, in the service's database (SQLite or PostgreSQL).

In clear: ids (SHA-256), verdicts, rules, times, counts and fixed texts. Callers, mailboxes and the like are keyed
marks; typed comments and reasons are sealed; words and audio are not stored here but in the vault. Decisions, reviews,
adjudications and versions are only ever added. A change here needs a revision in `redactor/migrations`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")
STATES = ("new", "open", "reviewed", "disputed", "adjudicated")
"""new: not reviewed; open: another review is wanted; disputed: two reviews differ; the others are final."""

OUTCOMES = ("withheld", "redacted", "released", "refused", "deleted", "gone")
"""withheld: a run wrote nothing; released: a person corrected it, and it was written; refused: a person decided that it
cannot be released; deleted: after that, by the retention policy; gone: its recording is no longer there."""

WITHHELD = ("withheld", "refused")
"""Outcomes of messages that may be released, and that nobody may hear without the permission for originals."""

messages = Table(
    "redactor_review_messages",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the recording, or see `sendings`
    Column("added", Float, nullable=False),  # seconds since 1970
    Column("duration", Float, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),  # by the rules
    Column("severity", String(4), nullable=False),  # the highest, "" without breaches
    Column("rule", String(8), nullable=False),  # of the gravest breach, "" without
    Column("rules", String(160), nullable=False),  # all, separated by spaces
    Column("ruleset", Text, nullable=False),
    Column("caller", String(32), nullable=False),  # keyed mark
    Column("mailbox", String(32), nullable=False),  # keyed mark
    Column("state", String(12), nullable=False),
    Column("needed", Integer, nullable=False),  # number of reviews wanted
    Column("version", Integer, nullable=False),  # of the redaction; a save names the one that it is based on
    Column("folder", String(40), nullable=False),  # with the current version's files
    Column("turn", Integer, nullable=False),  # counts every change of state
    Column("direction", String(4), nullable=False, server_default="out"),  # out: the rules apply; in; "": not known
    Column("outcome", String(12), nullable=False, server_default="redacted"),  # one of OUTCOMES
    Column("reason", String(40), nullable=False, server_default=""),  # why it was withheld, "" otherwise
    Column("detail", Text, nullable=False, server_default=""),  # the error's fixed text, without words
    Column("doubt", Float, nullable=False, server_default="0"),  # probability that PHI stays audible; 0: not known
    Column("priority", Float, nullable=False, server_default="0"),  # the highest is reviewed first
    Column("written", Integer, nullable=False, server_default="0"),  # version that the artefacts have; 0: another
)
for _name in ("state", "verdict", "severity", "kind", "caller"):
    Index(f"redactor_review_by_{_name}", messages.c[_name], messages.c.added, messages.c.id)
Index("redactor_review_by_priority", messages.c.priority, messages.c.added, messages.c.id)
Index("redactor_review_by_added", messages.c.added, messages.c.id)

sendings = Table(
    "redactor_review_sendings",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("audio", String(64), nullable=False),  # SHA-256 of the recording, its id in the vault
    Column(
        "place", String(32), nullable=False
    ),  # keyed mark of where it was sent from; the same bytes elsewhere are another message
    UniqueConstraint("audio", "place"),
)

findings = Table(
    "redactor_review_findings",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rule", String(8), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("why", String(400), nullable=False),
    Column("better", String(400), nullable=False),
    Column("missing", String(200), nullable=False),
    Column("evidence", Text, nullable=False),  # JSON: positions, confidences, what matched; no words
    Column("added", Float, nullable=False),  # copied from the message, for paging with a filter by rule
)
Index("redactor_review_by_rule", findings.c.rule, findings.c.added, findings.c.message)

versions = Table(
    "redactor_review_versions",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("folder", String(40), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", Float, nullable=False),
    Column("edits", Text, nullable=False),  # JSON: all edits since the first plan; no words, reasons sealed
)

samples = Table(
    "redactor_review_samples",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("by", String(40), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("reviews", Integer, nullable=False),
    Column("plan", Text, nullable=False),  # JSON: the strata and how many were drawn from each
)

sampled = Table(
    "redactor_review_sampled",
    metadata,
    Column("sample", _ID, primary_key=True, autoincrement=False),
    Column("message", String(64), primary_key=True),
    Column("stratum", String(80), nullable=False),
    Column("probability", Float, nullable=False),  # of being drawn
)
Index("redactor_review_sampled_message", sampled.c.message)

reviews = Table(
    "redactor_review_reviews",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("state", String(8), nullable=False),  # taken, given
    Column("taken", Float, nullable=False),
    Column("given", Float, nullable=False, default=0.0),
    Column("version", Integer, nullable=False, default=0),
    Column("verdict", String(16), nullable=False, default=""),
    Column("comment", LargeBinary),  # sealed
    UniqueConstraint("message", "person"),
)
Index("redactor_review_reviews_person", reviews.c.person, reviews.c.state)

decisions = Table(
    "redactor_review_decisions",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("finding", Integer, nullable=False),  # -1: missed by the rules
    Column("rule", String(8), nullable=False),  # reason code
    Column("decision", String(10), nullable=False),  # accept, reject, missed, withdraw
    Column("start", Float, nullable=False, default=0.0),
    Column("end", Float, nullable=False, default=0.0),
    Column("at", Float, nullable=False),
    Column("comment", LargeBinary),  # sealed
)
Index("redactor_review_decisions_message", decisions.c.message, decisions.c.id)

looked = Table(
    "redactor_review_looked",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("person", _ID, primary_key=True, autoincrement=False),  # has read its reviews, so cannot give a blind one
    Column("at", Float, nullable=False),
)

adjudications = Table(
    "redactor_review_adjudications",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("at", Float, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("decisions", Text, nullable=False),  # JSON: finding → accept or reject; "missed": rules
    Column("comment", LargeBinary),  # sealed
)
Index("redactor_review_adjudications_message", adjudications.c.message, adjudications.c.id)

claims = Table(
    "redactor_review_claims",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("person", _ID, nullable=False),
    Column("name", String(64), nullable=False),  # of the person's account
    Column("key", String(32), nullable=False),  # of the page that was opened last
    Column("until", Float, nullable=False),
)

MARK = 10
"""Hexadecimal digits of the keyed mark of a kept word."""

words = Table(
    "redactor_review_words",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("marks", Text, nullable=False),  # of the words that its current version keeps, one after the other
)

vocabulary = Table(
    "redactor_review_vocabulary",
    metadata,
    Column("mark", String(MARK), primary_key=True),
    Column("word", LargeBinary, nullable=False),  # sealed
)

mass_edits = Table(
    "redactor_review_mass_edits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Float, nullable=False),
    Column("by", String(40), nullable=False),
)

mass_edit_items = Table(
    "redactor_review_mass_edit_items",
    metadata,
    Column("batch", String(32), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # on which the edits are based
    Column("edits", Text, nullable=False),  # JSON, as in `versions`
    Column("state", String(8), nullable=False),  # waiting, done, failed
    Column("why", String(40), nullable=False),  # the error's reason
)

grants = Table(
    "redactor_review_grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("sitting", String(32), nullable=False),  # mark of the log-in and emergency access with which it ends
    Column("until", Float, nullable=False),
    Column("reason", LargeBinary, nullable=False),  # sealed
)
Index("redactor_review_grants_person", grants.c.person, grants.c.message)

files = Table(
    "redactor_review_files",
    metadata,
    Column("mark", String(64), primary_key=True),  # keyed mark of path and output name, or of the job
    Column("message", String(64), nullable=False),
    Column("number", Integer, nullable=False),  # position in the archive, or number of the service's job
    Column("item", LargeBinary, nullable=False),  # sealed: its paths, or its suffix
)
Index("redactor_review_files_message", files.c.message, files.c.number)

releases = Table(
    "redactor_review_releases",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("what", String(12), nullable=False),  # released, replaced, refused, deleted, done
    Column("version", Integer, nullable=False),
    Column("by", String(40), nullable=False),
    Column("person", _ID, nullable=False),
    Column("at", Float, nullable=False),
    Column("reason", LargeBinary, nullable=False),  # sealed
    Column("state", String(8), nullable=False),  # begun, done, failed
)
Index("redactor_review_releases_message", releases.c.message, releases.c.id)
