"""The tables of version 0.1.0, and of the databases made before there were revisions.

Such a database is adopted: tables and columns that it lacks are added, what it has stays. It may hold the queue alone
(a service without review pages), and its `redactor_jobs` may date from before `wanted` and `told`.
"""

from __future__ import annotations

from alembic import op
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
    exists,
    insert,
    inspect,
    literal,
    select,
)

revision = "0001"
down_revision = None

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

jobs = Table(
    "redactor_jobs",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("place", String(32)),
    Column("audio", String(64), nullable=False, default=""),
    Column("source", String(16), nullable=False),
    Column("direction", String(3), nullable=False, default=""),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("lease", Float, nullable=False, default=0.0),
    Column("worker", String(96), nullable=False, default=""),
    Column("added", Float, nullable=False),
    Column("ended", Float, nullable=False, default=0.0),
    Column("reason", String(40), nullable=False, default=""),
    Column("message", String(400), nullable=False, default=""),
    Column("hint", String(400), nullable=False, default=""),
    Column("exit_code", Integer, nullable=False, default=0),
    Column("duration", Float, nullable=False, default=0.0),
    Column("bleeped", Float, nullable=False, default=0.0),
    Column("result", LargeBinary),
    Column("wanted", Integer, nullable=False, default=0, server_default="0"),
    Column("told", Integer, nullable=False, default=0, server_default="0"),
    UniqueConstraint("place", "audio"),
)
Index("redactor_jobs_ready", jobs.c.state, jobs.c.crashes, jobs.c.id)

calls = Table(
    "redactor_callbacks",
    metadata,
    Column("job", _ID, primary_key=True, autoincrement=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
)

seen = Table(
    "redactor_seen",
    metadata,
    Column("place", String(32), primary_key=True),
    Column("stamp", String(80), nullable=False),
)


accounts = Table(
    "redactor_accounts",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("roles", String(80), nullable=False),
    Column("password", String(200), nullable=False),
    Column("must_change", Integer, nullable=False, default=1),
    Column("totp", LargeBinary),
    Column("totp_new", LargeBinary),
    Column("totp_step", BigInteger, nullable=False, default=0),
    Column("disabled", Integer, nullable=False, default=0),
    Column("made", Float, nullable=False),
    sqlite_autoincrement=True,
)

recovery = Table(
    "redactor_recovery",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account", _ID, nullable=False, index=True),
)

sessions = Table(
    "redactor_sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account", _ID, nullable=False, index=True),
    Column("stage", String(8), nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("made", Float, nullable=False),
    Column("seen", Float, nullable=False),
)

attempts = Table(
    "redactor_attempts",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("last", Float, nullable=False),
)

emergencies = Table(
    "redactor_emergencies",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("account", _ID, nullable=False),
    Column("opened", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("acknowledged_by", _ID, nullable=False, default=0),
    Column("acknowledged", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)
Index("redactor_emergencies_open", emergencies.c.acknowledged, emergencies.c.until)

tokens = Table(
    "redactor_tokens",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(80), nullable=False),
    Column("made", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("revoked", Float, nullable=False, default=0.0),
    Column("used", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)


messages = Table(
    "redactor_review_messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("added", Float, nullable=False),
    Column("duration", Float, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("rule", String(8), nullable=False),
    Column("rules", String(160), nullable=False),
    Column("ruleset", Text, nullable=False),
    Column("caller", String(32), nullable=False),
    Column("mailbox", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("needed", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("folder", String(40), nullable=False),
    Column("turn", Integer, nullable=False),
)
for _name in ("state", "verdict", "severity", "kind", "caller"):
    Index(f"redactor_review_by_{_name}", messages.c[_name], messages.c.added, messages.c.id)
Index("redactor_review_by_added", messages.c.added, messages.c.id)

sendings = Table(
    "redactor_review_sendings",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("audio", String(64), nullable=False),
    Column("place", String(32), nullable=False),
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
    Column("evidence", Text, nullable=False),
    Column("added", Float, nullable=False),
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
    Column("edits", Text, nullable=False),
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
    Column("plan", Text, nullable=False),
)

sampled = Table(
    "redactor_review_sampled",
    metadata,
    Column("sample", _ID, primary_key=True, autoincrement=False),
    Column("message", String(64), primary_key=True),
    Column("stratum", String(80), nullable=False),
    Column("probability", Float, nullable=False),
)
Index("redactor_review_sampled_message", sampled.c.message)

reviews = Table(
    "redactor_review_reviews",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("state", String(8), nullable=False),
    Column("taken", Float, nullable=False),
    Column("given", Float, nullable=False, default=0.0),
    Column("version", Integer, nullable=False, default=0),
    Column("verdict", String(16), nullable=False, default=""),
    Column("comment", LargeBinary),
    UniqueConstraint("message", "person"),
)
Index("redactor_review_reviews_person", reviews.c.person, reviews.c.state)

decisions = Table(
    "redactor_review_decisions",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("finding", Integer, nullable=False),
    Column("rule", String(8), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("start", Float, nullable=False, default=0.0),
    Column("end", Float, nullable=False, default=0.0),
    Column("at", Float, nullable=False),
    Column("comment", LargeBinary),
)
Index("redactor_review_decisions_message", decisions.c.message, decisions.c.id)

looked = Table(
    "redactor_review_looked",
    metadata,
    Column("message", String(64), primary_key=True),
    Column("person", _ID, primary_key=True, autoincrement=False),
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
    Column("decisions", Text, nullable=False),
    Column("comment", LargeBinary),
)
Index("redactor_review_adjudications_message", adjudications.c.message, adjudications.c.id)

grants = Table(
    "redactor_review_grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("message", String(64), nullable=False),
    Column("person", _ID, nullable=False),
    Column("sitting", String(32), nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", LargeBinary, nullable=False),
)
Index("redactor_review_grants_person", grants.c.person, grants.c.message)


def upgrade() -> None:
    c = op.get_bind()
    metadata.create_all(c)
    columns = {column["name"] for column in inspect(c).get_columns(jobs.name)}
    for name in ("wanted", "told"):
        if name not in columns:
            op.add_column(jobs.name, Column(name, Integer, nullable=False, server_default="0"))
    # Messages from before `sendings`: where they were sent from is not known.
    known = select(messages.c.id, messages.c.id, literal("")).where(
        ~exists().where(sendings.c.message == messages.c.id)
    )
    c.execute(insert(sendings).from_select(["message", "audio", "place"], known))
