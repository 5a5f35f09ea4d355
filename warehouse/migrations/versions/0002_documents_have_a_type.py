"""documents have a type."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for table in ("contracts", "credit_notes", "invoices", "opportunities", "orders", "quotes"):
        op.add_column(table, sa.Column("document_type", sa.String(), nullable=True))
