"""Claims of messages, the index of the words that they keep, and edits of many messages."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, String, Text, inspect

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
    if not look.has_table("redactor_review_words"):
        op.create_table(
            "redactor_review_words",
            Column("message", String(64), primary_key=True),
            Column("marks", Text, nullable=False),
        )
    if not look.has_table("redactor_review_vocabulary"):
        op.create_table(
            "redactor_review_vocabulary",
            Column("mark", String(10), primary_key=True),
            Column("word", LargeBinary, nullable=False),
        )
    if not look.has_table("redactor_review_mass_edits"):
        op.create_table(
            "redactor_review_mass_edits",
            Column("id", String(32), primary_key=True),
            Column("at", Float, nullable=False),
            Column("by", String(40), nullable=False),
        )
    if not look.has_table("redactor_review_mass_edit_items"):
        op.create_table(
            "redactor_review_mass_edit_items",
            Column("batch", String(32), primary_key=True),
            Column("message", String(64), primary_key=True),
            Column("version", Integer, nullable=False),
            Column("edits", Text, nullable=False),
            Column("state", String(8), nullable=False),
            Column("why", String(40), nullable=False),
        )
