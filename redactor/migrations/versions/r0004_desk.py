"""Claims of messages."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, String, inspect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    look = inspect(op.get_bind())
    identity = BigInteger().with_variant(Integer, "sqlite")
    if not look.has_table("redactor_review_claims"):
        op.create_table(
            "redactor_review_claims",
            Column("message", String(64), primary_key=True),
            Column("person", identity, nullable=False),
            Column("name", String(64), nullable=False),
            Column("key", String(32), nullable=False),
            Column("until", Float, nullable=False),
        )
