"""${message}."""

import sqlalchemy as sa
from alembic import op

from warehouse.database.columns import Exact, Instant, SurrogateId

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
