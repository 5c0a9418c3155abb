"""Messages of every direction and outcome under review, the files of an archive, and releases."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, String, Text, inspect

revision = "0003"
down_revision = "0002"

_MESSAGES = "redactor_review_messages"


def upgrade() -> None:
    look = inspect(op.get_bind())
    there = {column["name"] for column in look.get_columns(_MESSAGES)}
    for column in (
        Column("direction", String(4), nullable=False, server_default="out"),
        Column("outcome", String(12), nullable=False, server_default="redacted"),
        Column("reason", String(40), nullable=False, server_default=""),
        Column("detail", Text, nullable=False, server_default=""),
        Column("doubt", Float, nullable=False, server_default="0"),
        Column("priority", Float, nullable=False, server_default="0"),
        Column("written", Integer, nullable=False, server_default="0"),
    ):
        if column.name not in there:
            op.add_column(_MESSAGES, column)
    if "redactor_review_by_priority" not in {index["name"] for index in look.get_indexes(_MESSAGES)}:
        op.create_index("redactor_review_by_priority", _MESSAGES, ["priority", "added", "id"])
    identity = BigInteger().with_variant(Integer, "sqlite")
    if not look.has_table("redactor_review_files"):
        op.create_table(
            "redactor_review_files",
            Column("mark", String(64), primary_key=True),
            Column("message", String(64), nullable=False),
            Column("number", Integer, nullable=False),
            Column("item", LargeBinary, nullable=False),
        )
        op.create_index("redactor_review_files_message", "redactor_review_files", ["message", "number"])
    if not look.has_table("redactor_review_releases"):
        op.create_table(
            "redactor_review_releases",
            Column("id", identity, primary_key=True, autoincrement=True),
            Column("message", String(64), nullable=False),
            Column("what", String(12), nullable=False),
            Column("version", Integer, nullable=False),
            Column("by", String(40), nullable=False),
            Column("person", identity, nullable=False),
            Column("at", Float, nullable=False),
            Column("reason", LargeBinary, nullable=False),
            Column("state", String(8), nullable=False),
        )
        op.create_index("redactor_review_releases_message", "redactor_review_releases", ["message", "id"])
