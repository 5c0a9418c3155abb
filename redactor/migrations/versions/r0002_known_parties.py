"""What is known about a message beforehand, sealed, with its job."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, inspect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    if "known" not in {column["name"] for column in inspect(op.get_bind()).get_columns("redactor_jobs")}:
        op.add_column("redactor_jobs", Column("known", LargeBinary))
